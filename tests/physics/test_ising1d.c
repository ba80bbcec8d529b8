/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ising chain without a field, against the paper's own formulas in long double where those are good; and that they are not
 * good in double, which is why others are used. */
#include "klflow/ising1d.h"

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

/* (2.11), as printed. */
static long double next(long double k)
{
    return 0.5L * logl(coshl(2.0L * k));
}

/* (2.21), as printed. */
static long double s_printed(long double k, unsigned n)
{
    long double k_n = k, sum = 0.0L;
    for (unsigned m = 1; m <= n; m++) {
        k_n = next(k_n);
        sum += ldexpl(k_n, -(int)m);
    }
    return (k * tanhl(k) - ldexpl(k_n * tanhl(k_n), -(int)n) - sum) / logl(2.0L);
}

static void test_paper_formulas(void **state)
{
    (void)state;
    const double couplings[] = {0.1, 0.3, 0.44, 0.45, 0.7, 0.99, 1.01, 1.5, 2.5, 4.0, 7.0, 12.0};
    for (size_t i = 0; i < COUNT(couplings); i++) {
        double      k0[13], k = couplings[i];
        long double k_n = k, k0_n = 0.0L;
        klf_ising1d_flow(k, 0.0, 12, &(klf_ising1d_arrays){.k0 = k0});
        for (unsigned n = 0; n <= 12; n++) {
            /* 80-bit arithmetic, 3 digits of which are lost below 0.1 */
            double tolerance = 1e-15 + 2e-19 * ldexp(1.0, (int)n);
            if (k_n > 1e-3L)
                assert_close(klf_ising1d_coupling(k, n), (double)k_n, tolerance * 10, "K_n by (2.11)");
            assert_close(klf_ising1d_s(k, n), (double)s_printed(k, n), 2e-15, "s_n by (2.21)");
            assert_close(k0[n], (double)k0_n, 2e-15 * (double)k0_n, "K0_n by (2.11b)");
            k_n = next(k_n);
            k0_n = logl(2.0L) + 2.0L * k0_n + k_n;
        }
    }
}

/* tanh K_n = tanh(K)^(2^n), and the dual statement tanh(w_n) = e^(-2 K_n), w_n = 2^n w. */
static void test_invariants(void **state)
{
    (void)state;
    random_state random = {1};
    for (int i = 0; i < 20000; i++) {
        double   k = uniform(&random, 0.0, 40.0);
        unsigned n = (unsigned)uniform(&random, 1.0, 61.0);
        double   k_n = klf_ising1d_coupling(k, n);
        double   w = k < 0.5 ? -0.5 * log(tanh(k)) : atanh(exp(-2.0 * k)); /* here the long way round */
        double   dual = ldexp(w, (int)n);
        if (dual < 340.0) /* before K_n underflows; an exponent of 2 dual amplifies the rounding of w */
            assert_close(tanh(k_n) / exp(-2.0 * dual), 1.0, 1e-15 * (4.0 + 4.0 * dual), "tanh K_n");
        assert_close(exp(-2.0 * k_n), tanh(dual), 1e-15 * (2.0 + 2.0 * k_n) * tanh(dual), "e^(-2 K_n)");
        assert_close(klf_ising1d_coupling(-k, n), k_n, 0.0, "K < 0");
    }
}

/* Where (2.11) is good in double as well, as the doubling of errors is not yet seen. */
static void test_naive_formulas_where_they_are_good(void **state)
{
    (void)state;
    for (double k = 0.5; k < 4.0; k += 0.01) {
        double k1 = 0.5 * log(cosh(2.0 * k)), k2 = 0.5 * log(cosh(2.0 * k1));
        double s2 = (k * tanh(k) - k2 * tanh(k2) / 4.0 - k1 / 2.0 - k2 / 4.0) / log(2.0);
        assert_close(klf_ising1d_s(k, 2), s2, 1e-14, "s_2 by (2.21) in double");
    }
}

/* The paper's expressions lose everything for weak and for strong coupling. If this fails, the arithmetic has become better
 * than IEEE double, not the program worse. */
static void test_why_the_naive_formulas_are_not_used(void **state)
{
    (void)state;
    double weak = 1e-6, weak_1 = 0.5 * log(cosh(2.0 * weak));
    double exact = weak * weak * 0.5 / log(2.0); /* up to 1e-12 of it */
    double naive = (weak * tanh(weak) - 0.5 * weak_1 * tanh(weak_1) - 0.5 * weak_1) / log(2.0);
    assert_close(klf_ising1d_s(weak, 1), exact, 2e-12 * exact, "s_1 at K = 1e-6");
    assert_true(fabs(naive - exact) > 1e-6 * exact); /* ten digits of sixteen are gone */

    double tiny = 1e-9; /* cosh is 1, its logarithm 0 */
    assert_true(0.5 * log(cosh(2.0 * tiny)) == 0.0);
    assert_close(klf_ising1d_coupling(tiny, 1), 1e-18, 1e-32, "K_1 at K = 1e-9");

    double strong = 20.0, strong_1 = 0.5 * log(cosh(2.0 * strong)), s[2];
    exact = -exp(-2.0 * strong); /* (2.30) without its ln 2, up to e^(-4K) */
    naive = (strong * tanh(strong) - 0.5 * strong_1 * tanh(strong_1) - 0.5 * strong_1) / log(2.0) - 0.5;
    klf_ising1d_flow(strong, 0.0, 1, &(klf_ising1d_arrays){.s_unnormalized = s});
    assert_close(s[1], exact, 1e-12 * fabs(exact), "s_1 - 1/2 at K = 20");
    assert_true(fabs(naive - exact) > 10.0 * fabs(exact)); /* noise, hundreds of times the value */

    assert_true(isinf(0.5 * log(cosh(2.0 * 400.0)))); /* cosh overflows */
    assert_close(klf_ising1d_coupling(400.0, 1), 400.0 - 0.5 * log(2.0), 1e-13, "K_1 at K = 400");
    assert_close(ldexp(klf_ising1d_s(1.0, 40), 40), ldexp(klf_ising1d_s_inf(1.0), 40), 1e-3, "s_40 with 2^40 in it");
}

static void test_limit(void **state)
{
    (void)state;
    for (double k = 0.02; k < 12.0; k *= 1.05) {
        long double g = k * tanhl(k) - logl(coshl(k)), ln2 = logl(2.0L), e = expl(-2.0L * k);
        long double x = k * k / (2.0L * ln2) * coshl(k / (2.0L * ln2)), fit = x / (1.0L + x);
        assert_close(klf_ising1d_s_inf(k), (double)(g / ln2), 5e-16 + 1e-15 * (double)g, "s_inf");
        assert_close(klf_ising1d_s(k, 60), (double)(g / ln2), 5e-16 + 1e-15 * (double)g, "s_60");
        double rest = (double)((2.0L * k * e / (1.0L + e) + log1pl(e)) / ln2);
        assert_close(klf_ising1d_one_minus_s_inf(k), rest, 1e-15 * rest, "1 - s_inf");
        assert_close(klf_ising1d_s_inf(-k), klf_ising1d_s_inf(k), 0.0, "s_inf at -K");
        assert_close(klf_ising1d_s_inf_fit(k), (double)fit, 1e-15 * (double)fit, "fit");
        assert_close(klf_ising1d_s_inf_fit_error(k), (double)(fit - g / ln2), 5e-16, "error of the fit");
    }
    /* 1 - s_inf -> (2K + 1) e^(-2K) / ln 2, while the fit has 4 ln 2 e^(-K / (2 ln 2)) / K^2 */
    double k = 300.0, rest = (2.0 * k + 1.0) * exp(-2.0 * k) / log(2.0),
           tail = 4.0 * log(2.0) * exp(-k / (2.0 * log(2.0))) / k / k;
    assert_close(klf_ising1d_one_minus_s_inf(k), rest, 1e-14 * rest, "1 - s_inf at K = 300");
    assert_close(klf_ising1d_s_inf_fit_error(k), -tail, 1e-13 * tail, "error of the fit at K = 300");
}

/* The fit's extrema, where the slope of its error changes sign, and their size: 0.9 % and 0.6 %. */
static void test_error_of_the_fit(void **state)
{
    (void)state;
    double lowest = 0.0, highest = 0.0;
    for (double k = 0.0; k < 30.0; k += 1e-3) {
        lowest = fmin(lowest, klf_ising1d_s_inf_fit_error(k));
        highest = fmax(highest, klf_ising1d_s_inf_fit_error(k));
    }
    assert_close(lowest, -0.0090, 5e-5, "lowest error of the fit");
    assert_close(highest, 0.0057, 5e-5, "highest error of the fit");
}

static void test_n_star(void **state)
{
    (void)state;
    for (double k = 1.0; k <= 150.0; k += 0.37) {
        double n = klf_ising1d_n_star(k);
        assert_close(n, 2.0 * k / log(2.0), 1e-13 * n, "n*");
        double left = klf_ising1d_coupling(k, (size_t)n); /* e^(-2K_n) = tanh x with x from 1/2 to 1 */
        assert_true(left > 0.13 && left < 0.40);
    }
    assert_close(klf_ising1d_n_star(-3.0), klf_ising1d_n_star(3.0), 0.0, "n* for K < 0");
}

static void test_properties(void **state)
{
    (void)state;
    random_state random = {2};
    for (int i = 0; i < 20000; i++) {
        double k = pow(10.0, uniform(&random, -8.0, 3.0)), s[61], u[61], z[61];
        klf_ising1d_flow(i % 2 == 0 ? k : -k, 0.0, 60, &(klf_ising1d_arrays){.s = s, .s_unnormalized = u, .z_violation = z});
        double more = k * (1.0 + uniform(&random, 1e-6, 1.0)), s_more[61];
        klf_ising1d_flow(more, 0.0, 60, &(klf_ising1d_arrays){.s = s_more});
        for (int n = 0; n <= 60; n++) {
            double bound = 1.0 - ldexp(1.0, -n);
            assert_true(s[n] >= 0.0 && s[n] <= bound);
            assert_true(n == 0 || s[n] >= s[n - 1]);
            assert_true(s_more[n] >= s[n] * (1.0 - 4e-16)); /* a larger K is a new rounding */
            assert_close(u[n], s[n] - bound, 1e-15, "s - (1 - 2^-n)");
            /* a sum of up to 60 terms that comes to ln 2 cosh K */
            assert_close(z[n], 0.0, 2e-15 * (1.0 + k), "conservation of Z");
        }
    }
}

static void test_extremes(void **state)
{
    (void)state;
    enum { N = KLF_ISING1D_MAX_STEPS };
    static double k[N + 1], k0[N + 1], s[N + 1], u[N + 1], z[N + 1];
    const double  couplings[] = {0.0, -0.0, 5e-324, 1e-300, 1e-160, 1e-8, 349.9, 350.1, 1e3, -1e3, 1e6};
    for (size_t i = 0; i < COUNT(couplings); i++) {
        klf_ising1d_flow(couplings[i], 0.0, N,
                         &(klf_ising1d_arrays){.k = k, .k0 = k0, .s = s, .s_unnormalized = u, .z_violation = z});
        for (int n = 0; n <= N; n++) {
            assert_true(isfinite(k[n]) && isfinite(k0[n]) && isfinite(u[n]));
            assert_true(s[n] >= 0.0 && s[n] <= 1.0 - ldexp(1.0, -n) && (n == 0 || s[n] >= s[n - 1]));
            assert_close(z[n], 0.0, 1e-15 * (1.0 + fabs(couplings[i])), "conservation of Z");
        }
        assert_close(k[0], couplings[i], 0.0, "K_0");
    }
    klf_ising1d_flow(0.0, 0.0, 3, &(klf_ising1d_arrays){.k = k, .k0 = k0, .s = s, .s_unnormalized = u});
    for (int n = 0; n <= 3; n++) { /* free spins: nothing but their number changes */
        assert_close(k[n], 0.0, 0.0, "K_n at K = 0");
        assert_close(s[n], 0.0, 0.0, "s_n at K = 0");
        assert_close(u[n], ldexp(1.0, -n) - 1.0, 0.0, "unnormalised s_n at K = 0");
        assert_close(k0[n], (ldexp(1.0, n) - 1.0) * log(2.0), 1e-15 * ldexp(1.0, n), "K0_n at K = 0");
    }
    /* the two ways to K_n meet */
    assert_close(klf_ising1d_coupling(350.1, 500) - klf_ising1d_coupling(349.9, 500), 0.2, 1e-12, "K_500 around K = 350");
}

/* The error of a truncated series falls with the power that was dropped; the printed (2.26a) and (2.30) do not do that. */
static void test_expansions(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 4; n++) {
        double factor = fabs(klf_ising1d_small_k(0.1, n).s - klf_ising1d_s(0.1, n)) /
                        fabs(klf_ising1d_small_k(0.05, n).s - klf_ising1d_s(0.05, n));
        assert_true(factor > 200.0 && factor < 300.0); /* K^8: 2^8 */
        double k0[2][5];
        klf_ising1d_flow(0.1, 0.0, n, &(klf_ising1d_arrays){.k0 = k0[0]});
        klf_ising1d_flow(0.05, 0.0, n, &(klf_ising1d_arrays){.k0 = k0[1]});
        factor = (klf_ising1d_small_k(0.1, n).k0 - k0[0][n]) / (klf_ising1d_small_k(0.05, n).k0 - k0[1][n]);
        assert_true(factor > 55.0 && factor < 70.0); /* K^6 */
        double k = 1e-3, k_n = klf_ising1d_coupling(k, n), small = klf_ising1d_small_k(k, n).k;
        assert_close(small / k_n, 1.0, 1e-11 * (double)(1 << n), "K_n for small K"); /* the next factor is 1 + O(2^n K^4) */
        assert_true(n <= 2 || k_n < 1e-3 * pow(k, 2.0 * n));                         /* K^(2n) it is not */

        double                strong = 12.0 + n, e = exp(-2.0 * strong), u[5];
        klf_ising1d_expansion large = klf_ising1d_large_k(strong, n);
        klf_ising1d_flow(strong, 0.0, n, &(klf_ising1d_arrays){.k0 = k0[0], .s_unnormalized = u});
        assert_close(u[n], -(double)n * e, 1e-7 * e, "coefficient of e^(-2K): n, without ln 2");
        assert_close(large.s, klf_ising1d_s(strong, n), 2e-16, "s_n for large K");
        assert_close(large.k, klf_ising1d_coupling(strong, n), 1e-14, "K_n for large K");
        assert_close(large.k0, k0[0][n], 1e-12, "K0_n for large K");
    }
    assert_close(klf_ising1d_small_k(0.3, 0).s, 0.0, 0.0, "s_0");
    assert_close(klf_ising1d_large_k(3.0, 0).s, 0.0, 0.0, "s_0");
}

static void test_sweep(void **state)
{
    (void)state;
    enum { N_K = 5000, N = 20 };
    double *k = malloc(N_K * sizeof *k), *s = malloc(N_K * (N + 1) * sizeof *s);
    assert_true(k != NULL && s != NULL);
    for (size_t i = 0; i < N_K; i++)
        k[i] = -2.0 + 0.0013 * (double)i;
    for (size_t threads = 1; threads <= 3; threads++) {
        for (size_t i = 0; i < N_K * (N + 1); i++)
            s[i] = NAN;
        klf_ising1d_sweep(N_K, k, N, threads, s);
        for (size_t i = 0; i < N_K; i++)
            for (size_t n = 0; n <= N; n++)
                if (!(s[i * (N + 1) + n] == klf_ising1d_s(k[i], n)))
                    fail_msg("sweep: %.17g for K = %.17g after %zu steps", s[i * (N + 1) + n], k[i], n);
    }
    free(k);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paper_formulas),
        cmocka_unit_test(test_invariants),
        cmocka_unit_test(test_naive_formulas_where_they_are_good),
        cmocka_unit_test(test_why_the_naive_formulas_are_not_used),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_error_of_the_fit),
        cmocka_unit_test(test_n_star),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_expansions),
        cmocka_unit_test(test_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
