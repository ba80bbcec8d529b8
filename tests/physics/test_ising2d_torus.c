/* SPDX-License-Identifier: BSD-3-Clause */
/* Tori: transfer matrices against the enumeration of definition (2.5), both against an enumeration of other making, and what
 * must hold of any torus. */
#include "klflow/ising2d_lattice.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "physics/ising1d_test.h"

enum { MAX_STEPS = KLF_ISING2D_MAX_LATTICE_STEPS };

/* Made with python and mpmath at 30 digits: for each state of the torus, bit y * width + x being the spin at (x, y), the energy
 * by a loop over the sites; states are counted by energy and kept spins, and (2.5) is summed over those classes. */
static const struct {
    size_t width, height;
    double k;
    double s[4];
} table[] = {
    {2, 2, 0.5, {0.40630460703797384, 0.56861145246874484}},
    {4, 2, 0.5, {0.39420575284939495, 0.55671342024712543}},
    {2, 6, 0.3, {0.18060157288668263, 0.21738517551001521}},
    {4, 4, 0.35, {0.22272708859193308, 0.29926212909768192, 0.32951439114224686, 0.33672612292165473}},
    {4, 4, 1.2, {0.49947267816726115, 0.74920573267495871, 0.87406348454808672, 0.93643875367674233}},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        double s[MAX_STEPS + 1], enumerated[MAX_STEPS + 1];
        size_t n_steps = klf_ising2d_torus_steps(table[i].width, table[i].height);
        assert_int_equal(klf_ising2d_torus(table[i].k, table[i].width, table[i].height, n_steps, 2, s), KLF_OK);
        assert_int_equal(klf_ising2d_torus_enumerate(table[i].k, table[i].width, table[i].height, n_steps, enumerated), KLF_OK);
        assert_true(s[0] == 0.0 && enumerated[0] == 0.0);
        for (size_t n = 1; n <= n_steps; n++) {
            assert_close(s[n], table[i].s[n - 1], 2e-15, "transfer matrix");
            assert_close(enumerated[n], table[i].s[n - 1], 2e-15, "enumeration");
        }
    }
}

static void compare(double k, size_t width, size_t height)
{
    double s[MAX_STEPS + 1], enumerated[MAX_STEPS + 1];
    size_t n_steps = klf_ising2d_torus_steps(width, height);
    assert_int_equal(klf_ising2d_torus(k, width, height, n_steps, 2, s), KLF_OK);
    assert_int_equal(klf_ising2d_torus_enumerate(k, width, height, n_steps, enumerated), KLF_OK);
    for (size_t n = 0; n <= n_steps; n++) {
        if (!(fabs(s[n] - enumerated[n]) <= 1e-13))
            print_message("K %.17g, %zux%zu, step %zu\n", k, width, height, n);
        assert_close(s[n], enumerated[n], 1e-13, "transfer matrix against enumeration");
        assert_true(s[n] >= 0.0 && s[n] <= 1.0 - ldexp(1.0, -(int)n));
        assert_true(n == 0 || s[n] >= s[n - 1] - 1e-15);
    }
}

static void test_enumeration(void **state)
{
    (void)state;
    const size_t sides[][2] = {{2, 2}, {2, 4}, {4, 2}, {2, 8}, {8, 2}, {4, 4}, {2, 6}, {6, 2}};
    random_state random = {21};
    for (int i = 0; i < 80; i++)
        compare(uniform(&random, -1.5, 1.5), sides[i % 8][0], sides[i % 8][1]);
    const double ks[] = {0.0, 1e-8, 1e-3, 5.0, 40.0, 1e6, -1e6};
    for (size_t i = 0; i < COUNT(ks); i++)
        for (size_t j = 0; j < COUNT(sides); j++)
            compare(ks[i], sides[j][0], sides[j][1]);
    compare(0.45, 4, 6);
}

/* Without coupling nothing is lost but the spins themselves; frozen, nothing is but their numbers. */
static void test_limits(void **state)
{
    (void)state;
    double s[MAX_STEPS + 1];
    assert_int_equal(klf_ising2d_torus(0.0, 8, 8, 6, 2, s), KLF_OK);
    for (size_t n = 0; n <= 6; n++)
        assert_close(s[n], 0.0, 1e-15, "no coupling");
    assert_int_equal(klf_ising2d_torus(1e6, 8, 8, 6, 2, s), KLF_OK);
    for (int n = 0; n <= 6; n++) /* ln 2 is left of both entropies */
        assert_close(s[n], 1.0 - ldexp(1.0, -n), 1e-15, "frozen");
}

static void test_larger(void **state)
{
    (void)state;
    const size_t sides[][3] = {{4, 8, 4}, {8, 4, 4}, {6, 6, 2}, {8, 8, 6}, {2, 16, 2}, {6, 10, 2}};
    random_state random = {22};
    for (size_t i = 0; i < COUNT(sides); i++) {
        double before[MAX_STEPS + 1] = {0};
        for (double k = uniform(&random, 0.02, 0.2); k < 1.2; k += 0.3) {
            double s[MAX_STEPS + 1], turned[MAX_STEPS + 1];
            size_t n_steps = sides[i][2];
            assert_int_equal(klf_ising2d_torus_steps(sides[i][0], sides[i][1]), n_steps);
            assert_int_equal(klf_ising2d_torus(k, sides[i][0], sides[i][1], n_steps, 2, s), KLF_OK);
            assert_int_equal(klf_ising2d_torus(-k, sides[i][1], sides[i][0], n_steps, 1, turned), KLF_OK);
            for (size_t n = 1; n <= n_steps; n++) {
                assert_close(turned[n], s[n], 0.0, "the other way round, with K < 0");
                assert_true(s[n] > s[n - 1] && s[n] < 1.0 - ldexp(1.0, -(int)n));
                assert_true(s[n] > before[n]);
                before[n] = s[n];
            }
        }
    }
}

/* A long torus is a cylinder: corrections fall with the height as the correlations around it, (tanh K e^(2K))^height for small
 * K. */
static void test_long_tori(void **state)
{
    (void)state;
    double               s[MAX_STEPS + 1], k = 0.2;
    klf_ising2d_cylinder cylinder;
    assert_int_equal(klf_ising2d_cylinder_get(k, 4, 4, false, 1, NULL, &cylinder), KLF_OK);
    const size_t lengths[][2] = {{400, 1}, {14, 2}, {12, 4}}; /* height, steps */
    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t height = lengths[i][0], n_steps = lengths[i][1];
        assert_int_equal(klf_ising2d_torus(k, 4, height, n_steps, 1, s), KLF_OK);
        double correction = pow(tanh(k) * exp(2.0 * k), (double)height);
        for (size_t n = 1; n <= n_steps; n++) {
            assert_close(s[n], cylinder.step[n].s, 10.0 * correction + 1e-14, "long torus");
            assert_true(correction < 1e-14 || fabs(s[n] - cylinder.step[n].s) > 0.01 * correction);
        }
    }
}

static void refused(klf_status st, const char *words)
{
    assert_int_equal(st, KLF_ERR_USAGE);
    if (strstr(klf_last_error(), words) == NULL)
        fail_msg("'%s' is not in '%s'", words, klf_last_error());
}

static void test_refusals(void **state)
{
    (void)state;
    double s[MAX_STEPS + 1];
    refused(klf_ising2d_torus(0.4, 3, 4, 1, 1, s), "a torus of 3x4 has no checkerboard: both sides must be even");
    refused(klf_ising2d_torus(0.4, 4, 0, 1, 1, s), "both sides must be even");
    refused(klf_ising2d_torus(0.4, 4, 6, 3, 1, s), "4x6 can be decimated 2 times, not 3");
    refused(klf_ising2d_torus_enumerate(0.4, 4, 6, 3, s), "4x6 can be decimated 2 times, not 3");
    refused(klf_ising2d_torus_enumerate(0.4, 4, 8, 1, s), "of 24 spins at most, not 4x8");
    refused(klf_ising2d_torus_enumerate(0.4, (size_t)1 << 63, 2, 1, s), "of 24 spins at most");
    refused(klf_ising2d_torus(0.4, 16, 16, 1, 1, s), "the shorter side of a torus can be up to");
    refused(klf_ising2d_torus(0.4, 4, 4096, 1, 1, s), "the longer side of a torus can be up to");
    refused(klf_ising2d_torus(0.4, 12, 12, 2, 1, s), "step 2 on a torus of 12x12 takes");
    refused(klf_ising2d_torus(0.4, 4, 1000, 4, 1, s), "step 2 on a torus of 4x1000 takes");
    assert_int_equal(klf_ising2d_torus_steps(0, 4), 0);
    assert_int_equal(klf_ising2d_torus_steps(7, 4), 0);
    assert_int_equal(klf_ising2d_torus_steps(12, 8), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),  cmocka_unit_test(test_enumeration), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_larger), cmocka_unit_test(test_long_tori),   cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
