/* SPDX-License-Identifier: BSD-3-Clause */
/* The schemes and their flows, against the states of a spin's neighbours, the paper's formulas in long double where those are
 * good, and what is exact; and what the paper's approximation does that the exact relative entropy cannot. */
#include "klflow/ising2d.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "physics/ising1d_test.h"

enum { N = 60 };

static const double LN2 = 0.69314718055994530942;

/* All arrays of a flow. */
typedef struct flow {
    double k[N + 1], k0[N + 1], l[N + 1], m[N + 1], s[N + 1], consistent[N + 1], z[N + 1];
} flow;

static void run(double alpha, double k, flow *out)
{
    for (int n = 0; n <= N; n++)
        out->k[n] = out->k0[n] = out->l[n] = out->m[n] = out->s[n] = out->consistent[n] = out->z[n] = NAN;
    klf_ising2d_flow(alpha, k, N,
                     &(klf_ising2d_arrays){.k = out->k,
                                           .k0 = out->k0,
                                           .l = out->l,
                                           .m = out->m,
                                           .s = out->s,
                                           .s_consistent = out->consistent,
                                           .z_violation = out->z});
}

/* (2.38) is an identity: for each of the 16 states of the neighbours, ln sum_s e^(K s (s1 + .. + s4)) is what K0', K', L' and
 * M' say of the square that they form. Two spins next to each other on it have two squares in common, so each has half of K'.
 */
static void test_generated_couplings(void **state)
{
    (void)state;
    for (double k = -3.0; k <= 3.0; k += 0.0371) {
        klf_ising2d_generated g = klf_ising2d_generate(k);
        for (unsigned states = 0; states < 16; states++) {
            int s[4], sum = 0, around = 0;
            for (int i = 0; i < 4; i++)
                s[i] = (states >> i & 1) != 0 ? 1 : -1;
            for (int i = 0; i < 4; i++) {
                sum += s[i];
                around += s[i] * s[(i + 1) % 4];
            }
            int    diagonal = s[0] * s[2] + s[1] * s[3], all = s[0] * s[1] * s[2] * s[3];
            double exact = log(exp(k * sum) + exp(-k * sum));
            assert_close(g.k0 + 0.5 * g.k * around + g.l * diagonal + g.m * all, exact, 1e-14, "a state of the neighbours");
        }
    }
}

static long double ln_cosh(long double x)
{
    return logl(coshl(x));
}

/* (2.43) and (2.50) as printed, but for K0. */
static void test_printed_formulas(void **state)
{
    (void)state;
    const double alphas[] = {1.0, 1.5, klf_ising2d_alpha_star(), 0.3, 2.0};
    for (size_t a = 0; a < COUNT(alphas); a++)
        for (double k = 0.05; k < 1.2; k += 0.049) {
            flow        f;
            long double k_n = k, k0 = 0.0L;
            run(alphas[a], k, &f);
            for (int n = 0; n <= 6; n++) {
                double s = (double)((2.0L * k * klf_ising2d_eta(k) - ldexpl(k0, -n) -
                                     ldexpl(k_n * klf_ising2d_eta((double)k_n), 1 - n)) /
                                    logl(2.0L)) +
                           1.0 - ldexp(1.0, -n);
                /* near an unstable fixed point an error grows as 2^n at most */
                if (k_n > 1e-5L) /* here long double has lost half of its digits */
                    assert_close(f.k[n] / (double)k_n, 1.0, 1e-14 * ldexp(1.0, n), "K_n by (2.43b)");
                assert_close(f.k0[n], (double)k0, 1e-14 * (1.0 + (double)k0), "K0_n by (2.43a)");
                assert_close(f.s[n], s, 4e-15 * (1.0 + k), "s_n by (2.50)");
                k0 = 2.0L * k0 + logl(2.0L) + 0.5L * ln_cosh(2.0L * k_n) + 0.125L * ln_cosh(4.0L * k_n);
                k_n = 0.25L * alphas[a] * ln_cosh(4.0L * k_n);
            }
        }
}

static void test_why_the_printed_form_is_not_used(void **state)
{
    (void)state;
    double alpha = klf_ising2d_alpha_star(), k = 1.0;
    int    n = 0;
    flow   f;
    while (isfinite(k) && n < N) {
        k = 0.25 * alpha * log(cosh(4.0 * k));
        n++;
    }
    assert_int_equal(n, 14); /* cosh 4K_13 overflows */
    run(alpha, 1.0, &f);
    assert_true(f.k[13] > 250.0 && f.k[14] > 400.0 && isfinite(f.k[N]) && isfinite(f.s[N]));
    double weak = 1e-9;
    assert_true(0.25 * alpha * log(cosh(4.0 * weak)) == 0.0);
    run(alpha, weak, &f);
    assert_close(f.k[1], 2.0 * alpha * weak * weak, 1e-15 * f.k[1], "K_1 for small K");
    assert_close(f.s[1], weak * weak / LN2, 1e-15 * f.s[1], "s_1 for small K");
}

static void test_fixed_points(void **state)
{
    (void)state;
    for (double alpha = 1.001; alpha < 1e6; alpha *= 1.07) {
        klf_ising2d_fixed_point p = klf_ising2d_fixed_point_get(alpha);
        flow                    at, below, above;
        assert_true(p.exists && p.converged && p.eigenvalue > 1.0);
        /* rounding of ln cosh 4K in units of K */
        assert_close(p.residual, 0.0, 4e-16 * (1.0 + p.k) * alpha, "residual");
        run(alpha, p.k, &at);
        assert_close(at.k[N], p.k, 0.0, "K_60 from the fixed point");
        run(alpha, p.k * 0.999, &below);
        run(alpha, p.k * 1.001, &above);
        assert_true(below.k[N] < below.k[0] && above.k[N] > above.k[0]);
        double step = 1e-6 * p.k,
               slope = (klf_ising2d_generate(p.k + step).k - klf_ising2d_generate(p.k - step).k) / (2.0 * step);
        assert_close(alpha * slope, p.eigenvalue, 1e-8 * alpha, "eigenvalue");
        assert_close(p.nu * log(p.eigenvalue), 0.5 * LN2, 1e-15, "nu");
    }
    klf_ising2d_fixed_point none = klf_ising2d_fixed_point_get(1.0);
    assert_true(!none.exists && !none.converged && isnan(none.k) && isnan(none.k_c) && isnan(none.nu));
    assert_true(!klf_ising2d_fixed_point_get(0.5).exists);
    double alpha = klf_ising2d_alpha_star();
    assert_close(alpha, 2.0 * log(1.0 + sqrt(2.0)) / log(3.0), 1e-15, "alpha*");
    assert_close(klf_ising2d_fixed_point_get(alpha).k, klf_ising2d_k_c(), 0.0, "fixed point of alpha*");
    assert_close(klf_ising2d_fixed_point_get(1.5).k, 0.506981, 5e-7, "(2.40)");
}

/* (2.44) prints 1.604521, digits cut off: that alpha has another critical coupling, which moves K_12 at K_c by 5e-5. */
static void test_printed_alpha(void **state)
{
    (void)state;
    flow star, printed;
    run(klf_ising2d_alpha_star(), klf_ising2d_k_c(), &star);
    run(1.604521, klf_ising2d_k_c(), &printed);
    assert_close(printed.k[12] - star.k[12], -4.8e-5, 1e-6, "K_12 of the printed alpha");
    assert_close(fabs(printed.s[12] - star.s[12]), 8e-7, 1e-7, "s_12 of the printed alpha");
}

static void test_wilson(void **state)
{
    (void)state;
    klf_ising2d_fixed_point p = klf_ising2d_fixed_point_wilson();
    double                  k[N + 1], l[N + 1];
    assert_true(p.exists && p.converged);
    assert_close(p.k, 1.0 / 3.0, 1e-15, "K of the fixed point");
    assert_close(p.l, 1.0 / 9.0, 1e-15, "L of the fixed point");
    assert_close(p.eigenvalue * p.irrelevant, -2.0 / 3.0, 1e-15, "determinant of the step");
    assert_close(p.eigenvalue + p.irrelevant, 4.0 / 3.0, 1e-15, "trace of the step");
    assert_close(p.k_c_linearised, (4.0 + sqrt(10.0)) / 18.0, 1e-15, "(2.41)");
    klf_ising2d_wilson(p.k_c * (1.0 - 1e-12), 0.0, N, k, l);
    assert_true(k[N] < 0.1);
    klf_ising2d_wilson(p.k_c * (1.0 + 1e-12), 0.0, N, k, l);
    assert_true(!(k[N] < 1.0));
    klf_ising2d_wilson(-0.3, 0.0, 1, k, l);
    assert_close(k[1], 0.18, 1e-15, "K_1");
    assert_close(l[1], 0.09, 1e-15, "L_1");
}

/* A fixed point to all digits stays, and s_n is 1 - 2^-n times its limit. */
static void test_critical_coupling(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        flow f;
        run(klf_ising2d_alpha_star(), sign * klf_ising2d_k_c(), &f);
        for (int n = 1; n <= N; n++) {
            double part = 1.0 - ldexp(1.0, -n);
            assert_close(f.k[n], klf_ising2d_k_c(), 0.0, "K_n at K_c");
            assert_close(f.s[n], part * f.s[N], 1e-15, "s_n at K_c");
            assert_close(f.s[n], part * 0.451003650716999, 1e-14, "limit at K_c"); /* 40 digits, rounded */
        }
    }
}

/* s_n ln 2 = K^2 + (5 - 2 alpha^2) K^4 for n >= 2 in the scheme, from eta = K + 5/3 K^3 and the expansion of ln cosh; exactly
 * the K^4 would be 5/2 in the limit. */
static void test_small_k(void **state)
{
    (void)state;
    double alpha = klf_ising2d_alpha_star();
    for (double k = 2e-3; k < 0.02; k *= 1.4) {
        flow   f;
        double x = k * k;
        run(alpha, k, &f);
        assert_close((f.s[1] * LN2 / x - 1.0) / x, 5.0 - 4.0 * alpha * alpha, 100.0 * x + 1e-15 / x, "K^4 of s_1");
        assert_close((f.s[2] * LN2 / x - 1.0) / x, 5.0 - 2.0 * alpha * alpha, 100.0 * x + 1e-15 / x, "K^4 of s_2");
        assert_close((f.s[12] * LN2 / x - 1.0) / x, 5.0 - 2.0 * alpha * alpha, 100.0 * x + 1e-15 / x, "K^4 of s_12");
    }
    assert_close(5.0 - 2.0 * alpha * alpha, -0.149, 5e-4, "K^4 of the scheme");
}

/* The same couplings give a consistent relative entropy, within the bounds that hold exactly; (2.50) is less by the violation
 * of Z. With alpha* it also grows with n. */
static void test_consistent(void **state)
{
    (void)state;
    random_state random = {22};
    for (int i = 0; i < 2000; i++) {
        double            alpha = i % 2 == 0 ? klf_ising2d_alpha_star() : pow(10.0, uniform(&random, -1.0, 1.0));
        double            k = i % 3 == 0 ? uniform(&random, 0.3, 0.6) : pow(10.0, uniform(&random, -6.0, 3.0));
        flow              f;
        klf_ising2d_plane plane;
        klf_ising2d_plane_get(k, &plane);
        run(alpha, i % 5 == 0 ? -k : k, &f);
        for (int n = 0; n <= N && isfinite(f.k[n]); n++) {
            double slack = 4e-15 * plane.s_inf, rest = ldexp(1.0, -n);
            if (fabs(f.z[n]) < 1e3) /* it can grow without bounds */
                assert_close(f.consistent[n] - f.s[n], f.z[n] / LN2, 1e-14 * (1.0 + k + fabs(f.z[n])), "the difference");
            assert_true(f.consistent[n] <= plane.s_inf + slack && f.consistent[n] >= plane.s_inf - rest - slack);
            if (alpha == klf_ising2d_alpha_star()) {
                assert_true(f.consistent[n] >= -slack);
                assert_true(n == 0 || f.consistent[n] >= f.consistent[n - 1] - slack);
            }
            assert_true(n == 0 || f.k[n] >= 0.0);
        }
        assert_close(f.s[0], 0.0, 0.0, "s_0");
        assert_close(f.z[0], 0.0, 0.0, "violation of step 0");
        assert_close(f.k[0], i % 5 == 0 ? -k : k, 0.0, "K_0");
    }
}

static int step_of_maximum(const double *s)
{
    int best = 0;
    for (int n = 1; n <= N; n++)
        if (s[n] > s[best])
            best = n;
    return best;
}

/* With alpha*, s_n of (2.50) has a maximum at a finite n for every K > K_c, and no K <= K_c. */
static void test_where_the_paper_s_approximation_fails(void **state)
{
    (void)state;
    const struct {
        double k;
        int    n;
    } maxima[] = {{0.4407, 27}, {0.441, 19}, {0.45, 11}, {0.5, 7}, {1.0, 2}};
    double alpha = klf_ising2d_alpha_star();
    flow   f;
    for (size_t i = 0; i < COUNT(maxima); i++) {
        run(alpha, maxima[i].k, &f);
        assert_int_equal(step_of_maximum(f.s), maxima[i].n);
        assert_true(f.s[N] < f.s[maxima[i].n] - 1e-9);
    }
    for (double k = 0.01; k < klf_ising2d_k_c(); k += 0.01) {
        run(alpha, k, &f);
        for (int n = 1; n <= N; n++)
            assert_true(f.s[n] >= f.s[n - 1] - 1e-15);
    }
    run(alpha, 0.84614, &f);
    assert_true(f.s[12] > 0.0);
    run(alpha, 0.84616, &f);
    assert_true(f.s[12] < 0.0 && f.consistent[12] > 0.95);
    run(alpha, 0.81664, &f);
    assert_true(f.s[60] > 0.0);
    run(alpha, 0.81666, &f);
    assert_true(f.s[60] < 0.0);
    /* how far the limit is below the exact one */
    const double below[][2] = {{0.3, 0.13}, {0.4, 0.18}, {0.4406867935097715, 0.19}};
    for (size_t i = 0; i < COUNT(below); i++) {
        klf_ising2d_plane plane;
        klf_ising2d_plane_get(below[i][0], &plane);
        run(alpha, below[i][0], &f);
        assert_close(1.0 - f.s[N] / plane.s_inf, below[i][1], 0.006, "what (2.50) lacks");
    }
}

static void test_extremes(void **state)
{
    (void)state;
    enum { MANY = KLF_ISING2D_MAX_STEPS };
    static double k[MANY + 1], k0[MANY + 1], s[MANY + 1], consistent[MANY + 1], z[MANY + 1];
    const double  couplings[] = {0.0, -0.0, 5e-324, 1e-300, 1e-160, 1e-8, 0.44068, 0.44069, 89.0, 1e3, -1e3, 1e6};
    for (size_t i = 0; i < COUNT(couplings); i++) {
        klf_ising2d_flow(klf_ising2d_alpha_star(), couplings[i], MANY,
                         &(klf_ising2d_arrays){.k = k, .k0 = k0, .s = s, .s_consistent = consistent, .z_violation = z});
        for (int n = 0; n <= MANY; n++)
            assert_true(isfinite(k[n]) && isfinite(k0[n]) && isfinite(s[n]) && isfinite(consistent[n]) && isfinite(z[n]));
        if (couplings[i] == 0.0)
            assert_true(s[MANY] == 0.0 && z[MANY] == 0.0 && k[MANY] == 0.0);
    }
    klf_ising2d_flow(1e6, 1e6, MANY, &(klf_ising2d_arrays){.k = k, .s = s, .z_violation = z});
    assert_true(isfinite(k[1]) && isfinite(s[1]) && isnan(k[MANY]) && isnan(s[MANY]) && isnan(z[MANY]));
}

static void test_sweep(void **state)
{
    (void)state;
    enum { N_K = 3000, STEPS = 20 };
    double *k = malloc(N_K * sizeof *k), *s = malloc(N_K * (STEPS + 1) * sizeof *s);
    assert_true(k != NULL && s != NULL);
    for (size_t i = 0; i < N_K; i++)
        k[i] = i == 7 ? klf_ising2d_k_c() : -1.0 + 0.0013 * (double)i;
    for (size_t threads = 1; threads <= 3; threads++) {
        for (size_t i = 0; i < N_K * (STEPS + 1); i++)
            s[i] = NAN;
        klf_ising2d_sweep(klf_ising2d_alpha_star(), N_K, k, STEPS, threads, s);
        for (size_t i = 0; i < N_K; i++) {
            double one[STEPS + 1];
            klf_ising2d_flow(klf_ising2d_alpha_star(), k[i], STEPS, &(klf_ising2d_arrays){.s = one});
            for (size_t n = 0; n <= STEPS; n++)
                if (!(s[i * (STEPS + 1) + n] == one[n]))
                    fail_msg("sweep: %.17g for K = %.17g after %zu steps", s[i * (STEPS + 1) + n], k[i], n);
        }
    }
    free(k);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generated_couplings),
        cmocka_unit_test(test_printed_formulas),
        cmocka_unit_test(test_why_the_printed_form_is_not_used),
        cmocka_unit_test(test_fixed_points),
        cmocka_unit_test(test_printed_alpha),
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_critical_coupling),
        cmocka_unit_test(test_small_k),
        cmocka_unit_test(test_consistent),
        cmocka_unit_test(test_where_the_paper_s_approximation_fails),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_sweep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
