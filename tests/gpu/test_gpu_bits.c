/* SPDX-License-Identifier: BSD-3-Clause */
/* test_gpu_bits [BACKEND]: words and normals of a device bit for bit those of the host, and phi of the reference layer in every
 * precision beside the correctly rounded value: how many differ, and by how many units in the last place of its format. One
 * line of JSON for each; 0 if words and normals are equal and phi is near, 1 if not, 77 without a device. */
#include "gpu/gpu_target.h"
#include "klflow/rng.h"
#include "klflow/rounding.h"

#include <math.h>
#include <stdbool.h>

static void report(const char *what, size_t n, size_t differing, double largest_ulp, double bar)
{
    printf("{\"what\": \"%s\", \"values\": %zu, \"differing\": %zu, \"largest_ulp\": %g, \"bar_ulp\": %g}\n", what, n,
           differing, largest_ulp, bar);
}

/* Around the ends of 32 bits in every part of the key. */
static bool check_random_bits(const klf_opened_backend *device)
{
    enum { N = 40000 };
    static const struct {
        uint64_t seed, subsequence, first;
    } cases[] = {{42, 0, 0},
                 {42, UINT64_C(1) << 32, UINT64_C(1) << 34},
                 {UINT64_C(0xfedcba9876543210), UINT64_C(1) << 56 | 12345, (UINT64_C(1) << 34) - 400},
                 {UINT64_MAX, UINT64_MAX, 8},
                 {1, 999999999, 4}};
    uint32_t *words = must_get(N, sizeof *words), *expected_words = must_get(N, sizeof *words);
    float    *normals = must_get(N, sizeof *normals), *expected_normals = must_get(N, sizeof *normals);
    size_t    n = 0, words_differing = 0, normals_differing = 0;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++, n += N) {
        must(device->backend->random_bits(device->context, cases[c].seed, cases[c].subsequence, cases[c].first, N, words,
                                          normals));
        klf_philox_words(cases[c].seed, cases[c].subsequence, cases[c].first, N, expected_words);
        klf_normals(cases[c].seed, cases[c].subsequence, cases[c].first, N, expected_normals);
        for (size_t i = 0; i < N; i++) {
            words_differing += words[i] != expected_words[i];
            normals_differing += klf_float_bits(normals[i]) != klf_float_bits(expected_normals[i]);
        }
    }
    report("words", n, words_differing, 0.0, 0.0);
    report("normals", n, normals_differing, 0.0, 0.0);
    free(words);
    free(expected_words);
    free(normals);
    free(expected_normals);
    return words_differing == 0 && normals_differing == 0;
}

/* tanh of the same float (or double) that the device takes it of, correctly rounded but for the last bit of the host's tanh in
 * double. */
static double expected_phi(klf_precision precision, double mean, double sd, float normal)
{
    if (precision == KLF_FP64)
        return tanh(fma(sd, (double)normal, mean));
    const float z = fmaf((float)sd, normal, (float)mean);
    return (double)klf_round_float(klf_precision_phi_format(precision), (float)tanh((double)z));
}

static double unit_in_last_place(klf_precision precision, double x)
{
    return x == 0.0 ? INFINITY : ldexp(2.0 * klf_format_roundoff(klf_precision_phi_format(precision)), ilogb(x));
}

/* CUDA and glibc document errors of up to 2 units for tanhf and tanh, and what is compared with is rounded itself. In fp64 a
 * backend may also round sd n before it adds the mean, which is good for another unit or two; below, that is one unit of a
 * float and done alike everywhere. Rounding to fewer bits then moves a value by one unit at most. The two parts of tf32x3
 * have 22 bits, whose last is worth two units of fp32. */
static double phi_bar(klf_precision precision)
{
    switch (precision) {
    case KLF_FP64: return 6.0;
    case KLF_FP32: return 3.0;
    case KLF_TF32X3: return 5.0;
    default: return 1.0;
    }
}

static bool check_phi(const klf_opened_backend *device, klf_precision precision)
{
    enum { WIDTH = 101, ROWS = 300, FIRST = 12345, SEED = 5 };
    static const size_t   widths[] = {WIDTH, WIDTH};
    const klf_layer_stats stats[] = {{.mean = 0.1, .var = 0.7}, {.mean = 0.0, .var = 0.3}};
    klf_network          *net = NULL;
    klf_model            *model = NULL;
    klf_lane             *lane = NULL;
    double               *phi = must_get((size_t)WIDTH * ROWS, sizeof *phi), largest = 0.0;
    float                 normals[WIDTH];
    size_t                differing = 0;
    must(klf_network_draw(WIDTH, 2, widths, 1.5, 0.05, SEED, &net));
    const klf_model_spec spec = {.net = net, .stats = stats, .sample_seed = SEED, .precision = precision};
    must(device->backend->model_create(device->context, &spec, &model));
    must(device->backend->lane_create(model, ROWS, &lane));
    must(device->backend->draw(lane, FIRST, ROWS));
    must(device->backend->phi(lane, phi));
    for (size_t s = 0; s < ROWS; s++) {
        klf_normals(SEED, klf_subsequence(KLF_STREAM_SAMPLES, FIRST + s), 0, WIDTH, normals);
        for (size_t j = 0; j < WIDTH; j++) {
            const double expected = expected_phi(precision, stats[0].mean, sqrt(stats[0].var), normals[j]);
            const double ulp = fabs(phi[s * WIDTH + j] - expected) / unit_in_last_place(precision, expected);
            differing += phi[s * WIDTH + j] != expected;
            largest = ulp <= largest ? largest : isnan(ulp) ? INFINITY : ulp;
        }
    }
    char what[32];
    snprintf(what, sizeof what, "phi, %s", klf_precision_name(precision));
    report(what, (size_t)WIDTH * ROWS, differing, largest, phi_bar(precision));
    must(device->backend->finish(lane));
    device->backend->lane_destroy(lane);
    device->backend->model_destroy(model);
    klf_network_destroy(net);
    free(phi);
    return largest <= phi_bar(precision);
}

int main(int argc, char **argv)
{
    klf_opened_backend device = open_target(argc > 1 ? argv[1] : "cuda");
    bool               right = true;
    if (device.backend->random_bits) /* on the host they would be compared with themselves */
        right = check_random_bits(&device);
    for (int p = 0; p < KLF_N_PRECISIONS; p++)
        if (device.backend->supports((klf_precision)p))
            right = check_phi(&device, (klf_precision)p) && right;
    if (!right)
        printf("%s does not have the host's bits\n", device.backend->name);
    klf_backend_close(&device);
    return right ? 0 : 1;
}
