/* SPDX-License-Identifier: BSD-3-Clause */
/* How many threads a run should use if nobody says. */
#ifndef KLFLOW_CORE_CPU_COUNT_H
#define KLFLOW_CORE_CPU_COUNT_H

#include <stddef.h>

/* More are refused as an option and not taken from the environment: the stacks of a million threads crash OpenMP. */
enum { KLF_MAX_THREADS = 4096 };

/* OMP_NUM_THREADS if it is set, up to KLF_MAX_THREADS; else the cores that this process may use: the least of its CPU
 * affinity, the CPU quota of its cgroup and SLURM_CPUS_PER_TASK. At least 1. */
size_t klf_default_threads(void);

/* The cores this process may use, as above. */
size_t klf_usable_cores(void);

#endif
