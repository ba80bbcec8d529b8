/* SPDX-License-Identifier: BSD-3-Clause */
/* Cylinders: against dense transfer matrices, the bounds from blocks of rows, and the extrapolation to the plane, whose errors
 * must be as large as they say. */
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

static const double K_C = 0.44068679350977151262;

/* Made with numpy: eigh of the dense symmetric T, whose states are labelled by site; the probability of every sequence of m
 * kept rows by products of T and masks of 0 and 1; block entropies of m rows less those of m - 1. s_1 from such blocks as well.
 */
static const struct {
    size_t circumference;
    double k, s_inf;
    size_t step, rows;
    double upper;
} table[] = {
    {4, 0.35, 0.2866889934861723, 2, 4, 0.2598953596229182}, {4, 0.35, 0.2866889934861723, 3, 5, 0.2817592208634315},
    {4, 0.35, 0.2866889934861723, 4, 4, 0.2862539039298043}, {6, 0.50, 0.7315759599677771, 2, 3, 0.5722469298655117},
    {8, 0.44, 0.5491663564325746, 3, 4, 0.5078462602706049}, {8, 0.44, 0.5491663564325746, 5, 5, 0.5443186765551499},
    {8, 0.44, 0.5491663564325746, 6, 4, 0.5481385377901598},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        klf_ising2d_cylinder c;
        assert_int_equal(klf_ising2d_cylinder_get(table[i].k, table[i].circumference, table[i].step, false, 2, NULL, &c),
                         KLF_OK);
        assert_true(c.converged && c.residual < 1e-14);
        assert_close(c.s_inf, table[i].s_inf, 1e-14, "s_inf of a cylinder");
        const klf_ising2d_cylinder_step *step = &c.step[table[i].step];
        assert_true(step->n_rows >= table[i].rows);
        assert_close(step->upper[table[i].rows - 1], table[i].upper, 1e-13, "block entropies");
    }
}

/* The entropy of a row given those before falls with their number, that given a whole row rises; s^(n) behaves as everywhere.
 */
static void check_bounds(double k, size_t circumference)
{
    klf_ising2d_cylinder c;
    size_t               n_steps = klf_ising2d_cylinder_steps(circumference);
    assert_int_equal(klf_ising2d_cylinder_get(k, circumference, n_steps, true, 2, NULL, &c), KLF_OK);
    for (size_t n = 2; n <= n_steps; n++) {
        const klf_ising2d_cylinder_step *step = &c.step[n];
        for (size_t m = 1; m < step->n_rows; m++)
            assert_true(step->upper[m] <= step->upper[m - 1] + 1e-14);
        double lowest = step->upper[step->n_rows - 1];
        if (!(step->lower <= lowest + 1e-14 && step->s <= lowest + 1e-14 && step->s >= step->lower - 1e-14))
            fail_msg("K %.17g, circumference %zu, step %zu: %.17g <= %.17g <= %.17g does not hold", k, circumference, n,
                     step->lower, step->s, lowest);
        assert_true(lowest - step->lower <= 1e-6);
        assert_true(step->s >= c.step[n - 1].s - 1e-14 && step->s <= 1.0 - ldexp(1.0, -(int)n));
        assert_true(step->s <= c.s_inf + 1e-14 && step->s >= c.s_inf - ldexp(1.0, -(int)n) - 1e-14);
        assert_true(step->s_stderr >= 0.0 && step->s_stderr < 1e-7);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    random_state random = {31};
    for (int i = 0; i < 12; i++)
        check_bounds(uniform(&random, -1.2, 1.2), (size_t[]){2, 4, 4, 6}[i % 4]);
    check_bounds(K_C, 8);
}

static void test_limits(void **state)
{
    (void)state;
    klf_ising2d_cylinder c, antiferromagnet;
    assert_int_equal(klf_ising2d_cylinder_get(0.0, 8, 6, true, 2, NULL, &c), KLF_OK);
    for (size_t n = 0; n <= 6; n++)
        assert_close(c.step[n].s, 0.0, 1e-15, "no coupling");
    for (double k = 20.0; k < 1e6; k *= 7.0) {
        assert_int_equal(klf_ising2d_cylinder_get(k, 8, 6, true, 2, NULL, &c), KLF_OK);
        for (int n = 0; n <= 6; n++)
            assert_close(c.step[n].s, 1.0 - ldexp(1.0, -n), 1e-15, "frozen");
    }
    assert_int_equal(klf_ising2d_cylinder_get(0.37, 8, 4, false, 2, NULL, &c), KLF_OK);
    assert_int_equal(klf_ising2d_cylinder_get(-0.37, 8, 4, false, 1, NULL, &antiferromagnet), KLF_OK);
    for (size_t n = 0; n <= 4; n++)
        assert_close(antiferromagnet.step[n].s, c.step[n].s, 0.0, "K < 0, and one thread");
}

/* Where blocks are too short to show their convergence, that of a smaller cylinder is taken: for a wide one that is all there
 * is. At K_c each row more takes off a hundredth of what the one before took. */
static void test_convergence_of_a_smaller_one(void **state)
{
    (void)state;
    klf_ising2d_cylinder small, wide;
    assert_int_equal(klf_ising2d_cylinder_get(K_C, 10, 2, false, 2, NULL, &small), KLF_OK);
    assert_int_equal(klf_ising2d_cylinder_get(K_C, 18, 2, false, 2, &small, &wide), KLF_OK);
    const klf_ising2d_cylinder_step *step = &wide.step[2];
    double                           last = step->upper[1] - step->upper[2];
    assert_int_equal(step->n_rows, 3);
    assert_true(small.step[2].n_rows > 3);
    assert_true(step->s < step->upper[2] - 0.005 * last && step->s > step->upper[2] - 0.02 * last);
    assert_true(step->s_stderr > 0.0 && step->s_stderr < 0.01 * last);
    assert_close(step->ratio, small.step[2].ratio, 0.0, "a ratio is handed on");
}

/* What larger cylinders say of the plane is within the errors of what smaller ones said. Errors do not grow. */
static void test_extrapolation(void **state)
{
    (void)state;
    const double ks[] = {0.05, 0.35, 0.43, K_C};
    for (size_t i = 0; i < COUNT(ks); i++) {
        klf_ising2d_plane         plane;
        klf_ising2d_cylinder      c[4];
        klf_ising2d_extrapolation small, large, one;
        klf_ising2d_plane_get(ks[i], &plane);
        for (size_t j = 0; j < COUNT(c); j++) {
            assert_int_equal(klf_ising2d_cylinder_get(ks[i], 4 + 2 * j, 2, false, 2, NULL, &c[j]), KLF_OK);
        }
        klf_ising2d_extrapolate(&plane, 3, c, 2, &small);
        klf_ising2d_extrapolate(&plane, 4, c, 2, &large);
        assert_true(small.n_used == 3 && large.n_used == 3);
        assert_close(small.s, large.s, small.s_stderr, "extrapolation of s_2");
        assert_true(large.s_stderr < 0.5 * small.s_stderr || large.s_stderr < 1e-12);
        klf_ising2d_extrapolate(&plane, 1, c, 2, &one);
        assert_true(isnan(one.s) && isnan(one.s_stderr) && one.n_used == 0);
        klf_ising2d_extrapolate(&plane, 1, c, 1, &one);
        assert_true(one.s == plane.s_1 && one.s_stderr == 0.0);
    }
}

/* Steps 3 and 4 have fewer cylinders. */
static void test_extrapolation_of_later_steps(void **state)
{
    (void)state;
    const double ks[] = {0.43};
    for (size_t i = 0; i < COUNT(ks); i++) {
        klf_ising2d_plane    plane;
        klf_ising2d_cylinder c[3];
        klf_ising2d_plane_get(ks[i], &plane);
        for (size_t j = 0; j < COUNT(c); j++)
            assert_int_equal(klf_ising2d_cylinder_get(ks[i], 4 + 4 * j, 4, false, 2, NULL, &c[j]), KLF_OK);
        for (size_t n = 3; n <= 4; n++) {
            klf_ising2d_extrapolation two, three;
            klf_ising2d_extrapolate(&plane, 2, c, n, &two);
            klf_ising2d_extrapolate(&plane, 3, c, n, &three);
            assert_true(two.n_used == 2 && three.n_used == 3);
            assert_close(two.s, three.s, two.s_stderr + three.s_stderr, "extrapolation of s_3 and s_4");
            assert_true(three.s_stderr < 0.03);
            assert_true(three.s >= plane.s_inf - ldexp(1.0, -(int)n) && three.s <= plane.s_inf);
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
    klf_ising2d_cylinder c;
    refused(klf_ising2d_cylinder_get(0.4, 7, 1, false, 1, NULL, &c), "circumference 7 has no checkerboard: it must be even");
    refused(klf_ising2d_cylinder_get(0.4, 0, 1, false, 1, NULL, &c), "circumference 0 has no checkerboard");
    refused(klf_ising2d_cylinder_get(0.4, 6, 3, false, 1, NULL, &c), "a circumference of 6 allows 2 steps, not 3");
    refused(klf_ising2d_cylinder_get(0.4, 40, 1, false, 1, NULL, &c), "a cylinder of circumference 40 takes 5");
    assert_int_equal(klf_ising2d_cylinder_steps(0), 0);
    assert_int_equal(klf_ising2d_cylinder_steps(12), 4);
    assert_int_equal(klf_ising2d_cylinder_steps(16), 8);
    for (size_t l = 4; l < 30; l += 2)
        assert_true(klf_ising2d_cylinder_bytes(l + 2, 2, 2) > klf_ising2d_cylinder_bytes(l, 1, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),         cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_convergence_of_a_smaller_one),
        cmocka_unit_test(test_extrapolation), cmocka_unit_test(test_extrapolation_of_later_steps),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
