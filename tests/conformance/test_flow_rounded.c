/* SPDX-License-Identifier: BSD-3-Clause */
/* The precisions of tensor cores, on every backend that has them, where rounding can be seen in single numbers: activations are
 * numbers of the format, those of the textbook, and weights count as they are, rounded beforehand or taken in two parts. */
#include "conformance/flow_fixture.h"
#include "klflow/rounding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

/* The mean over one sample is the activation itself. */
static void check_representable(const flow_target *target)
{
    enum { DEPTH = 4, N_SEEDS = 5 };
    static const size_t widths[DEPTH] = {33, 40, 64, 10};
    flow_fixture        f;
    if (target->spacing == 0.0)
        return;
    fixture_create(DEPTH, widths, 1.8, 0.05, &f);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        klf_flow_params params = flow_params(target, &f);
        params.n_mc = 1;
        params.sample_seed = seed;
        params.keep_f_j = true;
        klf_flow *flow = run_flow(&params);
        for (size_t l = 0; l < DEPTH; l++)
            for (size_t j = 0; j < widths[l]; j++) {
                const double phi = flow->layer[l].f_j[j];
                check_near("phi", l, phi, (double)klf_round_float(target->format, (float)phi), 0.0);
            }
        klf_flow_destroy(flow);
    }
    fixture_destroy(&f);
}

static void activations_are_of_the_format(void **state)
{
    (void)state;
    for_each_target(check_representable);
}

static bool same_moments(size_t n, const double *a, const double *b)
{
    for (size_t j = 0; j < n; j++)
        if (a[j] != b[j])
            return false;
    return true;
}

/* One map behind the reference layer, one sample. phi of the reference layer is the textbook's to the last bit, but where a
 * tanh that is off by an ulp lies between two roundings; such samples (one in twenty) are left out. Then nothing is rounded but
 * weights and sums, and z is that of the weights themselves to `bar`: 2^-23 of each for two parts of 11 bits and the sums in
 * float, 2^-17 for two parts of 8. Half a network, the upper parts alone, would be off by 1e-5 or 1e-4. */
static void check_one_map(const flow_target *target, bool weights_rounded)
{
    enum { WIDTH = 33, OUT = 3, N_SEEDS = 40 };
    static const size_t widths[] = {WIDTH, OUT};
    const double        bar = target->format == KLF_FORMAT_BF16 && !weights_rounded ? 8e-6 : 5e-7;
    flow_fixture        f;
    int                 compared = 0;
    if (target->spacing == 0.0)
        return;
    fixture_create(2, widths, 1.8, 0.05, &f);
    if (weights_rounded)
        fixture_round(target, &f);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        tb_layer        expected[2] = {0};
        klf_flow_params params = flow_params(target, &f);
        params.n_mc = 1;
        params.sample_seed = seed;
        params.keep_f_j = true;
        textbook_flow(&params, &f, expected);
        klf_flow *flow = run_flow(&params);
        if (same_moments(WIDTH, flow->layer[0].f_j, expected[0].f_j)) {
            /* sqrt(q) is a distance, whose error is that of z */
            check_near("|z - mu|", 1, sqrt(flow->layer[1].q_direct), sqrt(expected[1].q_direct), bar);
            check_near("|z - mu| by gram", 1, sqrt(flow->layer[1].q_gram), sqrt(expected[1].q_gram), bar);
            compared++;
        }
        klf_flow_destroy(flow);
        tb_flow_free(2, expected);
    }
    assert_true(compared > N_SEEDS * 3 / 4);
    fixture_destroy(&f);
}

static void check_rounded_weights(const flow_target *target)
{
    check_one_map(target, true);
}

static void check_weights_in_parts(const flow_target *target)
{
    check_one_map(target, false);
}

static void weights_of_the_format(void **state)
{
    (void)state;
    for_each_target(check_rounded_weights);
}

static void weights_in_two_parts(void **state)
{
    (void)state;
    for_each_target(check_weights_in_parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_are_of_the_format),
        cmocka_unit_test(weights_of_the_format),
        cmocka_unit_test(weights_in_two_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
