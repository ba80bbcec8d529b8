/* SPDX-License-Identifier: BSD-3-Clause */
/* A map of 200 x 200 points of the phase diagram in a few seconds on 2 cores. Judged by the processor time, which other work on
 * the machine does not lengthen much. */
#include "klflow/meanfield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "physics/meanfield_test.h"

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void test_map(void **state)
{
    (void)state;
    enum { N = 200 };
    static double    var_w[N], var_b[N], xi_c[N * N], xi_q[N * N], chi_1[N * N];
    static klf_phase phase[N * N];
    for (size_t i = 0; i < N; i++) {
        var_w[i] = 0.5 + 3.5 * (double)i / (N - 1);
        var_b[i] = 0.5 * (double)i / (N - 1);
    }
    for (size_t threads = 1; threads <= 2; threads++) {
        double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
        klf_meanfield_map_get(N, var_w, N, var_b, threads,
                              &(klf_meanfield_map){.xi_c = xi_c, .xi_q = xi_q, .chi_1 = chi_1, .phase = phase});
        wall = seconds(CLOCK_MONOTONIC) - wall;
        processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
        print_message("%zu thread%s: %.2f s, %.2f s of processor time\n", threads, threads == 1 ? "" : "s", wall, processor);
        assert_true(processor < 8.0);
    }
    /* each row goes from order to chaos where the critical line crosses it */
    for (size_t b = 0; b < N; b++) {
        double line = klf_meanfield_critical_at_var_b(var_b[b]).var_w;
        for (size_t w = 0; w < N; w++)
            assert_int_equal(phase[b * N + w], var_w[w] < line ? KLF_PHASE_ORDERED : KLF_PHASE_CHAOTIC);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_map)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
