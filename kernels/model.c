/* SPDX-License-Identifier: BSD-3-Clause */
/* A network on the device: its weights in the precision's format, and the totals of every layer. */
#include "check.h"
#include "state.h"

#include <math.h>
#include <stdlib.h>

void klf_cuda_model_destroy(klf_model *model)
{
    if (!model)
        return;
    for (size_t l = 0; model->layer && l < model->depth; l++)
        if (model->layer[l].collected)
            cudaEventDestroy(model->layer[l].collected);
    if (model->memory)
        cudaFree(model->memory);
    if (model->has_mutex)
        pthread_mutex_destroy(&model->mutex);
    free(model->layer);
    free(model);
}

/* One layer's weights, through the scratch. The copy has left host memory when the call returns, and work on the stream keeps
 * the next layer from overwriting the scratch too early. */
static klf_status load_layer(klf_model *model, size_t l)
{
    const klf_layer       *source = &model->spec.net->layer[l];
    const klf_cuda_layer  *layer = &model->layer[l];
    const cudaStream_t     stream = model->ctx->stream;
    const size_t           n = source->width * source->fan_in;
    klf_status             st = KLF_OK;
    const klf_weights_args args = {.width = source->width,
                                   .stride = layer->stride,
                                   .fan_in = source->fan_in,
                                   .stride_in = model->layer[l - 1].stride,
                                   .source = model->scratch,
                                   .source_bias = model->scratch + n,
                                   .weight = layer->weight,
                                   .lower = layer->lower,
                                   .bias = layer->bias,
                                   .flags = model->flags + l};
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(model->scratch, source->weight, n * sizeof(double), cudaMemcpyHostToDevice, stream)));
    KLF_TRY(KLF_CUDA(
        cudaMemcpyAsync(model->scratch + n, source->bias, source->width * sizeof(double), cudaMemcpyHostToDevice, stream)));
    KLF_TRY(klf_cuda_put_weights(stream, model->spec.precision, &args));
done:
    return st;
}

/* Weights, and what they turned out to need. */
static klf_status load(klf_model *model)
{
    klf_status st = KLF_OK;
    int       *flags = malloc(model->depth * sizeof *flags);
    if (!flags)
        return klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for the flags of %zu layers", model->depth);
    KLF_TRY(KLF_CUDA(cudaMemsetAsync(model->flags, 0, model->depth * sizeof *flags, model->ctx->stream)));
    for (size_t l = model->spec.reference_layer + 1; l < model->depth; l++)
        KLF_TRY(load_layer(model, l));
    KLF_TRY(KLF_CUDA(
        cudaMemcpyAsync(flags, model->flags, model->depth * sizeof *flags, cudaMemcpyDeviceToHost, model->ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaStreamSynchronize(model->ctx->stream)));
    for (size_t l = model->spec.reference_layer + 1; l < model->depth; l++)
        model->layer[l].two_parts = (flags[l] & KLF_WEIGHTS_NEED_LOWER) != 0;
done:
    free(flags);
    return st;
}

static klf_status set_up_layer(klf_model *model, size_t l)
{
    klf_status             st = KLF_OK;
    klf_cuda_layer        *layer = &model->layer[l];
    const klf_layer_stats *stats = &model->spec.stats[l];
    const size_t           block = layer->blocks.block;
    layer->mean = stats->mean;
    layer->sd = sqrt(stats->var);
    layer->shift = (double)layer->width * stats->var;
    KLF_TRY(KLF_CUDA(cudaMemsetAsync(layer->sums, 0, (2 + layer->stride) * sizeof(double), model->ctx->stream)));
    if (layer->gram)
        KLF_TRY(KLF_CUDA(
            cudaMemsetAsync(layer->gram, 0, layer->blocks.count * block * block * sizeof(double), model->ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaEventCreateWithFlags(&layer->collected, cudaEventDisableTiming)));
done:
    return st;
}

/* Products and copies count in int. */
static klf_status check_sizes(const klf_model *model)
{
    for (size_t l = model->spec.reference_layer; l < model->depth; l++)
        if (model->layer[l].stride > 1u << 20)
            return klf_fail(KLF_ERR_USAGE, "backend cuda: layer %zu has %zu neurons; at most 1048576 can be had", l,
                            model->layer[l].width);
    return KLF_OK;
}

klf_status klf_cuda_model_create(klf_context *ctx, const klf_model_spec *spec, klf_model **out)
{
    klf_status st = KLF_OK;
    klf_model *model = calloc(1, sizeof *model);
    *out = NULL;
    if (!model || !(model->layer = calloc(spec->net->depth, sizeof *model->layer))) {
        st = klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for a model of %zu layers", spec->net->depth);
        goto done;
    }
    model->ctx = ctx;
    model->spec = *spec;
    model->types = klf_cuda_types_of(spec->precision);
    model->depth = spec->net->depth;
    model->narrow = klf_cuda_is_narrow(spec);
    model->has_mutex = pthread_mutex_init(&model->mutex, NULL) == 0;
    KLF_TRY(klf_cuda_environment_check(&ctx->environment, spec->precision));
    klf_cuda_place_model(model); /* shapes, to be checked before anything is allocated */
    KLF_TRY(check_sizes(model));
    KLF_TRY(KLF_CUDA(cudaMalloc(&model->memory, klf_cuda_model_bytes(ctx, spec))));
    klf_cuda_place_model(model);
    for (size_t l = spec->reference_layer; l < model->depth; l++)
        KLF_TRY(set_up_layer(model, l));
    KLF_TRY(load(model));
    *out = model;
    model = NULL;
done:
    klf_cuda_model_destroy(model);
    return st;
}

klf_status klf_cuda_model_wait(klf_model *model)
{
    klf_status st = KLF_OK;
    pthread_mutex_lock(&model->mutex);
    for (size_t i = 0; i < KLF_CUDA_LANES; i++)
        if (model->lane[i])
            KLF_TRY(klf_cuda_lane_finish(model->lane[i]));
done:
    pthread_mutex_unlock(&model->mutex);
    return st;
}
