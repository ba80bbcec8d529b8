/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of one allocation, so that a plan of the memory is exact: the same function that hands them out adds up their sizes.
 */
#ifndef KLFLOW_BACKEND_CPU_ARENA_H
#define KLFLOW_BACKEND_CPU_ARENA_H

#include "core/memory.h"

#include <string.h>

enum { KLF_ARENA_ALIGNMENT = 64 };

/* With base NULL it only adds up. */
typedef struct klf_arena {
    char  *base;
    size_t used;
} klf_arena;

static inline void *klf_arena_take(klf_arena *arena, size_t bytes)
{
    void *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += (bytes + KLF_ARENA_ALIGNMENT - 1) / KLF_ARENA_ALIGNMENT * KLF_ARENA_ALIGNMENT;
    return piece;
}

/* Aligned and zero: what kernels never write (padding) stays zero. NULL if there is none; free(). */
static inline void *klf_arena_allocate(size_t bytes)
{
    void *memory = klf_memory_get(bytes);
    return memory ? memset(memory, 0, bytes) : NULL;
}

#endif
