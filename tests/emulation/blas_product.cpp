// SPDX-License-Identifier: BSD-3-Clause
// Matrix products as the card computes them: inputs in the format of the tensor core, exact products, sums in fp32 in the order
// of k. A tensor core ignores the lower 13 bits of an fp32 input that it takes as TF32, so they are cut off here, not rounded:
// whoever forgets to round to nearest gets the bias that he would get there. Double stays double.
#include "emulation/blas_product.h"
#include "klflow/rounding.h"

#include <cstring>
#include <vector>

namespace klf_emulation
{

namespace
{

float cut_to_tf32(float x)
{
    return klf_bits_float(klf_float_bits(x) & 0xffffe000u);
}

float element(const matrix &x, int64_t i, cublasComputeType_t compute)
{
    uint16_t half;
    float    single;
    switch (x.type) {
    case CUDA_R_16F: std::memcpy(&half, static_cast<const char *>(x.data) + 2 * i, 2); return klf_fp16_value(half);
    case CUDA_R_16BF: std::memcpy(&half, static_cast<const char *>(x.data) + 2 * i, 2); return klf_bf16_value(half);
    default: break;
    }
    std::memcpy(&single, static_cast<const char *>(x.data) + 4 * i, 4);
    switch (compute) {
    case CUBLAS_COMPUTE_32F_FAST_TF32: return cut_to_tf32(single);
    case CUBLAS_COMPUTE_32F_FAST_16F: return klf_round_float(KLF_FORMAT_FP16, single);
    case CUBLAS_COMPUTE_32F_FAST_16BF: return klf_round_float(KLF_FORMAT_BF16, single);
    default: return single;
    }
}

double element_of(const matrix &x, int64_t i, cublasComputeType_t compute, double)
{
    double value;
    if (x.type != CUDA_R_64F)
        return static_cast<double>(element(x, i, compute));
    std::memcpy(&value, static_cast<const char *>(x.data) + 8 * i, 8);
    return value;
}

float element_of(const matrix &x, int64_t i, cublasComputeType_t compute, float)
{
    return element(x, i, compute);
}

// op(x), rows x cols, as the tensor core takes it in, column-major or row-major without gaps.
template <typename T>
std::vector<T> taken_in(const matrix &x, bool transpose, int64_t rows, int64_t cols, bool row_major,
                        cublasComputeType_t compute)
{
    std::vector<T> out(static_cast<size_t>(rows * cols));
    for (int64_t j = 0; j < cols; j++)
        for (int64_t i = 0; i < rows; i++)
            out[static_cast<size_t>(row_major ? i * cols + j : j * rows + i)] = element_of(
                x, transpose ? j + i * x.ld : i + j * x.ld, compute, T());
    return out;
}

// sums[j][i] = sum over k of a(i, k) b(k, j) for 4 columns. The vectors are long enough: AddressSanitizer need not look at each
// of these.
template <typename T>
__attribute__((no_sanitize("address", "undefined"), optimize("O3"))) void add_four_columns(int64_t m, int64_t k, const T *a,
                                                                                           const T *const b[4], T *sums)
{
    T *s0 = sums, *s1 = sums + m, *s2 = sums + 2 * m, *s3 = sums + 3 * m;
    for (int64_t l = 0; l < k; l++) {
        const T *column = a + l * m;
        const T  b0 = b[0][l], b1 = b[1][l], b2 = b[2][l], b3 = b[3][l];
        for (int64_t i = 0; i < m; i++) {
            const T value = column[i];
            s0[i] += value * b0;
            s1[i] += value * b1;
            s2[i] += value * b2;
            s3[i] += value * b3;
        }
    }
}

void store(const matrix &x, int64_t i, double value)
{
    char *at = static_cast<char *>(const_cast<void *>(x.data)) + static_cast<size_t>(i) * type_bytes(x.type);
    if (x.type == CUDA_R_64F) {
        std::memcpy(at, &value, 8);
        return;
    }
    const float    single = static_cast<float>(value);
    const uint16_t half = x.type == CUDA_R_16F ? klf_fp16_bits(single) : klf_bf16_bits(single);
    if (x.type == CUDA_R_32F)
        std::memcpy(at, &single, 4);
    else
        std::memcpy(at, &half, 2);
}

template <typename T> void multiply(const product &p)
{
    const std::vector<T> a = taken_in<T>(p.a, p.transpose_a, p.m, p.k, false, p.compute);
    const std::vector<T> b = taken_in<T>(p.b, p.transpose_b, p.k, p.n, false, p.compute);
    std::vector<T>       sums(static_cast<size_t>(4 * p.m));
    for (int64_t j = 0; j < p.n; j += 4) {
        const T *columns[4];
        for (int64_t c = 0; c < 4; c++)
            columns[c] = b.data() + std::min(j + c, p.n - 1) * p.k;
        std::fill(sums.begin(), sums.end(), T(0));
        add_four_columns(p.m, p.k, a.data(), columns, sums.data());
        for (int64_t c = j; c < std::min(j + 4, p.n); c++)
            for (int64_t i = 0; i < p.m; i++) {
                if ((p.triangle < 0 && i < c) || (p.triangle > 0 && i > c))
                    continue;
                T value = static_cast<T>(p.alpha) * sums[static_cast<size_t>((c - j) * p.m + i)];
                if (p.beta != 0.0) // else c need not hold numbers
                    value += static_cast<T>(p.beta) * element_of(p.c, i + c * p.c.ld, CUBLAS_COMPUTE_32F, T());
                if (p.bias)
                    value += element_of({p.bias, p.d.type, p.m, 1, p.m}, i, CUBLAS_COMPUTE_32F, T());
                store(p.d, i + c * p.d.ld, static_cast<double>(value));
            }
    }
}

bool lies_on_device(const product &p, const char *name, const matrix &x)
{
    if (x.rows == 0 || x.cols == 0)
        return true;
    const size_t bytes = static_cast<size_t>(x.ld * (x.cols - 1) + x.rows) * type_bytes(x.type);
    if (on_device(x.data, bytes))
        return true;
    fail_device(cudaErrorIllegalAddress, "%s: matrix %s, %lld x %lld with leading dimension %lld, does not lie on the device",
                p.name, name, static_cast<long long>(x.rows), static_cast<long long>(x.cols), static_cast<long long>(x.ld));
    return false;
}

bool is_fp32_sum(cublasComputeType_t compute)
{
    return compute == CUBLAS_COMPUTE_32F || compute == CUBLAS_COMPUTE_32F_PEDANTIC || compute == CUBLAS_COMPUTE_32F_FAST_TF32 ||
           compute == CUBLAS_COMPUTE_32F_FAST_16F || compute == CUBLAS_COMPUTE_32F_FAST_16BF;
}

} // namespace

size_t type_bytes(cudaDataType type)
{
    return type == CUDA_R_64F ? 8 : type == CUDA_R_32F ? 4 : 2;
}

double read_scalar(const void *p, cudaDataType type)
{
    double d;
    float  f;
    if (type == CUDA_R_64F) {
        std::memcpy(&d, p, sizeof d);
        return d;
    }
    std::memcpy(&f, p, sizeof f);
    return static_cast<double>(f);
}

cublasStatus_t status_of(cudaError_t error)
{
    return error == cudaSuccess                                                 ? CUBLAS_STATUS_SUCCESS
           : error == cudaErrorInsufficientDriver || error == cudaErrorNoDevice ? CUBLAS_STATUS_NOT_INITIALIZED
           : error == cudaErrorMemoryAllocation                                 ? CUBLAS_STATUS_ALLOC_FAILED
           : error == cudaErrorNotSupported                                     ? CUBLAS_STATUS_NOT_SUPPORTED
           : error == cudaErrorInvalidValue                                     ? CUBLAS_STATUS_INVALID_VALUE
                                                                                : CUBLAS_STATUS_EXECUTION_FAILED;
}

cublasStatus_t check_product(const product &p)
{
    const auto in = p.a.type, out = p.d.type;
    if (p.m < 0 || p.n < 0 || p.k < 0)
        return CUBLAS_STATUS_INVALID_VALUE;
    for (const matrix *x : {&p.a, &p.b, &p.c, &p.d})
        if (x->ld < std::max<int64_t>(1, x->rows) || (!x->data && x->rows > 0 && x->cols > 0 && (x != &p.c || p.beta != 0.0)))
            return CUBLAS_STATUS_INVALID_VALUE;
    if (p.b.type != in || p.c.type != out)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (p.compute == CUBLAS_COMPUTE_64F || p.compute == CUBLAS_COMPUTE_64F_PEDANTIC)
        return in == CUDA_R_64F && out == CUDA_R_64F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    if (!is_fp32_sum(p.compute))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (in == CUDA_R_32F)
        return out == CUDA_R_32F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
    const bool plain = p.compute == CUBLAS_COMPUTE_32F || p.compute == CUBLAS_COMPUTE_32F_PEDANTIC;
    return plain && (in == CUDA_R_16F || in == CUDA_R_16BF) && (out == in || out == CUDA_R_32F) ? CUBLAS_STATUS_SUCCESS
                                                                                                : CUBLAS_STATUS_NOT_SUPPORTED;
}

void run_product(const product &p)
{
    if (fails_by_injection("gemm") || p.m == 0 || p.n == 0)
        return;
    const matrix bias = {p.bias, p.d.type, p.m, p.bias ? 1 : 0, p.m};
    if (!lies_on_device(p, "A", p.a) || !lies_on_device(p, "B", p.b) || !lies_on_device(p, "D", p.d) ||
        (p.beta != 0.0 && !lies_on_device(p, "C", p.c)) || !lies_on_device(p, "bias", bias))
        return;
    if (p.d.type == CUDA_R_64F)
        multiply<double>(p);
    else
        multiply<float>(p);
}

} // namespace klf_emulation
