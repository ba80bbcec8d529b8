/* SPDX-License-Identifier: BSD-3-Clause */
/* A trainer of the cpu backend: its memory, its threads, and the loss of a batch. Layouts and arithmetic of the layers are the
 * kernel set's (cpu_train_kernels.h). */
#include "backend/cpu_train.h"

#include "backend/cpu_arena.h"
#include "backend/cpu_state.h"
#include "backend/cpu_train_kernels.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>

struct klf_trainer {
    const klf_cpu_train_kernels *kernels;
    klf_sgd                      sgd;
    size_t                       depth, input_width, max_rows, threads;
    klf_cpu_map                 *map;      /* [depth] */
    void                        *x;        /* the batch, as a phi */
    void                        *delta[2]; /* of a layer and of the one below it, in turn */
    double                      *y, *dy;   /* [n_classes] outputs of one row, and the gradient of the loss by their z */
    void                        *memory;
};

static void take_trainer(klf_arena *a, const klf_cpu_train_kernels *kernels, const klf_trainer_spec *spec, klf_trainer *t)
{
    const klf_network *net = spec->net;
    size_t             delta = 0;
    t->map = klf_arena_take(a, net->depth * sizeof *t->map);
    t->x = klf_arena_take(a, kernels->phi_bytes(net->input_width, spec->max_batch));
    for (size_t l = 0; l < net->depth; l++) {
        const size_t width = net->layer[l].width, fan_in = net->layer[l].fan_in;
        const size_t delta_l = kernels->delta_bytes(width, spec->max_batch);
        klf_cpu_map  map = {.width = width, .fan_in = fan_in, .max_rows = spec->max_batch};
        map.weight = klf_arena_take(a, kernels->weight_bytes(width, fan_in));
        map.weight_velocity = klf_arena_take(a, kernels->weight_bytes(width, fan_in));
        map.bias = klf_arena_take(a, kernels->bias_bytes(width));
        map.bias_velocity = klf_arena_take(a, kernels->bias_bytes(width));
        map.phi = klf_arena_take(a, kernels->phi_bytes(width, spec->max_batch));
        delta = delta_l > delta ? delta_l : delta;
        if (a->base)
            t->map[l] = map;
    }
    t->delta[0] = klf_arena_take(a, delta);
    t->delta[1] = klf_arena_take(a, delta);
    t->y = klf_arena_take(a, net->layer[net->depth - 1].width * sizeof *t->y);
    t->dy = klf_arena_take(a, net->layer[net->depth - 1].width * sizeof *t->dy);
}

static const klf_cpu_train_kernels *kernels_of(const klf_context *ctx, const klf_trainer_spec *spec)
{
    return &ctx->train_kernels[klf_cpu_arithmetic(spec->precision)];
}

size_t klf_cpu_trainer_bytes(const klf_context *ctx, const klf_trainer_spec *spec)
{
    klf_arena   a = {NULL, 0};
    klf_trainer unused;
    take_trainer(&a, kernels_of(ctx, spec), spec, &unused);
    return a.used;
}

void klf_cpu_trainer_destroy(klf_trainer *trainer)
{
    if (!trainer)
        return;
    free(trainer->memory);
    free(trainer);
}

klf_status klf_cpu_trainer_create(klf_context *ctx, const klf_trainer_spec *spec, klf_trainer **out)
{
    const size_t bytes = klf_cpu_trainer_bytes(ctx, spec);
    *out = NULL;
    if (spec->precision != KLF_FP32 && spec->precision != KLF_FP64)
        return klf_fail(KLF_ERR_USAGE, "backend cpu trains in fp32 and fp64, not in %s", klf_precision_name(spec->precision));
    klf_trainer *t = calloc(1, sizeof *t);
    if (!t || !(t->memory = klf_arena_allocate(bytes))) {
        free(t);
        return klf_fail(KLF_ERR_MEMORY, "backend cpu: no memory to train a network of %zu layers (%.0f MB, %s)",
                        spec->net->depth, (double)bytes * 1e-6, klf_precision_name(spec->precision));
    }
    klf_arena a = {t->memory, 0};
    t->kernels = kernels_of(ctx, spec);
    take_trainer(&a, t->kernels, spec, t);
    t->sgd = spec->sgd;
    t->depth = spec->net->depth;
    t->input_width = spec->net->input_width;
    t->max_rows = spec->max_batch;
    t->threads = spec->threads;
    for (size_t l = 0; l < t->depth; l++)
        t->kernels->pack(&spec->net->layer[l], t->map[l].weight, t->map[l].bias);
    *out = t;
    return KLF_OK;
}

/* log sum_j exp(y_j), written so that nothing overflows whatever y is, and the place of the largest y, the first of equals. */
static double log_partition(size_t n, const double *y, size_t *largest)
{
    double sum = 0.0;
    *largest = 0;
    for (size_t j = 1; j < n; j++)
        *largest = y[j] > y[*largest] ? j : *largest;
    for (size_t j = 0; j < n; j++)
        sum += exp(y[j] - y[*largest]);
    return y[*largest] + log(sum);
}

/* Score of the batch that has gone forward and, if the network is to learn from it, the gradient by the last layer's z. In
 * double, for it is little work. */
static void score_batch(klf_trainer *t, const klf_batch *batch, bool learn, klf_score *score)
{
    const klf_cpu_map *last = &t->map[t->depth - 1];
    const size_t       n = last->width;
    *score = (klf_score){0};
    for (size_t row = 0; row < batch->rows; row++) {
        const size_t label = batch->label[batch->index[row]];
        size_t       largest;
        t->kernels->get_row(last->phi, n, t->max_rows, row, t->y);
        const double log_sum = log_partition(n, t->y, &largest);
        score->loss += log_sum - t->y[label];
        score->n_correct += largest == label;
        if (!learn)
            continue;
        for (size_t j = 0; j < n; j++)
            t->dy[j] = (exp(t->y[j] - log_sum) - (j == label)) / (double)batch->rows * (1.0 - t->y[j] * t->y[j]);
        t->kernels->put_delta(t->delta[(t->depth - 1) % 2], n, t->max_rows, row, t->dy);
    }
}

/* What one of `parts` threads does for a batch. Between two layers all wait for each other. */
static void work(klf_trainer *t, const klf_batch *batch, bool learn, size_t part, size_t parts, klf_score *score)
{
    for (size_t row = batch->rows * part / parts; row < batch->rows * (part + 1) / parts; row++)
        t->kernels->put_row(t->x, t->input_width, t->max_rows, row, batch->x + batch->index[row] * t->input_width);
    for (size_t l = 0; l < t->depth; l++) {
#pragma omp barrier
        t->kernels->forward(&t->map[l], l == 0 ? t->x : t->map[l - 1].phi, batch->rows, part, parts);
    }
#pragma omp barrier
#pragma omp single
    score_batch(t, batch, learn, score);
    for (size_t l = t->depth; learn && l-- > 0;) {
        t->kernels->backward(&t->map[l], &t->sgd, l == 0 ? t->x : t->map[l - 1].phi, t->delta[l % 2],
                             l == 0 ? NULL : t->delta[(l + 1) % 2], batch->rows, part, parts);
#pragma omp barrier
    }
}

static void run(klf_trainer *t, const klf_batch *batch, bool learn, klf_score *score)
{
    assert(batch->rows >= 1 && batch->rows <= t->max_rows);
#pragma omp parallel num_threads((int)t->threads) if (t->threads > 1)
    work(t, batch, learn, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads(), score);
}

klf_status klf_cpu_train_step(klf_trainer *trainer, const klf_batch *batch, klf_score *score)
{
    run(trainer, batch, true, score);
    return KLF_OK;
}

klf_status klf_cpu_evaluate(klf_trainer *trainer, const klf_batch *batch, klf_score *score)
{
    run(trainer, batch, false, score);
    return KLF_OK;
}

klf_status klf_cpu_trainer_read(klf_trainer *trainer, klf_network *net, klf_network *velocity)
{
    for (size_t l = 0; l < trainer->depth; l++) {
        const klf_cpu_map *map = &trainer->map[l];
        trainer->kernels->unpack(map->weight, map->bias, &net->layer[l]);
        if (velocity)
            trainer->kernels->unpack(map->weight_velocity, map->bias_velocity, &velocity->layer[l]);
    }
    return KLF_OK;
}

klf_status klf_cpu_trainer_write(klf_trainer *trainer, const klf_network *net, const klf_network *velocity)
{
    for (size_t l = 0; l < trainer->depth; l++) {
        const klf_cpu_map *map = &trainer->map[l];
        trainer->kernels->pack(&net->layer[l], map->weight, map->bias);
        if (velocity) {
            trainer->kernels->pack(&velocity->layer[l], map->weight_velocity, map->bias_velocity);
        } else {
            memset(map->weight_velocity, 0, trainer->kernels->weight_bytes(map->width, map->fan_in));
            memset(map->bias_velocity, 0, trainer->kernels->bias_bytes(map->width));
        }
    }
    return KLF_OK;
}
