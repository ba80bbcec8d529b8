/* SPDX-License-Identifier: BSD-3-Clause */
/* Aligned allocation, and how much memory there is. */
#include "core/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_LINE = 64, PATH_SIZE = 4096 };

void *klf_memory_get(size_t bytes)
{
    void *memory = NULL;
    return posix_memalign(&memory, CACHE_LINE, bytes > 0 ? bytes : 1) == 0 ? memory : NULL;
}

/* "MemAvailable: N kB": free memory and what the kernel would give back without swapping. */
static double system_available(void)
{
    char   line[256];
    double kib = INFINITY;
    FILE  *file = fopen("/proc/meminfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "MemAvailable: %lf", &kib) == 1)
            break;
    if (file != NULL)
        fclose(file);
    return kib * 1024.0;
}

/* memory.max of one directory; INFINITY for "max" or where there is none. */
static double limit_at(const char *directory)
{
    char   path[PATH_SIZE + 32];
    double limit = INFINITY;
    snprintf(path, sizeof path, "%s/memory.max", directory);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return limit;
    if (fscanf(file, "%lf", &limit) != 1)
        limit = INFINITY;
    fclose(file);
    return limit;
}

/* The least limit from this process's cgroup (version 2) up to the mount point. What the group uses already is not taken off:
 * most of it is cache that goes first. */
static double cgroup_limit(void)
{
    char   line[PATH_SIZE - 32], directory[PATH_SIZE];
    double least = INFINITY;
    FILE  *file = fopen("/proc/self/cgroup", "r");
    bool   found = false;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = strncmp(line, "0::/", strlen("0::/")) == 0;
    if (file != NULL)
        fclose(file);
    if (!found)
        return least;
    line[strcspn(line, "\n")] = '\0';
    snprintf(directory, sizeof directory, "/sys/fs/cgroup%s", line + strlen("0::"));
    for (char *slash; (slash = strrchr(directory, '/')) != NULL && slash > directory + strlen("/sys/fs"); *slash = '\0')
        least = fmin(least, limit_at(directory));
    return least;
}

double klf_memory_available(void)
{
    return fmin(system_available(), cgroup_limit());
}
