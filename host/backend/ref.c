/* SPDX-License-Identifier: BSD-3-Clause */
/* Backend `ref`: double precision, textbook loops, no BLAS, nothing clever. The oracle that the others are compared with. In
 * the precisions of tensor cores it rounds the activations, and nothing else. */
#include "backend/backends.h"
#include "backend/ref_train.h"
#include "klflow/rng.h"
#include "klflow/rounding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Chunks are short because the loops are slow: an interrupt is noticed between two operations. */
enum { CHUNK_ROWS = 128 };

/* Sums over samples of one layer: those of a chunk in a lane, those of the whole run in the model. */
typedef struct sums {
    int64_t n;
    double  q, q2;
    double *f;    /* [width] */
    double *gram; /* [width][width], NULL unless the model keeps it */
} sums;

struct klf_model {
    klf_model_spec spec;
    size_t         depth;
    sums          *total; /* [depth] */
};

struct klf_lane {
    klf_model *model;
    size_t     rows, layer; /* of phi */
    double    *phi, *next;  /* [max_rows][widest]: activations of the layer at hand and of the one behind it */
    float     *normals;     /* [width of the reference layer] */
    sums      *chunk;       /* [depth] */
};

/* Double, or what is left of it when the activations are rounded as in a product of tensor cores: an oracle for the rounding
 * alone, not for sums in float. */
static bool supports(klf_precision precision)
{
    return precision != KLF_FP32 && precision != KLF_TF32X3;
}

static double activate(const klf_model_spec *spec, double z)
{
    double phi = tanh(z);
    return spec->precision == KLF_FP64 ? phi : (double)klf_round_float(klf_precision_phi_format(spec->precision), (float)phi);
}

static klf_status open_context(klf_context **out)
{
    *out = NULL; /* nothing to prepare */
    return KLF_OK;
}

static void close_context(klf_context *ctx)
{
    (void)ctx;
}

static const char *describe(const klf_context *ctx)
{
    (void)ctx;
    return "plain loops in double";
}

static size_t preferred_chunk(const klf_context *ctx, const klf_model_spec *spec)
{
    (void)ctx;
    (void)spec;
    return CHUNK_ROWS;
}

static size_t preferred_lanes(const klf_context *ctx, const klf_model_spec *spec, size_t threads)
{
    (void)ctx;
    (void)spec;
    return threads;
}

static size_t width_of(const klf_model_spec *spec, size_t layer)
{
    return spec->net->layer[layer].width;
}

static size_t widest(const klf_model_spec *spec)
{
    size_t w = 0;
    for (size_t l = spec->reference_layer; l < spec->net->depth; l++)
        w = width_of(spec, l) > w ? width_of(spec, l) : w;
    return w;
}

static size_t model_bytes(const klf_context *ctx, const klf_model_spec *spec)
{
    (void)ctx;
    size_t doubles = 0;
    for (size_t l = spec->reference_layer; l < spec->net->depth; l++) {
        size_t w = width_of(spec, l);
        doubles += w + (klf_keeps_gram(spec, l) ? w * w : 0);
    }
    return doubles * sizeof(double);
}

static size_t lane_bytes(const klf_context *ctx, const klf_model_spec *spec, size_t max_rows)
{
    /* a lane has sums like the model's, and two buffers of activations */
    return model_bytes(ctx, spec) + 2 * max_rows * widest(spec) * sizeof(double) +
           width_of(spec, spec->reference_layer) * sizeof(float);
}

static void sums_destroy(sums *s, size_t depth)
{
    for (size_t l = 0; s && l < depth; l++) {
        free(s[l].f);
        free(s[l].gram);
    }
    free(s);
}

static sums *sums_create(const klf_model_spec *spec)
{
    size_t depth = spec->net->depth;
    sums  *s = calloc(depth, sizeof *s);
    for (size_t l = spec->reference_layer; s && l < depth; l++) {
        size_t w = width_of(spec, l);
        bool   gram = klf_keeps_gram(spec, l);
        s[l].f = calloc(w, sizeof(double));
        s[l].gram = gram ? calloc(w * w, sizeof(double)) : NULL;
        if (!s[l].f || (gram && !s[l].gram)) {
            sums_destroy(s, depth);
            return NULL;
        }
    }
    return s;
}

static klf_status model_create(klf_context *ctx, const klf_model_spec *spec, klf_model **out)
{
    klf_model *model = *out = calloc(1, sizeof *model);
    if (model) {
        model->spec = *spec;
        model->depth = spec->net->depth;
        if ((model->total = sums_create(spec)))
            return KLF_OK;
    }
    free(model);
    *out = NULL;
    return klf_fail(KLF_ERR_MEMORY, "backend ref: no memory for the %zu bytes of the layers' totals", model_bytes(ctx, spec));
}

static void model_destroy(klf_model *model)
{
    if (!model)
        return;
    sums_destroy(model->total, model->depth);
    free(model);
}

static void lane_destroy(klf_lane *lane)
{
    if (!lane)
        return;
    free(lane->phi);
    free(lane->next);
    free(lane->normals);
    sums_destroy(lane->chunk, lane->model->depth);
    free(lane);
}

static klf_status lane_create(klf_model *model, size_t max_rows, klf_lane **out)
{
    const klf_model_spec *spec = &model->spec;
    klf_lane             *lane = *out = calloc(1, sizeof *lane);
    if (lane) {
        lane->model = model;
        lane->phi = malloc(max_rows * widest(spec) * sizeof(double));
        lane->next = malloc(max_rows * widest(spec) * sizeof(double));
        lane->normals = malloc(width_of(spec, spec->reference_layer) * sizeof(float));
        lane->chunk = sums_create(spec);
        if (lane->phi && lane->next && lane->normals && lane->chunk)
            return KLF_OK;
    }
    lane_destroy(lane);
    *out = NULL;
    return klf_fail(KLF_ERR_MEMORY, "backend ref: no memory for a chunk of %zu samples; lower --chunk", max_rows);
}

/* |z - mu|^2 minus this is what the totals sum, so that the variance of q does not cancel. */
static double q_shift(const klf_model_spec *spec, size_t layer)
{
    return (double)width_of(spec, layer) * spec->stats[layer].var;
}

static void sum_activations(klf_lane *lane, size_t layer)
{
    size_t width = width_of(&lane->model->spec, layer);
    sums  *c = &lane->chunk[layer];
    c->n = (int64_t)lane->rows;
    memset(c->f, 0, width * sizeof *c->f);
    for (size_t s = 0; s < lane->rows; s++)
        for (size_t j = 0; j < width; j++)
            c->f[j] += lane->phi[s * width + j];
}

static klf_status draw(klf_lane *lane, uint64_t first, size_t rows)
{
    const klf_model_spec *spec = &lane->model->spec;
    size_t                r = spec->reference_layer, width = width_of(spec, r);
    double                mean = spec->stats[r].mean, sd = sqrt(spec->stats[r].var);
    lane->rows = rows;
    lane->layer = r;
    for (size_t s = 0; s < rows; s++) {
        klf_normals(spec->sample_seed, klf_subsequence(KLF_STREAM_SAMPLES, first + s), 0, width, lane->normals);
        for (size_t j = 0; j < width; j++)
            lane->phi[s * width + j] = activate(spec, mean + sd * (double)lane->normals[j]);
    }
    lane->chunk[r].q = lane->chunk[r].q2 = 0.0;
    sum_activations(lane, r);
    return KLF_OK;
}

static klf_status forward(klf_lane *lane, size_t layer)
{
    const klf_model_spec *spec = &lane->model->spec;
    const klf_layer      *map = &spec->net->layer[layer];
    sums                 *c = &lane->chunk[layer];
    c->q = c->q2 = 0.0;
    for (size_t s = 0; s < lane->rows; s++) {
        const double *phi = lane->phi + s * map->fan_in;
        double        q = 0.0;
        for (size_t i = 0; i < map->width; i++) {
            double z = map->bias[i];
            for (size_t j = 0; j < map->fan_in; j++)
                z += map->weight[i * map->fan_in + j] * phi[j];
            double d = z - spec->stats[layer].mean;
            q += d * d;
            lane->next[s * map->width + i] = activate(spec, z);
        }
        q -= q_shift(spec, layer);
        c->q += q;
        c->q2 += q * q;
    }
    double *swap = lane->phi;
    lane->phi = lane->next;
    lane->next = swap;
    lane->layer = layer;
    sum_activations(lane, layer);
    return KLF_OK;
}

static klf_status gram(klf_lane *lane, size_t layer)
{
    size_t  width = width_of(&lane->model->spec, layer);
    double *g = lane->chunk[layer].gram;
    memset(g, 0, width * width * sizeof *g);
    for (size_t s = 0; s < lane->rows; s++)
        for (size_t j = 0; j < width; j++)
            for (size_t k = 0; k < width; k++)
                g[j * width + k] += lane->phi[s * width + j] * lane->phi[s * width + k];
    return KLF_OK;
}

static klf_status collect(klf_lane *lane, size_t layer)
{
    size_t      width = width_of(&lane->model->spec, layer);
    sums       *t = &lane->model->total[layer];
    const sums *c = &lane->chunk[layer];
    t->n += c->n;
    t->q += c->q;
    t->q2 += c->q2;
    for (size_t j = 0; j < width; j++)
        t->f[j] += c->f[j];
    for (size_t jk = 0; t->gram && jk < width * width; jk++)
        t->gram[jk] += c->gram[jk];
    return KLF_OK;
}

static klf_status finish(klf_lane *lane)
{
    (void)lane; /* nothing is ever under way */
    return KLF_OK;
}

static klf_status read_phi(klf_lane *lane, double *out)
{
    memcpy(out, lane->phi, lane->rows * width_of(&lane->model->spec, lane->layer) * sizeof *out);
    return KLF_OK;
}

static klf_status totals(klf_model *model, size_t layer, klf_layer_totals *out, double *f_j)
{
    const sums *t = &model->total[layer];
    *out = (klf_layer_totals){.n_samples = t->n, .shift = q_shift(&model->spec, layer), .q_sum = t->q, .q_sum2 = t->q2};
    for (size_t j = 0; f_j && j < width_of(&model->spec, layer); j++)
        f_j[j] = t->f[j] / (double)t->n;
    return KLF_OK;
}

static klf_status second_moment(klf_model *model, size_t layer, double *f_jk)
{
    const sums *t = &model->total[layer];
    size_t      width = width_of(&model->spec, layer);
    for (size_t jk = 0; jk < width * width; jk++)
        f_jk[jk] = t->gram[jk] / (double)t->n;
    return KLF_OK;
}

static klf_status save(klf_model *model, size_t layer, klf_layer_sums *out)
{
    const sums *t = &model->total[layer];
    size_t      width = width_of(&model->spec, layer);
    out->n_samples = t->n;
    out->q_sum = t->q;
    out->q_sum2 = t->q2;
    memcpy(out->f, t->f, width * sizeof(double));
    for (size_t j = 0; t->gram && j < width; j++)
        memcpy(out->gram + j * (j + 1) / 2, t->gram + j * width, (j + 1) * sizeof(double));
    return KLF_OK;
}

static klf_status restore(klf_model *model, size_t layer, const klf_layer_sums *in)
{
    sums  *t = &model->total[layer];
    size_t width = width_of(&model->spec, layer);
    t->n = in->n_samples;
    t->q = in->q_sum;
    t->q2 = in->q_sum2;
    memcpy(t->f, in->f, width * sizeof(double));
    for (size_t j = 0; t->gram && j < width; j++)
        for (size_t k = 0; k <= j; k++)
            t->gram[j * width + k] = t->gram[k * width + j] = in->gram[j * (j + 1) / 2 + k];
    return KLF_OK;
}

/* (3.34), row by row of W: sum_jk f_jk W_ij W_ik + 2 (b_i - mu) sum_j f_j W_ij + (b_i - mu)^2 */
static klf_status gram_q(klf_model *model, size_t layer, double *q)
{
    const klf_layer *map = &model->spec.net->layer[layer];
    const sums      *t = &model->total[layer - 1];
    double           n = (double)t->n;
    *q = 0.0;
    for (size_t i = 0; i < map->width; i++) {
        const double *w = map->weight + i * map->fan_in;
        double        d = map->bias[i] - model->spec.stats[layer].mean;
        double        quadratic = 0.0, linear = 0.0;
        for (size_t j = 0; j < map->fan_in; j++) {
            double row = 0.0;
            for (size_t k = 0; k < map->fan_in; k++)
                row += t->gram[j * map->fan_in + k] * w[k];
            quadratic += w[j] * row;
            linear += w[j] * t->f[j];
        }
        *q += quadratic / n + 2.0 * d * linear / n + d * d;
    }
    return KLF_OK;
}

const klf_backend klf_backend_ref = {
    .name = "ref",
    .supports = supports,
    .open = open_context,
    .close = close_context,
    .describe = describe,
    .preferred_chunk = preferred_chunk,
    .preferred_lanes = preferred_lanes,
    .model_bytes = model_bytes,
    .lane_bytes = lane_bytes,
    .model_create = model_create,
    .model_destroy = model_destroy,
    .lane_create = lane_create,
    .lane_destroy = lane_destroy,
    .draw = draw,
    .forward = forward,
    .gram = gram,
    .collect = collect,
    .finish = finish,
    .phi = read_phi,
    .totals = totals,
    .second_moment = second_moment,
    .save = save,
    .restore = restore,
    .gram_q = gram_q,
    .trainer_bytes = klf_ref_trainer_bytes,
    .trainer_create = klf_ref_trainer_create,
    .trainer_destroy = klf_ref_trainer_destroy,
    .train_step = klf_ref_train_step,
    .evaluate = klf_ref_evaluate,
    .trainer_read = klf_ref_trainer_read,
    .trainer_write = klf_ref_trainer_write,
};
