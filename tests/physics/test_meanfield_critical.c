/* SPDX-License-Identifier: BSD-3-Clause */
/* The critical line: chi_1 = 1 on it, both ways to ask for a point agree, and its beginning has the powers that it should. */
#include "klflow/meanfield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "physics/meanfield_test.h"

/* var_w, var_b and q* from 40 digits with mpmath: q* by the secant method on trapezoidal sums of step 0.12. */
static const struct {
    double var_b, var_w, q_star;
} table[] = {
    {1e-9, 1.0018179448814593, 0.00091021091419653881}, {1e-3, 1.1891895852346807, 0.10729235614753228},
    {0.05, 1.7609546396067391, 0.57004788164076417},    {0.3, 2.505127189679765, 1.4611694469319795},
    {7, 6.6453698177690248, 12.173741535822391},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        klf_meanfield_critical p = klf_meanfield_critical_at_var_b(table[i].var_b);
        assert_true(p.q_star.converged && p.q_star.steps <= 15 && fabs(p.q_star.residual) <= 1e-13);
        assert_relative(p.var_w, table[i].var_w, 4e-15, "var_w of the line");
        assert_relative(p.q_star.value, table[i].q_star, 1e-14, "q* of the line");
    }
}

static void test_chi_is_1(void **state)
{
    (void)state;
    for (double var_b = 1e-6; var_b < 1e6; var_b *= 7.0) {
        klf_meanfield_critical line = klf_meanfield_critical_at_var_b(var_b);
        klf_meanfield_point    p;
        klf_meanfield_point_get(line.var_w, var_b, &p);
        assert_relative(p.q_star.value, line.q_star.value, 2e-13, "q* as a fixed point"); /* 1 / (1 - lambda_q) */
        assert_close(p.chi_1, 1.0, 1e-14, "chi_1 on the line");
        assert_int_equal(p.phase, KLF_PHASE_CRITICAL);
        klf_meanfield_point_get(line.var_w * 1.001, var_b, &p);
        assert_int_equal(p.phase, KLF_PHASE_CHAOTIC);
        klf_meanfield_point_get(line.var_w * 0.999, var_b, &p);
        assert_int_equal(p.phase, KLF_PHASE_ORDERED);
    }
}

static void test_both_ways(void **state)
{
    (void)state;
    for (double q = 1e-5; q < 1e9; q *= 3.7) {
        double                 var_w = klf_meanfield_critical_var_w(q), var_b = klf_meanfield_critical_var_b(q);
        klf_meanfield_critical by_b = klf_meanfield_critical_at_var_b(var_b), by_w = klf_meanfield_critical_at_var_w(var_w);
        assert_relative(by_b.q_star.value, q, 2e-14, "q of var_b");
        assert_relative(by_b.var_w, var_w, 1e-14, "var_w of var_b");
        /* var_w - 1 ~ 2q has lost digits of q at the beginning */
        assert_relative(by_w.q_star.value, q, 1e-14 + 2e-16 / q, "q of var_w");
        assert_relative(by_w.var_b, var_b, 3e-14 + 6e-16 / q, "var_b of var_w");
    }
}

static void test_edges(void **state)
{
    (void)state;
    klf_meanfield_critical p = klf_meanfield_critical_at_var_b(0.0);
    assert_true(p.var_w == 1.0 && p.q_star.value == 0.0 && p.q_star.converged);
    p = klf_meanfield_critical_at_var_w(1.0);
    assert_true(p.var_b == 0.0 && p.q_star.value == 0.0 && p.q_star.converged);
    for (double var_b = 1e-300; var_b < 1e-20; var_b *= 1e20) { /* var_b = 4/3 q^3, var_w = 1 + 2q */
        p = klf_meanfield_critical_at_var_b(var_b);
        double q = cbrt(0.75 * var_b);
        assert_relative(p.q_star.value, q, 3e-14 + 4.0 * q, "beginning of the line");
        assert_relative(p.var_w, 1.0 + 2.0 * q, 1e-15 + 4.0 * q * q, "beginning of the line");
    }
    p = klf_meanfield_critical_at_var_b(1e10); /* tanh is a sign: E phi'^2 = 4/3 / sqrt(2 pi q) */
    assert_relative(p.var_w, 0.75 * sqrt(2.0 * acos(-1.0) * p.q_star.value), 1e-9, "end of the line");
    const double bad_var_b[] = {-1.0, NAN, INFINITY}, bad_var_w[] = {0.999, -1.0, NAN, INFINITY};
    for (size_t i = 0; i < COUNT(bad_var_b); i++)
        assert_true(isnan(klf_meanfield_critical_at_var_b(bad_var_b[i]).var_w));
    for (size_t i = 0; i < COUNT(bad_var_w); i++) {
        p = klf_meanfield_critical_at_var_w(bad_var_w[i]);
        assert_true(isnan(p.var_b) && !p.q_star.converged);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table), cmocka_unit_test(test_chi_is_1),
                                       cmocka_unit_test(test_both_ways), cmocka_unit_test(test_edges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
