/* SPDX-License-Identifier: BSD-3-Clause */
/* Shapes and memory. A model and a lane are one allocation each on the device, cut by the same code that the memory plan adds
 * up with, so that the plan is exact and the loop over chunks allocates nothing. */
#include "state.h"

enum { ALIGNMENT = 256, PAD = 8, PANEL = 128, WIDE_PANEL = 256, WIDE = 2048 };

/* Hands out pieces of one allocation; with base NULL it only adds up their sizes. */
typedef struct arena {
    char  *base;
    size_t used;
} arena;

static void *take(arena *a, size_t bytes)
{
    void *piece = a->base && bytes ? a->base + a->used : NULL;
    a->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return piece;
}

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* A row is a multiple of eight elements, so that rows of every type begin where loads of 16 bytes may. A second moment is cut
 * into panels of about the tile that products are computed in, of equal size: 784 = 7 x 112, of which 28 blocks of 49 are
 * needed; fp64 takes dsyrk and one block. */
void klf_cuda_shape(const klf_model_spec *spec, size_t layer, klf_cuda_layer *out)
{
    const size_t width = spec->net->layer[layer].width, panel = width > WIDE ? WIDE_PANEL : PANEL;
    out->width = width;
    out->keeps_gram = klf_keeps_gram(spec, layer);
    out->blocks.panels = out->keeps_gram && spec->precision != KLF_FP64 ? (width + panel - 1) / panel : 1;
    out->blocks.block = round_up((width + out->blocks.panels - 1) / out->blocks.panels, PAD);
    out->blocks.count = out->blocks.panels * (out->blocks.panels + 1) / 2;
    out->stride = out->blocks.panels * out->blocks.block;
}

static size_t block_elements(const klf_gram_blocks *blocks)
{
    return blocks->count * blocks->block * blocks->block;
}

static void take_model(arena *a, const klf_model_spec *spec, klf_model *model)
{
    const klf_cuda_types *types = klf_cuda_types_of(spec->precision);
    const size_t          r = spec->reference_layer, depth = spec->net->depth;
    size_t                scratch = 0, square = 0, widest = 0, stride_in = 0;
    for (size_t l = r; l < depth; l++) {
        klf_cuda_layer layer = {0};
        klf_cuda_shape(spec, l, &layer);
        const size_t n = l > r ? layer.stride * stride_in : 0;
        layer.weight = take(a, n * types->phi_bytes);
        layer.lower = take(a, types->splits_weights ? n * types->phi_bytes : 0);
        layer.bias = take(a, l > r ? layer.stride * types->real_bytes : 0);
        layer.sums = take(a, (2 + layer.stride) * sizeof(double));
        layer.gram = take(a, layer.keeps_gram ? block_elements(&layer.blocks) * sizeof(double) : 0);
        scratch = larger(scratch, n + layer.stride);
        square = larger(square, spec->gram && l > r ? stride_in * stride_in : 0);
        widest = larger(widest, layer.stride);
        stride_in = layer.stride;
        if (model->layer) {
            layer.collected = model->layer[l].collected;
            model->layer[l] = layer;
        }
    }
    model->scratch = take(a, scratch * sizeof(double));
    model->square = take(a, square * sizeof(double));
    model->terms = take(a, spec->gram ? (1 + KLF_QUADRATIC_BLOCKS + widest) * sizeof(double) : 0);
    model->flags = take(a, depth * sizeof(int));
}

size_t klf_cuda_model_bytes(const klf_context *ctx, const klf_model_spec *spec)
{
    (void)ctx;
    arena     a = {NULL, 0};
    klf_model unused = {0};
    take_model(&a, spec, &unused);
    return a.used;
}

void klf_cuda_place_model(klf_model *model)
{
    arena a = {model->memory, 0};
    take_model(&a, &model->spec, model);
}

/* Whether an earlier layer has that stride and a second moment: they share what a lane holds for it. */
static bool is_first_of_stride(const klf_model_spec *spec, size_t layer, size_t stride)
{
    for (size_t l = spec->reference_layer; l < layer; l++) {
        klf_cuda_layer other;
        klf_cuda_shape(spec, l, &other);
        if (other.keeps_gram && other.stride == stride)
            return false;
    }
    return true;
}

static void place_gram(klf_lane *lane, const klf_cuda_types *types, const klf_cuda_layer *layer, size_t slices,
                       size_t slice_rows, void **pointers)
{
    klf_cuda_gram *gram = &lane->gram[lane->n_grams++];
    const size_t   n = slices * layer->blocks.count;
    *gram = (klf_cuda_gram){.stride = layer->stride, .blocks = layer->blocks, .slices = slices, .slice_rows = slice_rows};
    gram->row = (const void **)pointers;
    gram->column = (const void **)pointers + n;
    gram->result = pointers + 2 * n;
    gram->row_lower = types->splits_phi ? (const void **)pointers + 3 * n : NULL;
    gram->column_lower = types->splits_phi ? (const void **)pointers + 4 * n : NULL;
}

static void take_lane(arena *a, const klf_context *ctx, const klf_model_spec *spec, size_t max_rows, klf_lane *lane)
{
    const klf_cuda_types *types = klf_cuda_types_of(spec->precision);
    const size_t          r = spec->reference_layer;
    const bool            blocked = spec->precision != KLF_FP64;
    size_t                z = 0, phi = 0, stride = 0, chunk_gram = 0;
    lane->workspace = take(a, ctx->workspace_bytes);
    lane->first_sample = take(a, sizeof(uint64_t));
    lane->q_tiles = take(a, klf_tiles(max_rows) * 2 * sizeof(double));
    for (size_t l = r; l < spec->net->depth; l++) {
        klf_cuda_layer layer = {0};
        size_t         slices = 1, rows = max_rows;
        klf_cuda_shape(spec, l, &layer);
        if (layer.keeps_gram && blocked) {
            slices = klf_cuda_slices(ctx, &layer.blocks, max_rows);
            const size_t slice_rows = round_up((max_rows + slices - 1) / slices, PAD);
            rows = slices * slice_rows;
            if (is_first_of_stride(spec, l, layer.stride)) {
                void **pointers = take(a, slices * layer.blocks.count * (types->splits_phi ? 5 : 3) * sizeof(void *));
                if (a->base)
                    place_gram(lane, types, &layer, slices, slice_rows, pointers);
            }
        }
        z = larger(z, l > r ? max_rows * layer.stride : 0);
        phi = larger(phi, rows * layer.stride);
        stride = larger(stride, layer.stride);
        chunk_gram = larger(chunk_gram, layer.keeps_gram ? slices * block_elements(&layer.blocks) : 0);
    }
    lane->z = take(a, z * types->real_bytes);
    lane->phi = take(a, phi * types->phi_bytes);
    lane->phi_lower = take(a, types->splits_phi ? phi * types->phi_bytes : 0);
    lane->f_tiles = take(a, klf_tiles(max_rows) * stride * types->real_bytes);
    lane->chunk_gram = take(a, chunk_gram * types->real_bytes);
}

size_t klf_cuda_lane_bytes(const klf_context *ctx, const klf_model_spec *spec, size_t max_rows)
{
    arena    a = {NULL, 0};
    klf_lane unused = {0};
    take_lane(&a, ctx, spec, max_rows, &unused);
    return a.used;
}

void klf_cuda_place_lane(klf_lane *lane)
{
    arena a = {lane->memory, 0};
    lane->n_grams = 0;
    take_lane(&a, lane->model->ctx, &lane->model->spec, lane->max_rows, lane);
}
