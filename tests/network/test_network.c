/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks: widths of the architectures, moments and keys of the draws, layer statistics against plain loops. */
#include "klflow/network.h"
#include "klflow/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void assert_close(double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %.3g", what, value, expected, tolerance);
}

static klf_network *draw(size_t depth, const size_t *widths, double var_w, double var_b, uint64_t seed)
{
    klf_network *net = NULL;
    if (klf_network_draw(50, depth, widths, var_w, var_b, seed, &net) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return net;
}

static void test_widths(void **state)
{
    (void)state;
    size_t w[30];
    klf_widths_wide(30, w);
    for (size_t l = 0; l < 28; l++)
        assert_int_equal(w[l], 784);
    assert_int_equal(w[28], 400);
    assert_int_equal(w[29], 10);
    klf_widths_wide(2, w);
    assert_int_equal(w[0], 400);
    assert_int_equal(w[1], 10);
    klf_widths_taper(30, w);
    assert_int_equal(w[0], 784);
    assert_int_equal(w[29], 10);
    for (size_t l = 1; l < 30; l++) { /* linear: every step is 774 / 29 = 26.7, rounded */
        assert_in_range(w[l - 1] - w[l], 26, 27);
        assert_close((double)w[l], 784.0 - 774.0 * (double)l / 29.0, 0.5, "taper");
    }
}

/* The convention of the variances and the keys: each weight is its normal times sqrt(var_w / fan_in). */
static void test_draws(void **state)
{
    (void)state;
    const size_t widths[] = {40, 1030, 7}; /* a row longer than one block of normals */
    klf_network *net = draw(3, widths, 2.0, 0.3, 9);
    float        normal;
    for (size_t l = 0; l < 3; l++) {
        const klf_layer *layer = &net->layer[l];
        assert_int_equal(layer->fan_in, l == 0 ? 50 : widths[l - 1]);
        for (size_t i = 0; i < layer->width; i++) {
            size_t j = (i * 37) % layer->fan_in;
            klf_normals(9, klf_subsequence(KLF_STREAM_WEIGHTS, (uint64_t)l << 32 | i), j, 1, &normal);
            assert_true(layer->weight[i * layer->fan_in + j] == sqrt(2.0 / (double)layer->fan_in) * (double)normal);
            klf_normals(9, klf_subsequence(KLF_STREAM_BIASES, l), i, 1, &normal);
            assert_true(layer->bias[i] == sqrt(0.3) * (double)normal);
        }
    }
    assert_true(net->random && net->var_w == 2.0 && net->var_b == 0.3 && net->seed == 9);
    klf_network_destroy(net);
}

/* Equal seeds: proportional weights across var_w, common layers across depth and neighbouring widths; another seed: nothing
 * alike. */
static void test_common_random_numbers(void **state)
{
    (void)state;
    const size_t widths[] = {40, 30, 20, 10}, wider[] = {40, 33, 20};
    klf_network *a = draw(4, widths, 1.0, 1.0, 5), *b = draw(3, widths, 4.0, 1.0, 5), *c = draw(3, wider, 1.0, 1.0, 5),
                *d = draw(4, widths, 1.0, 1.0, 6), *zero = draw(4, widths, 0.0, 0.0, 5);
    for (size_t l = 0; l < 3; l++)
        for (size_t k = 0; k < a->layer[l].width * a->layer[l].fan_in; k++) {
            assert_close(b->layer[l].weight[k], 2.0 * a->layer[l].weight[k], 1e-15, "twice the standard deviation");
            assert_true(d->layer[l].weight[k] != a->layer[l].weight[k]);
        }
    for (size_t i = 0; i < 30; i++) /* rows 0..29 of layer 1 see the same 40 inputs */
        assert_memory_equal(a->layer[1].weight + i * 40, c->layer[1].weight + i * 40, 40 * sizeof(double));
    for (size_t l = 0; l < 4; l++)
        for (size_t k = 0; k < zero->layer[l].width; k++)
            assert_true(zero->layer[l].weight[k] == 0.0 && zero->layer[l].bias[k] == 0.0);
    klf_network_destroy(a);
    klf_network_destroy(b);
    klf_network_destroy(c);
    klf_network_destroy(d);
    klf_network_destroy(zero);
}

/* Pooled mean and population variance of every layer by plain two-pass loops in long double. */
static void naive_statistics(const klf_network *net, size_t n, const double *x, klf_layer_stats *stats)
{
    enum { WIDEST = 64, INPUTS = 1025 };
    static double z[INPUTS][WIDEST], phi[INPUTS][WIDEST];
    for (size_t s = 0; s < n; s++)
        memcpy(phi[s], x + s * net->input_width, net->input_width * sizeof(double));
    for (size_t l = 0; l < net->depth; l++) {
        const klf_layer *layer = &net->layer[l];
        long double      mean = 0.0L, var = 0.0L, count = (long double)(n * layer->width);
        for (size_t s = 0; s < n; s++)
            for (size_t i = 0; i < layer->width; i++) {
                long double sum = (long double)layer->bias[i];
                for (size_t j = 0; j < layer->fan_in; j++)
                    sum += (long double)layer->weight[i * layer->fan_in + j] * (long double)phi[s][j];
                z[s][i] = (double)sum;
                mean += sum / count;
            }
        for (size_t s = 0; s < n; s++)
            for (size_t i = 0; i < layer->width; i++) {
                var += ((long double)z[s][i] - mean) * ((long double)z[s][i] - mean) / count;
                phi[s][i] = tanh(z[s][i]);
            }
        stats[l] = (klf_layer_stats){(double)mean, (double)var};
    }
}

static void test_statistics(void **state)
{
    (void)state;
    const size_t    widths[] = {33, 64, 31, 1}, inputs[] = {1, 2, 64, 600, 1025}; /* loops, products, two batches */
    klf_network    *net = draw(4, widths, 1.7, 0.2, 3);
    klf_layer_stats got[4], expected[4];
    static double   x[1025 * 50];
    static float    normals[1025 * 50];
    klf_normals(1, klf_subsequence(KLF_STREAM_INPUT, 0), 0, COUNT(normals), normals);
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = 0.5 + (double)normals[i];
    for (size_t k = 0; k < COUNT(inputs); k++) {
        assert_int_equal(klf_network_statistics(net, inputs[k], x, got), KLF_OK);
        naive_statistics(net, inputs[k], x, expected);
        for (size_t l = 0; l < 4; l++) { /* dozens of terms of order one, four layers: some 1e-15 each */
            assert_close(got[l].mean, expected[l].mean, 1e-14, "mean");
            assert_close(got[l].var, expected[l].var, 2e-14, "variance");
        }
    }
    assert_int_equal(klf_network_statistics(net, 1, x, got), KLF_OK);
    assert_true(got[3].var == 0.0); /* a single neuron, one input: exactly no variance */
    klf_network_destroy(net);
}

static void test_statistics_q0(void **state)
{
    (void)state;
    const size_t    widths[] = {60, 64, 31};
    klf_network    *net = draw(3, widths, 1.7, 0.2, 3), *behind = NULL;
    klf_layer_stats got[3], expected[3];
    double          phi[60];
    float           normals[60];
    assert_int_equal(klf_network_statistics_q0(net, 0.35, 77, got), KLF_OK);
    assert_true(got[0].mean == 0.0 && got[0].var == 0.35);

    /* The layers behind the draw are a network whose input is tanh(z^0). */
    klf_normals(77, klf_subsequence(KLF_STREAM_START, 0), 0, 60, normals);
    for (size_t i = 0; i < 60; i++)
        phi[i] = tanh(sqrt(0.35) * (double)normals[i]);
    assert_int_equal(klf_network_create(60, 2, widths + 1, &behind), KLF_OK);
    for (size_t l = 0; l < 2; l++) {
        const klf_layer *from = &net->layer[l + 1];
        memcpy(behind->layer[l].weight, from->weight, from->width * from->fan_in * sizeof(double));
        memcpy(behind->layer[l].bias, from->bias, from->width * sizeof(double));
    }
    naive_statistics(behind, 1, phi, expected);
    for (size_t l = 0; l < 2; l++) {
        assert_close(got[l + 1].mean, expected[l].mean, 1e-14, "mean behind q0");
        assert_close(got[l + 1].var, expected[l].var, 2e-14, "variance behind q0");
    }
    klf_network_destroy(net);
    klf_network_destroy(behind);
}

/* To nearest, weights only, once: rounding again changes nothing. */
static void test_rounding(void **state)
{
    (void)state;
    static const int digits[KLF_N_FORMATS] = {53, 24, 11, 11, 8};
    const size_t     widths[] = {40, 30};
    for (int format = KLF_FORMAT_FP64; format < KLF_N_FORMATS; format++) {
        klf_network *drawn = draw(2, widths, 2.0, 0.3, 9), *net = draw(2, widths, 2.0, 0.3, 9);
        assert_int_equal(net->weight_format, KLF_FORMAT_FP64);
        for (int pass = 0; pass < 2; pass++) {
            assert_int_equal(klf_network_round(net, (klf_format)format), KLF_OK);
            assert_int_equal(net->weight_format, format);
            for (size_t l = 0; l < 2; l++) {
                const klf_layer *from = &drawn->layer[l], *to = &net->layer[l];
                for (size_t i = 0; i < from->width * from->fan_in; i++) {
                    int    exponent;
                    double scaled = from->weight[i];
                    if (format != KLF_FORMAT_FP64) {
                        frexp(from->weight[i], &exponent);
                        int spacing = exponent - digits[format];
                        if (format == KLF_FORMAT_FP16 && spacing < -24)
                            spacing = -24; /* subnormal */
                        scaled = ldexp(nearbyint(ldexp((double)(float)from->weight[i], -spacing)), spacing);
                    }
                    assert_true(to->weight[i] == scaled);
                }
                assert_memory_equal(from->bias, to->bias, from->width * sizeof(double));
            }
        }
        klf_network_destroy(drawn);
        klf_network_destroy(net);
    }
}

static void test_weights_beyond_a_format(void **state)
{
    (void)state;
    const size_t widths[] = {40, 30};
    klf_network *net = draw(2, widths, 2.0, 0.3, 9);
    const double first = net->layer[0].weight[0];
    net->layer[1].weight[3] = -65520.0;
    assert_int_equal(klf_network_round(net, KLF_FORMAT_FP16), KLF_ERR_USAGE);
    assert_string_equal(klf_last_error(),
                        "a weight of layer 1 is -65520, which is beyond the weight format fp16; take bf16, tf32 or fp32");
    assert_true(net->layer[0].weight[0] == first && net->weight_format == KLF_FORMAT_FP64);
    net->layer[1].weight[3] = 65519.0;
    assert_int_equal(klf_network_round(net, KLF_FORMAT_FP16), KLF_OK);
    assert_true(net->layer[1].weight[3] == 65504.0);
    net->layer[1].weight[3] = 1e39;
    assert_int_equal(klf_network_round(net, KLF_FORMAT_BF16), KLF_ERR_USAGE);
    klf_network_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_widths),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_common_random_numbers),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_statistics_q0),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_weights_beyond_a_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
