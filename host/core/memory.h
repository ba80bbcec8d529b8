/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for large arrays. */
#ifndef KLFLOW_CORE_MEMORY_H
#define KLFLOW_CORE_MEMORY_H

#include <stddef.h>

/* Uninitialised memory that begins on a cache line, as vector loads like it; NULL if there is none. free() releases it. Huge
 * pages were tried: the kernels gain nothing measurable, and where memory is fragmented the kernel takes up to half a second to
 * find them. */
void *klf_memory_get(size_t bytes);

/* Bytes that this process may hope for: what the system has available, and no more than the limit of its cgroup.
 * Infinity where neither tells. */
double klf_memory_available(void);

#endif
