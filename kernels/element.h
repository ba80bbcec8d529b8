/* SPDX-License-Identifier: BSD-3-Clause */
/* What the precisions differ in, element by element, for the .cu files: the type that z is computed in, and how four
 * activations are rounded to nearest and stored as the next product takes them in. */
#ifndef KLFLOW_KERNELS_ELEMENT_H
#define KLFLOW_KERNELS_ELEMENT_H

#include "launch.h"

#include "klflow/normal.h"
#include "klflow/rounding.h"

#ifdef __CUDACC__
#include <cuda_fp16.h>
#endif

static __device__ inline void load4(const float *from, float v[4])
{
    const float4 four = *reinterpret_cast<const float4 *>(from);
    v[0] = four.x, v[1] = four.y, v[2] = four.z, v[3] = four.w;
}

static __device__ inline void load4(const double *from, double v[4])
{
    const double2 *two = reinterpret_cast<const double2 *>(from);
    v[0] = two[0].x, v[1] = two[0].y, v[2] = two[1].x, v[3] = two[1].y;
}

static __device__ inline void store4(float *to, const float v[4])
{
    *reinterpret_cast<float4 *>(to) = make_float4(v[0], v[1], v[2], v[3]);
}

static __device__ inline void store4(double *to, const double v[4])
{
    double2 *two = reinterpret_cast<double2 *>(to);
    two[0] = make_double2(v[0], v[1]);
    two[1] = make_double2(v[2], v[3]);
}

static __device__ inline void store4(uint16_t *to, const uint16_t v[4])
{
    *reinterpret_cast<ushort4 *>(to) = make_ushort4(v[0], v[1], v[2], v[3]);
}

static __device__ inline float hyperbolic_tangent(float x)
{
    return tanhf(x);
}

static __device__ inline double hyperbolic_tangent(double x)
{
    return tanh(x);
}

static __device__ inline float multiply_add(float a, float b, float c)
{
    return KLF_FMA(a, b, c);
}

static __device__ inline double multiply_add(double a, double b, double c)
{
    return fma(a, b, c);
}

/* The bits of klf_fp16_bits and klf_fp16_value in one instruction each; for a NaN, another NaN. */
static __device__ inline uint16_t fp16_bits(float x)
{
#ifdef __CUDA_ARCH__
    return __half_as_ushort(__float2half_rn(x));
#else
    return klf_fp16_bits(x);
#endif
}

static __device__ inline float fp16_value(uint16_t bits)
{
#ifdef __CUDA_ARCH__
    return __half2float(__ushort_as_half(bits));
#else
    return klf_fp16_value(bits);
#endif
}

/* Of a precision: real, the type of z and of the sums over few rows; and put4, which stores phi [at .. at + 3] and leaves in v
 * what f_j and f_jk are to be moments of. */
template <klf_precision PRECISION> struct klf_element;

template <> struct klf_element<KLF_FP64> {
    typedef double         real;
    static __device__ void put4(void *phi, void *, size_t at, double v[4])
    {
        store4(static_cast<double *>(phi) + at, v);
    }
};

template <> struct klf_element<KLF_FP32> {
    typedef float          real;
    static __device__ void put4(void *phi, void *, size_t at, float v[4])
    {
        store4(static_cast<float *>(phi) + at, v);
    }
};

template <> struct klf_element<KLF_TF32> {
    typedef float          real;
    static __device__ void put4(void *phi, void *, size_t at, float v[4])
    {
        for (int i = 0; i < 4; i++)
            v[i] = klf_round_tf32(v[i]);
        store4(static_cast<float *>(phi) + at, v);
    }
};

/* In two parts, whose sum has all digits of phi but the last one or two: v stays as it is. */
template <> struct klf_element<KLF_TF32X3> {
    typedef float          real;
    static __device__ void put4(void *phi, void *phi_lower, size_t at, float v[4])
    {
        float upper[4], lower[4];
        for (int i = 0; i < 4; i++)
            klf_split_float(KLF_FORMAT_TF32, v[i], &upper[i], &lower[i]);
        store4(static_cast<float *>(phi) + at, upper);
        store4(static_cast<float *>(phi_lower) + at, lower);
    }
};

template <> struct klf_element<KLF_FP16> {
    typedef float          real;
    static __device__ void put4(void *phi, void *, size_t at, float v[4])
    {
        uint16_t bits[4];
        for (int i = 0; i < 4; i++) {
            bits[i] = fp16_bits(v[i]);
            v[i] = fp16_value(bits[i]);
        }
        store4(static_cast<uint16_t *>(phi) + at, bits);
    }
};

template <> struct klf_element<KLF_BF16> {
    typedef float          real;
    static __device__ void put4(void *phi, void *, size_t at, float v[4])
    {
        uint16_t bits[4];
        for (int i = 0; i < 4; i++) {
            bits[i] = klf_bf16_bits(v[i]);
            v[i] = klf_bf16_value(bits[i]);
        }
        store4(static_cast<uint16_t *>(phi) + at, bits);
    }
};

/* Calls a launcher's template for the precision at hand. */
#define KLF_FOR_PRECISION(precision, launcher, ...)                                                                            \
    switch (precision) {                                                                                                       \
    case KLF_FP64: return launcher<KLF_FP64>(__VA_ARGS__);                                                                     \
    case KLF_FP32: return launcher<KLF_FP32>(__VA_ARGS__);                                                                     \
    case KLF_TF32X3: return launcher<KLF_TF32X3>(__VA_ARGS__);                                                                 \
    case KLF_TF32: return launcher<KLF_TF32>(__VA_ARGS__);                                                                     \
    case KLF_FP16: return launcher<KLF_FP16>(__VA_ARGS__);                                                                     \
    case KLF_BF16: return launcher<KLF_BF16>(__VA_ARGS__);                                                                     \
    default: return klf_fail(KLF_ERR_INTERNAL, "backend cuda: no kernels of precision %d", (int)(precision));                  \
    }

#endif
