/* SPDX-License-Identifier: BSD-3-Clause */
/* The cpu backend, each kernel set in each precision, against plain loops in double written here. Widths and row counts lie
 * around the edges of vectors (8, 16), register tiles (8 rows, 24 or 48 columns) and cache blocks (96, 192, 256 rows). */
#include "klflow/network.h"
#include "klflow/rng.h"

#include "backend/backends.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MAX_DEPTH = 5, SAMPLE_SEED = 7, NETWORK_SEED = 3, FIRST_SAMPLE = 1000 };

/* Relative bars. fp64: sums of up to 784 terms in another order. fp32: weights and activations carry 6e-8 each, a sum of 784
 * products some 1e-6 of its largest partial sum, and three layers pass that on. */
static const double bars[] = {[KLF_FP64] = 1e-12, [KLF_FP32] = 5e-6};

typedef struct expectation {
    double  n, q, q2;
    double *f, *gram; /* sums over samples: [width], [width][width] */
} expectation;

static void *zeros(size_t n)
{
    void *memory = calloc(n ? n : 1, sizeof(double));
    assert_non_null(memory);
    return memory;
}

static void check(double got, double want, double tolerance, const char *what, size_t i)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s[%zu]: got %.17g, want %.17g +- %g", what, i, got, want, tolerance);
}

static void expect_sample(const klf_network *net, const klf_layer_stats *stats, size_t reference, uint64_t sample,
                          expectation *want)
{
    size_t  width = net->layer[reference].width;
    float  *normals = zeros(width);
    double *phi = zeros(width);
    klf_normals(SAMPLE_SEED, klf_subsequence(KLF_STREAM_SAMPLES, sample), 0, width, normals);
    for (size_t j = 0; j < width; j++)
        phi[j] = tanh(stats[reference].mean + sqrt(stats[reference].var) * (double)normals[j]);
    free(normals);
    for (size_t l = reference; l < net->depth; l++) {
        double q = 0.0;
        width = net->layer[l].width;
        if (l > reference) {
            double *next = zeros(width);
            for (size_t i = 0; i < width; i++) {
                double z = net->layer[l].bias[i];
                for (size_t j = 0; j < net->layer[l].fan_in; j++)
                    z += net->layer[l].weight[i * net->layer[l].fan_in + j] * phi[j];
                q += (z - stats[l].mean) * (z - stats[l].mean);
                next[i] = tanh(z);
            }
            q -= (double)width * stats[l].var;
            free(phi);
            phi = next;
        }
        want[l].n += 1.0;
        want[l].q += q;
        want[l].q2 += q * q;
        for (size_t j = 0; j < width; j++) {
            want[l].f[j] += phi[j];
            for (size_t k = 0; k < width; k++)
                want[l].gram[j * width + k] += phi[j] * phi[k];
        }
    }
    free(phi);
}

static void check_layer(klf_model *model, const klf_network *net, const klf_layer_stats *stats, size_t layer, size_t reference,
                        const expectation *want, double bar)
{
    klf_layer_totals totals = {0, NAN, NAN, NAN};
    size_t           width = net->layer[layer].width;
    double           n = want[layer].n, shift = (double)width * stats[layer].var;
    double          *f = zeros(width), *gram = zeros(width * width);
    memset(f, 0xff, width * sizeof *f);
    memset(gram, 0xff, width * width * sizeof *gram);
    assert_int_equal(klf_backend_cpu.totals(model, layer, &totals, f), KLF_OK);
    assert_int_equal(klf_backend_cpu.second_moment(model, layer, gram), KLF_OK);
    assert_int_equal(totals.n_samples, (int64_t)n);
    check(totals.shift, shift, 0.0, "shift", layer);
    if (layer == reference) {
        check(totals.q_sum, 0.0, 0.0, "q_sum", layer);
        check(totals.q_sum2, 0.0, 0.0, "q_sum2", layer);
    } else {
        double q = shift + want[layer].q / n, spread = sqrt(want[layer].q2 / n);
        check(shift + totals.q_sum / n, q, bar * (q + shift), "q", layer);
        check(totals.q_sum2 / n, want[layer].q2 / n, 2.0 * bar * (q + shift) * (spread + bar * (q + shift)), "q2", layer);
    }
    for (size_t j = 0; j < width; j++)
        check(f[j], want[layer].f[j] / n, bar, "f_j", j);
    for (size_t j = 0; j < width; j++)
        for (size_t k = 0; k < width; k++) {
            check(gram[j * width + k], want[layer].gram[j * width + k] / n, bar, "f_jk", j * width + k);
            check(gram[j * width + k], gram[k * width + j], 0.0, "symmetry of f_jk", j * width + k);
        }
    if (layer > reference) {
        double q = NAN, direct = shift + totals.q_sum / n;
        assert_int_equal(klf_backend_cpu.gram_q(model, layer, &q), KLF_OK);
        check(q, shift + want[layer].q / n, bar * (direct + shift), "q_gram", layer);
        check(q, direct, (bar < 1e-10 ? 1e-12 : 2e-6) * direct, "q_gram against q", layer);
    }
    free(f);
    free(gram);
}

/* Two chunks through one lane, the second one shorter: what the first leaves behind must not show. */
static void run_chunks(klf_model *model, size_t depth, size_t reference, size_t rows)
{
    klf_lane *lane = NULL;
    size_t    chunk[] = {rows - rows / 3, rows / 3};
    assert_int_equal(klf_backend_cpu.lane_create(model, chunk[0], &lane), KLF_OK);
    for (size_t i = 0, first = FIRST_SAMPLE; i < COUNT(chunk) && chunk[i]; first += chunk[i++])
        for (size_t l = reference; l < depth; l++) {
            if (l == reference)
                assert_int_equal(klf_backend_cpu.draw(lane, first, chunk[i]), KLF_OK);
            else
                assert_int_equal(klf_backend_cpu.forward(lane, l), KLF_OK);
            assert_int_equal(klf_backend_cpu.gram(lane, l), KLF_OK);
            assert_int_equal(klf_backend_cpu.collect(lane, l), KLF_OK);
        }
    klf_backend_cpu.lane_destroy(lane);
}

static void check_case(klf_precision precision, size_t depth, const size_t *widths, size_t reference, size_t rows)
{
    klf_network    *net = NULL;
    klf_context    *ctx = NULL;
    klf_model      *model = NULL;
    klf_layer_stats stats[MAX_DEPTH];
    expectation     want[MAX_DEPTH] = {{0}};
    assert_int_equal(klf_network_draw(widths[0], depth, widths, 1.5, 0.05, NETWORK_SEED, &net), KLF_OK);
    for (size_t l = 0; l < depth; l++) {
        stats[l] = (klf_layer_stats){.mean = 0.03 + 0.01 * (double)l, .var = 0.7 - 0.05 * (double)l};
        want[l].f = zeros(widths[l]);
        want[l].gram = zeros(widths[l] * widths[l]);
    }
    for (uint64_t s = 0; s < rows; s++)
        expect_sample(net, stats, reference, FIRST_SAMPLE + s, want);

    klf_model_spec spec = {.net = net,
                           .stats = stats,
                           .reference_layer = reference,
                           .sample_seed = SAMPLE_SEED,
                           .precision = precision,
                           .gram = true,
                           .gram_last = true};
    assert_int_equal(klf_backend_cpu.open(&ctx), KLF_OK);
    assert_int_equal(klf_backend_cpu.model_create(ctx, &spec, &model), KLF_OK);
    run_chunks(model, depth, reference, rows);
    for (size_t l = reference; l < depth; l++)
        check_layer(model, net, stats, l, reference, want, bars[precision]);

    klf_backend_cpu.model_destroy(model);
    klf_backend_cpu.close(ctx);
    klf_network_destroy(net);
    for (size_t l = 0; l < depth; l++) {
        free(want[l].f);
        free(want[l].gram);
    }
}

/* Skips visibly where this machine cannot run the set. */
static void need(const char *kernels)
{
    klf_context *ctx = NULL;
    assert_int_equal(setenv("KLFLOW_CPU_KERNELS", kernels, 1), 0);
    if (klf_backend_cpu.open(&ctx) != KLF_OK) {
        print_message("%s\n", klf_last_error());
        skip();
    }
    assert_non_null(strstr(klf_backend_cpu.describe(ctx), kernels));
    klf_backend_cpu.close(ctx);
}

static void check_square(const char *kernels)
{
    static const size_t widths[] = {1, 2, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 49, 64, 100, 128};
    static const size_t rows[] = {1, 7, 31, 64, 100};
    need(kernels);
    for (int precision = KLF_FP64; precision <= KLF_FP32; precision++)
        for (size_t i = 0; i < COUNT(widths); i++)
            for (size_t j = 0; j < COUNT(rows); j++)
                check_case((klf_precision)precision, 3, (size_t[]){widths[i], widths[i], widths[i]}, 0, rows[j]);
}

static void check_mixed(const char *kernels)
{
    need(kernels);
    for (int precision = KLF_FP64; precision <= KLF_FP32; precision++) {
        check_case((klf_precision)precision, 5, (size_t[]){33, 1, 100, 10, 48}, 0, 29);
        check_case((klf_precision)precision, 5, (size_t[]){3, 65, 17, 128, 10}, 1, 29);
        check_case((klf_precision)precision, 3, (size_t[]){9, 9, 9}, 2, 5);   /* the reference layer alone */
        check_case((klf_precision)precision, 2, (size_t[]){20, 35}, 0, 1000); /* several blocks of rows */
    }
}

static void check_wide(const char *kernels)
{
    need(kernels);
    check_case(KLF_FP64, 2, (size_t[]){784, 784}, 0, 19);
    check_case(KLF_FP32, 2, (size_t[]){784, 784}, 0, 19);
}

/* Q of (3.34) belongs to the network that forward() runs: in fp32 one of rounded weights, biases and means. A single neuron
 * below, so that everything can be said in closed form from its moments; every parameter lies between two floats. */
static void check_rounded(const char *kernels)
{
    enum { ROWS = 3, SAMPLES = 50 };
    const double     between = 1.0 + 0x1p-25;
    const size_t     widths[] = {1, ROWS};
    klf_network     *net = NULL;
    klf_context     *ctx = NULL;
    klf_model       *model = NULL;
    klf_layer_totals totals;
    double           f, f2, q = NAN, want = 0.0;
    klf_layer_stats  stats[] = {{.mean = 0.1, .var = 0.5}, {.mean = -0.75 * between, .var = 0.5}};
    need(kernels);
    assert_int_equal(klf_network_draw(1, 2, widths, 1.5, 0.05, NETWORK_SEED, &net), KLF_OK);
    for (size_t i = 0; i < ROWS; i++) {
        net->layer[1].weight[i] = (0.5 + (double)i) * between;
        net->layer[1].bias[i] = (0.25 + (double)i) * between;
    }
    klf_model_spec spec = {
        .net = net, .stats = stats, .sample_seed = SAMPLE_SEED, .precision = KLF_FP32, .gram = true, .gram_last = true};
    assert_int_equal(klf_backend_cpu.open(&ctx), KLF_OK);
    assert_int_equal(klf_backend_cpu.model_create(ctx, &spec, &model), KLF_OK);
    run_chunks(model, 2, 0, SAMPLES);
    assert_int_equal(klf_backend_cpu.totals(model, 0, &totals, &f), KLF_OK);
    assert_int_equal(klf_backend_cpu.second_moment(model, 0, &f2), KLF_OK);
    assert_int_equal(klf_backend_cpu.gram_q(model, 1, &q), KLF_OK);
    for (size_t i = 0; i < ROWS; i++) {
        double w = 0.5 + (double)i, d = 0.25 + (double)i + 0.75;
        want += w * w * f2 + 2.0 * w * d * f + d * d;
    }
    check(q, want, 1e-14 * want, "q_gram", 0); /* unrounded parameters would be off by 3e-8 */
    klf_backend_cpu.model_destroy(model);
    klf_backend_cpu.close(ctx);
    klf_network_destroy(net);
}

static void test_tiles_rounded(void **state)
{
    (void)state;
    check_rounded("tiles-avx512");
}

static void test_openblas_rounded(void **state)
{
    (void)state;
    check_rounded("openblas");
}

static void test_tiles_square(void **state)
{
    (void)state;
    check_square("tiles-avx512");
}

static void test_tiles_mixed(void **state)
{
    (void)state;
    check_mixed("tiles-avx512");
}

static void test_tiles_wide(void **state)
{
    (void)state;
    check_wide("tiles-avx512");
}

static void test_openblas_square(void **state)
{
    (void)state;
    check_square("openblas");
}

static void test_openblas_mixed(void **state)
{
    (void)state;
    check_mixed("openblas");
}

static void test_openblas_wide(void **state)
{
    (void)state;
    check_wide("openblas");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles_square),    cmocka_unit_test(test_tiles_mixed),      cmocka_unit_test(test_tiles_wide),
        cmocka_unit_test(test_openblas_square), cmocka_unit_test(test_openblas_mixed),   cmocka_unit_test(test_openblas_wide),
        cmocka_unit_test(test_tiles_rounded),   cmocka_unit_test(test_openblas_rounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
