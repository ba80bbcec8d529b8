/* SPDX-License-Identifier: BSD-3-Clause */
/* Aligned allocation, with a hint for huge pages. */
#define _DEFAULT_SOURCE /* madvise */
#include "core/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { CACHE_LINE = 64, HUGE_PAGE = 2 * 1024 * 1024 };

void *klf_memory_get(size_t bytes)
{
    size_t alignment = bytes >= HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
    size_t rounded = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void  *memory;
    if (rounded < bytes || posix_memalign(&memory, alignment, rounded > 0 ? rounded : CACHE_LINE) != 0)
        return NULL;
#ifdef MADV_HUGEPAGE
    if (bytes >= HUGE_PAGE)
        (void)madvise(memory, rounded, MADV_HUGEPAGE); /* a wish: nothing depends on it */
#endif
    return memory;
}
