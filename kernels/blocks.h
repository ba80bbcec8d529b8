/* SPDX-License-Identifier: BSD-3-Clause */
/* Finding one's way in the blocks of a lower triangle (klf_gram_blocks), for gram_sum.cu and quadratic.cu. */
#ifndef KLFLOW_KERNELS_BLOCKS_H
#define KLFLOW_KERNELS_BLOCKS_H

#include "launchers.h"

/* One column of one block. */
typedef struct klf_block_column {
    size_t panel_row, panel_column; /* of the block */
    size_t column;                  /* in the block */
    size_t first_row;               /* in the block: the rows above it do not count */
} klf_block_column;

/* Number `index` of count * block columns. Block (J, K) of the lower triangle is number J (J + 1) / 2 + K. */
static __device__ inline klf_block_column klf_find_column(const klf_gram_blocks &blocks, size_t index)
{
    const size_t     number = index / blocks.block;
    klf_block_column found;
    size_t           row = static_cast<size_t>((sqrtf(8.0f * static_cast<float>(number) + 1.0f) - 1.0f) * 0.5f);
    while (row * (row + 1) / 2 > number) /* the root may be off by rounding */
        row--;
    while ((row + 1) * (row + 2) / 2 <= number)
        row++;
    found.panel_row = row;
    found.panel_column = number - row * (row + 1) / 2;
    found.column = index % blocks.block;
    found.first_row = found.panel_row == found.panel_column ? found.column : 0;
    return found;
}

#endif
