// SPDX-License-Identifier: BSD-3-Clause
// The subset of cuBLAS that the backend uses, with the checks of the real one; products go into the handle's stream.
#include "emulation/blas_product.h"

#include <algorithm>
#include <cstring>
#include <set>

namespace klf_emulation
{

namespace
{

struct handle {
    cudaStream_t        stream = nullptr;
    cublasMath_t        math = CUBLAS_DEFAULT_MATH;
    cublasPointerMode_t pointers = CUBLAS_POINTER_MODE_HOST;
    void               *workspace = nullptr;
    size_t              workspace_bytes = 0;
};

std::set<handle *> handles;

handle *find_handle(cublasHandle_t h)
{
    handle *own = reinterpret_cast<handle *>(h);
    return handles.count(own) > 0 ? own : nullptr;
}

// Nobody may expect anything of a workspace: it is left filled with NaN.
void spoil_workspace(void *workspace, size_t bytes)
{
    if (workspace)
        std::memset(workspace, 0xff, std::min<size_t>(bytes, 4096));
}

cudaDataType scalar_type(cublasComputeType_t compute)
{
    return compute == CUBLAS_COMPUTE_64F || compute == CUBLAS_COMPUTE_64F_PEDANTIC ? CUDA_R_64F : CUDA_R_32F;
}

struct batch {
    int                n;
    long long          stride_a, stride_b, stride_c; // in elements
    const void *const *a;                            // lists on the device, or NULL
    const void *const *b;
    void *const       *c;
};

const void *nth(const void *base, long long stride, cudaDataType type, int i)
{
    return static_cast<const char *>(base) + static_cast<long long>(type_bytes(type)) * stride * i;
}

void run_batch(const product &p, const batch &members)
{
    if (members.a && (!on_device(members.a, static_cast<size_t>(members.n) * sizeof(void *)) ||
                      !on_device(members.b, static_cast<size_t>(members.n) * sizeof(void *)) ||
                      !on_device(members.c, static_cast<size_t>(members.n) * sizeof(void *)))) {
        fail_device(cudaErrorIllegalAddress, "%s: the lists of pointers do not lie on the device", p.name);
        return;
    }
    for (int i = 0; i < members.n && !device_failed(); i++) {
        product one = p;
        one.a.data = members.a ? members.a[i] : nth(p.a.data, members.stride_a, p.a.type, i);
        one.b.data = members.b ? members.b[i] : nth(p.b.data, members.stride_b, p.b.type, i);
        one.c.data = one.d.data = members.c ? members.c[i] : nth(p.d.data, members.stride_c, p.d.type, i);
        run_product(one);
    }
}

cublasStatus_t start(cublasHandle_t h, product p, const void *alpha, const void *beta, const batch &members)
{
    const handle *own = find_handle(h);
    if (!own)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!alpha || !beta || members.n < 0)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (p.compute == CUBLAS_COMPUTE_32F && p.a.type == CUDA_R_32F && (own->math & CUBLAS_TF32_TENSOR_OP_MATH))
        p.compute = CUBLAS_COMPUTE_32F_FAST_TF32;
    const cudaDataType scalars = scalar_type(p.compute);
    const bool         on_host = own->pointers == CUBLAS_POINTER_MODE_HOST;
    p.beta = 1.0; // the checks come first: what beta points to may be of another type than a refused product says
    const cublasStatus_t status = check_product(p);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    if (on_host) {
        p.alpha = read_scalar(alpha, scalars);
        p.beta = read_scalar(beta, scalars);
    }
    const handle now = *own;
    return status_of(enqueue(own->stream, [=] {
        product late = p;
        if (!on_host) {
            late.alpha = read_scalar(alpha, scalars);
            late.beta = read_scalar(beta, scalars);
        }
        spoil_workspace(now.workspace, now.workspace_bytes);
        run_batch(late, members);
    }));
}

product plain(const char *name, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k, const void *a,
              cudaDataType type_a, int lda, const void *b, cudaDataType type_b, int ldb, void *c, cudaDataType type_c, int ldc,
              cublasComputeType_t compute)
{
    product p = {};
    p.name = name;
    p.m = m;
    p.n = n;
    p.k = k;
    p.transpose_a = ta != CUBLAS_OP_N;
    p.transpose_b = tb != CUBLAS_OP_N;
    p.compute = compute;
    p.a = {a, type_a, p.transpose_a ? k : m, p.transpose_a ? m : k, lda};
    p.b = {b, type_b, p.transpose_b ? n : k, p.transpose_b ? k : n, ldb};
    p.c = p.d = {c, type_c, m, n, ldc};
    return p;
}

} // namespace
} // namespace klf_emulation

using namespace klf_emulation;

cublasStatus_t cublasCreate_v2(cublasHandle_t *out)
{
    KLF_EMULATION_BLAS_CALL();
    int n = 0;
    if (cudaGetDeviceCount(&n) != cudaSuccess)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    handle *h = new handle();
    handles.insert(h);
    *out = reinterpret_cast<cublasHandle_t>(h);
    count(kind::blas_handle, 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy_v2(cublasHandle_t h)
{
    const call this_call(__func__);
    handle    *own = find_handle(h);
    if (!own)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    handles.erase(own);
    delete own;
    count(kind::blas_handle, -1);
    return CUBLAS_STATUS_SUCCESS;
}

// Gives the workspace up as well, as the real one does.
cublasStatus_t cublasSetStream_v2(cublasHandle_t h, cudaStream_t stream)
{
    KLF_EMULATION_BLAS_CALL();
    handle *own = find_handle(h);
    if (!own)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!is_stream(stream))
        return CUBLAS_STATUS_INVALID_VALUE;
    own->stream = stream;
    own->workspace = nullptr;
    own->workspace_bytes = 0;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace_v2(cublasHandle_t h, void *workspace, size_t bytes)
{
    KLF_EMULATION_BLAS_CALL();
    handle *own = find_handle(h);
    if (!own)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (bytes > 0 && (!on_device(workspace, bytes) || reinterpret_cast<uintptr_t>(workspace) % 256 != 0))
        return CUBLAS_STATUS_INVALID_VALUE;
    own->workspace = bytes > 0 ? workspace : nullptr;
    own->workspace_bytes = bytes;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t h, cublasMath_t mode)
{
    KLF_EMULATION_BLAS_CALL();
    handle *own = find_handle(h);
    if (own)
        own->math = mode;
    return own ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}

cublasStatus_t cublasSetPointerMode_v2(cublasHandle_t h, cublasPointerMode_t mode)
{
    KLF_EMULATION_BLAS_CALL();
    handle *own = find_handle(h);
    if (own)
        own->pointers = mode;
    return own ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}

// There is nothing atomic here, nor anywhere that the default, off, is kept.
cublasStatus_t cublasSetAtomicsMode(cublasHandle_t h, cublasAtomicsMode_t)
{
    KLF_EMULATION_BLAS_CALL();
    return find_handle(h) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_INITIALIZED;
}

cublasStatus_t cublasGetVersion_v2(cublasHandle_t, int *version)
{
    *version = CUBLAS_VERSION;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetProperty(libraryPropertyType type, int *value)
{
    *value = type == MAJOR_VERSION ? CUBLAS_VER_MAJOR : type == MINOR_VERSION ? CUBLAS_VER_MINOR : CUBLAS_VER_PATCH;
    return CUBLAS_STATUS_SUCCESS;
}

const char *cublasGetStatusName(cublasStatus_t status)
{
    switch (status) {
    case CUBLAS_STATUS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "a status that the emulation has no name for";
    }
}

const char *cublasGetStatusString(cublasStatus_t status)
{
    return cublasGetStatusName(status);
}

cublasStatus_t cublasGemmEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                            const void *alpha, const void *a, cudaDataType type_a, int lda, const void *b, cudaDataType type_b,
                            int ldb, const void *beta, void *c, cudaDataType type_c, int ldc, cublasComputeType_t compute,
                            cublasGemmAlgo_t)
{
    KLF_EMULATION_BLAS_CALL();
    const product p = plain(__func__, ta, tb, m, n, k, a, type_a, lda, b, type_b, ldb, c, type_c, ldc, compute);
    return start(h, p, alpha, beta, {1, 0, 0, 0, nullptr, nullptr, nullptr});
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                                          const void *alpha, const void *a, cudaDataType type_a, int lda, long long stride_a,
                                          const void *b, cudaDataType type_b, int ldb, long long stride_b, const void *beta,
                                          void *c, cudaDataType type_c, int ldc, long long stride_c, int n_batch,
                                          cublasComputeType_t compute, cublasGemmAlgo_t)
{
    KLF_EMULATION_BLAS_CALL();
    const product p = plain(__func__, ta, tb, m, n, k, a, type_a, lda, b, type_b, ldb, c, type_c, ldc, compute);
    return start(h, p, alpha, beta, {n_batch, stride_a, stride_b, stride_c, nullptr, nullptr, nullptr});
}

cublasStatus_t cublasGemmBatchedEx(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                                   const void *alpha, const void *const a[], cudaDataType type_a, int lda,
                                   const void *const b[], cudaDataType type_b, int ldb, const void *beta, void *const c[],
                                   cudaDataType type_c, int ldc, int n_batch, cublasComputeType_t compute, cublasGemmAlgo_t)
{
    KLF_EMULATION_BLAS_CALL();
    // The lists stand for the matrices until the product runs.
    const product p = plain(__func__, ta, tb, m, n, k, a, type_a, lda, b, type_b, ldb, const_cast<void **>(c), type_c, ldc,
                            compute);
    return start(h, p, alpha, beta, {n_batch, 0, 0, 0, a, b, c});
}

cublasStatus_t cublasDgemm_v2(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,
                              const double *alpha, const double *a, int lda, const double *b, int ldb, const double *beta,
                              double *c, int ldc)
{
    KLF_EMULATION_BLAS_CALL();
    const product p = plain(__func__, ta, tb, m, n, k, a, CUDA_R_64F, lda, b, CUDA_R_64F, ldb, c, CUDA_R_64F, ldc,
                            CUBLAS_COMPUTE_64F);
    return start(h, p, alpha, beta, {1, 0, 0, 0, nullptr, nullptr, nullptr});
}

cublasStatus_t cublasDsyrk_v2(cublasHandle_t h, cublasFillMode_t fill, cublasOperation_t t, int n, int k, const double *alpha,
                              const double *a, int lda, const double *beta, double *c, int ldc)
{
    KLF_EMULATION_BLAS_CALL();
    const cublasOperation_t other = t == CUBLAS_OP_N ? CUBLAS_OP_T : CUBLAS_OP_N;
    product                 p = plain(__func__, t, other, n, n, k, a, CUDA_R_64F, lda, a, CUDA_R_64F, lda, c, CUDA_R_64F, ldc,
                                      CUBLAS_COMPUTE_64F);
    if (fill == CUBLAS_FILL_MODE_FULL)
        return CUBLAS_STATUS_INVALID_VALUE;
    p.triangle = fill == CUBLAS_FILL_MODE_LOWER ? -1 : 1;
    return start(h, p, alpha, beta, {1, 0, 0, 0, nullptr, nullptr, nullptr});
}
