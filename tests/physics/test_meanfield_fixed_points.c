/* SPDX-License-Identifier: BSD-3-Clause */
/* Fixed points, slopes and depths: against values of an independent code, the maps iterated, their finite differences, sums
 * over (3.6) as it is printed, and what is known in closed form at the edges. */
#include "klflow/meanfield.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "physics/meanfield_test.h"

/* q* by the secant method in 30 digits with mpmath, from trapezoidal sums of step 0.12; rho* by Newton's method in numpy's long
 * double, from sums over (z_1, z_2) of (3.6). lambda_q is E[phi'^2 + phi phi''] there, another form than the program's. */
static const struct {
    double var_w, var_b, q_star, chi_1, lambda_q, rho_star, slope;
} table[] = {
    {0.5, 0.0, 0.0, 0.5, 0.5, 1.0, 0.5},
    {0.3, 0.2, 0.25241569877931619, 0.21472569101455568, 0.14900847060229941, 1.0, 0.21472569101455568},
    {1.0, 1e-06, 0.00070781506219617316, 0.99858786582123346, 0.99717722758809271, 1.0, 0.99858786582123346},
    {1.001, 0.0, 0.00050020813226060981, 1.0000003326128731, 0.9990014141031406, 0.0, 0.99999983369369603},
    {1.5, 0.05, 0.41803720053347786, 0.93863626819885115, 0.55198320566350917, 1.0, 0.93863626819885115},
    {1.75, 0.05, 0.56334562819277702, 0.99765642145119657, 0.51966052073914376, 1.0, 0.99765642145119657},
    {1.77, 0.05, 0.57560039587109331, 1.0019228003293817, 0.51696919273033154, 0.988197362963942432, 0.998094308236653866},
    {2.5, 0.0, 0.97357410719457292, 1.172970398631013, 0.46605941028218497, 0.0, 0.93199040249073807},
    {2.5, 0.05, 1.0639583774168116, 1.1335156987042717, 0.42846385094643819, 0.4468042323442671, 0.918716774913772877},
    {4.0, 0.3, 2.548362027649585, 1.2568716897063504, 0.26733912441822134, 0.575394774341212108, 0.858405096210539623},
    {10.0, 2.0, 9.5163483199804433, 1.695943723976788, 0.12052781189125054, 0.609638118575550241, 0.746678954611460986},
    {30.0, 200.0, 228.4190595701163, 1.0551096948148004, 0.0034482246770093927, 0.999351195049930907, 0.951090244272582987},
};

static void test_table(void **state)
{
    (void)state;
    const double FEW_ULPS = 4e-15; /* sums of a hundred terms, times 1 / (1 - lambda_q) at most as large as 3 here */
    for (size_t i = 0; i < COUNT(table); i++) {
        klf_meanfield_point p;
        klf_meanfield_point_get(table[i].var_w, table[i].var_b, &p);
        assert_true(p.q_star.converged && p.rho_star.converged);
        assert_relative(p.q_star.value, table[i].q_star, FEW_ULPS, "q*");
        assert_relative(p.chi_1, table[i].chi_1, FEW_ULPS, "chi_1");
        assert_relative(p.lambda_q, table[i].lambda_q, FEW_ULPS, "lambda_q");
        assert_close(p.rho_star.value, table[i].rho_star, 2e-14, "rho*"); /* 1 / (1 - slope) is up to 500 */
        assert_close(p.one_minus_rho_star, 1.0 - table[i].rho_star, 2e-14, "1 - rho*");
        assert_relative(p.slope, table[i].slope, FEW_ULPS, "slope");
        assert_relative(p.xi_q, -1.0 / log(table[i].lambda_q), FEW_ULPS * (p.xi_q + 1.0), "xi_q");
        assert_relative(p.xi_c, -1.0 / log(table[i].slope), FEW_ULPS * (p.xi_c + 1.0), "xi_c");
        assert_int_equal(p.phase, table[i].chi_1 < 1.0 ? KLF_PHASE_ORDERED : KLF_PHASE_CHAOTIC);
        assert_true(fabs(p.q_star.residual) <= FEW_ULPS * p.q_star.value && fabs(p.rho_star.residual) <= FEW_ULPS);
        assert_true(p.q_star.steps <= 20 && p.rho_star.steps <= 20);
    }
}

/* The solver knows nothing of iteration, and iteration nothing of the solver. */
static void test_iteration(void **state)
{
    (void)state;
    const double var_w[] = {0.2, 0.9, 1.3, 2.0, 5.0, 40.0}, var_b[] = {0.02, 0.1, 1.0};
    for (size_t i = 0; i < COUNT(var_w); i++)
        for (size_t j = 0; j < COUNT(var_b); j++) {
            double q = 1e-3, rho = 0.3;
            for (int l = 0; l < 400; l++)
                q = klf_meanfield_next_variance(var_w[i], var_b[j], q);
            klf_meanfield_point p;
            klf_meanfield_point_get(var_w[i], var_b[j], &p);
            assert_relative(p.q_star.value, q, 1e-14, "q* against 400 layers");
            if (p.xi_c > 20.0)
                continue;
            for (int l = 0; l < 1000; l++)
                rho = klf_meanfield_next_correlation(var_w[i], var_b[j], p.q_star.value, rho);
            /* iteration stops where rounding does: 1e-16 / (1 - slope) */
            assert_close(p.rho_star.value, rho, 2e-14, "rho* against 1000 layers");
        }
}

/* Central differences of step h are good to h^2 times a third derivative of order 1, and rounding / h. */
static void test_slopes_are_derivatives(void **state)
{
    (void)state;
    const double points[][2] = {{1.5, 0.05}, {2.5, 0.05}, {3.7, 0.3}, {1.2, 0.0}, {20.0, 1.0}}, H = 1e-4, TOLERANCE = 1e-7;
    for (size_t i = 0; i < COUNT(points); i++) {
        double              w = points[i][0], b = points[i][1];
        klf_meanfield_point p;
        klf_meanfield_point_get(w, b, &p);
        double q = p.q_star.value, h = H * q;
        double lambda = (klf_meanfield_next_variance(w, b, q + h) - klf_meanfield_next_variance(w, b, q - h)) / (2.0 * h);
        assert_close(p.lambda_q, lambda, TOLERANCE, "lambda_q");
        assert_relative(klf_meanfield_variance_slope(w, q), p.lambda_q, 1e-15, "slope of the variance");
        assert_relative(klf_meanfield_chi_1(w, q), klf_meanfield_correlation_slope(w, q, 1.0), 1e-14, "chi_1");
        const double rhos[] = {-0.7, 0.0, 0.4, 0.99};
        for (size_t r = 0; r < COUNT(rhos); r++) {
            double slope = (klf_meanfield_next_correlation(w, b, q, rhos[r] + H) -
                            klf_meanfield_next_correlation(w, b, q, rhos[r] - H)) /
                           (2.0 * H);
            assert_close(klf_meanfield_correlation_slope(w, q, rhos[r]), slope, 100.0 * TOLERANCE, "slope of the correlation");
        }
    }
}

/* (3.5) and (3.6) as printed, by a rule of another kind: midpoints in z_1 and z_2 on [-9, 9], no use of symmetry. */
static double covariance_as_printed(double var_w, double var_b, double q, double rho)
{
    enum { N = 360 };
    const double h = 18.0 / N, c = sqrt(1.0 - rho * rho), sd = sqrt(q);
    long double  sum = 0.0L;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double z1 = -9.0 + h * (i + 0.5), z2 = -9.0 + h * (j + 0.5);
            sum += tanh(sd * z1) * tanh(sd * (rho * z1 + c * z2)) * exp(-0.5 * (z1 * z1 + z2 * z2));
        }
    return var_w * (double)sum * h * h / (2.0 * acos(-1.0)) + var_b;
}

static void test_correlation_as_printed(void **state)
{
    (void)state;
    const double rhos[] = {-1.0, -0.6, 0.0, 0.2, 0.9, 0.999, 1.0}, qs[] = {0.01, 0.6, 3.0};
    for (size_t i = 0; i < COUNT(qs); i++)
        for (size_t j = 0; j < COUNT(rhos); j++) {
            double expected = covariance_as_printed(2.3, 0.07, qs[i], rhos[j]) / klf_meanfield_next_variance(2.3, 0.07, qs[i]);
            /* the rule's own error, exp(-pi^2 / (sd h)) = 1e-49, is nothing; rounding over 130000 terms is some */
            assert_close(klf_meanfield_next_correlation(2.3, 0.07, qs[i], rhos[j]), expected, 2e-14, "correlation map");
        }
}

/* A correlation that starts beside rho* comes to it by a factor e^(-1 / xi_c) a layer. */
static void test_xi_c_is_measured(void **state)
{
    (void)state;
    const double points[][2] = {{1.5, 0.05}, {1.7, 0.05}, {1.8, 0.05}, {2.5, 0.05}, {4.0, 0.0}};
    for (size_t i = 0; i < COUNT(points); i++) {
        double              w = points[i][0], b = points[i][1], rho, before = 0.0;
        klf_meanfield_point p;
        klf_meanfield_point_get(w, b, &p);
        rho = p.rho_star.value - 1e-5;
        for (int l = 0; l < 3; l++) {
            before = p.rho_star.value - rho;
            rho = klf_meanfield_next_correlation(w, b, p.q_star.value, rho);
        }
        double measured = -1.0 / log((p.rho_star.value - rho) / before);
        /* of the slope, 1e-5 away and 1e-16 / 1e-5 of rounding: 1e-4 at most, and xi_c times that */
        assert_relative(measured, p.xi_c, 1e-4 * p.xi_c, "xi_c by decay");
    }
}

static void test_edges(void **state)
{
    (void)state;
    klf_meanfield_point p;
    klf_meanfield_point_get(1.0, 0.0, &p); /* the start of the critical line: q falls as 1 / (2l) */
    assert_true(p.q_star.value == 0.0 && p.rho_star.value == 1.0 && p.chi_1 == 1.0 && p.lambda_q == 1.0);
    assert_true(isinf(p.xi_q) && isinf(p.xi_c) && p.phase == KLF_PHASE_CRITICAL);
    klf_meanfield_point_get(0.3, 0.0, &p);
    assert_true(p.q_star.value == 0.0 && p.rho_star.value == 1.0 && p.chi_1 == 0.3 && p.phase == KLF_PHASE_ORDERED);
    assert_relative(p.xi_c, -1.0 / log(0.3), 1e-15, "xi_c without activity");
    klf_meanfield_point_get(1.760954639606739, 0.05, &p);
    assert_true(isinf(p.xi_c) && p.phase == KLF_PHASE_CRITICAL && p.rho_star.value == 1.0 && p.xi_q < 2.0);
    klf_meanfield_point_get(1.760954639606739 + 1e-7, 0.05, &p);
    assert_true(p.xi_c > 1e7 && isfinite(p.xi_c) && p.phase == KLF_PHASE_CHAOTIC && p.rho_star.value < 1.0);
    /* the leading powers of what is beyond (1, 0): q* = e/2 (1 + 5/6 e), lambda_q = 1 - e + 17/12 e^2; of var_b at var_w = 1 */
    klf_meanfield_point_get(1.0 + 0x1p-30, 0.0, &p);
    assert_relative(p.q_star.value, 0x1p-31 * (1.0 + 5.0 / 12.0 * 0x1p-30), 1e-14, "q* close to (1, 0)");
    assert_relative(p.xi_q, 0x1p30, 2e-9, "xi_q close to (1, 0)");
    klf_meanfield_point_get(1.0, 1e-300, &p);
    assert_relative(p.q_star.value, sqrt(0.5e-300), 1e-14, "q* of a small var_b");
}

/* Far out tanh is a sign, and its covariance 2/pi asin rho, up to 1 / sqrt(q). */
static void test_huge_variances(void **state)
{
    (void)state;
    const double        pi = acos(-1.0);
    klf_meanfield_point p;
    klf_meanfield_point_get(1e12, 1e12, &p);
    assert_true(p.q_star.converged && p.rho_star.converged && p.phase == KLF_PHASE_CHAOTIC);
    assert_relative(p.q_star.value, 2e12, 1e-6, "q* of a sign");
    assert_close(p.rho_star.value, 0.5 + asin(p.rho_star.value) / pi, 1e-6, "rho* of a sign");
    /* both methods for the spread, which change at q = 1024 */
    for (double rho = -0.9; rho < 1.0; rho += 0.1) {
        double below = klf_meanfield_next_correlation(900.0, 100.0, 1024.0, rho);
        double above = klf_meanfield_next_correlation(900.0, 100.0, 1024.0 * (1.0 + DBL_EPSILON), rho);
        assert_close(above, below, 1e-14, "two ways to average over two Gaussians");
    }
}

/* From a fixed sequence (splitmix64). */
static double uniform(uint64_t *state, double from, double to)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return from + (to - from) * (double)(x >> 11) * 0x1p-53;
}

/* Wherever the point: solved, and on the side of the critical line that it is on. A third of the points are close to the line
 * or to its beginning (1, 0). */
static void test_anywhere(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (size_t i = 0; i < 3000; i++) {
        double w = pow(10.0, i % 2 ? uniform(&random, -2.0, 3.0) : uniform(&random, -300.0, 12.0));
        double b = i % 10 == 9 ? 0.0 : pow(10.0, i % 4 > 1 ? uniform(&random, -12.0, 3.0) : uniform(&random, -300.0, 12.0));
        double line = klf_meanfield_critical_at_var_b(b).var_w;
        double away = (i % 4 > 1 ? -1.0 : 1.0) * pow(10.0, uniform(&random, -15.0, -1.0));
        if (i % 3 == 0)
            w = (i % 2 ? line : 1.0) * (1.0 + away);
        klf_meanfield_point p;
        klf_meanfield_point_get(w, b, &p);
        if (!(p.q_star.converged && p.rho_star.converged && p.q_star.value >= b && p.lambda_q <= 1.0 &&
              fabs(p.q_star.residual) <= 2e-15 * p.q_star.value && fabs(p.rho_star.residual) <= 2e-14))
            fail_msg("(%.17g, %.17g) is not solved", w, b);
        if (p.phase == KLF_PHASE_CRITICAL ? !(fabs(w / line - 1.0) <= 1e-4) : (p.phase == KLF_PHASE_ORDERED) != (w < line))
            fail_msg("(%.17g, %.17g) has phase %s, the line is at %.17g", w, b, klf_phase_name(p.phase), line);
        if (p.phase == KLF_PHASE_CHAOTIC && !(p.slope < 1.0 && p.one_minus_rho_star > 0.0 && p.rho_star.value >= 0.0))
            fail_msg("(%.17g, %.17g): slope %.17g at rho* = %.17g", w, b, p.slope, p.rho_star.value);
    }
}

/* rho* is proportional to a small var_b, which a form as 1 - delta does not know. */
static void test_small_var_b(void **state)
{
    (void)state;
    klf_meanfield_point p, zero;
    klf_meanfield_point_get(2.0, 0.0, &zero);
    for (double b = 1e-300; b < 1e-3; b *= b < 1e-10 ? 1e3 : 2.0) {
        klf_meanfield_point_get(2.0, b, &p);
        double tangent = b / (zero.q_star.value * (1.0 - zero.slope));
        /* the next terms are b^2 and b^3; beyond 1e-8 rho* has an absolute error of 1e-16 / (1 - slope) */
        assert_close(p.rho_star.value, tangent, (5e-14 + 100.0 * b) * tangent + (b > 1e-12 ? 1e-14 : 0.0),
                     "rho* of a small var_b");
        /* by the map, which has no tangent: what is left out of it is some rho^3 */
        double next = klf_meanfield_next_correlation(2.0, b, p.q_star.value, p.rho_star.value);
        assert_close(next, p.rho_star.value, 2e-15, "the map at a small rho*");
    }
    klf_meanfield_point_get(0.7, 1e-200, &p);
    assert_relative(p.q_star.value, 1e-200 / 0.3, 1e-15, "q* of a small var_b");
}

static void test_out_of_range(void **state)
{
    (void)state;
    const double bad[][2] = {{0.0, 0.1}, {-1.0, 0.1}, {NAN, 0.1}, {INFINITY, 0.1}, {1.0, -0.1}, {1.0, NAN}, {1e308, 1e308}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        klf_meanfield_point p;
        klf_meanfield_point_get(bad[i][0], bad[i][1], &p);
        assert_false(p.q_star.converged || p.rho_star.converged);
        assert_true(isnan(p.q_star.value) && isnan(p.xi_c) && isnan(p.xi_q) && isnan(p.chi_1) && isnan(p.one_minus_rho_star));
        assert_true(isnan(klf_meanfield_rho_star(bad[i][0], bad[i][1], 0.5).value) || i == 6);
    }
    assert_true(isnan(klf_meanfield_next_correlation(1.0, 0.1, 0.5, 1.1)));
    assert_true(isnan(klf_meanfield_correlation_slope(1.0, -0.5, 0.1)));
}

static void test_map(void **state)
{
    (void)state;
    const double var_w[] = {0.7, 1.5, 2.5}, var_b[] = {0.0, 0.05};
    double       q[6], rho[6], chi[6], xi_q[6], xi_c[6];
    klf_phase    phase[6];
    memset(q, 0xff, sizeof q);
    klf_meanfield_map_get(3, var_w, 2, var_b, 2, &(klf_meanfield_map){q, rho, chi, xi_q, xi_c, phase});
    for (size_t i = 0; i < 6; i++) {
        klf_meanfield_point p;
        klf_meanfield_point_get(var_w[i % 3], var_b[i / 3], &p);
        assert_true(q[i] == p.q_star.value && rho[i] == p.rho_star.value && chi[i] == p.chi_1);
        assert_true(xi_q[i] == p.xi_q && xi_c[i] == p.xi_c && phase[i] == p.phase);
    }
    klf_meanfield_map_get(3, var_w, 2, var_b, 1, &(klf_meanfield_map){.xi_c = rho});
    assert_memory_equal(rho, xi_c, sizeof xi_c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_iteration),
        cmocka_unit_test(test_slopes_are_derivatives),
        cmocka_unit_test(test_correlation_as_printed),
        cmocka_unit_test(test_xi_c_is_measured),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_huge_variances),
        cmocka_unit_test(test_anywhere),
        cmocka_unit_test(test_small_var_b),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_map),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
