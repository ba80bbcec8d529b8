/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets, networks and comparisons of the flow tests. */
#include "conformance/flow_fixture.h"
#include "klflow/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORK_SEED = 20 };

static void check_precisions(flow_target *target, void (*check)(const flow_target *target))
{
    /* tf32x3 takes weights and activations in two parts of 11 bits each, 2^-23 of them. Where phi is rounded on purpose the
     * arithmetic behind it is that of fp32; bf16's two parts leave 2^-17 of a weight that is not rounded, far below its
     * spacing. */
    static const struct {
        klf_precision precision;
        double        tolerance;
    } precisions[] = {{KLF_FP64, 1e-12}, {KLF_FP32, 2e-6}, {KLF_TF32X3, 3e-6},
                      {KLF_TF32, 2e-6},  {KLF_FP16, 2e-6}, {KLF_BF16, 2e-6}};
    for (size_t i = 0; i < sizeof precisions / sizeof precisions[0]; i++) {
        if (!target->backend->supports(precisions[i].precision))
            continue;
        target->precision = precisions[i].precision;
        target->tolerance = precisions[i].tolerance;
        target->format = klf_precision_phi_format(target->precision);
        target->spacing = target->format > KLF_FORMAT_FP32 ? 2.0 * klf_format_roundoff(target->format) : 0.0;
        print_message("  on %s, %s\n", target->backend->name, klf_precision_name(target->precision));
        check(target);
    }
}

double target_bar(const flow_target *target, int64_t n)
{
    return target->tolerance + 2.0 * target->spacing / sqrt((double)n);
}

void for_each_target(void (*check)(const flow_target *target))
{
    const char *only = getenv("KLFLOW_TEST_BACKEND"); /* beside ref, which the others are compared with */
    for (const char *const *name = klf_backend_names(); *name; name++) {
        flow_target target = {0};
        if (strcmp(*name, "auto") == 0 || (only && strcmp(*name, only) != 0 && strcmp(*name, "ref") != 0))
            continue;
        if (klf_backend_find(*name, &target.backend) != KLF_OK || target.backend->open(&target.context) != KLF_OK) {
            print_message("  not on %s: %s\n", *name, klf_last_error());
            continue;
        }
        target.slow = strcmp(*name, "cuda-emulated") == 0;
        check_precisions(&target, check);
        target.backend->close(target.context);
    }
}

void fixture_set_stats(flow_fixture *fixture, size_t layer, double mean, double var)
{
    fixture->mean[layer] = mean;
    fixture->var[layer] = var;
    fixture->stats[layer] = (klf_layer_stats){.mean = mean, .var = var};
}

void fixture_create(size_t depth, const size_t *widths, double var_w, double var_b, flow_fixture *out)
{
    *out = (flow_fixture){0};
    if (klf_network_draw(FIXTURE_INPUT_WIDTH, depth, widths, var_w, var_b, NETWORK_SEED, &out->net) != KLF_OK)
        fail_msg("%s", klf_last_error());
    for (size_t l = 0; l < depth; l++) {
        out->width[l] = widths[l];
        out->weight[l] = out->net->layer[l].weight;
        out->bias[l] = out->net->layer[l].bias;
        fixture_set_stats(out, l, 0.1 * (double)(l % 3) - 0.1, 0.3 + 0.1 * (double)(l % 4));
    }
    out->textbook = (tb_network){
        .depth = depth, .input_width = FIXTURE_INPUT_WIDTH, .width = out->width, .weight = out->weight, .bias = out->bias};
}

void fixture_round(const flow_target *target, flow_fixture *fixture)
{
    if (target->spacing > 0.0 && klf_network_round(fixture->net, target->format) != KLF_OK)
        fail_msg("%s", klf_last_error());
}

void fixture_destroy(flow_fixture *fixture)
{
    klf_network_destroy(fixture->net);
}

klf_flow_params flow_params(const flow_target *target, const flow_fixture *fixture)
{
    return (klf_flow_params){.backend = target->backend,
                             .context = target->context,
                             .net = fixture->net,
                             .stats = fixture->stats,
                             .estimator = KLF_BOTH,
                             .precision = target->precision,
                             .n_mc = target->slow ? 300 : 1000,
                             .sample_seed = 77,
                             .threads = 1};
}

klf_flow *run_flow(const klf_flow_params *params)
{
    klf_flow *flow = NULL;
    if (klf_flow_run(params, &flow) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return flow;
}

void set_textbook_rounding(klf_precision precision, tb_network *net)
{
    net->phi_bits = precision == KLF_BF16 ? 8 : precision == KLF_TF32 || precision == KLF_FP16 ? 11 : 0;
    net->phi_smallest_exponent = precision == KLF_FP16 ? -14 : -126;
}

void textbook_flow(const klf_flow_params *params, const flow_fixture *fixture, tb_layer *out)
{
    const size_t r = params->reference_layer, width = fixture->width[r], n = (size_t)params->n_mc;
    double      *z = test_malloc(n * width * sizeof *z);
    float       *normals = test_malloc(width * sizeof *normals);
    for (size_t s = 0; s < n; s++) {
        klf_normals(params->sample_seed, klf_subsequence(KLF_STREAM_SAMPLES, s), 0, width, normals);
        for (size_t i = 0; i < width; i++)
            z[s * width + i] = fixture->mean[r] + sqrt(fixture->var[r]) * (double)normals[i];
    }
    tb_network net = fixture->textbook;
    set_textbook_rounding(params->precision, &net);
    tb_flow(&net, r, fixture->mean, fixture->var, n, z, out);
    test_free(normals);
    test_free(z);
}

void check_near(const char *what, size_t layer, double got, double expected, double bar)
{
    if (!(fabs(got - expected) <= bar))
        fail_msg("%s of layer %zu is %.17g, expected %.17g within %.2g", what, layer, got, expected, bar);
}

static void check_same(const char *what, size_t layer, double got, double expected, double bar)
{
    const int both_absent = isnan(got) && isnan(expected);
    if (!both_absent)
        check_near(what, layer, got, expected, bar);
}

void check_same_flow(const klf_flow *got, const klf_flow *expected, double bar)
{
    assert_int_equal(got->n_layers, expected->n_layers);
    for (size_t l = 0; l < got->n_layers; l++) {
        const klf_flow_layer *a = &got->layer[l], *b = &expected->layer[l];
        check_same("Q direct", l, a->q_direct, b->q_direct, bar * b->q_direct);
        check_same("Q gram", l, a->q_gram, b->q_gram, bar * b->q_direct);
        check_same("Q stderr", l, a->q_stderr, b->q_stderr, bar * b->q_direct);
    }
}
