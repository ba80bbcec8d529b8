/* SPDX-License-Identifier: BSD-3-Clause */
/* What the C files of the backend share: its context, its models and its lanes. Who owns what: context.c, model.c, lane.c;
 * sizes and addresses: layout.c. */
#ifndef KLFLOW_KERNELS_STATE_H
#define KLFLOW_KERNELS_STATE_H

#include "environment.h"
#include "klflow/backend.h"
#include "klflow/rng.h"
#include "launchers.h"

#include <cublasLt.h>
#include <cublas_v2.h>
#include <cuda_runtime_api.h>
#include <pthread.h>

/* What a precision is to cuBLAS. */
typedef struct klf_cuda_types {
    const char         *name;
    size_t              phi_bytes, real_bytes; /* of one element of phi and weights; of z, biases and Gram blocks */
    cudaDataType_t      in, out;
    cublasComputeType_t compute;
    bool                splits_weights, splits_phi;
    double              lower_scale; /* klf_split_scale */
} klf_cuda_types;

struct klf_context {
    int                  multiprocessors, capability; /* 90 for 9.0 */
    size_t               cache_bytes;                 /* of the second level */
    size_t               workspace_bytes;             /* of cuBLAS, for a stream */
    klf_cuda_environment environment;
    char                 description[1024];
    cudaStream_t         stream; /* for what is not a lane's: loading weights, reading totals */
    cublasHandle_t       blas;   /* on that stream; guarded by mutex */
    cublasLtHandle_t     lt;
    void                *workspace;
    pthread_mutex_t      mutex;
    bool                 has_mutex;
};

typedef struct klf_cuda_layer {
    size_t          width, stride;
    klf_gram_blocks blocks;
    bool            keeps_gram;
    /* On the device. */
    void   *weight, *lower; /* NULL at the reference layer; lower NULL where the precision has one part */
    void   *bias;
    double *sums; /* q_sum, q_sum2, then f [stride] */
    double *gram; /* [count][block][block]; NULL unless kept */
    /* On the host. */
    bool        two_parts; /* lower has something in it */
    double      mean, sd, shift;
    int64_t     n_samples;
    cudaEvent_t collected; /* after the last collect of this layer, whatever its lane */
} klf_cuda_layer;

enum { KLF_CUDA_LANES = 2 }; /* of a model: one's products run beside the other's element-wise pass */

struct klf_model {
    klf_context          *ctx;
    klf_model_spec        spec;
    const klf_cuda_types *types;
    size_t                depth;
    klf_cuda_layer       *layer;   /* [depth], zero below the reference layer */
    bool                  narrow;  /* one lane, whose chunks are replayed as a graph */
    void                 *memory;  /* all that is on the device */
    double               *scratch; /* one layer's weights and biases in double */
    double               *square;  /* W^T W of one layer; NULL without a Gram */
    double               *terms;   /* of Q */
    int                  *flags;   /* [depth] of put_weights */
    pthread_mutex_t       mutex;   /* guards lanes */
    bool                  has_mutex;
    klf_lane             *lane[KLF_CUDA_LANES];
};

/* One matrix product of a layer, z = alpha W phi (+ z) (+ bias), for one shape; gemm.c. */
typedef struct klf_cuda_product klf_cuda_product;

/* The products of all layers for one number of rows. */
typedef struct klf_cuda_products {
    size_t            rows; /* 0: none made yet */
    size_t            count;
    klf_cuda_product *product;
    struct klf_cuda_recipe { /* of a layer */
        int  count;
        bool bias_in_pass;
        struct klf_cuda_step {
            size_t product;
            bool   lower_weight, lower_phi;
        } step[3];
    } * recipe; /* [depth] */
} klf_cuda_products;

/* The blocked second moment for one width: one batched product over blocks and slices of the samples; gram.c. */
typedef struct klf_cuda_gram {
    size_t          stride;
    klf_gram_blocks blocks;
    size_t          slices, slice_rows;
    const void    **row, **column;             /* [slices * count] on the device */
    const void    **row_lower, **column_lower; /* tf32x3 */
    void          **result;
} klf_cuda_gram;

/* What a lane was asked for, in order; capture.c. */
typedef enum klf_cuda_operation { KLF_OP_DRAW, KLF_OP_FORWARD, KLF_OP_GRAM, KLF_OP_COLLECT } klf_cuda_operation;
typedef struct klf_cuda_request {
    klf_cuda_operation operation;
    size_t             layer;
} klf_cuda_request;
typedef enum klf_cuda_phase { KLF_PHASE_PLAIN, KLF_PHASE_RECORD, KLF_PHASE_CAPTURE, KLF_PHASE_REPLAY } klf_cuda_phase;

struct klf_lane {
    klf_model     *model;
    size_t         max_rows, rows;
    size_t         layer;    /* whose phi it holds */
    bool           has_gram; /* chunk_gram belongs to that layer and chunk */
    cudaStream_t   stream;
    cublasHandle_t blas; /* NULL without a Gram */
    cudaEvent_t    done[2];
    uint64_t       chunks; /* drawn */
    /* On the device. */
    void     *memory;
    void     *workspace; /* of cuBLAS */
    void     *z, *phi, *phi_lower;
    void     *f_tiles;
    double   *q_tiles;
    uint64_t *first_sample;
    void     *chunk_gram;
    void    **pointers; /* of all klf_cuda_gram */
    /* On the host. */
    klf_cuda_products whole, rest; /* for max_rows, and for a shorter chunk */
    size_t            n_grams;
    klf_cuda_gram    *gram; /* one for each width that has a second moment */
    bool              graphs;
    klf_cuda_phase    phase;
    size_t            n_requests, cursor;
    klf_cuda_request *request; /* [3 depth + 1] */
    cudaGraphExec_t   graph;
};

const klf_cuda_types *klf_cuda_types_of(klf_precision precision);

/* chunk.c: what suits the device. */
bool   klf_cuda_is_narrow(const klf_model_spec *spec);
size_t klf_cuda_preferred_chunk(const klf_context *ctx, const klf_model_spec *spec);
size_t klf_cuda_preferred_lanes(const klf_context *ctx, const klf_model_spec *spec, size_t threads);
double klf_cuda_fill_flops(const klf_context *ctx);
/* Into how many slices the samples of a batched second moment are cut, so that they fill the device. */
size_t klf_cuda_slices(const klf_context *ctx, const klf_gram_blocks *blocks, size_t max_rows);

/* layout.c: the one allocation of a model and of a lane, cut into its pieces. */
void   klf_cuda_shape(const klf_model_spec *spec, size_t layer, klf_cuda_layer *out); /* width, stride, blocks, keeps_gram */
size_t klf_cuda_model_bytes(const klf_context *ctx, const klf_model_spec *spec);
size_t klf_cuda_lane_bytes(const klf_context *ctx, const klf_model_spec *spec, size_t max_rows);
void   klf_cuda_place_model(klf_model *model);
/* lane->gram has room for `depth` entries, which become n_grams. */
void klf_cuda_place_lane(klf_lane *lane);

/* context.c, devices.c */
klf_status  klf_cuda_open(klf_context **out);
void        klf_cuda_close(klf_context *ctx);
const char *klf_cuda_describe(const klf_context *ctx);
double      klf_cuda_memory_available(const klf_context *ctx);
size_t      klf_cuda_devices(klf_device *out, size_t max);
const char *klf_cuda_binaries(void); /* what code there is, in words */
bool        klf_cuda_has_code_for(int capability);

/* model.c */
klf_status klf_cuda_model_create(klf_context *ctx, const klf_model_spec *spec, klf_model **out);
void       klf_cuda_model_destroy(klf_model *model);
/* Waits until every lane has done what it was asked for. */
klf_status klf_cuda_model_wait(klf_model *model);

/* sums.c; klf_cuda_phi: read_phi.c */
klf_status klf_cuda_phi(klf_lane *lane, double *phi);
klf_status klf_cuda_totals(klf_model *model, size_t layer, klf_layer_totals *out, double *f_j);
klf_status klf_cuda_second_moment(klf_model *model, size_t layer, double *f_jk);
klf_status klf_cuda_save(klf_model *model, size_t layer, klf_layer_sums *sums);
klf_status klf_cuda_restore(klf_model *model, size_t layer, const klf_layer_sums *sums);
klf_status klf_cuda_gram_q(klf_model *model, size_t layer, double *q);

/* lane.c */
klf_status klf_cuda_lane_create(klf_model *model, size_t max_rows, klf_lane **out);
void       klf_cuda_lane_destroy(klf_lane *lane);
klf_status klf_cuda_lane_draw(klf_lane *lane, uint64_t first, size_t rows);
klf_status klf_cuda_lane_forward(klf_lane *lane, size_t layer);
klf_status klf_cuda_lane_gram(klf_lane *lane, size_t layer);
klf_status klf_cuda_lane_collect(klf_lane *lane, size_t layer);
klf_status klf_cuda_lane_finish(klf_lane *lane);

/* gemm.c */
klf_status klf_cuda_products_create(klf_lane *lane, size_t rows, klf_cuda_products *out);
void       klf_cuda_products_destroy(klf_cuda_products *products);
klf_status klf_cuda_multiply(klf_lane *lane, const klf_cuda_products *products, size_t layer);

/* random_bits.c: for tests */
klf_status klf_cuda_random_bits(klf_context *ctx, uint64_t seed, uint64_t subsequence, uint64_t first, size_t n,
                                uint32_t *words, float *normals);

/* rate.c */
klf_status klf_cuda_gemm_rate(klf_context *ctx, klf_precision precision, size_t rows, size_t width, double seconds,
                              double *flop_rate);

/* gram.c */
klf_status klf_cuda_gram_create(klf_lane *lane);
klf_status klf_cuda_gram_compute(klf_lane *lane, const klf_cuda_layer *layer);
size_t     klf_cuda_gram_slices(const klf_lane *lane, const klf_cuda_layer *layer);

/* capture.c: a lane's chunks as a graph. */
/* Begins a chunk of `rows`: after it `phase` says how. In KLF_PHASE_REPLAY the whole chunk has been launched. */
klf_status klf_cuda_begin_chunk(klf_lane *lane, size_t rows);
/* Before an operation: *skip if the graph does it. After it: klf_cuda_operation_done. */
klf_status klf_cuda_begin_operation(klf_lane *lane, klf_cuda_operation operation, size_t layer, bool *skip);
klf_status klf_cuda_operation_done(klf_lane *lane);
/* No graphs for a lane that is looked into between operations; false if the chunk at hand is one. */
bool klf_cuda_without_graphs(klf_lane *lane);
/* Drops a capture that is under way. */
void klf_cuda_abandon_capture(klf_lane *lane);

#endif
