/* SPDX-License-Identifier: BSD-3-Clause */
/* Limits from made-up cgroup trees. */
#include "core/cgroup.h"

#include <errno.h>
#include <math.h>
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

static void memory_is_the_least_of_all_levels(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/slice/job\n");
    assert_true(isinf(klf_cgroup_memory(root)));
    put("/sys/fs/cgroup/slice/job/memory.max", "max\n");
    assert_true(isinf(klf_cgroup_memory(root)));
    put("/sys/fs/cgroup/slice/memory.max", "8589934592\n");
    assert_true(klf_cgroup_memory(root) == 0x1p33);
    put("/sys/fs/cgroup/slice/job/memory.max", "1073741824\n");
    assert_true(klf_cgroup_memory(root) == 0x1p30);
    put("/proc/self/cgroup", "4:cpu:/x\n3:memory:/job\n"); /* version 1 */
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4294967296\n");
    assert_true(klf_cgroup_memory(root) == 0x1p32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(version_2_takes_the_least_of_all_levels, make_root, remove_root),
        cmocka_unit_test_setup_teardown(version_1_reads_the_cpu_controller, make_root, remove_root),
        cmocka_unit_test_setup_teardown(nonsense_sets_no_limit, make_root, remove_root),
        cmocka_unit_test_setup_teardown(memory_is_the_least_of_all_levels, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
