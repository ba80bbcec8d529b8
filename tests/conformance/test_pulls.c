/* SPDX-License-Identifier: BSD-3-Clause */
/* Standard errors are honest: over many sample seeds on one network the deviations from a long run, divided by the reported
 * standard errors, have mean 0 and variance 1. On the cpu backend, in fp64 and fp32. */
#include "conformance/flow_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

enum { DEPTH = 8, WIDTH = 64, N_SEEDS = 200, N_MC = 500, N_MC_LONG = 1000000, LONG_SEED = 1000 };

/* A network in the chaotic regime with its own layer statistics, as in a real run: samples of Q are skew and neurons
 * correlated. */
static void create_network(flow_fixture *f)
{
    static const double x[FIXTURE_INPUT_WIDTH] = {1.0, 0.5, -0.4};
    size_t              widths[DEPTH];
    for (size_t l = 0; l < DEPTH; l++)
        widths[l] = WIDTH;
    fixture_create(DEPTH, widths, 2.0, 0.05, f);
    assert_int_equal(klf_network_statistics(f->net, 1, x, f->stats), KLF_OK);
}

static void check_pulls(const flow_target *target)
{
    if (strcmp(target->backend->name, "ref") == 0 || target->slow || target->precision > KLF_FP32)
        return; /* too slow for the long run; and errors are summed in the same way wherever fp32 is the arithmetic */
    flow_fixture f;
    create_network(&f);
    klf_flow_params params = flow_params(target, &f);
    params.threads = 2;
    params.estimator = KLF_DIRECT;
    params.n_mc = N_MC_LONG;
    params.sample_seed = LONG_SEED;
    klf_flow *exact = run_flow(&params);
    double    sum[DEPTH] = {0.0}, squares[DEPTH] = {0.0};
    params.n_mc = N_MC;
    params.threads = 1;
    for (params.sample_seed = 1; params.sample_seed <= N_SEEDS; params.sample_seed++) {
        klf_flow *flow = run_flow(&params);
        for (size_t l = 1; l < DEPTH; l++) {
            const double pull = (flow->layer[l].q_direct - exact->layer[l].q_direct) / flow->layer[l].q_stderr;
            sum[l] += pull;
            squares[l] += pull * pull;
        }
        klf_flow_destroy(flow);
    }
    /* Bars of 4 standard errors: those of a mean, 1 / sqrt(n), and of a variance, sqrt(2 / (n - 1)), of n normal pulls. What
     * else shifts the mean stays far below: the error of the long run (0.02) and the skewness of a mean of N_MC samples (0.02).
     */
    const double mean_bar = 4.0 / sqrt(N_SEEDS), var_bar = 4.0 * sqrt(2.0 / (N_SEEDS - 1));
    for (size_t l = 1; l < DEPTH; l++) {
        const double mean = sum[l] / N_SEEDS, var = (squares[l] - N_SEEDS * mean * mean) / (N_SEEDS - 1);
        print_message("    layer %zu: Q = %.4f +- %.4f, pulls have mean %+.3f and variance %.3f\n", l, exact->layer[l].q_direct,
                      exact->layer[l].q_stderr, mean, var);
        check_near("mean pull", l, mean, 0.0, mean_bar);
        check_near("variance of pulls", l, var, 1.0, var_bar);
    }
    klf_flow_destroy(exact);
    fixture_destroy(&f);
}

static void standard_errors_are_honest(void **state)
{
    (void)state;
    for_each_target(check_pulls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(standard_errors_are_honest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
