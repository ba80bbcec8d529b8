/* SPDX-License-Identifier: BSD-3-Clause */
/* What a container or a batch job may use of the machine: limits of the process's cgroup, version 1 or 2, the least of all
 * levels. `root` is put before /proc and /sys: "" but in tests. */
#ifndef KLFLOW_CORE_CGROUP_H
#define KLFLOW_CORE_CGROUP_H

#include <stddef.h>

/* Whole cores that the CPU quota allows; 0 if there is none. */
size_t klf_cgroup_cores(const char *root);

/* Bytes of memory; INFINITY if there is no limit. */
double klf_cgroup_memory(const char *root);

#endif
