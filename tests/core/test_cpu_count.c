/* SPDX-License-Identifier: BSD-3-Clause */
/* Cores from made-up cgroup trees, and threads from the environment. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "core/cpu_count.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[] = "/tmp/klflow-cgroup-XXXXXX";

/* Creates a file with all its folders below root. */
static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *p = full + strlen(root) + 1; *p != '\0'; p++)
        if (*p == '/') {
            *p = '\0';
            assert_true(mkdir(full, 0700) == 0 || errno == EEXIST);
            *p = '/';
        }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int make_root(void **state)
{
    (void)state;
    strcpy(root + strlen(root) - 6, "XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    return system(command);
}

static void version_2_takes_the_least_of_all_levels(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/slice/job/step\n");
    assert_int_equal(klf_cgroup_cores(root), 0);
    put("/sys/fs/cgroup/slice/job/step/cpu.max", "max 100000\n");
    assert_int_equal(klf_cgroup_cores(root), 0);
    put("/sys/fs/cgroup/slice/job/cpu.max", "250000 100000\n");
    assert_int_equal(klf_cgroup_cores(root), 3); /* 2.5 cores */
    put("/sys/fs/cgroup/slice/cpu.max", "200000 100000\n");
    assert_int_equal(klf_cgroup_cores(root), 2);
    put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
    assert_int_equal(klf_cgroup_cores(root), 1);
}

static void version_1_reads_the_cpu_controller(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/y\n");
    put("/sys/fs/cgroup/cpuset/x/cpu.cfs_quota_us", "100000\n");
    put("/sys/fs/cgroup/cpuset/x/cpu.cfs_period_us", "100000\n");
    assert_int_equal(klf_cgroup_cores(root), 0);
    /* The path of the host does not exist in the container: the mount's own limit counts. */
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "400000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal(klf_cgroup_cores(root), 4);
    put("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
    assert_int_equal(klf_cgroup_cores(root), 4);
}

static void nonsense_sets_no_limit(void **state)
{
    (void)state;
    assert_int_equal(klf_cgroup_cores(root), 0);
    put("/proc/self/cgroup", "0::/\nno colons\n7:cpu\n");
    put("/sys/fs/cgroup/cpu.max", "nan 0\n");
    assert_int_equal(klf_cgroup_cores(root), 0);
    put("/sys/fs/cgroup/cpu.max", "");
    assert_int_equal(klf_cgroup_cores(root), 0);
}

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
        cmocka_unit_test_setup_teardown(version_2_takes_the_least_of_all_levels, make_root, remove_root),
        cmocka_unit_test_setup_teardown(version_1_reads_the_cpu_controller, make_root, remove_root),
        cmocka_unit_test_setup_teardown(nonsense_sets_no_limit, make_root, remove_root),
        cmocka_unit_test(environment_and_affinity_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
