/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for large arrays. */
#ifndef KLFLOW_CORE_MEMORY_H
#define KLFLOW_CORE_MEMORY_H

#include <stddef.h>

/* Uninitialised memory aligned to a cache line, on huge pages where it is large and the kernel grants them: a network is 140
 * MB, and as much time goes into 4 KiB page faults as into drawing its weights. NULL if there is none; free() releases it. */
void *klf_memory_get(size_t bytes);

#endif
