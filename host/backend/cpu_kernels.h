/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel set: the arithmetic of the cpu backend in one layout of the activations and one precision. The backend itself
 * (cpu.c, cpu_state.c) knows neither: it allocates what a set asks for and hands it back. Two sets exist, tiles-avx512
 * (cpu_tiles.c) and openblas (cpu_openblas.c). In the precisions of tensor cores (tf32, fp16, bf16) the float kernels round
 * what goes into products as the card would; the products and sums are those of fp32.
 *
 * `phi` is a chunk of activations in the set's own layout; sums over a chunk are double except the Gram matrix, whose element
 * type and layout are the set's. Every sum has a fixed order. */
#ifndef KLFLOW_BACKEND_CPU_KERNELS_H
#define KLFLOW_BACKEND_CPU_KERNELS_H

#include "klflow/backend.h"

/* One linear map as the kernels use it. */
typedef struct klf_cpu_layer {
    size_t     width, fan_in;
    double     mean, var; /* of p at the reference layer, else of the target */
    double     shift;     /* width * var, taken off each sample's |z - mean|^2 */
    klf_format format;    /* of the products: phi is rounded to it, weights that it cannot hold are taken in two parts */
    void      *weight;    /* packed; NULL at the reference layer */
    void      *bias;      /* packed; NULL at the reference layer */
} klf_cpu_layer;

/* Sums of one layer over one chunk. */
typedef struct klf_cpu_sums {
    double  q_sum, q_sum2; /* of q_s - shift and its square */
    double *f;             /* [padded_width] sum of phi; beyond the width: anything finite */
} klf_cpu_sums;

typedef struct klf_cpu_kernels {
    /* Sizes in bytes, and in elements for padded_width. */
    size_t (*padded_width)(size_t width);
    size_t (*phi_bytes)(size_t width, size_t rows);
    size_t (*weight_bytes)(size_t width, size_t fan_in);
    size_t (*bias_bytes)(size_t width);
    size_t (*gram_bytes)(size_t width);

    /* Fills layer->weight and layer->bias. */
    void (*pack)(const klf_layer *source, klf_cpu_layer *layer);
    /* Row `row` of a phi of `rows` rows that was zero to begin with. */
    void (*put_row)(void *phi, size_t width, size_t row, const double *x);
    /* Row `row` of a phi in double. */
    void (*get_row)(const void *phi, size_t width, size_t row, double *x);
    /* phi = tanh(N(mean, var)), rounded to layer->format, for samples first .. first + rows - 1, and sums->f.  normals
     * [padded_width]: scratch. */
    void (*draw)(const klf_cpu_layer *layer, uint64_t seed, uint64_t first, size_t rows, float *normals, void *phi,
                 klf_cpu_sums *sums);
    /* phi = tanh(W in + b), rounded to layer->format, and all of sums. */
    void (*forward)(const klf_cpu_layer *layer, const void *in, size_t rows, void *phi, klf_cpu_sums *sums);
    /* gram = sum over rows of phi phi^T, at least its lower triangle; overwritten. */
    void (*gram)(const void *phi, size_t width, size_t rows, void *gram);
    /* total += gram, total the packed lower triangle: row j holds columns 0 .. j. */
    void (*gram_add)(const void *gram, size_t width, double *total);
} klf_cpu_kernels;

/* The table of a set for functions that end in _f32 or _f64. */
#define KLF_CPU_KERNELS_TABLE(type)                                                                                            \
    {                                                                                                                          \
        padded_width_##type, phi_bytes_##type, weight_bytes_##type, bias_bytes_##type, gram_bytes_##type, pack_##type,         \
            put_row_##type, get_row_##type, draw_##type, forward_##type, gram_##type, gram_add_##type                          \
    }

/* Indexed by KLF_FP64 and KLF_FP32: what a set computes in. */
extern const klf_cpu_kernels klf_cpu_tiles_avx512[2];
extern const klf_cpu_kernels klf_cpu_openblas[2];

/* Which of the two a precision uses. */
static inline klf_precision klf_cpu_arithmetic(klf_precision precision)
{
    return precision == KLF_FP64 ? KLF_FP64 : KLF_FP32;
}

#endif
