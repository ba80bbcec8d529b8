/* SPDX-License-Identifier: BSD-3-Clause */
/* A lane: a stream and its workspace. Operations are put into the stream and under way when a call returns; draw() waits until
 * the chunk before the last is done, so that progress tells the truth, cancelling is quick and the queue stays short.
 *
 * Totals are added in the order of the chunks although lanes run side by side: a collect waits, on the device, for the one
 * before it at the same layer, which the caller has made sure was asked for earlier. */
#include "check.h"
#include "state.h"

#include <assert.h>
#include <stdlib.h>

static klf_status join(klf_lane *lane)
{
    klf_model *model = lane->model;
    size_t     most = model->narrow ? 1 : KLF_CUDA_LANES, i = 0;
    pthread_mutex_lock(&model->mutex);
    while (i < most && model->lane[i])
        i++;
    if (i < most)
        model->lane[i] = lane;
    pthread_mutex_unlock(&model->mutex);
    return i < most ? KLF_OK
                    : klf_fail(KLF_ERR_INTERNAL, "backend cuda: more than %zu lanes were asked for of one model", most);
}

static void leave(klf_lane *lane)
{
    klf_model *model = lane->model;
    pthread_mutex_lock(&model->mutex);
    for (size_t i = 0; i < KLF_CUDA_LANES; i++)
        if (model->lane[i] == lane)
            model->lane[i] = NULL;
    pthread_mutex_unlock(&model->mutex);
}

void klf_cuda_lane_destroy(klf_lane *lane)
{
    if (!lane)
        return;
    leave(lane);
    klf_cuda_abandon_capture(lane);
    if (lane->stream)
        cudaStreamSynchronize(lane->stream);
    if (lane->graph)
        cudaGraphExecDestroy(lane->graph);
    klf_cuda_products_destroy(&lane->whole);
    klf_cuda_products_destroy(&lane->rest);
    if (lane->blas)
        cublasDestroy(lane->blas);
    for (size_t i = 0; i < 2; i++)
        if (lane->done[i])
            cudaEventDestroy(lane->done[i]);
    if (lane->stream)
        cudaStreamDestroy(lane->stream);
    if (lane->memory)
        cudaFree(lane->memory);
    free(lane->gram);
    free(lane->request);
    free(lane);
}

/* A handle of its own, whose products repeat bit for bit because their workspace is nobody else's. */
static klf_status create_blas(klf_lane *lane)
{
    klf_status st = KLF_OK;
    KLF_TRY(KLF_BLAS(cublasCreate(&lane->blas)));
    KLF_TRY(KLF_BLAS(cublasSetStream(lane->blas, lane->stream))); /* resets the workspace, so it comes first */
    KLF_TRY(KLF_BLAS(cublasSetWorkspace(lane->blas, lane->workspace, lane->model->ctx->workspace_bytes)));
    KLF_TRY(KLF_BLAS(cublasSetAtomicsMode(lane->blas, CUBLAS_ATOMICS_NOT_ALLOWED)));
done:
    return st;
}

klf_status klf_cuda_lane_create(klf_model *model, size_t max_rows, klf_lane **out)
{
    klf_status st = KLF_OK;
    klf_lane  *lane = calloc(1, sizeof *lane);
    *out = NULL;
    if (!lane || !(lane->gram = calloc(model->depth, sizeof *lane->gram)) ||
        !(lane->request = calloc(3 * model->depth + 1, sizeof *lane->request))) {
        st = klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for a lane of %zu layers", model->depth);
        goto done;
    }
    lane->model = model;
    lane->max_rows = max_rows;
    lane->graphs = model->narrow;
    KLF_TRY(join(lane));
    KLF_TRY(KLF_CUDA(cudaStreamCreateWithFlags(&lane->stream, cudaStreamNonBlocking)));
    for (size_t i = 0; i < 2; i++)
        KLF_TRY(KLF_CUDA(cudaEventCreateWithFlags(&lane->done[i], cudaEventDisableTiming | cudaEventBlockingSync)));
    KLF_TRY(KLF_CUDA(cudaMalloc(&lane->memory, klf_cuda_lane_bytes(model->ctx, &model->spec, max_rows))));
    klf_cuda_place_lane(lane);
    if (model->spec.gram) {
        KLF_TRY(create_blas(lane));
        KLF_TRY(klf_cuda_gram_create(lane));
    }
    KLF_TRY(klf_cuda_products_create(lane, max_rows, &lane->whole));
    *out = lane;
    lane = NULL;
done:
    klf_cuda_lane_destroy(lane);
    return st;
}

/* At most two chunks of a lane are under way: the one that is drawn now, and the one before it. */
static klf_status throttle(klf_lane *lane)
{
    klf_status st = KLF_OK;
    KLF_TRY(KLF_CUDA(cudaEventRecord(lane->done[lane->chunks % 2], lane->stream)));
    if (lane->chunks > 0)
        KLF_TRY(KLF_CUDA(cudaEventSynchronize(lane->done[(lane->chunks - 1) % 2])));
    lane->chunks++;
done:
    return st;
}

static klf_status enqueue_draw(klf_lane *lane)
{
    const klf_model      *model = lane->model;
    const size_t          r = model->spec.reference_layer;
    const klf_cuda_layer *layer = &model->layer[r];
    const klf_draw_args   args = {.rows = lane->rows,
                                  .width = layer->width,
                                  .stride = layer->stride,
                                  .mean = layer->mean,
                                  .sd = layer->sd,
                                  .seed = model->spec.sample_seed,
                                  .subsequence = klf_subsequence(KLF_STREAM_SAMPLES, 0),
                                  .first_sample = lane->first_sample,
                                  .phi = lane->phi,
                                  .phi_lower = lane->phi_lower,
                                  .f_tiles = lane->f_tiles};
    return klf_cuda_draw(lane->stream, model->spec.precision, &args);
}

klf_status klf_cuda_lane_draw(klf_lane *lane, uint64_t first, size_t rows)
{
    klf_status   st = KLF_OK;
    const size_t r = lane->model->spec.reference_layer;
    bool         skip;
    assert(rows >= 1 && rows <= lane->max_rows);
    KLF_TRY(throttle(lane));
    lane->rows = rows;
    lane->layer = r;
    lane->has_gram = false;
    if (rows != lane->max_rows && lane->rest.rows != rows) { /* the last chunk of a run, as a rule */
        klf_cuda_products_destroy(&lane->rest);
        KLF_TRY(klf_cuda_products_create(lane, rows, &lane->rest));
    }
    KLF_TRY(klf_cuda_set_first(lane->stream, first, lane->first_sample));
    KLF_TRY(klf_cuda_begin_chunk(lane, rows));
    KLF_TRY(klf_cuda_begin_operation(lane, KLF_OP_DRAW, r, &skip));
    if (!skip)
        KLF_TRY(enqueue_draw(lane));
    KLF_TRY(klf_cuda_operation_done(lane));
done:
    return st;
}

static klf_status enqueue_forward(klf_lane *lane, size_t l)
{
    const klf_model         *model = lane->model;
    const klf_cuda_layer    *layer = &model->layer[l];
    const klf_cuda_products *products = lane->rows == lane->max_rows ? &lane->whole : &lane->rest;
    klf_status               st = KLF_OK;
    const klf_pass_args      args = {.rows = lane->rows,
                                     .width = layer->width,
                                     .stride = layer->stride,
                                     .mean = layer->mean,
                                     .shift = layer->shift,
                                     .z = lane->z,
                                     .bias = products->recipe[l].bias_in_pass ? layer->bias : NULL,
                                     .phi = lane->phi,
                                     .phi_lower = lane->phi_lower,
                                     .f_tiles = lane->f_tiles,
                                     .q_tiles = lane->q_tiles};
    KLF_TRY(klf_cuda_multiply(lane, products, l));
    KLF_TRY(klf_cuda_pass(lane->stream, model->spec.precision, &args));
done:
    return st;
}

klf_status klf_cuda_lane_forward(klf_lane *lane, size_t l)
{
    klf_status st = KLF_OK;
    bool       skip;
    assert(l == lane->layer + 1 && l < lane->model->depth);
    lane->layer = l;
    lane->has_gram = false;
    KLF_TRY(klf_cuda_begin_operation(lane, KLF_OP_FORWARD, l, &skip));
    if (!skip)
        KLF_TRY(enqueue_forward(lane, l));
    KLF_TRY(klf_cuda_operation_done(lane));
done:
    return st;
}

klf_status klf_cuda_lane_gram(klf_lane *lane, size_t l)
{
    klf_status st = KLF_OK;
    bool       skip;
    assert(l == lane->layer && lane->model->layer[l].gram);
    lane->has_gram = true;
    KLF_TRY(klf_cuda_begin_operation(lane, KLF_OP_GRAM, l, &skip));
    if (!skip)
        KLF_TRY(klf_cuda_gram_compute(lane, &lane->model->layer[l]));
    KLF_TRY(klf_cuda_operation_done(lane));
done:
    return st;
}

static klf_status enqueue_collect(klf_lane *lane, const klf_cuda_layer *layer)
{
    const klf_model       *model = lane->model;
    const bool             has_q = layer != &model->layer[model->spec.reference_layer];
    klf_status             st = KLF_OK;
    const klf_collect_args args = {.tiles = klf_tiles(lane->rows),
                                   .stride = layer->stride,
                                   .f_tiles = lane->f_tiles,
                                   .q_tiles = has_q ? lane->q_tiles : NULL,
                                   .q = layer->sums,
                                   .f = layer->sums + 2};
    if (!model->narrow) /* a narrow one has but one lane */
        KLF_TRY(KLF_CUDA(cudaStreamWaitEvent(lane->stream, layer->collected, 0)));
    KLF_TRY(klf_cuda_collect(lane->stream, model->spec.precision, &args));
    if (lane->has_gram)
        KLF_TRY(klf_cuda_gram_sum(lane->stream, model->spec.precision, layer->blocks, klf_cuda_gram_slices(lane, layer),
                                  lane->chunk_gram, layer->gram));
    if (!model->narrow)
        KLF_TRY(KLF_CUDA(cudaEventRecord(layer->collected, lane->stream)));
done:
    return st;
}

klf_status klf_cuda_lane_collect(klf_lane *lane, size_t l)
{
    klf_status      st = KLF_OK;
    klf_cuda_layer *layer = &lane->model->layer[l];
    bool            skip;
    assert(l == lane->layer);
    KLF_TRY(klf_cuda_begin_operation(lane, KLF_OP_COLLECT, l, &skip));
    if (!skip)
        KLF_TRY(enqueue_collect(lane, layer));
    KLF_TRY(klf_cuda_operation_done(lane));
    layer->n_samples += (int64_t)lane->rows;
done:
    return st;
}

/* A chunk that was left in the middle of its capture has not been computed, and will not be. */
klf_status klf_cuda_lane_finish(klf_lane *lane)
{
    klf_cuda_abandon_capture(lane);
    return KLF_CUDA(cudaStreamSynchronize(lane->stream));
}
