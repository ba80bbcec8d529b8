/* SPDX-License-Identifier: BSD-3-Clause */
/* The stated bias bound against the bias itself: each precision and fp64 on the same samples of the same network, on every
 * backend that has both. And the scatter of samples that `auto` predicts against the one that is measured. */
#include "conformance/flow_fixture.h"
#include "klflow/rounding_bias.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { DEPTH = 6, WIDTH = 64, N_SEEDS = 8, N_MC = 2000, N_MC_SLOW = 500 };
static const double VAR_B = 0.05, VAR = 0.3;

static void create(double var_w, flow_fixture *f)
{
    static const size_t widths[DEPTH] = {WIDTH, WIDTH, WIDTH, WIDTH, WIDTH, WIDTH};
    fixture_create(DEPTH, widths, var_w, VAR_B, f);
    for (size_t l = 0; l < DEPTH; l++)
        fixture_set_stats(f, l, 0.0, VAR);
}

static void predict(const flow_target *target, bool weights_fit, double var_w, klf_layer_prediction *p)
{
    klf_map_moments map[DEPTH];
    for (size_t l = 0; l < DEPTH; l++)
        map[l] = (klf_map_moments){WIDTH, var_w, VAR_B};
    klf_predict_layers(klf_rounding_of(target->precision, weights_fit), 0.0, VAR, DEPTH, map, p);
}

static int samples(const flow_target *target)
{
    return target->slow ? N_MC_SLOW : N_MC;
}

/* Mean and standard error of Q in the target's precision less Q in fp64, a neuron. */
static void measure(const flow_target *target, const flow_fixture *f, double *mean, double *error)
{
    double sum[DEPTH] = {0.0}, squares[DEPTH] = {0.0};
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        klf_flow_params params = flow_params(target, f);
        params.estimator = KLF_DIRECT;
        params.n_mc = samples(target);
        params.sample_seed = seed;
        klf_flow *rounded = run_flow(&params);
        params.precision = KLF_FP64;
        klf_flow *exact = run_flow(&params);
        for (size_t l = 0; l < DEPTH; l++) {
            const double d = (rounded->layer[l].q_direct - exact->layer[l].q_direct) / WIDTH;
            sum[l] += d;
            squares[l] += d * d;
        }
        klf_flow_destroy(exact);
        klf_flow_destroy(rounded);
    }
    for (size_t l = 0; l < DEPTH; l++) {
        mean[l] = sum[l] / N_SEEDS;
        error[l] = sqrt(fmax(squares[l] / N_SEEDS - mean[l] * mean[l], 0.0) / (N_SEEDS - 1));
    }
}

static void check_bound(const flow_target *target, bool weights_rounded)
{
    static const double var_w[] = {1.0, 1.5, 2.5};
    if (strcmp(target->backend->name, "ref") == 0 || target->precision == KLF_FP64)
        return;
    for (size_t i = 0; i < sizeof var_w / sizeof var_w[0]; i++) {
        flow_fixture         f;
        klf_layer_prediction p[DEPTH];
        double               mean[DEPTH], error[DEPTH];
        if (target->slow && var_w[i] != 1.5)
            continue;
        create(var_w[i], &f);
        if (weights_rounded)
            fixture_round(target, &f);
        predict(target, weights_rounded, var_w[i], p);
        measure(target, &f, mean, error);
        assert_true(mean[0] == 0.0 && p[0].bias_bound == 0.0);
        for (size_t l = 1; l < DEPTH; l++) {
            /* 4 errors of 7 degrees of freedom: 1e-2 by chance, of which the bound leaves little */
            check_near("bias of Q/N", l, mean[l], 0.0, p[l].bias_bound + 4.0 * error[l]);
            /* What is predicted of the scatter is rather too large. Chi-squared of 7 exceeds twice its mean once in 30. */
            const double scatter = error[l] * sqrt(N_SEEDS), predicted = p[l].rounding_std / sqrt(samples(target));
            check_near("scatter of Q/N by rounding", l, scatter, 0.0, 1.5 * predicted);
            if (target->precision > KLF_TF32X3) /* which rounds activations, and sums no worse than the predicted fp32 */
                assert_true(scatter > 0.1 * predicted);
        }
        fixture_destroy(&f);
    }
}

static void check_rounded(const flow_target *target)
{
    check_bound(target, true);
}

static void check_drawn(const flow_target *target)
{
    check_bound(target, false);
}

static void rounded_networks_stay_within_the_bound(void **state)
{
    (void)state;
    for_each_target(check_rounded);
}

static void drawn_networks_stay_within_the_bound(void **state)
{
    (void)state;
    for_each_target(check_drawn);
}

/* Another network, of rounded weights, is far outside: the measurement resolves what the bound is about. */
static void check_resolution(const flow_target *target)
{
    flow_fixture         f;
    klf_layer_prediction p[DEPTH];
    double               largest = 0.0;
    if (strcmp(target->backend->name, "cpu") != 0 || target->precision != KLF_TF32)
        return;
    create(1.5, &f);
    klf_flow_params params = flow_params(target, &f);
    params.n_mc = N_MC;
    params.precision = KLF_FP64;
    klf_flow *drawn = run_flow(&params);
    fixture_round(target, &f);
    klf_flow *rounded = run_flow(&params);
    predict(target, true, 1.5, p);
    for (size_t l = 1; l < DEPTH; l++)
        largest = fmax(largest, fabs(rounded->layer[l].q_direct - drawn->layer[l].q_direct) / WIDTH / p[l].bias_bound);
    assert_true(largest > 20.0);
    klf_flow_destroy(drawn);
    klf_flow_destroy(rounded);
    fixture_destroy(&f);
}

static void another_network_does_not(void **state)
{
    (void)state;
    for_each_target(check_resolution);
}

/* Theory is exact at infinite width; at 64 the scatter of one network lies within a factor of 1.6 of it. */
static void check_scatter(const flow_target *target)
{
    static const double var_w[] = {0.7, 1.0, 1.5, 2.5};
    if (target->precision != KLF_FP64 || strcmp(target->backend->name, "cpu") != 0)
        return;
    for (size_t i = 0; i < sizeof var_w / sizeof var_w[0]; i++) {
        flow_fixture         f;
        klf_layer_prediction p[DEPTH];
        create(var_w[i], &f);
        predict(target, true, var_w[i], p);
        klf_flow_params params = flow_params(target, &f);
        params.n_mc = N_MC;
        klf_flow *flow = run_flow(&params);
        for (size_t l = 1; l < DEPTH; l++) {
            const double ratio = flow->layer[l].q_stderr * sqrt(N_MC) / WIDTH / p[l].sample_std;
            check_near("log of measured over predicted scatter", l, log(ratio), 0.0, log(1.6));
        }
        klf_flow_destroy(flow);
        fixture_destroy(&f);
    }
}

static void scatter_is_as_predicted(void **state)
{
    (void)state;
    for_each_target(check_scatter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounded_networks_stay_within_the_bound),
        cmocka_unit_test(drawn_networks_stay_within_the_bound),
        cmocka_unit_test(another_network_does_not),
        cmocka_unit_test(scatter_is_as_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
