/* SPDX-License-Identifier: BSD-3-Clause */
/* Statistical: an ensemble of 50 random networks of width 784 at fixed q0 follows the mean-field curve 1/2 ln(q_l / q_0) within
 * its own error and the finite-width correction. */
#include "klflow/kl_run.h"
#include "klflow/meanfield.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { WIDTH = 784, DEPTH = 10, NETWORKS = 50 };

static const double Q0 = 0.2, VAR_W = 1.5, VAR_B = 0.05;

static void check_point(void *arg, size_t index, size_t n_points, const klf_kl_point *point)
{
    (void)index;
    assert_int_equal(n_points, 1);
    double q = Q0, worst = 0.0, sum_pull = 0.0;
    for (size_t l = 0; l < DEPTH; l++) {
        double expected = 0.5 * log(q / Q0);
        double mean = point->value[KLF_KL_KL_PER_NEURON][l];
        double error = point->ensemble_std[KLF_KL_KL_PER_NEURON][l] / sqrt(NETWORKS);
        /* The variance of a layer over its neurons has relative variance ~ 2 (l + 1) / N, so its logarithm is low by about that
         * much; and the population variance is low by 1 / N. */
        double finite_width = 2.0 * (double)(l + 1) / WIDTH;
        assert_true(fabs(point->value[KLF_KL_KL_MEANFIELD_PER_NEURON][l] - expected) < 1e-12);
        if (!(fabs(mean - expected) <= 4.0 * error + finite_width))
            fail_msg("layer %zu: ensemble %.5f +- %.5f, mean field %.5f, finite-width allowance %.5f", l, mean, error, expected,
                     finite_width);
        if (l > 0) { /* and the bar means something: the scatter is there, and small */
            assert_true(error > 1e-4 && error < 0.01);
            worst = fmax(worst, fabs(mean - expected));
            sum_pull += fabs(mean - expected) / error;
        }
        q = klf_meanfield_next_variance(VAR_W, VAR_B, q);
    }
    print_message("largest deviation %.5f a neuron, mean pull %.2f\n", worst, sum_pull / (DEPTH - 1));
    *(int *)arg += 1;
}

static void test_mean_field(void **state)
{
    (void)state;
    double        var_w[] = {VAR_W}, var_b[] = {VAR_B};
    uint64_t      widths[DEPTH];
    int           points = 0;
    klf_kl_config config;
    klf_kl_config_init(&config);
    for (size_t l = 0; l < DEPTH; l++)
        widths[l] = WIDTH;
    config.var_w = (klf_list_real){1, var_w};
    config.var_b = (klf_list_real){1, var_b};
    config.widths = (klf_list_uint){DEPTH, widths};
    config.q0 = Q0;
    config.ensemble = NETWORKS;
    config.estimator = KLF_DIRECT;
    config.n_mc = 400;
    klf_kl_hooks hooks = {.arg = &points, .point = check_point};
    if (klf_kl_config_complete(&config) != KLF_OK || klf_kl_run(&config, "", &hooks, NULL) != KLF_OK)
        fail_msg("%s", klf_last_error());
    assert_int_equal(points, 1);
    config.var_w = config.var_b = (klf_list_real){0}; /* not owned */
    config.widths = (klf_list_uint){0};
    klf_kl_config_free(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mean_field)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
