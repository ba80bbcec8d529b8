// SPDX-License-Identifier: BSD-3-Clause
// The subset of cublasLt that the backend uses: matmul with and without the epilogue that adds a bias. The heuristic offers one
// algorithm, which wants a workspace if it may have one; it refuses the bias in double, where the real one has none, and
// everywhere if a test wants so.
#include "emulation/blas_product.h"

#include <cstring>

namespace klf_emulation
{

namespace
{

struct descriptor { // in place of cublasLtMatmulDescOpaque_t
    cublasComputeType_t compute;
    cudaDataType        scalars, bias_type;
    bool                bias_type_set;
    cublasOperation_t   transpose_a, transpose_b;
    cublasLtEpilogue_t  epilogue;
    const void         *bias;
    int32_t             pointers;
};

struct layout {
    cudaDataType type;
    int32_t      order;
    uint64_t     rows, cols;
    int64_t      ld;
};

struct preference {
    uint64_t workspace_bytes;
    uint32_t alignment[4]; // of A, B, C, D
};

struct algorithm {
    uint64_t magic, workspace_bytes;
    uint32_t alignment[4];
    int32_t  type_in, type_out, compute, epilogue;
};

enum : uint64_t { MAGIC = 0x6b6c66, WORKSPACE = 4096 };

static_assert(sizeof(descriptor) <= sizeof(cublasLtMatmulDescOpaque_t) &&
                  sizeof(layout) <= sizeof(cublasLtMatrixLayoutOpaque_t) &&
                  sizeof(preference) <= sizeof(cublasLtMatmulPreferenceOpaque_t) &&
                  sizeof(algorithm) <= sizeof(cublasLtMatmulAlgo_t),
              "room for ours in theirs");

template <typename T, typename Opaque> T &ours(Opaque *opaque)
{
    return *reinterpret_cast<T *>(opaque);
}
template <typename T, typename Opaque> const T &ours(const Opaque *opaque)
{
    return *reinterpret_cast<const T *>(opaque);
}

template <typename Opaque> cublasStatus_t create(Opaque **out)
{
    *out = new Opaque();
    count(kind::lt_object, 1);
    return CUBLAS_STATUS_SUCCESS;
}

template <typename Opaque> cublasStatus_t destroy(Opaque *object)
{
    if (object)
        count(kind::lt_object, -1);
    delete object;
    return CUBLAS_STATUS_SUCCESS;
}

template <typename T> cublasStatus_t assign(T *to, const void *from, size_t bytes)
{
    if (bytes != sizeof(T))
        return CUBLAS_STATUS_INVALID_VALUE;
    std::memcpy(to, from, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

matrix matrix_of(const void *data, const layout &l)
{
    return {data, l.type, static_cast<int64_t>(l.rows), static_cast<int64_t>(l.cols), l.ld};
}

product product_of(const descriptor &d, const void *a, const layout &la, const void *b, const layout &lb, const void *c,
                   const layout &lc, const void *out, const layout &ld)
{
    product p = {};
    p.name = "cublasLtMatmul";
    p.m = static_cast<int64_t>(ld.rows);
    p.n = static_cast<int64_t>(ld.cols);
    p.transpose_a = d.transpose_a != CUBLAS_OP_N;
    p.transpose_b = d.transpose_b != CUBLAS_OP_N;
    p.k = static_cast<int64_t>(p.transpose_a ? la.rows : la.cols);
    p.compute = d.compute;
    p.a = matrix_of(a, la);
    p.b = matrix_of(b, lb);
    p.c = matrix_of(c, lc);
    p.d = matrix_of(out, ld);
    p.bias = d.epilogue == CUBLASLT_EPILOGUE_BIAS ? d.bias : nullptr;
    return p;
}

bool shapes_agree(const product &p)
{
    return (p.transpose_a ? p.a.cols : p.a.rows) == p.m && (p.transpose_b ? p.b.rows : p.b.cols) == p.n &&
           (p.transpose_b ? p.b.cols : p.b.rows) == p.k && p.c.rows == p.m && p.c.cols == p.n;
}

cublasStatus_t check_epilogue(const descriptor &d, const product &p)
{
    if (d.epilogue == CUBLASLT_EPILOGUE_DEFAULT)
        return CUBLAS_STATUS_SUCCESS;
    if (d.epilogue != CUBLASLT_EPILOGUE_BIAS || p.d.type == CUDA_R_64F || device_settings().refuse_epilogue)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    return d.bias_type_set && d.bias_type != p.d.type ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS;
}

bool aligned(const void *p, uint32_t alignment)
{
    return reinterpret_cast<uintptr_t>(p) % alignment == 0;
}

cublasStatus_t check_algorithm(const algorithm &chosen, const descriptor &d, const product &p, const void *workspace,
                               size_t bytes)
{
    if (chosen.magic != MAGIC)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (chosen.type_in != p.a.type || chosen.type_out != p.d.type || chosen.compute != d.compute ||
        chosen.epilogue != static_cast<int32_t>(d.epilogue))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (!aligned(p.a.data, chosen.alignment[0]) || !aligned(p.b.data, chosen.alignment[1]) ||
        !aligned(p.d.data, chosen.alignment[3]))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (bytes < chosen.workspace_bytes ||
        (chosen.workspace_bytes > 0 && (!on_device(workspace, bytes) || !aligned(workspace, 16))))
        return CUBLAS_STATUS_INVALID_VALUE;
    return CUBLAS_STATUS_SUCCESS;
}

} // namespace
} // namespace klf_emulation

using namespace klf_emulation;

static int lt_handle; // all handles are this one

cublasStatus_t cublasLtCreate(cublasLtHandle_t *out)
{
    KLF_EMULATION_BLAS_CALL();
    int n = 0;
    if (cudaGetDeviceCount(&n) != cudaSuccess)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *out = reinterpret_cast<cublasLtHandle_t>(&lt_handle);
    count(kind::blas_handle, 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t)
{
    const call this_call(__func__);
    count(kind::blas_handle, -1);
    return CUBLAS_STATUS_SUCCESS;
}

size_t cublasLtGetVersion()
{
    return CUBLAS_VERSION;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *out, cublasComputeType_t compute, cudaDataType_t scalars)
{
    KLF_EMULATION_BLAS_CALL();
    create(out);
    descriptor &d = ours<descriptor>(*out);
    d = {};
    d.compute = compute;
    d.scalars = scalars;
    d.transpose_a = d.transpose_b = CUBLAS_OP_N;
    d.epilogue = CUBLASLT_EPILOGUE_DEFAULT;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t d)
{
    const call this_call(__func__);
    return destroy(d);
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t desc, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes)
{
    KLF_EMULATION_BLAS_CALL();
    descriptor &d = ours<descriptor>(desc);
    switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA: return assign(&d.transpose_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB: return assign(&d.transpose_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE: return assign(&d.epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return assign(&d.bias, value, bytes);
    case CUBLASLT_MATMUL_DESC_POINTER_MODE: return assign(&d.pointers, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE: d.bias_type_set = true; return assign(&d.bias_type, value, bytes);
    default: return CUBLAS_STATUS_NOT_SUPPORTED;
    }
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *out, cudaDataType type, uint64_t rows, uint64_t cols,
                                          int64_t ld)
{
    KLF_EMULATION_BLAS_CALL();
    create(out);
    ours<layout>(*out) = {type, CUBLASLT_ORDER_COL, rows, cols, ld};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t l)
{
    const call this_call(__func__);
    return destroy(l);
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t handle, cublasLtMatrixLayoutAttribute_t attribute,
                                                const void *value, size_t bytes)
{
    KLF_EMULATION_BLAS_CALL();
    layout &l = ours<layout>(handle);
    switch (attribute) {
    case CUBLASLT_MATRIX_LAYOUT_ROWS: return assign(&l.rows, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_COLS: return assign(&l.cols, value, bytes);
    case CUBLASLT_MATRIX_LAYOUT_LD: return assign(&l.ld, value, bytes);
    default: return CUBLAS_STATUS_NOT_SUPPORTED;
    }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *out)
{
    KLF_EMULATION_BLAS_CALL();
    create(out);
    ours<preference>(*out) = {0, {256, 256, 256, 256}};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t p)
{
    const call this_call(__func__);
    return destroy(p);
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t           handle,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void *value,
                                                    size_t bytes)
{
    KLF_EMULATION_BLAS_CALL();
    preference &p = ours<preference>(handle);
    switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: return assign(&p.workspace_bytes, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES: return assign(&p.alignment[0], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES: return assign(&p.alignment[1], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES: return assign(&p.alignment[2], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES: return assign(&p.alignment[3], value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK: return CUBLAS_STATUS_SUCCESS;
    default: return CUBLAS_STATUS_NOT_SUPPORTED;
    }
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t la,
                                              cublasLtMatrixLayout_t lb, cublasLtMatrixLayout_t lc, cublasLtMatrixLayout_t ld,
                                              cublasLtMatmulPreference_t pref, int wanted,
                                              cublasLtMatmulHeuristicResult_t *results, int *n)
{
    KLF_EMULATION_BLAS_CALL();
    static const double anywhere = 0.0; // no matrices are known yet
    const descriptor   &d = ours<descriptor>(desc);
    const preference   &wish = ours<preference>(pref);
    const product       p = product_of(d, &anywhere, ours<layout>(la), &anywhere, ours<layout>(lb), &anywhere, ours<layout>(lc),
                                       &anywhere, ours<layout>(ld));
    cublasStatus_t      status = shapes_agree(p) ? check_product(p) : CUBLAS_STATUS_INVALID_VALUE;
    *n = 0;
    if (status == CUBLAS_STATUS_SUCCESS)
        status = check_epilogue(d, p);
    if (wanted < 1)
        status = CUBLAS_STATUS_INVALID_VALUE;
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    algorithm chosen = {MAGIC,
                        wish.workspace_bytes >= WORKSPACE ? uint64_t{WORKSPACE} : 0,
                        {},
                        p.a.type,
                        p.d.type,
                        d.compute,
                        static_cast<int32_t>(d.epilogue)};
    std::memcpy(chosen.alignment, wish.alignment, sizeof chosen.alignment);
    results[0] = {};
    std::memcpy(&results[0].algo, &chosen, sizeof chosen);
    results[0].workspaceSize = chosen.workspace_bytes;
    results[0].state = CUBLAS_STATUS_SUCCESS;
    results[0].wavesCount = 1.0f;
    *n = 1;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t la, const void *b, cublasLtMatrixLayout_t lb, const void *beta,
                              const void *c, cublasLtMatrixLayout_t lc, void *out, cublasLtMatrixLayout_t ld,
                              const cublasLtMatmulAlgo_t *algo, void *workspace, size_t workspace_bytes, cudaStream_t stream)
{
    KLF_EMULATION_BLAS_CALL();
    if (!handle || !desc || !alpha || !beta)
        return CUBLAS_STATUS_INVALID_VALUE;
    const descriptor d = ours<descriptor>(desc);
    product          p = product_of(d, a, ours<layout>(la), b, ours<layout>(lb), c, ours<layout>(lc), out, ours<layout>(ld));
    const bool       on_host = d.pointers == CUBLASLT_POINTER_MODE_HOST;
    p.alpha = on_host ? read_scalar(alpha, d.scalars) : 1.0;
    p.beta = on_host ? read_scalar(beta, d.scalars) : 1.0;
    cublasStatus_t status = shapes_agree(p) ? check_product(p) : CUBLAS_STATUS_INVALID_VALUE;
    if (status == CUBLAS_STATUS_SUCCESS)
        status = check_epilogue(d, p);
    if (status == CUBLAS_STATUS_SUCCESS && d.epilogue == CUBLASLT_EPILOGUE_BIAS && !d.bias)
        status = CUBLAS_STATUS_INVALID_VALUE;
    if (status == CUBLAS_STATUS_SUCCESS && algo)
        status = check_algorithm(ours<algorithm>(algo), d, p, workspace, workspace_bytes);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    const uint64_t used = algo ? ours<algorithm>(algo).workspace_bytes : 0;
    return status_of(enqueue(stream, [=] {
        product late = p;
        if (!on_host) {
            late.alpha = read_scalar(alpha, d.scalars);
            late.beta = read_scalar(beta, d.scalars);
        }
        if (used > 0) // whatever was in there is lost
            std::memset(workspace, 0xff, used);
        run_product(late);
    }));
}
