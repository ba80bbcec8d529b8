/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks remade from their seed, layer statistics and the mean-field recursion against the textbook code, and the mean-field
 * KL against its closed forms. */
#include "klflow/meanfield.h"
#include "klflow/network.h"
#include "reference/draw_textbook.h"
#include "reference/kl_textbook.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

enum { DEPTH = 5, INPUT_WIDTH = 37, START_STREAM = 4 };
static const size_t widths[DEPTH] = {33, 64, 1, 31, 10};
static const double VAR_W = 1.8, VAR_B = 0.05;

/* Two sums of some 1e4 terms, in double and in long double, through five layers. */
static const double STATISTICS_TOLERANCE = 1e-13;
/* The engine's normals are float32, off by up to 1.5e-7 of their radius, at most 6.8 (klflow/normal.h). */
static const double NORMAL_TOLERANCE = 1.1e-6;

static void check_near(const char *what, size_t i, double got, double expected, double bar)
{
    if (!(fabs(got - expected) <= bar))
        fail_msg("%s %zu is %.17g, expected %.17g within %.2g", what, i, got, expected, bar);
}

static klf_network *draw(uint64_t seed)
{
    klf_network *net = NULL;
    if (klf_network_draw(INPUT_WIDTH, DEPTH, widths, VAR_W, VAR_B, seed, &net) != KLF_OK)
        fail_msg("%s", klf_last_error());
    return net;
}

/* The same weights as the textbook wants them. */
static tb_network view(const klf_network *net, double *weight[DEPTH], double *bias[DEPTH])
{
    for (size_t l = 0; l < DEPTH; l++) {
        weight[l] = net->layer[l].weight;
        bias[l] = net->layer[l].bias;
    }
    return (tb_network){.depth = DEPTH, .input_width = INPUT_WIDTH, .width = widths, .weight = weight, .bias = bias};
}

static void network_from_its_seed(void **state)
{
    (void)state;
    static const uint64_t seeds[] = {1, UINT64_C(0x123456789abcdef0)};
    for (size_t k = 0; k < 2; k++) {
        klf_network *net = draw(seeds[k]);
        for (size_t l = 0; l < DEPTH; l++) {
            const size_t fan_in = net->layer[l].fan_in, width = net->layer[l].width;
            assert_int_equal(width, widths[l]);
            assert_int_equal(fan_in, l == 0 ? INPUT_WIDTH : widths[l - 1]);
            double *weight = test_malloc(width * fan_in * sizeof *weight), *bias = test_malloc(width * sizeof *bias);
            tb_draw_layer(seeds[k], l, fan_in, width, VAR_W, VAR_B, weight, bias);
            for (size_t i = 0; i < width * fan_in; i++)
                check_near("weight", i, net->layer[l].weight[i], weight[i], NORMAL_TOLERANCE * sqrt(VAR_W / (double)fan_in));
            for (size_t i = 0; i < width; i++)
                check_near("bias", i, net->layer[l].bias[i], bias[i], NORMAL_TOLERANCE * sqrt(VAR_B));
            test_free(weight);
            test_free(bias);
        }
        klf_network_destroy(net);
    }
}

static void check_statistics(const klf_layer_stats *got, const tb_network *net, size_t n, const double *z, size_t first)
{
    double mean[DEPTH], var[DEPTH];
    tb_statistics(net, n, z, mean, var);
    for (size_t l = first; l < DEPTH; l++) {
        const double scale = var[l] + mean[l] * mean[l];
        check_near("mean of layer", l, got[l].mean, mean[l], STATISTICS_TOLERANCE * sqrt(scale));
        check_near("variance of layer", l, got[l].var, var[l], STATISTICS_TOLERANCE * scale);
    }
}

/* One input ("input"), and several pooled ("dataset") around the batch size of the engine. */
static void statistics_of_inputs(void **state)
{
    (void)state;
    static const size_t n_inputs[] = {1, 2, 63, 64, 65, 200};
    double             *weight[DEPTH], *bias[DEPTH];
    klf_network        *net = draw(3);
    const tb_network    textbook = view(net, weight, bias);
    for (size_t k = 0; k < sizeof n_inputs / sizeof n_inputs[0]; k++) {
        const size_t    n = n_inputs[k];
        double         *x = test_malloc(n * INPUT_WIDTH * sizeof *x), *z = test_malloc(n * widths[0] * sizeof *z);
        klf_layer_stats stats[DEPTH];
        for (size_t s = 0; s < n; s++) /* the mean drifts from input to input: pooling must see it */
            for (size_t i = 0; i < INPUT_WIDTH; i++)
                x[s * INPUT_WIDTH + i] = 0.5 + 0.5 * sin((double)(7 * i + 13 * s)) + 0.01 * (double)s;
        assert_int_equal(klf_network_statistics(net, n, x, stats), KLF_OK);
        tb_first_layer(&textbook, n, x, z);
        check_statistics(stats, &textbook, n, z, 0);
        if (n == 1)
            assert_true(stats[2].var == 0.0); /* one neuron, one input */
        test_free(x);
        test_free(z);
    }
    klf_network_destroy(net);
}

static void statistics_of_a_start_variance(void **state)
{
    (void)state;
    const double     q0 = 0.2;
    const uint64_t   seed = 3;
    double          *weight[DEPTH], *bias[DEPTH], z[64];
    klf_network     *net = draw(seed);
    const tb_network textbook = view(net, weight, bias);
    klf_layer_stats  stats[DEPTH];
    double           mean[DEPTH], var[DEPTH];
    assert_int_equal(klf_network_statistics_q0(net, q0, seed, stats), KLF_OK);
    assert_true(stats[0].mean == 0.0 && stats[0].var == q0);

    tb_normals(seed, START_STREAM, 0, widths[0], z);
    for (size_t i = 0; i < widths[0]; i++)
        z[i] *= sqrt(q0);
    tb_statistics(&textbook, 1, z, mean, var);
    for (size_t l = 1; l < DEPTH; l++) {
        /* pre-activations are of order 1, and so is what errors of z^0 become */
        check_near("mean of layer", l, stats[l].mean, mean[l], NORMAL_TOLERANCE);
        check_near("variance of layer", l, stats[l].var, var[l], NORMAL_TOLERANCE);
    }
    klf_network_destroy(net);
}

/* The predicted KL is (3.30) with N_l M_l for Q, M_l the second moment under p, whatever the widths and for both targets. */
static void meanfield_kl_at_any_widths(void **state)
{
    (void)state;
    static const klf_target_convention conventions[] = {KLF_TARGET_THEORY, KLF_TARGET_DATA};
    const double                       mean = 0.1, v = 0.2;
    for (size_t c = 0; c < 2; c++) {
        double kl[DEPTH], under_p = v + mean * mean, target = conventions[c] == KLF_TARGET_THEORY ? v : under_p;
        klf_meanfield_kl(VAR_W, VAR_B, mean, v, conventions[c], DEPTH, widths, kl);
        assert_true(kl[0] == 0.0);
        for (size_t l = 1; l < DEPTH; l++) {
            under_p = VAR_W * (l == 1 ? tb_mean_tanh2(mean, v) : tb_mean_tanh2(0.0, under_p)) + VAR_B;
            target = VAR_W * tb_mean_tanh2(0.0, target) + VAR_B;
            /* rounding of terms of some 50 nat */
            check_near("mean-field KL of layer", l, kl[l], tb_kl(widths[0], v, widths[l], target, (double)widths[l] * under_p),
                       1e-12);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(network_from_its_seed),
        cmocka_unit_test(statistics_of_inputs),
        cmocka_unit_test(statistics_of_a_start_variance),
        cmocka_unit_test(meanfield_kl_at_any_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
