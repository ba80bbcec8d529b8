/* SPDX-License-Identifier: BSD-3-Clause */
/* Training with a BLAS, the portable kernel set: everything row-major, three library products a layer. The velocity is the
 * accumulator of the gradient's product (beta is the momentum), and a block of weights takes its step while that is in cache.
 * klf_blas_open has succeeded before anything here is called.
 *
 * A layer is cut into blocks of columns whose number depends on its width alone, not on how many threads share them: which of
 * a library's kernels computes a number, and hence its last bit, is then the same for any number of threads. */
#include "backend/blas.h"
#include "backend/cpu_element.h"
#include "backend/cpu_isa.h"
#include "backend/cpu_train_kernels.h"

/* Columns of a block at most. */
enum { BLOCK = 256, MULTIPLE = 16 };

static const klf_cpu_element *element(void)
{
    static const klf_cpu_element *const variants[] = KLF_BY_ISA(&klf_cpu_element);
    return variants[klf_cpu_isa()];
}

static const klf_blas *blas(void)
{
    const klf_blas *b = NULL;
    return klf_blas_open(&b) == KLF_OK ? b : NULL;
}

/* Columns of every block but the last, which may have fewer: evened out, in whole vectors. */
static size_t block_columns(size_t columns)
{
    const size_t blocks = (columns + BLOCK - 1) / BLOCK, even = (columns + blocks - 1) / blocks;
    return (even + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
}

/* Of the block that begins at column `first`. A part takes every parts-th block. */
static size_t columns_of(size_t columns, size_t first)
{
    const size_t step = block_columns(columns);
    return columns - first < step ? columns - first : step;
}

#define REAL float
#define NAME(x) x##_f32
#define GEMM sgemm
#include "backend/cpu_train_openblas_typed.h"

#define REAL double
#define NAME(x) x##_f64
#define GEMM dgemm
#include "backend/cpu_train_openblas_typed.h"

const klf_cpu_train_kernels klf_cpu_train_openblas[2] = {
    [KLF_FP64] = KLF_CPU_TRAIN_TABLE(f64), [KLF_FP32] = KLF_CPU_TRAIN_TABLE(f32)};
