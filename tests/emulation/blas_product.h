/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix products on the emulated device, behind cuBLAS (blas.cpp) and cublasLt (blas_lt.cpp). */
#ifndef KLF_EMULATION_BLAS_PRODUCT_H
#define KLF_EMULATION_BLAS_PRODUCT_H

#include "emulation/device.h"

#include <cublasLt.h>
#include <cublas_v2.h>

namespace klf_emulation
{

/* Column-major. */
struct matrix {
    const void  *data;
    cudaDataType type;
    int64_t      rows, cols, ld;
};

struct product {
    const char         *name;
    int64_t             m, n, k;
    bool                transpose_a, transpose_b;
    cublasComputeType_t compute;
    double              alpha, beta;
    matrix              a, b, c, d; /* d = alpha op(a) op(b) + beta c + bias of each row */
    const void         *bias;       /* [m] of d's type, or NULL */
    int                 triangle;   /* -1: only the lower triangle of d is written, 1: the upper one, 0: all */
};

/* Whether the card has such a product; else the status that says so. */
cublasStatus_t check_product(const product &p);
/* Runs it. Matrices that do not lie on the device fail the device. */
void run_product(const product &p);

size_t type_bytes(cudaDataType type);

/* alpha and beta lie on the host and are read at the call, or on the device and are read when the product runs. */
double read_scalar(const void *p, cudaDataType type);

cublasStatus_t status_of(cudaError_t error);

} // namespace klf_emulation

#define KLF_EMULATION_BLAS_CALL()                                                                                              \
    const klf_emulation::call this_call(__func__);                                                                             \
    if (this_call.refused() != cudaSuccess)                                                                                    \
    return klf_emulation::status_of(this_call.refused())

#endif
