/* SPDX-License-Identifier: BSD-3-Clause */
/* Aligned allocation, and how much memory there is. */
#include "core/memory.h"

#include "core/cgroup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CACHE_LINE = 64 };

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

/* What the cgroup uses already is not taken off: most of it is cache that goes first. */
double klf_memory_available(void)
{
    return fmin(system_available(), klf_cgroup_memory(""));
}
