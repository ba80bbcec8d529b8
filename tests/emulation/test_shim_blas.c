/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulated cuBLAS and cublasLt against plain loops in double, for every type that the backend uses, with its refusals.
 * Numbers are small integers over powers of two, so that sums in any order and precision are exact. */
#include "emulation/emulation_test.h"
#include "klflow/rounding.h"

#include <cublasLt.h>
#include <cublas_v2.h>

#include <math.h>
#include <stdlib.h>

enum { M = 9, N = 6, K = 21, LD = 24, ROOM = LD * LD };

static void must_blas(cublasStatus_t status)
{
    if (status != CUBLAS_STATUS_SUCCESS)
        fail_msg("%s", cublasGetStatusString(status));
}

typedef struct array {
    cudaDataType type;
    double       value[ROOM];
    void        *device;
} array;

static size_t bytes_of(cudaDataType type)
{
    return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2;
}

static void store(cudaDataType type, double value, void *at)
{
    const float    f = (float)value;
    const uint16_t half = type == CUDA_R_16F ? klf_fp16_bits(f) : klf_bf16_bits(f);
    memcpy(at,
           type == CUDA_R_64F   ? (const void *)&value
           : type == CUDA_R_32F ? (const void *)&f
                                : (const void *)&half,
           bytes_of(type));
}

static double load(cudaDataType type, const void *at)
{
    double   d;
    float    f;
    uint16_t half;
    memcpy(type == CUDA_R_64F ? (void *)&d : type == CUDA_R_32F ? (void *)&f : (void *)&half, at, bytes_of(type));
    return type == CUDA_R_64F   ? d
           : type == CUDA_R_32F ? (double)f
           : type == CUDA_R_16F ? (double)klf_fp16_value(half)
                                : (double)klf_bf16_value(half);
}

static void fill(array *x, cudaDataType type, int seed)
{
    unsigned char bytes[ROOM * 8];
    x->type = type;
    for (int i = 0; i < ROOM; i++) {
        x->value[i] = (double)((i * 37 + seed * 11) % 17 - 8) / 8.0;
        store(type, x->value[i], bytes + (size_t)i * bytes_of(type));
    }
    x->device = on_device(bytes, ROOM * bytes_of(type));
}

static void read_back(array *x)
{
    unsigned char bytes[ROOM * 8];
    to_host(bytes, x->device, ROOM * bytes_of(x->type));
    for (int i = 0; i < ROOM; i++)
        x->value[i] = load(x->type, bytes + (size_t)i * bytes_of(x->type));
}

static double op(const array *x, int transpose, int row, int col)
{
    return x->value[transpose ? col + row * LD : row + col * LD];
}

static void check_product(const array *a, int ta, const array *b, int tb, const array *before, double alpha, double beta,
                          const array *bias, array *got)
{
    read_back(got);
    for (int j = 0; j < LD; j++)
        for (int i = 0; i < LD; i++) {
            double expected = before->value[i + j * LD];
            if (i < M && j < N) {
                double sum = 0.0;
                for (int k = 0; k < K; k++)
                    sum += op(a, ta, i, k) * op(b, tb, k, j);
                expected = alpha * sum + (beta != 0.0 ? beta * expected : 0.0) + (bias ? bias->value[i] : 0.0);
            }
            assert_true(got->value[i + j * LD] == expected);
        }
}

typedef struct mode {
    cudaDataType        in, out;
    cublasComputeType_t compute;
} mode;

static const mode modes[] = {
    {CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F},           {CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC},
    {CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32}, {CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F},
    {CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F},
};
enum { N_MODES = sizeof modes / sizeof modes[0] };

static void free_all(array *const *arrays, size_t n)
{
    for (size_t i = 0; i < n; i++)
        must(cudaFree(arrays[i]->device));
}

static void gemm_and_batches(void **state)
{
    (void)state;
    static array   a, b, before, c, d;
    cublasHandle_t blas = NULL;
    must_blas(cublasCreate(&blas));
    for (size_t i = 0; i < 4 * N_MODES; i++) {
        const mode             *mode = &modes[i / 4];
        const int               ta = i % 2, tb = i / 2 % 2;
        const cublasOperation_t op_a = ta ? CUBLAS_OP_T : CUBLAS_OP_N, op_b = tb ? CUBLAS_OP_T : CUBLAS_OP_N;
        const double            alpha = 0.5, beta = 2.0;
        const float             alpha_f = 0.5f, beta_f = 2.0f;
        const int               is_double = mode->in == CUDA_R_64F;
        const void *pa = is_double ? (const void *)&alpha : &alpha_f, *pb = is_double ? (const void *)&beta : &beta_f;
        fill(&a, mode->in, 1);
        fill(&b, mode->in, 2);
        fill(&c, mode->out, 3);
        fill(&d, mode->out, 3);
        before = c;
        must_blas(cublasGemmEx(blas, op_a, op_b, M, N, K, pa, a.device, mode->in, LD, b.device, mode->in, LD, pb, c.device,
                               mode->out, LD, mode->compute, CUBLAS_GEMM_DEFAULT));
        must(cudaDeviceSynchronize());
        check_product(&a, ta, &b, tb, &before, alpha, beta, NULL, &c);

        void *lists[3] = {a.device, b.device, d.device}, **d_lists = on_device(lists, sizeof lists);
        must_blas(cublasGemmBatchedEx(blas, op_a, op_b, M, N, K, pa, (const void *const *)d_lists, mode->in, LD,
                                      (const void *const *)(d_lists + 1), mode->in, LD, pb, d_lists + 2, mode->out, LD, 1,
                                      mode->compute, CUBLAS_GEMM_DEFAULT));
        must(cudaDeviceSynchronize());
        check_product(&a, ta, &b, tb, &before, alpha, beta, NULL, &d);
        must(cudaFree(d_lists));
        array *const all[] = {&a, &b, &c, &d};
        free_all(all, 4);
    }
    must_blas(cublasDestroy(blas));
}

static void dsyrk(void **state)
{
    (void)state;
    static array   a, before, c;
    cublasHandle_t blas = NULL;
    const double   one = 1.0, zero = 0.0;
    must_blas(cublasCreate(&blas));
    for (int lower = 0; lower < 2; lower++) {
        fill(&a, CUDA_R_64F, 1);
        fill(&c, CUDA_R_64F, 2);
        before = c;
        must_blas(cublasDsyrk(blas, lower ? CUBLAS_FILL_MODE_LOWER : CUBLAS_FILL_MODE_UPPER, CUBLAS_OP_N, M, K, &one, a.device,
                              LD, &zero, c.device, LD));
        must(cudaDeviceSynchronize());
        read_back(&c);
        for (int j = 0; j < M; j++)
            for (int i = 0; i < M; i++) {
                double sum = 0.0;
                for (int k = 0; k < K; k++)
                    sum += a.value[i + k * LD] * a.value[j + k * LD];
                assert_true(c.value[i + j * LD] == ((lower ? i >= j : i <= j) ? sum : before.value[i + j * LD]));
            }
        must(cudaFree(a.device));
        must(cudaFree(c.device));
    }
    must_blas(cublasDestroy(blas));
}

/* What a layer does: op(a) = a^T, with a bias where there is an epilogue for it. */
typedef struct lt {
    cublasLtHandle_t                handle;
    cublasLtMatmulDesc_t            desc;
    cublasLtMatrixLayout_t          a, b, c;
    cublasLtMatmulPreference_t      preference;
    cublasLtMatmulHeuristicResult_t found;
} lt;

static cublasStatus_t lt_create(const mode *mode, const void *bias, lt *x)
{
    const cublasOperation_t  transpose = CUBLAS_OP_T;
    const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    const size_t             workspace = 1 << 20;
    int                      n = 0;
    must_blas(cublasLtCreate(&x->handle));
    must_blas(cublasLtMatmulDescCreate(&x->desc, mode->compute, mode->in == CUDA_R_64F ? CUDA_R_64F : CUDA_R_32F));
    must_blas(cublasLtMatmulDescSetAttribute(x->desc, CUBLASLT_MATMUL_DESC_TRANSA, &transpose, sizeof transpose));
    if (bias) {
        must_blas(cublasLtMatmulDescSetAttribute(x->desc, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue));
        must_blas(cublasLtMatmulDescSetAttribute(x->desc, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias));
    }
    must_blas(cublasLtMatrixLayoutCreate(&x->a, mode->in, K, M, LD));
    must_blas(cublasLtMatrixLayoutCreate(&x->b, mode->in, K, N, LD));
    must_blas(cublasLtMatrixLayoutCreate(&x->c, mode->out, M, N, LD));
    must_blas(cublasLtMatmulPreferenceCreate(&x->preference));
    must_blas(cublasLtMatmulPreferenceSetAttribute(x->preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace,
                                                   sizeof workspace));
    return cublasLtMatmulAlgoGetHeuristic(x->handle, x->desc, x->a, x->b, x->c, x->c, x->preference, 1, &x->found, &n);
}

static void lt_destroy(lt *x)
{
    cublasLtMatmulPreferenceDestroy(x->preference);
    cublasLtMatrixLayoutDestroy(x->a);
    cublasLtMatrixLayoutDestroy(x->b);
    cublasLtMatrixLayoutDestroy(x->c);
    cublasLtMatmulDescDestroy(x->desc);
    cublasLtDestroy(x->handle);
}

static void lt_with_a_bias(void **state)
{
    (void)state;
    static array a, b, c, before, bias;
    for (size_t i = 0; i < 2 * N_MODES; i++) {
        const mode  *mode = &modes[i / 2];
        const int    with_bias = i % 2, is_double = mode->in == CUDA_R_64F;
        const double alpha = 1.0, beta = 0.0;
        const float  alpha_f = 1.0f, beta_f = 0.0f;
        lt           x;
        fill(&a, mode->in, 1);
        fill(&b, mode->in, 2);
        fill(&c, mode->out, 3);
        fill(&bias, mode->out, 4);
        before = c;
        const cublasStatus_t offered = lt_create(mode, with_bias ? bias.device : NULL, &x);
        assert_int_equal(offered, with_bias && is_double ? CUBLAS_STATUS_NOT_SUPPORTED : CUBLAS_STATUS_SUCCESS);
        if (offered == CUBLAS_STATUS_SUCCESS) {
            void *workspace = on_device(NULL, x.found.workspaceSize);
            must_blas(cublasLtMatmul(x.handle, x.desc, is_double ? (const void *)&alpha : &alpha_f, a.device, x.a, b.device,
                                     x.b, is_double ? (const void *)&beta : &beta_f, c.device, x.c, c.device, x.c,
                                     &x.found.algo, workspace, x.found.workspaceSize, NULL));
            must(cudaDeviceSynchronize());
            check_product(&a, 1, &b, 0, &before, 1.0, 0.0, with_bias ? &bias : NULL, &c);
            assert_int_equal(cublasLtMatmul(x.handle, x.desc, &alpha, a.device, x.a, b.device, x.b, &beta, c.device, x.c,
                                            c.device, x.c, &x.found.algo, NULL, 0, NULL),
                             CUBLAS_STATUS_INVALID_VALUE); /* no workspace */
            must(cudaFree(workspace));
        }
        lt_destroy(&x);
        array *const all[] = {&a, &b, &c, &bias};
        free_all(all, 4);
    }
    set("refuse_epilogue", "1");
    lt x;
    assert_int_equal(lt_create(&modes[1], &x, &x), CUBLAS_STATUS_NOT_SUPPORTED);
    lt_destroy(&x);
}

/* 1 + 2^-11 + 2^-13 rounds up to 1 + 2^-10; the tensor core cuts it to 1. */
static void tensor_cores_cut_fp32_to_tf32(void **state)
{
    (void)state;
    const float    x = 1.0f + 0x1p-11f + 0x1p-13f, one = 1.0f, zero = 0.0f;
    float          y[2] = {0};
    cublasHandle_t blas = NULL;
    must_blas(cublasCreate(&blas));
    float *d_x = on_device(&x, sizeof x), *d_one = on_device(&one, sizeof one), *d_y = on_device(NULL, sizeof y);
    for (int fast = 0; fast < 2; fast++)
        must_blas(cublasGemmEx(blas, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, d_x, CUDA_R_32F, 1, d_one, CUDA_R_32F, 1, &zero,
                               d_y + fast, CUDA_R_32F, 1, fast ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F_PEDANTIC,
                               CUBLAS_GEMM_DEFAULT));
    to_host(y, d_y, sizeof y);
    assert_true(y[0] == x && y[1] == 1.0f);
    must(cudaFree(d_x));
    must(cudaFree(d_one));
    must(cudaFree(d_y));
    must_blas(cublasDestroy(blas));
}

static cublasStatus_t one_gemm(cublasHandle_t blas, int m, int lda, const void *a, cudaDataType type,
                               cublasComputeType_t compute)
{
    const float one = 1.0f, zero = 0.0f;
    return cublasGemmEx(blas, CUBLAS_OP_N, CUBLAS_OP_N, m, 2, 2, &one, a, type, lda, a, type, 2, &zero, (void *)(uintptr_t)a,
                        CUDA_R_32F, 2, compute, CUBLAS_GEMM_DEFAULT);
}

static void refusals(void **state)
{
    (void)state;
    cublasHandle_t blas = NULL;
    float         *a = on_device(NULL, 4 * sizeof *a);
    must_blas(cublasCreate(&blas));
    must_blas(one_gemm(blas, 2, 2, a, CUDA_R_32F, CUBLAS_COMPUTE_32F));
    assert_int_equal(one_gemm(NULL, 2, 2, a, CUDA_R_32F, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_NOT_INITIALIZED);
    assert_int_equal(one_gemm(blas, -1, 2, a, CUDA_R_32F, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_INVALID_VALUE);
    assert_int_equal(one_gemm(blas, 2, 1, a, CUDA_R_32F, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_INVALID_VALUE);
    assert_int_equal(one_gemm(blas, 2, 2, NULL, CUDA_R_32F, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_INVALID_VALUE);
    assert_int_equal(one_gemm(blas, 2, 2, a, CUDA_R_64F, CUBLAS_COMPUTE_64F), CUBLAS_STATUS_NOT_SUPPORTED);
    assert_int_equal(one_gemm(blas, 2, 2, a, CUDA_R_16F, CUBLAS_COMPUTE_32F_FAST_TF32), CUBLAS_STATUS_NOT_SUPPORTED);
    must_blas(cublasDestroy(blas));
    must(cudaFree(a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(gemm_and_batches, nothing_left),
        cmocka_unit_test_teardown(dsyrk, nothing_left),
        cmocka_unit_test_teardown(lt_with_a_bias, nothing_left),
        cmocka_unit_test_teardown(tensor_cores_cut_fp32_to_tf32, nothing_left),
        cmocka_unit_test_teardown(refusals, nothing_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
