/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks and the statistics of their layers remade by the textbook code from the seed alone, and the theory's prediction for
 * them. */
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

enum { DEPTH = 5, INPUT_WIDTH = 37, FIRST_WIDTH = 33, START_STREAM = 4 };
static const size_t widths[DEPTH] = {FIRST_WIDTH, 64, 1, 31, 10};
static const double VAR_W = 1.8, VAR_B = 0.05;

/* The engine's normals are float32, off by up to 1.5e-7 of their radius, at most 6.8 (klflow/normal.h). Pre-activations are of
 * order 1, and so the same bar holds for what these errors become in them. */
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

/* The same network as the textbook draws it; for release. */
static tb_network remake(uint64_t seed, double *weight[DEPTH], double *bias[DEPTH])
{
    for (size_t l = 0; l < DEPTH; l++) {
        const size_t fan_in = l == 0 ? INPUT_WIDTH : widths[l - 1];
        weight[l] = test_malloc(widths[l] * fan_in * sizeof **weight);
        bias[l] = test_malloc(widths[l] * sizeof **bias);
        tb_draw_layer(seed, l, fan_in, widths[l], VAR_W, VAR_B, weight[l], bias[l]);
    }
    return (tb_network){.depth = DEPTH, .input_width = INPUT_WIDTH, .width = widths, .weight = weight, .bias = bias};
}

static void release(double *weight[DEPTH], double *bias[DEPTH])
{
    for (size_t l = 0; l < DEPTH; l++) {
        test_free(weight[l]);
        test_free(bias[l]);
    }
}

static void networks_from_seeds(void **state)
{
    (void)state;
    static const uint64_t seeds[] = {1, UINT64_C(0x123456789abcdef0)};
    for (size_t k = 0; k < 2; k++) {
        double      *weight[DEPTH], *bias[DEPTH];
        klf_network *net = draw(seeds[k]);
        remake(seeds[k], weight, bias);
        for (size_t l = 0; l < DEPTH; l++) {
            const klf_layer *layer = &net->layer[l];
            assert_int_equal(layer->width, widths[l]);
            assert_int_equal(layer->fan_in, l == 0 ? INPUT_WIDTH : widths[l - 1]);
            for (size_t i = 0; i < layer->width * layer->fan_in; i++)
                check_near("weight", i, layer->weight[i], weight[l][i], NORMAL_TOLERANCE * sqrt(VAR_W / (double)layer->fan_in));
            for (size_t i = 0; i < layer->width; i++)
                check_near("bias", i, layer->bias[i], bias[l][i], NORMAL_TOLERANCE * sqrt(VAR_B));
        }
        release(weight, bias);
        klf_network_destroy(net);
    }
}

static void check_statistics(const klf_layer_stats *got, const tb_network *net, size_t n, const double *z, size_t first)
{
    double mean[DEPTH], var[DEPTH];
    tb_statistics(net, n, z, mean, var);
    for (size_t l = first; l < DEPTH; l++) {
        check_near("mean of layer", l, got[l].mean, mean[l], NORMAL_TOLERANCE);
        check_near("variance of layer", l, got[l].var, var[l], NORMAL_TOLERANCE);
    }
}

/* For one input, for several pooled, and for a start variance instead of an input. */
static void statistics_from_the_seed(void **state)
{
    (void)state;
    enum { N_INPUTS = 3 };
    const uint64_t   seed = 3;
    const double     q0 = 0.2;
    double           x[N_INPUTS][INPUT_WIDTH], z[N_INPUTS * FIRST_WIDTH], *weight[DEPTH], *bias[DEPTH];
    klf_layer_stats  stats[DEPTH];
    klf_network     *net = draw(seed);
    const tb_network remade = remake(seed, weight, bias);
    for (size_t s = 0; s < N_INPUTS; s++)
        for (size_t i = 0; i < INPUT_WIDTH; i++)
            x[s][i] = 0.5 + 0.5 * sin((double)(7 * i + 13 * s));
    for (size_t n = 1; n <= N_INPUTS; n++) {
        assert_int_equal(klf_network_statistics(net, n, x[0], stats), KLF_OK);
        tb_first_layer(&remade, n, x[0], z);
        check_statistics(stats, &remade, n, z, 0);
    }
    assert_int_equal(klf_network_statistics_q0(net, q0, seed, stats), KLF_OK);
    tb_normals(seed, START_STREAM, 0, widths[0], z);
    for (size_t i = 0; i < widths[0]; i++)
        z[i] *= sqrt(q0);
    check_statistics(stats, &remade, 1, z, 1);
    assert_true(stats[0].mean == 0.0 && stats[0].var == q0); /* the distribution's, not the draw's */
    release(weight, bias);
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
        cmocka_unit_test(networks_from_seeds),
        cmocka_unit_test(statistics_from_the_seed),
        cmocka_unit_test(meanfield_kl_at_any_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
