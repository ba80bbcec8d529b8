/* SPDX-License-Identifier: BSD-3-Clause */
/* The totals of a model, read, saved, restored, and put together to Q of (3.34). Copies are asynchronous, on the context's
 * stream, and waited for: lanes do not share that stream, so they are waited for first. */
#include "check.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

static klf_status copy_out(klf_model *model, void *to, const void *from, size_t bytes)
{
    klf_status st = KLF_OK;
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, model->ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaStreamSynchronize(model->ctx->stream)));
done:
    return st;
}

static klf_status copy_in(klf_model *model, void *to, const void *from, size_t bytes)
{
    klf_status st = KLF_OK;
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, model->ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaStreamSynchronize(model->ctx->stream)));
done:
    return st;
}

/* Room on the host for n doubles; *out is to be freed. */
static klf_status host_doubles(size_t n, double **out)
{
    *out = malloc(n * sizeof **out);
    return *out ? KLF_OK : klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for a copy of %zu sums", n);
}

static size_t gram_elements(const klf_cuda_layer *layer)
{
    return layer->blocks.count * layer->blocks.block * layer->blocks.block;
}

/* Element (j, k <= j) of a second moment in blocks. */
static size_t gram_index(const klf_gram_blocks *blocks, size_t j, size_t k)
{
    const size_t row = j / blocks->block, column = k / blocks->block, number = row * (row + 1) / 2 + column;
    return (number * blocks->block + k % blocks->block) * blocks->block + j % blocks->block;
}

/* Waits for the lanes and reads q_sum, q_sum2 and f; *sums is to be freed. */
static klf_status read_sums(klf_model *model, size_t l, double **sums)
{
    klf_status            st = KLF_OK;
    const klf_cuda_layer *layer = &model->layer[l];
    *sums = NULL;
    KLF_TRY(klf_cuda_model_wait(model));
    KLF_TRY(host_doubles(2 + layer->stride, sums));
    KLF_TRY(copy_out(model, *sums, layer->sums, (2 + layer->stride) * sizeof(double)));
done:
    return st;
}

static klf_status read_gram(klf_model *model, size_t l, double **gram)
{
    klf_status            st = KLF_OK;
    const klf_cuda_layer *layer = &model->layer[l];
    *gram = NULL;
    KLF_TRY(klf_cuda_model_wait(model));
    KLF_TRY(host_doubles(gram_elements(layer), gram));
    KLF_TRY(copy_out(model, *gram, layer->gram, gram_elements(layer) * sizeof(double)));
done:
    return st;
}

klf_status klf_cuda_totals(klf_model *model, size_t l, klf_layer_totals *out, double *f_j)
{
    klf_status            st = KLF_OK;
    const klf_cuda_layer *layer = &model->layer[l];
    double               *sums = NULL;
    KLF_TRY(read_sums(model, l, &sums));
    *out = (klf_layer_totals){.n_samples = layer->n_samples, .shift = layer->shift, .q_sum = sums[0], .q_sum2 = sums[1]};
    for (size_t j = 0; f_j && j < layer->width; j++)
        f_j[j] = sums[2 + j] / (double)layer->n_samples;
done:
    free(sums);
    return st;
}

klf_status klf_cuda_second_moment(klf_model *model, size_t l, double *f_jk)
{
    klf_status            st = KLF_OK;
    const klf_cuda_layer *layer = &model->layer[l];
    const size_t          width = layer->width;
    double               *gram = NULL;
    KLF_TRY(read_gram(model, l, &gram));
    for (size_t j = 0; j < width; j++)
        for (size_t k = 0; k <= j; k++)
            f_jk[j * width + k] = f_jk[k * width + j] = gram[gram_index(&layer->blocks, j, k)] / (double)layer->n_samples;
done:
    free(gram);
    return st;
}

klf_status klf_cuda_save(klf_model *model, size_t l, klf_layer_sums *out)
{
    klf_status            st = KLF_OK;
    const klf_cuda_layer *layer = &model->layer[l];
    double               *sums = NULL, *gram = NULL;
    KLF_TRY(read_sums(model, l, &sums));
    out->n_samples = layer->n_samples;
    out->q_sum = sums[0];
    out->q_sum2 = sums[1];
    memcpy(out->f, sums + 2, layer->width * sizeof(double));
    if (layer->gram) {
        KLF_TRY(read_gram(model, l, &gram));
        for (size_t j = 0, jk = 0; j < layer->width; j++)
            for (size_t k = 0; k <= j; k++, jk++)
                out->gram[jk] = gram[gram_index(&layer->blocks, j, k)];
    }
done:
    free(gram);
    free(sums);
    return st;
}

klf_status klf_cuda_restore(klf_model *model, size_t l, const klf_layer_sums *in)
{
    klf_status      st = KLF_OK;
    klf_cuda_layer *layer = &model->layer[l];
    const double    q[2] = {in->q_sum, in->q_sum2};
    double         *gram = NULL;
    KLF_TRY(klf_cuda_model_wait(model));
    KLF_TRY(copy_in(model, layer->sums, q, sizeof q));
    KLF_TRY(copy_in(model, layer->sums + 2, in->f, layer->width * sizeof(double)));
    if (layer->gram) {
        KLF_TRY(host_doubles(gram_elements(layer), &gram));
        memset(gram, 0, gram_elements(layer) * sizeof *gram);
        for (size_t j = 0, jk = 0; j < layer->width; j++)
            for (size_t k = 0; k <= j; k++, jk++)
                gram[gram_index(&layer->blocks, j, k)] = in->gram[jk];
        KLF_TRY(copy_in(model, layer->gram, gram, gram_elements(layer) * sizeof(double)));
    }
    layer->n_samples = in->n_samples;
done:
    free(gram);
    return st;
}

/* With the weights back in double, both parts of them, as the products used them. W^T W by dsyrk, with the rows of W for
 * samples. One call at a time: they share the model's scratch and the context's handle. */
static klf_status assemble_q(klf_model *model, size_t l, double *q)
{
    const klf_context       *ctx = model->ctx;
    const klf_cuda_layer    *layer = &model->layer[l], *below = &model->layer[l - 1];
    const double             one = 1.0, zero = 0.0;
    const int                n = (int)below->stride;
    klf_status               st = KLF_OK;
    const klf_quadratic_args args = {.width = layer->width,
                                     .stride_in = below->stride,
                                     .blocks = below->blocks,
                                     .n_samples = (double)below->n_samples,
                                     .mean = layer->mean,
                                     .gram = below->gram,
                                     .f = below->sums + 2,
                                     .square = model->square,
                                     .weight = model->scratch,
                                     .bias = layer->bias,
                                     .terms = model->terms + 1,
                                     .q = model->terms};
    KLF_TRY(klf_cuda_get_weights(ctx->stream, model->spec.precision, layer->stride * below->stride, layer->weight,
                                 layer->two_parts ? layer->lower : NULL, model->scratch));
    KLF_TRY(KLF_BLAS(cublasDsyrk(ctx->blas, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, n, (int)layer->width, &one, model->scratch, n,
                                 &zero, model->square, n)));
    KLF_TRY(klf_cuda_quadratic(ctx->stream, model->spec.precision, &args));
    KLF_TRY(copy_out(model, q, model->terms, sizeof *q));
done:
    return st;
}

klf_status klf_cuda_gram_q(klf_model *model, size_t l, double *q)
{
    klf_status st = klf_cuda_model_wait(model);
    if (st != KLF_OK)
        return st;
    pthread_mutex_lock(&model->ctx->mutex);
    st = assemble_q(model, l, q);
    pthread_mutex_unlock(&model->ctx->mutex);
    return st;
}
