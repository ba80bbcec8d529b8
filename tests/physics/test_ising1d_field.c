/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ising chain in a magnetic field: (A.9) as printed in long double, the transfer matrix, and what the flow leaves
 * unchanged. */
#include "klflow/ising1d.h"

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

typedef struct flow {
    double k[61], k0[61], k2[61], s[61], u[61], z[61];
} flow;

static void run_flow(double k, double field, size_t n, flow *out)
{
    klf_ising1d_flow(
        k, field, n,
        &(klf_ising1d_arrays){
            .k = out->k, .k0 = out->k0, .k2 = out->k2, .s = out->s, .s_unnormalized = out->u, .z_violation = out->z});
}

/* ln lam_+ and its derivatives by K and by the field, as any textbook has them. */
static long double entropy_textbook(long double k, long double h, long double *lnz, long double *m, long double *nn)
{
    long double root = sqrtl(expl(2 * k) * sinhl(h) * sinhl(h) + expl(-2 * k));
    long double upper = expl(k) * coshl(h) + root, lower = expl(k) * coshl(h) - root;
    *lnz = logl(upper);
    *m = expl(k) * sinhl(h) / root;
    *nn = *m * *m + (1 - *m * *m) * lower / upper;
    return *lnz - k * *nn - h * *m;
}

static void test_chain(void **state)
{
    (void)state;
    random_state random = {3};
    for (int i = 0; i < 5000; i++) {
        double            k = uniform(&random, -4.0, 4.0), field = uniform(&random, -4.0, 4.0);
        long double       lnz, m, nn, h = entropy_textbook(k, field, &lnz, &m, &nn);
        klf_ising1d_chain chain;
        klf_ising1d_chain_get(k, field, &chain);
        /* long double loses some 100 units of its last place in these differences: 1e-17 */
        assert_close(chain.lnz, (double)lnz, 1e-15 * (double)(1 + fabsl(lnz)), "ln Z");
        assert_close(chain.magnetization, (double)m, 1e-15, "magnetization");
        assert_close(chain.nn_correlation, (double)nn, 1e-15, "neighbour correlation");
        assert_close(chain.entropy, (double)h, 1e-15, "entropy");
        assert_close(chain.entropy_deficit, (double)(logl(2.0L) - h), 1e-15, "ln 2 - entropy");
    }
}

static void test_printed_flow(void **state)
{
    (void)state;
    random_state random = {4};
    for (int i = 0; i < 5000; i++) {
        double      k = uniform(&random, -3.0, 3.0), field = uniform(&random, -3.0, 3.0);
        long double a = k, h = field, a0 = 0.0L;
        flow        f;
        run_flow(k, field, 4, &f);
        for (int n = 0; n <= 4; n++) {
            assert_close(f.k[n], (double)a, 2e-15, "K by (A.9)");
            assert_close(f.k2[n], (double)h, 4e-15, "K2 by (A.9)");
            assert_close(f.k0[n], (double)a0, 1e-14 * ldexp(1.0, n), "K0 by (A.9)");
            long double plus = coshl(2 * a + h), minus = coshl(2 * a - h), c = coshl(h);
            a0 = logl(2.0L) + 2 * a0 + 0.25L * logl(plus * minus * c * c);
            h += 0.5L * logl(plus / minus);
            a = 0.25L * logl(plus * minus / (c * c));
        }
    }
}

/* One step is a square of the transfer matrix, element by element. */
static void test_transfer_matrix(void **state)
{
    (void)state;
    random_state random = {5};
    for (int i = 0; i < 2000; i++) {
        double k = uniform(&random, -2.0, 2.0), h = uniform(&random, -2.0, 2.0), t[4], t1[4];
        flow   f;
        run_flow(k, h, 1, &f);
        for (int row = 0; row < 2; row++)
            for (int column = 0; column < 2; column++) {
                int r = 1 - 2 * row, c = 1 - 2 * column;
                t[2 * row + column] = exp(k * r * c + 0.5 * h * (r + c));
                t1[2 * row + column] = exp(f.k0[1] + f.k[1] * r * c + 0.5 * f.k2[1] * (r + c));
            }
        for (int row = 0; row < 2; row++)
            for (int column = 0; column < 2; column++) {
                double squared = t[2 * row] * t[column] + t[2 * row + 1] * t[2 + column];
                assert_close(t1[2 * row + column] / squared, 1.0, 2e-14, "T(K') against T(K)^2");
            }
    }
}

/* The magnetization does not change. Nor does the correlation length in units of the old spacing: the ratio r of the transfer
 * matrix's eigenvalues, which is that of <s_i s_j> - m^2 between neighbours and at one site, is squared at each step. */
static void test_invariants(void **state)
{
    (void)state;
    random_state random = {6};
    for (int i = 0; i < 5000; i++) {
        double k = uniform(&random, -3.0, 3.0), h = uniform(&random, -1.5, 1.5), m = 0.0, r = 0.0, error = 0.0;
        flow   f;
        run_flow(k, h, 20, &f);
        for (int n = 0; n <= 20; n++) {
            klf_ising1d_chain chain;
            klf_ising1d_chain_get(f.k[n], f.k2[n], &chain);
            m = n == 0 ? chain.magnetization : m;
            double variance = 1.0 - m * m, connected = chain.nn_correlation - m * m;
            error = n == 0 ? 1e-15 / variance : 2.0 * fabs(r) * error; /* of r: from a difference, and then squared */
            r = n == 0 ? connected / variance : r * r;
            assert_close(chain.magnetization, m, 2e-15, "magnetization");
            assert_close(connected, r * variance, 1e-15 + error * variance, "correlation of neighbours");
        }
    }
}

static void test_properties(void **state)
{
    (void)state;
    random_state random = {7};
    for (int i = 0; i < 10000; i++) {
        double k = pow(10.0, uniform(&random, -8.0, 3.0)) * (i % 2 == 0 ? 1.0 : -1.0);
        double h = pow(10.0, uniform(&random, -30.0, 3.0)) * (i % 3 == 0 ? 1.0 : -1.0);
        flow   f, mirrored;
        run_flow(k, h, 60, &f);
        run_flow(k, -h, 60, &mirrored);
        for (int n = 0; n <= 60; n++) {
            double bound = 1.0 - ldexp(1.0, -n);
            assert_true(isfinite(f.k[n]) && isfinite(f.k2[n]) && isfinite(f.k0[n]));
            assert_true(n == 0 || f.k[n] >= 0.0);
            assert_true(f.s[n] >= 0.0 && f.s[n] <= bound);
            /* deficits in a field are sums, rounded anew at each step */
            assert_true(n == 0 || f.s[n] >= f.s[n - 1] * (1.0 - 4e-16));
            assert_close(f.u[n], f.s[n] - bound, 1e-15, "s - (1 - 2^-n)");
            assert_close(f.z[n], 0.0, 2e-15 * (1.0 + fabs(k) + fabs(h)), "conservation of Z");
            assert_close(mirrored.k2[n], -f.k2[n], 0.0, "the other direction of the field");
            assert_close(mirrored.s[n], f.s[n], 0.0, "the other direction of the field");
        }
    }
}

/* Towards a field of 0 everything goes over into the chain without one, with corrections of order h^2 (as long as the
 * correlation length is short of 1 / h). */
static void test_field_to_zero(void **state)
{
    (void)state;
    const double couplings[] = {-1.5, -1e-5, 1e-7, 1e-3, 0.4, 1.0, 3.0, 8.0};
    for (size_t i = 0; i < COUNT(couplings); i++) {
        flow without, with;
        run_flow(couplings[i], 0.0, 40, &without);
        run_flow(couplings[i], 1e-20, 40, &with);
        for (int n = 0; n <= 40; n++) {
            assert_close(with.s[n], without.s[n], 2e-15 * without.s[n], "s_n for h -> 0");
            assert_close(with.u[n], without.u[n], 1e-12 * fabs(without.u[n]), "s_n - (1 - 2^-n) for h -> 0");
            if (without.k[n] > 1e-300)
                assert_close(with.k[n], without.k[n], 3e-13 * without.k[n], "K_n for h -> 0");
        }
        /* the field grows by e^2K in all, the ratio of susceptibilities of one spin and of the chain */
        double e2k = exp(2.0 * couplings[i]);
        assert_close(with.k2[40], 1e-20 * e2k, 1e-13 * 1e-20 * e2k, "K2 for h -> 0");
    }
}

/* Independent spins in a field lose information too: they are biased. An antiferromagnet much stronger than its field barely
 * sees it; one in a stronger field is lined up. */
static void test_limits(void **state)
{
    (void)state;
    flow   f;
    double h = 0.7, m = tanh(h), deficit = h * m - log(cosh(h));
    run_flow(0.0, h, 10, &f);
    for (int n = 0; n <= 10; n++) {
        assert_close(f.k[n], 0.0, 0.0, "K_n of free spins");
        assert_close(f.k2[n], h, 0.0, "K2_n of free spins");
        assert_close(f.s[n], (1.0 - ldexp(1.0, -n)) * deficit / log(2.0), 2e-16, "s_n of free spins");
    }
    run_flow(-500.0, 1.0, 1, &f); /* tanh(2K) is -1: the decimated spins take no side */
    assert_close(f.k2[1], 0.0, 1e-300, "field of a strong antiferromagnet");
    run_flow(-300.0, 1000.0, 1, &f);
    assert_close(f.k2[1], 400.0, 1e-12, "field that breaks the antiferromagnet");
    assert_close(f.k[1], 0.25 * exp(-800.0), 1e-12 * exp(-800.0), "K' under a strong field");
    run_flow(-2.0, 1e-9, 1, &f); /* h (1 - tanh 4) */
    assert_close(f.k2[1], 1e-9 * 2.0 * exp(-8.0) / (1.0 + exp(-8.0)), 1e-27, "small field of an antiferromagnet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain),      cmocka_unit_test(test_printed_flow), cmocka_unit_test(test_transfer_matrix),
        cmocka_unit_test(test_invariants), cmocka_unit_test(test_properties),   cmocka_unit_test(test_field_to_zero),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
