/* SPDX-License-Identifier: BSD-3-Clause */
/** Rounding to nearest, ties to even, to the input formats of tensor cores: the same bits on the CPU and on the GPU.
 *
 *  tf32 has the range of a float and 10 stored mantissa bits, bf16 the range of a float and 7, fp16 five exponent bits and 10
 *  stored mantissa bits: above 65519 it overflows to infinity, below 2^-14 it is subnormal. NaN stays NaN.
 */
#ifndef KLFLOW_ROUNDING_H
#define KLFLOW_ROUNDING_H

#include "klflow/normal.h" /* KLF_HD, klf_float_bits, klf_bits_float */
#include "klflow/precision.h"

#include <stdint.h>

/** The upper 32 - `dropped` bits of a float, rounded to nearest even. */
KLF_HD static inline uint32_t klf_round_bits(uint32_t bits, int dropped)
{
    uint32_t half = (1u << (dropped - 1)) - 1u, last = bits >> dropped & 1u;
    if ((bits & 0x7f800000u) == 0x7f800000u) /* infinity stays; a NaN stays one whatever its lower bits */
        return bits & 0x007fffffu ? bits | 0x00400000u : bits;
    return (bits + half + last) & ~((1u << dropped) - 1u);
}

KLF_HD static inline float klf_round_tf32(float x)
{
    return klf_bits_float(klf_round_bits(klf_float_bits(x), 13));
}

KLF_HD static inline uint16_t klf_bf16_bits(float x)
{
    return (uint16_t)(klf_round_bits(klf_float_bits(x), 16) >> 16);
}

KLF_HD static inline float klf_bf16_value(uint16_t bits)
{
    return klf_bits_float((uint32_t)bits << 16);
}

KLF_HD static inline uint16_t klf_fp16_bits(float x)
{
    uint32_t bits = klf_float_bits(x), magnitude = bits & 0x7fffffffu, sign = bits >> 16 & 0x8000u;
    if (magnitude >= 0x7f800000u)
        return (uint16_t)(sign | 0x7c00u | (magnitude > 0x7f800000u ? 0x0200u : 0u));
    if (magnitude >= 0x477ff000u) /* 65520, half way to 2^16 */
        return (uint16_t)(sign | 0x7c00u);
    if (magnitude <
        0x38800000u) { /* below 2^-14: adding 1/2 leaves multiples of 2^-24, the subnormals of fp16, in the lower bits */
        float shifted = KLF_ADD(klf_bits_float(magnitude), 0.5f);
        return (uint16_t)(sign | (klf_float_bits(shifted) - 0x3f000000u));
    }
    return (uint16_t)(sign | (klf_round_bits(magnitude, 13) - 0x38000000u) >> 13);
}

KLF_HD static inline float klf_fp16_value(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
    if (magnitude >= 0x7c00u)
        return klf_bits_float(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude < 0x0400u) /* exact: the sum has the subnormal in its lower bits */
        return klf_bits_float(sign | klf_float_bits(KLF_ADD(klf_bits_float(0x3f000000u | magnitude), -0.5f)));
    return klf_bits_float(sign | ((magnitude << 13) + 0x38000000u));
}

/** x rounded to a format, as a float; fp64 and fp32 leave it as it is. */
KLF_HD static inline float klf_round_float(klf_format format, float x)
{
    switch (format) {
    case KLF_FORMAT_TF32: return klf_round_tf32(x);
    case KLF_FORMAT_FP16: return klf_fp16_value(klf_fp16_bits(x));
    case KLF_FORMAT_BF16: return klf_bf16_value(klf_bf16_bits(x));
    default: return x;
    }
}

/** What the lower part of klf_split_float is to be multiplied by: in fp16 it would be subnormal otherwise. */
KLF_HD static inline double klf_split_scale(klf_format format)
{
    return format == KLF_FORMAT_FP16 ? 0x1p-11 : 1.0;
}

/** x as the sum of two numbers of a format, upper + klf_split_scale lower, to twice the format's digits: how a weight that the
 *  format cannot hold goes into two products. lower is 0 where the format holds x, and where x overflows it. */
KLF_HD static inline void klf_split_float(klf_format format, float x, float *upper, float *lower)
{
    float first = klf_round_float(format, x), rest = KLF_ADD(x, -first);
    int   overflows = (klf_float_bits(first) & 0x7f800000u) == 0x7f800000u;
    *upper = first;
    *lower = overflows ? 0.0f : klf_round_float(format, format == KLF_FORMAT_FP16 ? KLF_MUL(rest, 0x1p11f) : rest);
}

/** The sum of the two parts, as a float: exact. */
KLF_HD static inline float klf_two_parts_float(klf_format format, float x)
{
    float upper, lower;
    klf_split_float(format, x, &upper, &lower);
    return KLF_ADD(KLF_MUL(lower, (float)klf_split_scale(format)), upper);
}
#endif
