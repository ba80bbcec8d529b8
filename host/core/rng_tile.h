/* SPDX-License-Identifier: BSD-3-Clause */
/** The vector kernels behind klf_normals: rng_tile.c compiled for several instruction sets, all giving the same bits.
 *  Internal; the tests run every one that this CPU supports. */
#ifndef KLF_CORE_RNG_TILE_H
#define KLF_CORE_RNG_TILE_H

#include <stddef.h>
#include <stdint.h>

/** What a kernel makes at a time: blocks of four words, each of them a normal. */
enum { KLF_TILE_BLOCKS = 16, KLF_TILE_NORMALS = 4 * KLF_TILE_BLOCKS };

/** n_tiles tiles of normals of a subsequence from a block on.  normals [n_tiles * KLF_TILE_NORMALS], overwritten */
typedef void klf_tiles_fn(uint64_t seed, uint64_t subsequence, uint64_t first_block, size_t n_tiles, float *normals);

klf_tiles_fn klf_tiles_avx512, klf_tiles_avx2, klf_tiles_portable;

typedef struct klf_rng_kernel {
    const char   *name;
    klf_tiles_fn *tiles;
} klf_rng_kernel;

/** The kernels that this CPU can run, fastest first.  *count: how many, at least one. */
const klf_rng_kernel *klf_rng_kernels(size_t *count);

/** klf_normals by one given kernel. */
void klf_normals_by(const klf_rng_kernel *kernel, uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n,
                    float *normals);

#endif
