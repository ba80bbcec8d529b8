/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel set for training: the arithmetic of cpu_train.c in one layout and one precision. It belongs to the kernel set of the
 * same name (cpu_kernels.h). `phi` is a batch of activations, `delta` the gradient of the loss by a layer's z for that batch;
 * weights and their velocities have one layout. All of it is zero when it is allocated.
 *
 * forward and backward do part `part` of `parts` of their work and touch nothing that another part writes. Every number has
 * the same bits however many parts there are. */
#ifndef KLFLOW_BACKEND_CPU_TRAIN_KERNELS_H
#define KLFLOW_BACKEND_CPU_TRAIN_KERNELS_H

#include "klflow/backend.h"

/* One linear map that learns. */
typedef struct klf_cpu_map {
    size_t width, fan_in, max_rows;
    void  *weight, *weight_velocity;
    void  *bias, *bias_velocity;
    void  *phi; /* tanh(z) of the batch at hand */
} klf_cpu_map;

typedef struct klf_cpu_train_kernels {
    /* Sizes in bytes. */
    size_t (*phi_bytes)(size_t width, size_t max_rows);
    size_t (*delta_bytes)(size_t width, size_t max_rows);
    size_t (*weight_bytes)(size_t width, size_t fan_in);
    size_t (*bias_bytes)(size_t width);

    /* From double, rounded, and back, exactly. */
    void (*pack)(const klf_layer *source, void *weight, void *bias);
    void (*unpack)(const void *weight, const void *bias, klf_layer *target);
    void (*put_row)(void *phi, size_t width, size_t max_rows, size_t row, const float *x);
    void (*get_row)(const void *phi, size_t width, size_t max_rows, size_t row, double *x);
    void (*put_delta)(void *delta, size_t width, size_t max_rows, size_t row, const double *x);

    /* map->phi = tanh(W in + b) for rows 0 .. rows - 1. */
    void (*forward)(const klf_cpu_map *map, const void *in, size_t rows, size_t part, size_t parts);
    /* From delta of this layer: below = (1 - in^2) W^T delta, by the weights as they are, unless below is NULL; then one step
     * of weights and biases. */
    void (*backward)(const klf_cpu_map *map, const klf_sgd *sgd, const void *in, const void *delta, void *below, size_t rows,
                     size_t part, size_t parts);
} klf_cpu_train_kernels;

/* The table of a set for functions that end in _f32 or _f64. */
#define KLF_CPU_TRAIN_TABLE(type)                                                                                              \
    {                                                                                                                          \
        phi_bytes_##type, delta_bytes_##type, weight_bytes_##type, bias_bytes_##type, pack_##type, unpack_##type,              \
            put_row_##type, get_row_##type, put_delta_##type, forward_##type, backward_##type                                  \
    }

/* Indexed by KLF_FP64 and KLF_FP32. */
extern const klf_cpu_train_kernels klf_cpu_train_tiles_avx512[2];
extern const klf_cpu_train_kernels klf_cpu_train_openblas[2];

#endif
