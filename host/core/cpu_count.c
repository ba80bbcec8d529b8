/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting cores. A container or a batch job often sees all cores of the machine and may use a few: more threads than those
 * make a run slower. cgroup files are looked for at their usual mount points only. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "core/cpu_count.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t min_of_set(size_t a, size_t b) /* 0: not set */
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* A positive number at the start of an environment variable ("4" or "4,2"); 0 if there is none. */
static size_t from_environment(const char *name)
{
    const char *text = getenv(name);
    char       *end;
    if (text == NULL)
        return 0;
    long value = strtol(text, &end, 10);
    return end != text && (*end == '\0' || *end == ',') && value > 0 ? (size_t)value : 0;
}

static size_t affinity_cores(void)
{
    enum { MOST_CPUS = 1 << 20 };
    for (size_t n = CPU_SETSIZE; n <= MOST_CPUS; n *= 2) { /* the call fails while the mask is smaller than the kernel's */
        cpu_set_t *set = CPU_ALLOC(n);
        if (set == NULL)
            return 0;
        size_t size = CPU_ALLOC_SIZE(n);
        int    failed = sched_getaffinity(0, size, set);
        int    count = failed ? 0 : CPU_COUNT_S(size, set);
        CPU_FREE(set);
        if (!failed)
            return (size_t)count;
    }
    return 0;
}

/* The first words of a small file. False if it cannot be read. */
static int read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    int good = fgets(line, size, file) != NULL;
    fclose(file);
    return good;
}

enum { PATH_SIZE = 4096 };

/* Quota and period of one directory, of either version. */
static size_t quota_at(const char *directory)
{
    char   path[PATH_SIZE + 32], line[64];
    double quota = -1, period = 0; /* "max" and -1 mean no limit */
    snprintf(path, sizeof path, "%s/cpu.max", directory);
    if (read_line(path, line, sizeof line)) {
        if (sscanf(line, "%lf %lf", &quota, &period) != 2)
            return 0;
    } else {
        snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", directory);
        if (!read_line(path, line, sizeof line) || sscanf(line, "%lf", &quota) != 1)
            return 0;
        snprintf(path, sizeof path, "%s/cpu.cfs_period_us", directory);
        if (!read_line(path, line, sizeof line) || sscanf(line, "%lf", &period) != 1)
            return 0;
    }
    if (!(quota > 0) || !(period > 0) || quota / period > 1e6)
        return 0;
    size_t cores = (size_t)(quota / period);
    return (double)cores * period < quota ? cores + 1 : cores;
}

/* The least quota on the way from mount/path up to mount. Inside a container the path may be the host's and not exist here. */
static size_t quota_upwards(const char *mount, const char *path)
{
    char   directory[PATH_SIZE];
    size_t cores = 0, mount_length = strlen(mount);
    if ((size_t)snprintf(directory, sizeof directory, "%s%s", mount, path) >= sizeof directory)
        return 0;
    for (;;) {
        cores = min_of_set(cores, quota_at(directory));
        char *slash = strrchr(directory, '/');
        if (strlen(directory) <= mount_length || slash == NULL)
            return cores;
        *slash = '\0';
    }
}

static int has_cpu_controller(const char *controllers)
{
    for (const char *p = controllers; p != NULL; p = strchr(p, ',') != NULL ? strchr(p, ',') + 1 : NULL)
        if (strncmp(p, "cpu", 3) == 0 && (p[3] == '\0' || p[3] == ','))
            return 1;
    return 0;
}

size_t klf_cgroup_cores(const char *root)
{
    char   line[PATH_SIZE], mount[PATH_SIZE];
    size_t cores = 0;
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    FILE *file = fopen(line, "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) { /* "0::/path" (version 2) or "4:cpu,cpuacct:/path" */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *path++ = '\0';
        controllers++;
        if (*controllers != '\0' && !has_cpu_controller(controllers))
            continue;
        const char *folder = *controllers != '\0' ? "/cpu" : "";
        if ((size_t)snprintf(mount, sizeof mount, "%s/sys/fs/cgroup%s", root, folder) < sizeof mount)
            cores = min_of_set(cores, quota_upwards(mount, path));
    }
    fclose(file);
    return cores;
}

size_t klf_usable_cores(void)
{
    size_t cores = min_of_set(affinity_cores(), klf_cgroup_cores(""));
    cores = min_of_set(cores, from_environment("SLURM_CPUS_PER_TASK"));
    return cores > 0 ? cores : 1;
}

size_t klf_default_threads(void)
{
    size_t asked = from_environment("OMP_NUM_THREADS");
    return asked > KLF_MAX_THREADS ? KLF_MAX_THREADS : asked > 0 ? asked : klf_usable_cores();
}
