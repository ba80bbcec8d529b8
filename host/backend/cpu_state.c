/* SPDX-License-Identifier: BSD-3-Clause */
/* Models and lanes of the cpu backend: who owns which memory, and what is added to what. Layouts and arithmetic are the
 * kernel set's (cpu_kernels.h), except Q of (3.34), which is put together here. Each layer and each lane is one allocation,
 * so that the memory plan is exact and the loop over chunks allocates nothing. */
#include "backend/cpu_state.h"

#include "backend/cpu_arena.h"
#include "klflow/rounding.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* One layer's map, targets and totals. */
typedef struct layer_state {
    klf_cpu_layer map;
    int64_t       n_samples;
    double        q_sum, q_sum2;
    double       *f;    /* [padded_width] sum of phi over the samples */
    double       *gram; /* packed lower triangle: sum of phi_j phi_k; NULL unless kept */
    void         *memory;
} layer_state;

struct klf_model {
    klf_model_spec         spec;
    const klf_cpu_kernels *kernels, *kernels_fp64;
    size_t                 depth;
    layer_state           *layer; /* [depth], zero below the reference layer */
};

struct klf_lane {
    klf_model   *model;
    size_t       max_rows, rows, layer; /* layer: of phi */
    void        *phi, *next;            /* activations of the layer at hand, and room for those of the one behind it */
    float       *normals;
    void        *gram;
    bool         has_gram; /* gram belongs to the chunk and layer at hand */
    klf_cpu_sums sums;
    void        *memory;
};

static size_t triangle(size_t width)
{
    return width * (width + 1) / 2;
}

static void take_layer(klf_arena *a, const klf_cpu_kernels *kernels, const klf_model_spec *spec, size_t l, layer_state *layer)
{
    const klf_layer *source = &spec->net->layer[l];
    bool             is_map = l > spec->reference_layer;
    layer->map.weight = klf_arena_take(a, is_map ? kernels->weight_bytes(source->width, source->fan_in) : 0);
    layer->map.bias = klf_arena_take(a, is_map ? kernels->bias_bytes(source->width) : 0);
    layer->f = klf_arena_take(a, kernels->padded_width(source->width) * sizeof(double));
    layer->gram = klf_arena_take(a, klf_keeps_gram(spec, l) ? triangle(source->width) * sizeof(double) : 0);
}

static size_t layer_bytes(const klf_cpu_kernels *kernels, const klf_model_spec *spec, size_t l)
{
    klf_arena   a = {NULL, 0};
    layer_state unused;
    take_layer(&a, kernels, spec, l, &unused);
    return a.used;
}

size_t klf_cpu_model_bytes(const klf_context *ctx, const klf_model_spec *spec)
{
    size_t bytes = 0;
    for (size_t l = spec->reference_layer; l < spec->net->depth; l++)
        bytes += layer_bytes(&ctx->kernels[klf_cpu_arithmetic(spec->precision)], spec, l);
    return bytes;
}

void klf_cpu_model_destroy(klf_model *model)
{
    if (!model)
        return;
    for (size_t l = 0; model->layer && l < model->depth; l++)
        free(model->layer[l].memory);
    free(model->layer);
    free(model);
}

static bool load_layer(klf_model *model, size_t l)
{
    const klf_model_spec *spec = &model->spec;
    layer_state          *layer = &model->layer[l];
    const klf_layer      *source = &spec->net->layer[l];
    klf_arena             a = {layer->memory = klf_arena_allocate(layer_bytes(model->kernels, spec, l)), 0};
    if (!a.base)
        return false;
    take_layer(&a, model->kernels, spec, l, layer);
    if (!klf_keeps_gram(spec, l))
        layer->gram = NULL;
    layer->map.width = source->width;
    layer->map.fan_in = source->fan_in;
    layer->map.mean = spec->stats[l].mean;
    layer->map.var = spec->stats[l].var;
    layer->map.shift = (double)source->width * spec->stats[l].var;
    layer->map.format = klf_precision_phi_format(spec->precision);
    if (l > spec->reference_layer)
        model->kernels->pack(source, &layer->map);
    return true;
}

klf_status klf_cpu_model_create(klf_context *ctx, const klf_model_spec *spec, klf_model **out)
{
    size_t     depth = spec->net->depth;
    klf_model *model = calloc(1, sizeof *model);
    *out = NULL;
    if (!model || !(model->layer = calloc(depth, sizeof *model->layer)))
        goto no_memory;
    model->spec = *spec;
    model->kernels = &ctx->kernels[klf_cpu_arithmetic(spec->precision)];
    model->kernels_fp64 = &ctx->kernels[KLF_FP64];
    model->depth = depth;
    bool loaded = true;
#pragma omp parallel for schedule(dynamic) reduction(&& : loaded)
    for (size_t l = spec->reference_layer; l < depth; l++)
        loaded = load_layer(model, l) && loaded;
    if (!loaded)
        goto no_memory;
    *out = model;
    return KLF_OK;
no_memory:
    klf_cpu_model_destroy(model);
    return klf_fail(KLF_ERR_MEMORY, "backend cpu: no memory for a model of %.0f MB (%zu layers, %s)",
                    (double)klf_cpu_model_bytes(ctx, spec) * 1e-6, depth - spec->reference_layer,
                    klf_precision_name(spec->precision));
}

/* One lane fits every layer from the reference layer up. */
static void take_lane(klf_arena *a, const klf_cpu_kernels *kernels, const klf_model_spec *spec, size_t max_rows, klf_lane *lane)
{
    size_t phi = 0, gram = 0, width = 0;
    for (size_t l = spec->reference_layer; l < spec->net->depth; l++) {
        size_t w = spec->net->layer[l].width, phi_l = kernels->phi_bytes(w, max_rows), gram_l = kernels->gram_bytes(w);
        width = w > width ? w : width;
        phi = phi_l > phi ? phi_l : phi;
        gram = klf_keeps_gram(spec, l) && gram_l > gram ? gram_l : gram;
    }
    lane->phi = klf_arena_take(a, phi);
    lane->next = klf_arena_take(a, phi);
    lane->gram = klf_arena_take(a, gram);
    lane->normals = klf_arena_take(a, kernels->padded_width(width) * sizeof(float));
    lane->sums.f = klf_arena_take(a, kernels->padded_width(width) * sizeof(double));
}

static size_t lane_bytes(const klf_cpu_kernels *kernels, const klf_model_spec *spec, size_t max_rows)
{
    klf_arena a = {NULL, 0};
    klf_lane  unused;
    take_lane(&a, kernels, spec, max_rows, &unused);
    return a.used;
}

/* W^T W of one layer, for Q of (3.34). */
typedef struct square_scratch {
    void   *phi, *gram;
    double *square; /* packed lower triangle */
    double *row;    /* [fan_in] */
} square_scratch;

static void take_square(klf_arena *a, const klf_cpu_kernels *kernels, const klf_layer *map, square_scratch *scratch)
{
    scratch->phi = klf_arena_take(a, kernels->phi_bytes(map->fan_in, map->width));
    scratch->gram = klf_arena_take(a, kernels->gram_bytes(map->fan_in));
    scratch->square = klf_arena_take(a, triangle(map->fan_in) * sizeof(double));
    scratch->row = klf_arena_take(a, map->fan_in * sizeof(double));
}

static size_t square_bytes(const klf_cpu_kernels *kernels, const klf_layer *map)
{
    klf_arena      a = {NULL, 0};
    square_scratch unused;
    take_square(&a, kernels, map, &unused);
    return a.used;
}

/* When the samples are through, lanes make room for as many calls of gram_q. */
size_t klf_cpu_lane_bytes(const klf_context *ctx, const klf_model_spec *spec, size_t max_rows)
{
    size_t most = lane_bytes(&ctx->kernels[klf_cpu_arithmetic(spec->precision)], spec, max_rows);
    for (size_t l = spec->reference_layer + 1; spec->gram && l < spec->net->depth; l++) {
        size_t bytes = square_bytes(&ctx->kernels[KLF_FP64], &spec->net->layer[l]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

void klf_cpu_lane_destroy(klf_lane *lane)
{
    if (!lane)
        return;
    free(lane->memory);
    free(lane);
}

klf_status klf_cpu_lane_create(klf_model *model, size_t max_rows, klf_lane **out)
{
    size_t    bytes = lane_bytes(model->kernels, &model->spec, max_rows);
    klf_lane *lane = calloc(1, sizeof *lane);
    *out = NULL;
    if (!lane || !(lane->memory = klf_arena_allocate(bytes))) {
        free(lane);
        return klf_fail(KLF_ERR_MEMORY, "backend cpu: no memory for a chunk of %zu samples (%.0f MB a worker); lower --chunk",
                        max_rows, (double)bytes * 1e-6);
    }
    klf_arena a = {lane->memory, 0};
    take_lane(&a, model->kernels, &model->spec, max_rows, lane);
    lane->model = model;
    lane->max_rows = max_rows;
    *out = lane;
    return KLF_OK;
}

klf_status klf_cpu_draw(klf_lane *lane, uint64_t first, size_t rows)
{
    const klf_model *model = lane->model;
    assert(rows >= 1 && rows <= lane->max_rows);
    lane->rows = rows;
    lane->layer = model->spec.reference_layer;
    lane->has_gram = false;
    model->kernels->draw(&model->layer[model->spec.reference_layer].map, model->spec.sample_seed, first, rows, lane->normals,
                         lane->phi, &lane->sums);
    return KLF_OK;
}

klf_status klf_cpu_forward(klf_lane *lane, size_t layer)
{
    const klf_model *model = lane->model;
    void            *in = lane->phi;
    assert(layer > model->spec.reference_layer && layer < model->depth);
    model->kernels->forward(&model->layer[layer].map, in, lane->rows, lane->next, &lane->sums);
    lane->phi = lane->next;
    lane->next = in;
    lane->layer = layer;
    lane->has_gram = false;
    return KLF_OK;
}

klf_status klf_cpu_gram(klf_lane *lane, size_t layer)
{
    const klf_model *model = lane->model;
    assert(model->layer[layer].gram);
    model->kernels->gram(lane->phi, model->layer[layer].map.width, lane->rows, lane->gram);
    lane->has_gram = true;
    return KLF_OK;
}

klf_status klf_cpu_collect(klf_lane *lane, size_t layer)
{
    layer_state *total = &lane->model->layer[layer];
    total->n_samples += (int64_t)lane->rows;
    total->q_sum += lane->sums.q_sum;
    total->q_sum2 += lane->sums.q_sum2;
    for (size_t j = 0; j < total->map.width; j++)
        total->f[j] += lane->sums.f[j];
    if (lane->has_gram)
        lane->model->kernels->gram_add(lane->gram, total->map.width, total->gram);
    return KLF_OK;
}

klf_status klf_cpu_finish(klf_lane *lane)
{
    (void)lane; /* nothing is ever under way */
    return KLF_OK;
}

klf_status klf_cpu_phi(klf_lane *lane, double *phi)
{
    const size_t width = lane->model->layer[lane->layer].map.width;
    for (size_t row = 0; row < lane->rows; row++)
        lane->model->kernels->get_row(lane->phi, width, row, phi + row * width);
    return KLF_OK;
}

klf_status klf_cpu_totals(klf_model *model, size_t layer, klf_layer_totals *out, double *f_j)
{
    const layer_state *total = &model->layer[layer];
    *out = (klf_layer_totals){
        .n_samples = total->n_samples, .shift = total->map.shift, .q_sum = total->q_sum, .q_sum2 = total->q_sum2};
    for (size_t j = 0; f_j && j < total->map.width; j++)
        f_j[j] = total->f[j] / (double)total->n_samples;
    return KLF_OK;
}

klf_status klf_cpu_second_moment(klf_model *model, size_t layer, double *f_jk)
{
    const layer_state *total = &model->layer[layer];
    size_t             width = total->map.width;
    const double      *source = total->gram;
    for (size_t j = 0; j < width; j++)
        for (size_t k = 0; k <= j; k++)
            f_jk[j * width + k] = f_jk[k * width + j] = *source++ / (double)total->n_samples;
    return KLF_OK;
}

klf_status klf_cpu_save(klf_model *model, size_t layer, klf_layer_sums *sums)
{
    const layer_state *total = &model->layer[layer];
    sums->n_samples = total->n_samples;
    sums->q_sum = total->q_sum;
    sums->q_sum2 = total->q_sum2;
    memcpy(sums->f, total->f, total->map.width * sizeof(double));
    if (total->gram)
        memcpy(sums->gram, total->gram, triangle(total->map.width) * sizeof(double));
    return KLF_OK;
}

klf_status klf_cpu_restore(klf_model *model, size_t layer, const klf_layer_sums *sums)
{
    layer_state *total = &model->layer[layer];
    total->n_samples = sums->n_samples;
    total->q_sum = sums->q_sum;
    total->q_sum2 = sums->q_sum2;
    memcpy(total->f, sums->f, total->map.width * sizeof(double));
    if (total->gram)
        memcpy(total->gram, sums->gram, triangle(total->map.width) * sizeof(double));
    return KLF_OK;
}

/* W^T W comes from the Gram kernel, with the rows of W for samples, in double whatever the model's precision; W, b and mu are
 * those that forward() uses, rounded to the model's precision. */
klf_status klf_cpu_gram_q(klf_model *model, size_t layer, double *q)
{
    const klf_cpu_kernels *kernels = model->kernels_fp64;
    const klf_layer       *source = &model->spec.net->layer[layer];
    const layer_state     *below = &model->layer[layer - 1];
    size_t                 rows = source->width, width = source->fan_in;
    klf_format             format = klf_precision_phi_format(model->spec.precision);
    bool                   rounded = format != KLF_FORMAT_FP64;
    double                 mean = rounded ? (double)(float)model->layer[layer].map.mean : model->layer[layer].map.mean;

    square_scratch s;
    klf_arena      a = {klf_arena_allocate(square_bytes(kernels, source)), 0};
    if (!a.base)
        return klf_fail(KLF_ERR_MEMORY, "backend cpu: no memory for W^T W of layer %zu (%.0f MB)", layer,
                        (double)square_bytes(kernels, source) * 1e-6);
    take_square(&a, kernels, source, &s);

    double linear = 0.0, constant = 0.0, quadratic = 0.0, n = (double)below->n_samples;
    for (size_t i = 0; i < rows; i++) {
        double b = source->bias[i], dot = 0.0;
        double d = (rounded ? (double)(float)b : b) - mean;
        for (size_t j = 0; j < width; j++) {
            double w = source->weight[i * width + j];
            s.row[j] = rounded ? (double)klf_two_parts_float(format, (float)w) : w;
            dot += s.row[j] * below->f[j];
        }
        kernels->put_row(s.phi, width, i, s.row);
        linear += d * dot;
        constant += d * d;
    }
    kernels->gram(s.phi, width, rows, s.gram);
    kernels->gram_add(s.gram, width, s.square);
    for (size_t j = 0, jk = 0; j < width; j++) {
        double off_diagonal = 0.0;
        for (size_t k = 0; k < j; k++, jk++)
            off_diagonal += s.square[jk] * below->gram[jk];
        quadratic += 2.0 * off_diagonal + s.square[jk] * below->gram[jk];
        jk++;
    }
    *q = quadratic / n + 2.0 * linear / n + constant;
    free(a.base);
    return KLF_OK;
}
