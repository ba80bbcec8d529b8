/* SPDX-License-Identifier: BSD-3-Clause */
/* How draw.cu and pass.cu go over a chunk: a block takes a tile of KLF_TILE_ROWS rows at a time, a thread four neighbouring
 * columns of it (more of them where the layer is wider than 4 KLF_TILE_THREADS), down all its rows. */
#ifndef KLFLOW_KERNELS_TILE_H
#define KLFLOW_KERNELS_TILE_H

#include "launchers.h"

enum { KLF_WARP = 32, KLF_TILE_THREADS = 256 };

/* As many whole warps as cover the layer. */
static inline unsigned klf_tile_threads(size_t stride)
{
    const size_t warps = (stride / 4 + KLF_WARP - 1) / KLF_WARP, most = KLF_TILE_THREADS / KLF_WARP;
    return static_cast<unsigned>((warps < most ? warps : most) * KLF_WARP);
}

static __device__ inline size_t klf_device_tiles(size_t rows)
{
    return (rows + KLF_TILE_ROWS - 1) / KLF_TILE_ROWS;
}

static __device__ inline int klf_rows_of_tile(size_t rows, size_t first)
{
    return static_cast<int>(rows - first < KLF_TILE_ROWS ? rows - first : static_cast<size_t>(KLF_TILE_ROWS));
}

#endif
