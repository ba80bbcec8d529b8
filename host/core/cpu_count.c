/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting cores. A container or a batch job often sees all cores of the machine and may use a few: more threads than those
 * make a run slower. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "core/cpu_count.h"

#include "core/cgroup.h"

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
