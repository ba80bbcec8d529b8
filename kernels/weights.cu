// SPDX-License-Identifier: BSD-3-Clause
// Weights to the format of the products and back. Where the format cannot hold a weight it goes into two parts, as
// klf_split_float defines them; whether any weight of the layer needs that is told in a flag.
#include "element.h"
#include "launchers.h"

enum { THREADS = 256 };

// The parts of one weight, stored at `at`; returns the flags it raises. A weight beyond the format becomes infinite, as it does
// on the CPU, and shows in the results.
template <klf_precision PRECISION> static __device__ inline int put_weight(const klf_weights_args &args, size_t at, double w);

template <> __device__ inline int put_weight<KLF_FP64>(const klf_weights_args &args, size_t at, double w)
{
    static_cast<double *>(args.weight)[at] = w;
    return 0;
}

template <> __device__ inline int put_weight<KLF_FP32>(const klf_weights_args &args, size_t at, double w)
{
    static_cast<float *>(args.weight)[at] = static_cast<float>(w);
    return 0;
}

static __device__ inline int put_parts(const klf_weights_args &args, size_t at, float w, klf_format format)
{
    float upper, lower;
    klf_split_float(format, w, &upper, &lower);
    switch (format) {
    case KLF_FORMAT_FP16:
        static_cast<uint16_t *>(args.weight)[at] = klf_fp16_bits(upper);
        static_cast<uint16_t *>(args.lower)[at] = klf_fp16_bits(lower);
        break;
    case KLF_FORMAT_BF16:
        static_cast<uint16_t *>(args.weight)[at] = klf_bf16_bits(upper);
        static_cast<uint16_t *>(args.lower)[at] = klf_bf16_bits(lower);
        break;
    default:
        static_cast<float *>(args.weight)[at] = upper;
        static_cast<float *>(args.lower)[at] = lower;
        break;
    }
    return lower == 0.0f ? 0 : KLF_WEIGHTS_NEED_LOWER;
}

template <> __device__ inline int put_weight<KLF_TF32>(const klf_weights_args &args, size_t at, double w)
{
    return put_parts(args, at, static_cast<float>(w), KLF_FORMAT_TF32);
}

// The largest number stands for infinity, which times a lower part of phi of the other sign or zero would be NaN and spread to
// the layers behind.
static __device__ inline float largest_tf32()
{
    return 0x1.ffcp127f;
}

template <> __device__ inline int put_weight<KLF_TF32X3>(const klf_weights_args &args, size_t at, double w)
{
    const float most = largest_tf32(), rounded = static_cast<float>(w);
    return put_parts(args, at, rounded > most ? most : rounded < -most ? -most : rounded, KLF_FORMAT_TF32);
}

template <> __device__ inline int put_weight<KLF_FP16>(const klf_weights_args &args, size_t at, double w)
{
    return put_parts(args, at, static_cast<float>(w), KLF_FORMAT_FP16);
}

template <> __device__ inline int put_weight<KLF_BF16>(const klf_weights_args &args, size_t at, double w)
{
    return put_parts(args, at, static_cast<float>(w), KLF_FORMAT_BF16);
}

template <klf_precision PRECISION> static __global__ void put_weights_kernel(const klf_weights_args args)
{
    typedef typename klf_element<PRECISION>::real real;
    const size_t n = args.stride * args.stride_in, step = static_cast<size_t>(gridDim.x) * blockDim.x;
    const size_t start = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    int          flags = 0;
    for (size_t at = start; at < n; at += step) {
        const size_t row = at / args.stride_in, column = at % args.stride_in;
        const bool   padding = row >= args.width || column >= args.fan_in;
        flags |= put_weight<PRECISION>(args, at, padding ? 0.0 : args.source[row * args.fan_in + column]);
    }
    for (size_t row = start; row < args.stride; row += step)
        static_cast<real *>(args.bias)[row] = static_cast<real>(row < args.width ? args.source_bias[row] : 0.0);
    if (flags)
        atomicOr(args.flags, flags);
}

template <klf_precision PRECISION> static klf_status put_weights(cudaStream_t stream, const klf_weights_args *args)
{
    KLF_LAUNCH((put_weights_kernel<PRECISION>), klf_blocks(args->stride * args->stride_in, THREADS), THREADS, 0, stream, *args);
    return KLF_OK;
}

// Once a model. Floor: 8 bytes an element read, and what the format takes written.
extern "C" klf_status klf_cuda_put_weights(cudaStream_t stream, klf_precision precision, const klf_weights_args *args)
{
    KLF_FOR_PRECISION(precision, put_weights, stream, args)
}

template <klf_precision PRECISION> static __device__ inline double weight_part(const void *weight, size_t at)
{
    switch (PRECISION) {
    case KLF_FP64: return static_cast<const double *>(weight)[at];
    case KLF_FP16: return static_cast<double>(klf_fp16_value(static_cast<const uint16_t *>(weight)[at]));
    case KLF_BF16: return static_cast<double>(klf_bf16_value(static_cast<const uint16_t *>(weight)[at]));
    default: return static_cast<double>(static_cast<const float *>(weight)[at]);
    }
}

template <klf_precision PRECISION>
static __global__ void get_weights_kernel(size_t n, const void *weight, const void *lower, double scale, double *to)
{
    const size_t step = static_cast<size_t>(gridDim.x) * blockDim.x;
    for (size_t at = static_cast<size_t>(blockIdx.x) * blockDim.x + threadIdx.x; at < n; at += step) {
        const double upper = weight_part<PRECISION>(weight, at);
        to[at] = upper + (lower ? scale * weight_part<PRECISION>(lower, at) : 0.0);
        if (PRECISION == KLF_TF32X3 && fabs(upper) >= static_cast<double>(largest_tf32()))
            to[at] = upper * static_cast<double>(INFINITY);
    }
}

template <klf_precision PRECISION>
static klf_status get_weights(cudaStream_t stream, size_t n, const void *weight, const void *lower, double *to)
{
    const double scale = klf_split_scale(PRECISION == KLF_FP16 ? KLF_FORMAT_FP16 : KLF_FORMAT_TF32);
    KLF_LAUNCH((get_weights_kernel<PRECISION>), klf_blocks(n, THREADS), THREADS, 0, stream, n, weight, lower, scale, to);
    return KLF_OK;
}

// Once a layer, after the samples.
extern "C" klf_status klf_cuda_get_weights(cudaStream_t stream, klf_precision precision, size_t n, const void *weight,
                                           const void *lower, double *to)
{
    KLF_FOR_PRECISION(precision, get_weights, stream, n, weight, lower, to)
}
