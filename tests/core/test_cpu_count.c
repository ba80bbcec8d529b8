/* SPDX-License-Identifier: BSD-3-Clause */
/* Threads from the environment and the affinity. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "core/cpu_count.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void environment_and_affinity_count(void **state)
{
    (void)state;
    unsetenv("OMP_NUM_THREADS");
    unsetenv("SLURM_CPUS_PER_TASK");
    size_t cores = klf_usable_cores();
    assert_true(cores >= 1);
    assert_int_equal(klf_default_threads(), cores);
    setenv("SLURM_CPUS_PER_TASK", "1", 1);
    assert_int_equal(klf_default_threads(), 1);
    setenv("SLURM_CPUS_PER_TASK", "1000000", 1); /* more than there are */
    assert_int_equal(klf_default_threads(), cores);
    unsetenv("SLURM_CPUS_PER_TASK");
    setenv("OMP_NUM_THREADS", "7,2", 1); /* the user knows best */
    assert_int_equal(klf_default_threads(), 7);
    setenv("OMP_NUM_THREADS", "1000000", 1);
    assert_int_equal(klf_default_threads(), KLF_MAX_THREADS);
    const char *const nonsense[] = {"", "0", "-3", "many", "4x"};
    for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        setenv("OMP_NUM_THREADS", nonsense[i], 1);
        assert_int_equal(klf_default_threads(), cores);
    }
    unsetenv("OMP_NUM_THREADS");
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && CPU_COUNT(&one) == 0)
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(klf_default_threads(), 1);
    sched_setaffinity(0, sizeof all, &all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(environment_and_affinity_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
