/* SPDX-License-Identifier: BSD-3-Clause */
/* Every call of the CUDA runtime, cuBLAS and cuBLASLt goes through one of these: a failure becomes a klf_status with the text
 * of the call, where it stands and what the library says. Out of memory is KLF_ERR_MEMORY, anything else KLF_ERR_DEVICE. */
#ifndef KLFLOW_KERNELS_CHECK_H
#define KLFLOW_KERNELS_CHECK_H

#include "klflow/status.h"

#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KLF_CUDA(call) klf_cuda_check((call), #call, __FILE__, __LINE__)
#define KLF_BLAS(call) klf_cublas_check((call), #call, __FILE__, __LINE__) /* of cuBLASLt too: its status is the same type */

klf_status klf_cuda_check(cudaError_t error, const char *call, const char *file, int line);
klf_status klf_cublas_check(cublasStatus_t error, const char *call, const char *file, int line);
/* The error that a launch has left behind, if any. */
klf_status klf_cuda_launched(const char *kernel, const char *file, int line);

#ifdef __cplusplus
}
#endif
#endif
