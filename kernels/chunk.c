/* SPDX-License-Identifier: BSD-3-Clause */
/* How much the device is given at a time: rows of a chunk, lanes, slices of a second moment. Only shapes and facts about the
 * device go in, so the choice is the same in every run. The figures are calculated, not measured. */
#include "state.h"

#include <math.h>

enum {
    TILE = 128,        /* rows and columns of z that one block of a product computes, roughly */
    LEAST_ROWS = 1024, /* below, products are mostly reading weights */
    MOST_ROWS = 65536, /* above, progress and cancelling get coarse, and launches no longer matter */
    NARROW = 256,      /* layers whose kernels, even at the most rows, take about as long as their launches */
    MOST_SLICE_ROWS = 640,
    LEAST_SLICE_ROWS = 256,
};

static const double SLICE_COST = 0.04; /* of one more slice, relative to the product: a guess between fp32 and tf32 */

static size_t widest(const klf_model_spec *spec)
{
    size_t stride = 0;
    for (size_t l = spec->reference_layer; l < spec->net->depth; l++) {
        klf_cuda_layer layer = {0};
        klf_cuda_shape(spec, l, &layer);
        stride = layer.stride > stride ? layer.stride : stride;
    }
    return stride;
}

bool klf_cuda_is_narrow(const klf_model_spec *spec)
{
    return widest(spec) <= NARROW;
}

size_t klf_cuda_preferred_lanes(const klf_context *ctx, const klf_model_spec *spec, size_t threads)
{
    (void)ctx;
    return klf_cuda_is_narrow(spec) || threads < KLF_CUDA_LANES ? 1 : KLF_CUDA_LANES;
}

/* Two tiles on every multiprocessor, each some 15 us of work in fp32: less is over before the next launch. */
double klf_cuda_fill_flops(const klf_context *ctx)
{
    const double tile_flops = 2.0 * TILE * TILE * 256.0;
    return 2.0 * tile_flops * (double)ctx->multiprocessors;
}

/* The share of the last wave of blocks that is used: `tiles` blocks on so many multiprocessors. */
static double wave_fill(size_t tiles, int multiprocessors)
{
    const size_t m = (size_t)multiprocessors, waves = (tiles + m - 1) / m;
    return (double)tiles / (double)(waves * m);
}

/* z and phi of all lanes take at most three quarters of the second-level cache, the rest being for weights and sums: each pass
 * then goes to memory for nothing but those. Within the upper half of what fits, the rows whose product fills its waves best.
 */
size_t klf_cuda_preferred_chunk(const klf_context *ctx, const klf_model_spec *spec)
{
    const klf_cuda_types *types = klf_cuda_types_of(spec->precision);
    const size_t          stride = widest(spec), lanes = klf_cuda_is_narrow(spec) ? 1 : KLF_CUDA_LANES;
    const size_t          row_bytes = stride * (types->real_bytes + types->phi_bytes * (types->splits_phi ? 2 : 1));
    size_t                most = ctx->cache_bytes / 4 * 3 / (row_bytes * lanes) / TILE * TILE, best;
    double                best_fill = 0.0;
    most = most < LEAST_ROWS ? LEAST_ROWS : most > MOST_ROWS ? MOST_ROWS : most;
    best = most;
    for (size_t rows = most; rows >= most / 2 && rows >= LEAST_ROWS; rows -= TILE) {
        const double fill = wave_fill(rows / TILE * ((stride + TILE - 1) / TILE), ctx->multiprocessors);
        if (fill > best_fill + 0.01) {
            best = rows;
            best_fill = fill;
        }
    }
    return best;
}

/* Slices are short enough that a sum in fp32 keeps its digits and long enough that a product is one; of the numbers that this
 * leaves, the one that fills the device best for what the partial sums cost to write and read. */
size_t klf_cuda_slices(const klf_context *ctx, const klf_gram_blocks *blocks, size_t max_rows)
{
    const size_t across = (blocks->block + TILE - 1) / TILE, tiles = blocks->count * across * across;
    const size_t least = (max_rows + MOST_SLICE_ROWS - 1) / MOST_SLICE_ROWS, most = max_rows / LEAST_SLICE_ROWS;
    size_t       best = least;
    double       best_worth = 0.0;
    for (size_t slices = least; slices == least || slices <= most; slices++) {
        const double cost = 1.0 + SLICE_COST * (double)(slices - least);
        const double worth = wave_fill(tiles * slices, ctx->multiprocessors) / cost;
        if (worth > best_worth) {
            best = slices;
            best_worth = worth;
        }
    }
    return best;
}
