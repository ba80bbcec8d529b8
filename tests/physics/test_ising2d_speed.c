/* SPDX-License-Identifier: BSD-3-Clause */
/* A million couplings times 20 steps of (2.50) in less than 2 s on 2 cores. Judged by the processor time, 4 s, which other work
 * on the machine does not lengthen much. */
#include "klflow/ising2d.h"

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

static void time_sweep(double highest_k)
{
    enum { N_K = 1000000, N_STEPS = 20 };
    double *k = malloc(N_K * sizeof *k), *s = malloc((size_t)N_K * (N_STEPS + 1) * sizeof *s), last[N_STEPS + 1];
    assert_true(k != NULL && s != NULL);
    for (size_t i = 0; i < N_K; i++)
        k[i] = highest_k / N_K * (double)(i + 1);
    klf_ising2d_flow(klf_ising2d_alpha_star(), k[N_K - 1], N_STEPS, &(klf_ising2d_arrays){.s = last});
    for (size_t threads = 1; threads <= 2; threads++) {
        double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
        klf_ising2d_sweep(klf_ising2d_alpha_star(), N_K, k, N_STEPS, threads, s);
        wall = seconds(CLOCK_MONOTONIC) - wall;
        processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
        print_message("K up to %g, %zu thread%s: %.2f s, %.2f s of processor time\n", highest_k, threads,
                      threads == 1 ? "" : "s", wall, processor);
        assert_true(processor < 4.0);
        assert_true(s[(size_t)N_K * (N_STEPS + 1) - 1] == last[N_STEPS]);
    }
    free(k);
    free(s);
}

/* The ranges of figures 3 and 4. */
static void test_sweep(void **state)
{
    (void)state;
    time_sweep(klf_ising2d_k_c());
    time_sweep(1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sweep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
