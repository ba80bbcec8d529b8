/* SPDX-License-Identifier: BSD-3-Clause */
/* Finite rings: the closed form against the enumeration of definition (2.5), and both against the paper's way to it. */
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

static void compare(double k, double h, uint64_t n_spins)
{
    double s[64], enumerated[64];
    size_t n_steps = klf_ising1d_ring_steps(n_spins);
    assert_int_equal(klf_ising1d_ring(k, h, n_spins, n_steps, s), KLF_OK);
    assert_int_equal(klf_ising1d_enumerate(k, h, n_spins, n_steps, enumerated), KLF_OK);
    for (size_t n = 0; n <= n_steps; n++) {
        if (!(fabs(s[n] - enumerated[n]) <= 1e-14))
            print_message("K %.17g, field %.17g, %u spins, step %zu\n", k, h, (unsigned)n_spins, n);
        assert_close(s[n], enumerated[n], 1e-14, "ring against enumeration");
        assert_true(s[n] >= 0.0 && s[n] <= 1.0 - ldexp(1.0, -(int)n));
        assert_true(n == 0 || s[n] >= s[n - 1] - 1e-15);
    }
}

static void test_enumeration(void **state)
{
    (void)state;
    random_state random = {8};
    for (int i = 0; i < 600; i++) {
        uint64_t n_spins = 2 * (uint64_t)uniform(&random, 1.0, 6.0);
        double   k = uniform(&random, -3.0, 3.0), h = uniform(&random, -3.0, 3.0);
        compare(k, i % 3 == 0 ? 0.0 : h, n_spins);
    }
    const double pairs[][2] = {{0.0, 0.0},    {1e-7, 0.0},   {1e-7, 1e-8},  {1000.0, 0.0}, {-1000.0, 0.0}, {1000.0, 1e-9},
                               {-600.0, 1e3}, {-500.0, 1e3}, {-499.0, 1e3}, {20.0, 30.0},  {-20.0, 1e-6},  {0.0, 2.0}};
    for (size_t i = 0; i < COUNT(pairs); i++)
        for (uint64_t n_spins = 2; n_spins <= 12; n_spins += 2)
            compare(pairs[i][0], pairs[i][1], n_spins);
    compare(0.4, 0.1, 16);
    compare(-0.6, 0.2, 18);
    compare(1.1, 0.0, 20);
}

/* S/N = K c_0 - 2^-n K_n c_n - sum 2^-m K_m, c_n = <s_i s_{i+1}> = (t_n + t_n^(N_n - 1)) / (1 + t_n^N_n), t_n = tanh K_n: the
 * paper's way to (2.21), with the ring's correlations. */
static void test_without_field(void **state)
{
    (void)state;
    random_state random = {9};
    for (int i = 0; i < 2000; i++) {
        double      k = uniform(&random, 0.05, 3.0), s[4];
        long double k_n = k, sum = 0.0L, c_0 = 0.0L;
        uint64_t    n_spins = 8 * (uint64_t)uniform(&random, 1.0, 100.0);
        assert_int_equal(klf_ising1d_ring(k, 0.0, n_spins, 3, s), KLF_OK);
        for (int n = 0; n <= 3; n++) {
            long double t = tanhl(k_n), size = (long double)(n_spins >> n);
            long double c_n = (t + powl(t, size - 1)) / (1 + powl(t, size));
            c_0 = n == 0 ? c_n : c_0;
            sum += n == 0 ? 0.0L : ldexpl(k_n, -n);
            assert_close(s[n], (double)((k * c_0 - ldexpl(k_n * c_n, -n) - sum) / logl(2.0L)), 1e-15, "ring without a field");
            k_n = 0.5L * logl(coshl(2 * k_n));
        }
    }
}

/* A long ring is the infinite chain; the leading correction is of order t^N. */
static void test_long_rings(void **state)
{
    (void)state;
    const double fields[] = {0.0, 0.3, -2.0};
    for (size_t i = 0; i < COUNT(fields); i++)
        for (double k = -2.0; k < 2.05; k += 0.25) {
            double s[41], infinite[41];
            assert_int_equal(klf_ising1d_ring(k, fields[i], (uint64_t)1 << 40, 20, s), KLF_OK);
            klf_ising1d_flow(k, fields[i], 20, &(klf_ising1d_arrays){.s = infinite});
            for (int n = 0; n <= 20; n++)
                assert_close(s[n], infinite[n], 1e-15, "long ring");
        }
    double s[2], t = tanh(0.3);
    klf_ising1d_ring(0.3, 0.0, 16, 1, s);
    double correction = s[1] - klf_ising1d_s(0.3, 1);
    assert_true(correction > 0.01 * pow(t, 16.0) && correction < 100.0 * pow(t, 16.0));
}

static void refused(klf_status st, const char *words)
{
    assert_int_equal(st, KLF_ERR_USAGE);
    assert_non_null(strstr(klf_last_error(), words));
}

static void test_refusals(void **state)
{
    (void)state;
    double s[64];
    refused(klf_ising1d_ring(0.5, 0.0, 12, 3, s), "2^3 does not divide 12");
    refused(klf_ising1d_enumerate(0.5, 0.0, 12, 3, s), "2^3 does not divide 12");
    refused(klf_ising1d_ring(0.5, 0.0, 7, 1, s), "2^1 does not divide 7");
    refused(klf_ising1d_ring(0.5, 0.0, 1, 0, s), "2 spins or more, not 1");
    refused(klf_ising1d_ring(0.5, 0.0, 0, 0, s), "2 spins or more, not 0");
    refused(klf_ising1d_enumerate(0.5, 0.0, 22, 1, s), "of 20 spins at most, not 22");
    assert_int_equal(klf_ising1d_ring_steps(0), 0);
    assert_int_equal(klf_ising1d_ring_steps(7), 0);
    assert_int_equal(klf_ising1d_ring_steps(12), 2);
    assert_int_equal(klf_ising1d_ring_steps((uint64_t)1 << 40), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enumeration),
        cmocka_unit_test(test_without_field),
        cmocka_unit_test(test_long_rings),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
