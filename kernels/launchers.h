/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels as the C files see them: one launcher an operation. A launcher puts its kernels into a stream and returns; it
 * fails only where the launch itself is refused. All pointers but the argument structs are device memory.
 *
 * Layouts. A layer of `width` neurons is stored `stride` wide, a multiple of 8; what lies beyond the width is zero in phi,
 * weights and biases, so that products need no special case.
 *   z, phi   [rows][stride]: for cuBLAS a column-major matrix of stride x rows
 *   weights  [stride][stride below]: column-major, transposed
 * `real` is double in fp64 and float in every other precision.
 *
 * The reduction tree of a layer's sums over samples. Level 1, draw.cu and pass.cu: a block sums a tile of KLF_TILE_ROWS rows,
 * phi down the rows in `real` (few terms), (z - mu)^2 along the row in double after four terms in `real`. Level 2, collect.cu:
 * all tiles of a chunk in double, then the chunk to the totals. Every order depends on shapes alone. */
#ifndef KLFLOW_KERNELS_LAUNCHERS_H
#define KLFLOW_KERNELS_LAUNCHERS_H

#include "klflow/precision.h"
#include "klflow/status.h"

#include <cuda_runtime_api.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KLF_TILE_ROWS = 16 };

static inline size_t klf_tiles(size_t rows)
{
    return (rows + KLF_TILE_ROWS - 1) / KLF_TILE_ROWS;
}

/* How the second moment of a layer is cut: panels x panels blocks, of which those of the lower triangle are kept, row by row;
 * each block column-major, [column][row]. In a block on the diagonal only the lower triangle counts. */
typedef struct klf_gram_blocks {
    size_t panels; /* panels * block = stride */
    size_t block;  /* rows and columns of a block */
    size_t count;  /* panels (panels + 1) / 2 */
} klf_gram_blocks;

/* draw.cu: *first_sample = first. */
klf_status klf_cuda_set_first(cudaStream_t stream, uint64_t first, uint64_t *first_sample);

/* draw.cu: phi = tanh(mean + sd n), n the normals of samples *first_sample + row; f_tiles as for the pass. */
typedef struct klf_draw_args {
    size_t          rows, width, stride;
    double          mean, sd;
    uint64_t        seed, subsequence; /* of sample 0 */
    const uint64_t *first_sample;
    void           *phi, *phi_lower; /* phi_lower: tf32x3 only */
    void           *f_tiles;
} klf_draw_args;
klf_status klf_cuda_draw(cudaStream_t stream, klf_precision precision, const klf_draw_args *args);

/* pass.cu: from z of a layer to phi, with the sums of each tile of rows. */
typedef struct klf_pass_args {
    size_t      rows, width, stride;
    double      mean, shift;
    const void *z;
    const void *bias; /* NULL where the product has added it */
    void       *phi, *phi_lower;
    void       *f_tiles; /* [tiles][stride] real: sum of phi */
    double     *q_tiles; /* [tiles][2]: sum of q_s - shift and of its square */
} klf_pass_args;
klf_status klf_cuda_pass(cudaStream_t stream, klf_precision precision, const klf_pass_args *args);

/* collect.cu: adds the tiles of a chunk to the totals. */
typedef struct klf_collect_args {
    size_t        tiles, stride;
    const void   *f_tiles;
    const double *q_tiles; /* NULL at the reference layer */
    double       *q;       /* [2] */
    double       *f;       /* [stride] */
} klf_collect_args;
klf_status klf_cuda_collect(cudaStream_t stream, klf_precision precision, const klf_collect_args *args);

/* gram_sum.cu: adds the slices of a chunk's second moment, [slices][count][block][block] real, to the total. */
klf_status klf_cuda_gram_sum(cudaStream_t stream, klf_precision precision, klf_gram_blocks blocks, size_t slices,
                             const void *chunk, double *total);

/* weights.cu: a layer's weights and biases, in double as the host has them, to the layout and format of the precision. */
enum { KLF_WEIGHTS_NEED_LOWER = 1 };
typedef struct klf_weights_args {
    size_t        width, stride, fan_in, stride_in;
    const double *source;         /* [width][fan_in] */
    const double *source_bias;    /* [width] */
    void         *weight, *lower; /* [stride][stride_in]; lower NULL where the precision knows no second part */
    void         *bias;           /* [stride] real */
    int          *flags;          /* KLF_WEIGHTS_NEED_LOWER is set in it where any weight does */
} klf_weights_args;
klf_status klf_cuda_put_weights(cudaStream_t stream, klf_precision precision, const klf_weights_args *args);

/* weights.cu: back to double, n elements: what the products used. lower may be NULL. */
klf_status klf_cuda_get_weights(cudaStream_t stream, klf_precision precision, size_t n, const void *weight, const void *lower,
                                double *to);

/* quadratic.cu: Q of (3.34) from the totals of the layer below, W and W^T W. */
typedef struct klf_quadratic_args {
    size_t          width, stride_in;
    klf_gram_blocks blocks; /* of the layer below */
    double          n_samples, mean;
    const double   *gram, *f; /* totals of the layer below */
    const double   *square;   /* [stride_in][stride_in]: W^T W, its lower triangle column-major */
    const double   *weight;   /* [width][stride_in] */
    const void     *bias;     /* real */
    double         *terms;    /* [KLF_QUADRATIC_BLOCKS + width]: scratch */
    double         *q;        /* the result */
} klf_quadratic_args;
enum { KLF_QUADRATIC_BLOCKS = 256 };
klf_status klf_cuda_quadratic(cudaStream_t stream, klf_precision precision, const klf_quadratic_args *args);

/* self_test.cu: one block fills words [KLF_SELF_TEST_WORDS] as self_test_words of context.c expects them. */
enum { KLF_SELF_TEST_WORDS = 64 };
klf_status klf_cuda_self_test(cudaStream_t stream, uint32_t *words);

/* random_bits.cu: words and normals 4 first_block .. of a subsequence, [4 blocks] each. */
klf_status klf_cuda_random_bits_launch(cudaStream_t stream, uint64_t seed, uint64_t subsequence, uint64_t first_block,
                                       size_t blocks, uint32_t *words, float *normals);

#ifdef __cplusplus
}
#endif
#endif
