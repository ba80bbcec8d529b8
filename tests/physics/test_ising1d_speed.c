/* SPDX-License-Identifier: BSD-3-Clause */
/* A million couplings times 20 steps in less than 2 s on 2 cores. Judged by the processor time, 4 s, which other work on the
 * machine does not lengthen much. */
#include "klflow/ising1d.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_sweep(void **state)
{
    (void)state;
    enum { N_K = 1000000, N_STEPS = 20 };
    double *k = malloc(N_K * sizeof *k), *s = malloc((size_t)N_K * (N_STEPS + 1) * sizeof *s);
    assert_true(k != NULL && s != NULL);
    for (size_t i = 0; i < N_K; i++)
        k[i] = 5e-6 * (double)(i + 1);
    for (size_t threads = 1; threads <= 2; threads++) {
        double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
        klf_ising1d_sweep(N_K, k, N_STEPS, threads, s);
        wall = seconds(CLOCK_MONOTONIC) - wall;
        processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
        print_message("%zu thread%s: %.2f s, %.2f s of processor time\n", threads, threads == 1 ? "" : "s", wall, processor);
        assert_true(processor < 4.0);
        assert_true(s[(size_t)N_K * (N_STEPS + 1) - 1] == klf_ising1d_s(k[N_K - 1], N_STEPS));
    }
    free(k);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sweep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
