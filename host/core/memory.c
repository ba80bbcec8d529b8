/* SPDX-License-Identifier: BSD-3-Clause */
/* Aligned allocation. */
#include "core/memory.h"

#include <stdlib.h>

enum { CACHE_LINE = 64 };

void *klf_memory_get(size_t bytes)
{
    void *memory = NULL;
    return posix_memalign(&memory, CACHE_LINE, bytes > 0 ? bytes : 1) == 0 ? memory : NULL;
}
