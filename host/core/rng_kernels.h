/* SPDX-License-Identifier: BSD-3-Clause */
/** The vector kernels behind klf_normals: one C loop compiled for several instruction sets, all giving the same bits.
 *  Internal; the tests run every one that this CPU supports. */
#ifndef KLF_CORE_RNG_KERNELS_H
#define KLF_CORE_RNG_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/** Blocks of four words that one call of a kernel turns into 4 * KLF_RNG_TILE normals. */
enum { KLF_RNG_TILE = 16 };

typedef struct klf_rng_kernel {
    const char *name;
    int (*supported)(void);
    void (*normals)(uint64_t seed, uint64_t subsequence, uint64_t first_block, float *normals);
} klf_rng_kernel;

/** Fastest first; the last one runs everywhere.  *count: how many. */
const klf_rng_kernel *klf_rng_kernels(size_t *count);

/** klf_normals by one given kernel. */
void klf_normals_by(const klf_rng_kernel *kernel, uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n,
                    float *normals);

#endif
