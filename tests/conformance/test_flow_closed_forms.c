/* SPDX-License-Identifier: BSD-3-Clause */
/* The Monte Carlo pass of every backend where the answer is known without sampling. */
#include "conformance/flow_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <string.h>

/* Fixed seeds, about a hundred comparisons in all: five standard errors would be missed once in 2e4 tries. */
static const double SIGMAS = 5.0;

/* W = 0: every sample has z = b, so Q = |b - mu|^2, without scatter. */
static void check_zero_weights(const flow_target *target)
{
    enum { DEPTH = 4 };
    static const size_t widths[DEPTH] = {31, 32, 33, 1};
    flow_fixture        f;
    fixture_create(DEPTH, widths, 0.0, 0.5, &f);
    klf_flow_params params = flow_params(target, &f);
    klf_flow       *flow = run_flow(&params);
    for (size_t l = 1; l < DEPTH; l++) {
        double q = 0.0;
        for (size_t i = 0; i < widths[l]; i++)
            q += (f.bias[l][i] - f.mean[l]) * (f.bias[l][i] - f.mean[l]);
        check_near("Q direct", l, flow->layer[l].q_direct, q, target->tolerance * q);
        check_near("Q gram", l, flow->layer[l].q_gram, q, target->tolerance * q);
        /* the square root of a difference of equal sums */
        check_near("Q stderr", l, flow->layer[l].q_stderr, 0.0, target->tolerance * q + sqrt(DBL_EPSILON) * q);
    }
    klf_flow_destroy(flow);
    fixture_destroy(&f);
}

static void zero_weights(void **state)
{
    (void)state;
    for_each_target(check_zero_weights);
}

/* Small activations w: tanh is the identity up to w^3, so that z^m = M_m z^0 + c_m with M_m = W^m M_{m-1}, c_m = W^m c_{m-1} +
 * b^m and Q_m = var |M_m|^2 + |c_m + M_m mu_0 - mu_m|^2 up to a relative w^2. */
static void check_linear_regime(const flow_target *target)
{
    enum { DEPTH = 4, WIDEST = 33 };
    static const size_t widths[DEPTH] = {20, 33, 32, 5};
    const double        small = 1e-3;
    flow_fixture        f;
    fixture_create(DEPTH, widths, 1.5, 0.4 * small * small, &f);
    for (size_t l = 0; l < DEPTH; l++)
        fixture_set_stats(&f, l, 0.2 * small * (double)l, small * small);
    klf_flow_params params = flow_params(target, &f);
    params.n_mc = 4000;
    klf_flow *flow = run_flow(&params);

    double map[WIDEST][WIDEST] = {{0.0}}, shift[WIDEST] = {0.0}; /* M, and c + M mu_0 */
    for (size_t i = 0; i < widths[0]; i++) {
        map[i][i] = 1.0;
        shift[i] = f.mean[0];
    }
    for (size_t m = 1; m < DEPTH; m++) {
        double next_map[WIDEST][WIDEST] = {{0.0}}, next_shift[WIDEST] = {0.0}, q = 0.0;
        for (size_t i = 0; i < widths[m]; i++) {
            next_shift[i] = f.bias[m][i];
            for (size_t j = 0; j < widths[m - 1]; j++) {
                const double w = f.weight[m][i * widths[m - 1] + j];
                next_shift[i] += w * shift[j];
                for (size_t k = 0; k < widths[0]; k++)
                    next_map[i][k] += w * map[j][k];
            }
            q += (next_shift[i] - f.mean[m]) * (next_shift[i] - f.mean[m]);
            for (size_t k = 0; k < widths[0]; k++)
                q += f.var[0] * next_map[i][k] * next_map[i][k];
        }
        memcpy(map, next_map, sizeof map);
        memcpy(shift, next_shift, sizeof shift);

        const klf_flow_layer *got = &flow->layer[m];
        const double bar = SIGMAS * got->q_stderr + 10.0 * small * small * q; /* activations reach a few times `small` */
        check_near("Q direct", m, got->q_direct, q, bar);
        check_near("Q gram", m, got->q_gram, q, bar);
        assert_true(got->q_stderr < 0.02 * q); /* or the bar would mean little */
    }
    klf_flow_destroy(flow);
    fixture_destroy(&f);
}

static void linear_regime(void **state)
{
    (void)state;
    for_each_target(check_linear_regime);
}

/* W = 1, b = 0 and activations so small that tanh is the identity: every layer is the reference layer, and (3.30) is (3.22) of
 * a density with itself, 0. The estimate is |z^0|^2 / (2 var) - N/2 averaged: chi-squared, with a known standard error. Not in
 * fp16, which has no numbers of that size. */
static void check_identical_layers(const flow_target *target)
{
    enum { DEPTH = 5, WIDTH = 33 };
    static const size_t widths[DEPTH] = {WIDTH, WIDTH, WIDTH, WIDTH, WIDTH};
    const double        var = 1e-16; /* relative change by tanh 1e-16 a layer */
    flow_fixture        f;
    if (target->format == KLF_FORMAT_FP16)
        return;
    fixture_create(DEPTH, widths, 0.0, 0.0, &f);
    for (size_t l = 0; l < DEPTH; l++)
        fixture_set_stats(&f, l, 0.0, var);
    for (size_t l = 1; l < DEPTH; l++)
        for (size_t i = 0; i < WIDTH; i++)
            f.weight[l][i * WIDTH + i] = 1.0;
    klf_flow_params params = flow_params(target, &f);
    params.n_mc = 4000;
    klf_flow    *flow = run_flow(&params);
    const double q_stderr = var * sqrt(2.0 * WIDTH / (double)params.n_mc);
    for (size_t l = 1; l < DEPTH; l++) {
        const klf_flow_layer *got = &flow->layer[l];
        check_near("Q stderr", l, got->q_stderr, q_stderr, 0.1 * q_stderr); /* 1e-2 expected at this n */
        check_near("KL", l, tb_kl(WIDTH, var, WIDTH, var, got->q_direct), 0.0, SIGMAS * q_stderr / (2.0 * var));
        check_near("Q direct", l, got->q_direct, flow->layer[1].q_direct, target->tolerance * got->q_direct);
        check_near("Q gram", l, got->q_gram, got->q_direct, target->tolerance * got->q_direct);
    }
    check_near("KL", 0, tb_kl(WIDTH, var, WIDTH, var, flow->layer[0].q_direct), 0.0,
               1e-12); /* rounding of two terms of about 500 */
    klf_flow_destroy(flow);
    fixture_destroy(&f);
}

static void identical_layers(void **state)
{
    (void)state;
    for_each_target(check_identical_layers);
}

/* Huge weights saturate: phi^1 = +-1, a fair coin. Then Q_2 = w^2 for every sample, f_11 = 1 and f_1 is a mean of signs. */
static void check_saturation(const flow_target *target)
{
    static const size_t widths[] = {1, 1, 1};
    const double        huge_weight = 1e6, w = 3.0;
    flow_fixture        f;
    fixture_create(3, widths, 0.0, 0.0, &f);
    fixture_set_stats(&f, 2, 0.0, 1.0);
    fixture_set_stats(&f, 0, 0.0, 1.0);
    f.weight[1][0] = huge_weight;
    f.weight[2][0] = w;
    klf_flow_params params = flow_params(target, &f);
    params.keep_f_j = params.keep_f_jk = true;
    klf_flow *flow = run_flow(&params);
    check_near("Q direct", 2, flow->layer[2].q_direct, w * w, target->tolerance * w * w);
    check_near("Q gram", 2, flow->layer[2].q_gram, w * w, target->tolerance * w * w);
    check_near("f_jj", 1, flow->layer[1].f_jk[0], 1.0, target->tolerance);
    check_near("f_j", 1, flow->layer[1].f_j[0], 0.0, SIGMAS / sqrt((double)params.n_mc));
    klf_flow_destroy(flow);
    fixture_destroy(&f);
}

static void saturated_neurons(void **state)
{
    (void)state;
    for_each_target(check_saturation);
}

/* A weight whose square overflows: neither Q nor its error may look like a result, and the layers behind are not harmed. */
static void check_overflow(const flow_target *target)
{
    static const size_t widths[] = {4, 4, 4};
    flow_fixture        f;
    fixture_create(3, widths, 1.5, 0.05, &f);
    f.weight[1][0] = 1e200;
    klf_flow_params params = flow_params(target, &f);
    klf_flow       *flow = run_flow(&params);
    assert_false(isfinite(flow->layer[1].q_direct) || isfinite(flow->layer[1].q_gram) || isfinite(flow->layer[1].q_stderr));
    assert_true(isfinite(flow->layer[2].q_direct) && isfinite(flow->layer[2].q_gram) && flow->layer[2].q_stderr > 0.0);
    klf_flow_destroy(flow);
    fixture_destroy(&f);
}

static void overflow_is_visible(void **state)
{
    (void)state;
    for_each_target(check_overflow);
}

/* One number that is none, in a weight or a bias: from that layer on nothing looks like a result. */
static void check_nan(const flow_target *target)
{
    static const size_t widths[] = {33, 40, 31, 5};
    for (int in_bias = 0; in_bias < 2; in_bias++) {
        flow_fixture f;
        fixture_create(4, widths, 1.5, 0.05, &f);
        (in_bias ? f.bias[2] : f.weight[2])[30] = NAN;
        klf_flow_params params = flow_params(target, &f);
        params.n_mc = 40;
        params.keep_f_j = true;
        klf_flow *flow = run_flow(&params);
        assert_true(isfinite(flow->layer[1].q_direct) && isfinite(flow->layer[1].q_gram));
        for (size_t l = 2; l < 4; l++)
            assert_true(isnan(flow->layer[l].q_direct) && isnan(flow->layer[l].q_gram) && isnan(flow->layer[l].q_stderr));
        assert_true(isnan(flow->layer[2].f_j[in_bias ? 30 : 0]));
        assert_true(isfinite(flow->layer[2].f_j[in_bias ? 0 : 30]));
        klf_flow_destroy(flow);
        fixture_destroy(&f);
    }
}

static void nan_is_visible(void **state)
{
    (void)state;
    for_each_target(check_nan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_weights),      cmocka_unit_test(linear_regime),       cmocka_unit_test(identical_layers),
        cmocka_unit_test(saturated_neurons), cmocka_unit_test(overflow_is_visible), cmocka_unit_test(nan_is_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
