/* SPDX-License-Identifier: BSD-3-Clause */
/* test_gpu_agreement [BACKEND [WIDTH DEPTH N_MC]]: f_j, f_jk and both Q of a device beside backend cpu in double, on the same
 * samples and the same weights, in every precision of the device. One line of JSON a precision, the largest difference of each;
 * 0 if all are within what the precision allows, 1 if not, 77 without a device. */
#include "gpu/gpu_target.h"
#include "klflow/flow.h"

#include <math.h>
#include <stdbool.h>

enum { THREADS = 2, SEED = 11, SAMPLE_SEED = 12 };

/* Rounding of fp32 inputs and activations averages out over the terms of a sum; as in tests/conformance. */
static double tolerance(klf_precision precision, double n_mc)
{
    const klf_format phi = klf_precision_phi_format(precision);
    const double     arithmetic = precision == KLF_FP64 ? 1e-12 : 3e-6;
    return phi <= KLF_FORMAT_FP32 ? arithmetic : arithmetic + 4.0 * klf_format_roundoff(phi) / sqrt(n_mc);
}

/* phi rounded in every layer biases Q itself, at second order of the spacing and through the layers before; first order is far
 * more than was ever seen. */
static double q_tolerance(klf_precision precision)
{
    const klf_format phi = klf_precision_phi_format(precision);
    return precision == KLF_FP64 ? 1e-12 : phi <= KLF_FORMAT_FP32 ? 3e-6 : klf_format_roundoff(phi);
}

static klf_flow *run(const klf_opened_backend *on, klf_precision precision, const klf_network *net,
                     const klf_layer_stats *stats, int64_t n_mc, size_t chunk)
{
    klf_flow       *flow = NULL;
    klf_flow_params params = {.backend = on->backend,
                              .context = on->context,
                              .net = net,
                              .stats = stats,
                              .estimator = KLF_BOTH,
                              .precision = precision,
                              .n_mc = n_mc,
                              .sample_seed = SAMPLE_SEED,
                              .threads = THREADS,
                              .chunk = chunk,
                              .keep_f_j = true,
                              .keep_f_jk = true};
    must(klf_flow_run(&params, &flow));
    return flow;
}

/* NaN counts as infinite. */
static double larger(double worst, double difference)
{
    return difference <= worst ? worst : isnan(difference) ? INFINITY : difference;
}

static bool compare(klf_precision precision, const klf_flow *got, const klf_flow *expected, size_t width, int64_t n_mc)
{
    double f_j = 0.0, f_jk = 0.0, direct = 0.0, gram = 0.0;
    for (size_t l = 0; l < expected->n_layers; l++) {
        const klf_flow_layer *a = &got->layer[l], *b = &expected->layer[l];
        direct = larger(direct, fabs(a->q_direct - b->q_direct) / b->q_direct);
        gram = larger(gram, fabs(a->q_gram - b->q_gram) / b->q_direct);
        for (size_t j = 0; j < width; j++)
            f_j = larger(f_j, fabs(a->f_j[j] - b->f_j[j]));
        for (size_t j = 0; j < width * width; j++)
            f_jk = larger(f_jk, fabs(a->f_jk[j] - b->f_jk[j]));
    }
    const double bar = tolerance(precision, (double)n_mc), q_bar = q_tolerance(precision);
    const bool   within = f_j <= bar && f_jk <= bar && direct <= q_bar && gram <= q_bar;
    printf("{\"precision\": \"%s\", \"f_j\": %.3g, \"f_jk\": %.3g, \"q_direct\": %.3g, \"q_gram\": %.3g, \"bar\": %.3g, "
           "\"q_bar\": %.3g, \"within\": %s}\n",
           klf_precision_name(precision), f_j, f_jk, direct, gram, bar, q_bar, within ? "true" : "false");
    return within;
}

static bool check(const klf_opened_backend *device, const klf_opened_backend *cpu, klf_precision precision, size_t width,
                  size_t depth, int64_t n_mc)
{
    klf_network     *net = NULL;
    size_t          *widths = must_get(depth, sizeof *widths);
    klf_layer_stats *stats = must_get(depth, sizeof *stats);
    for (size_t l = 0; l < depth; l++) {
        widths[l] = width;
        stats[l] = (klf_layer_stats){.mean = l == 0 ? 0.0 : 0.05, .var = 0.3};
    }
    must(klf_network_draw(width, depth, widths, 1.5, 0.05, SEED, &net));
    must(klf_network_round(net, klf_precision_phi_format(precision)));
    /* Two whole chunks and a shorter one, so that all three ways through a chunk are taken. */
    const size_t chunk = (size_t)n_mc * 2 / 5 + 1;
    klf_flow    *got = run(device, precision, net, stats, n_mc, chunk);
    klf_flow    *expected = run(cpu, KLF_FP64, net, stats, n_mc, 0);
    const bool   within = compare(precision, got, expected, width, n_mc);
    klf_flow_destroy(got);
    klf_flow_destroy(expected);
    klf_network_destroy(net);
    free(stats);
    free(widths);
    return within;
}

int main(int argc, char **argv)
{
    const size_t       width = argc > 2 ? strtoull(argv[2], NULL, 10) : 100, depth = argc > 3 ? strtoull(argv[3], NULL, 10) : 4;
    const int64_t      n_mc = argc > 4 ? strtoll(argv[4], NULL, 10) : 700;
    klf_opened_backend device = open_target(argc > 1 ? argv[1] : "cuda"), cpu = open_target("cpu");
    bool               within = width > 0 && depth > 1 && n_mc > 0;
    for (int p = 0; within && p < KLF_N_PRECISIONS; p++)
        if (device.backend->supports((klf_precision)p))
            within = check(&device, &cpu, (klf_precision)p, width, depth, n_mc) && within;
    if (!within)
        printf("%s is not within the bars of cpu in double\n", device.backend->name);
    klf_backend_close(&cpu);
    klf_backend_close(&device);
    return within ? 0 : 1;
}
