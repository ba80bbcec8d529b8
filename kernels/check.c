/* SPDX-License-Identifier: BSD-3-Clause */
/* From the status of a CUDA library to a klf_status and its sentence. */
#include "check.h"

#include <string.h>

/* Messages name files as this folder does, whatever the build called them. */
static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

klf_status klf_cuda_check(cudaError_t error, const char *call, const char *file, int line)
{
    if (error == cudaSuccess)
        return KLF_OK;
    cudaGetLastError(); /* else the next launch would be blamed for it */
    if (error == cudaErrorMemoryAllocation)
        return klf_fail(KLF_ERR_MEMORY, "backend cuda: the device has no memory left for %s (%s:%d); lower --chunk", call,
                        base_name(file), line);
    return klf_fail(KLF_ERR_DEVICE, "backend cuda: %s failed (%s:%d): %s, %s", call, base_name(file), line,
                    cudaGetErrorName(error), cudaGetErrorString(error));
}

klf_status klf_cublas_check(cublasStatus_t error, const char *call, const char *file, int line)
{
    if (error == CUBLAS_STATUS_SUCCESS)
        return KLF_OK;
    cudaGetLastError();
    if (error == CUBLAS_STATUS_ALLOC_FAILED)
        return klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory left for %s (%s:%d); lower --chunk", call, base_name(file),
                        line);
    return klf_fail(KLF_ERR_DEVICE, "backend cuda: %s failed (%s:%d): %s", call, base_name(file), line,
                    cublasGetStatusString(error));
}

klf_status klf_cuda_launched(const char *kernel, const char *file, int line)
{
    cudaError_t error = cudaGetLastError();
    if (error == cudaSuccess)
        return KLF_OK;
    return klf_fail(KLF_ERR_DEVICE, "backend cuda: the launch of %s (%s:%d) failed: %s, %s", kernel, base_name(file), line,
                    cudaGetErrorName(error), cudaGetErrorString(error));
}
