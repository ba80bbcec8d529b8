/* SPDX-License-Identifier: BSD-3-Clause */
/** Two standard normals from two random words: Box-Muller with the same bits on every CPU, GPU and compiler.
 *
 *      u = (x + 1/2) 2^-32,  v = (y + 1/2) 2^-32,  r = sqrt(-2 ln u)
 *      n0 = r sin(2 pi v),  n1 = r cos(2 pi v)                        (the order of cuRAND)
 *
 *  Only integer operations and correctly rounded float operations (fma, add, mul, sqrt, conversion) occur, no library function
 *  and no sum of a product outside fma, so that neither contraction nor vectorisation can change a bit. No intermediate value
 *  is subnormal: flushing them to zero changes nothing either.
 *
 *  u is never 0 or 1. Its smallest value 2^-33 cuts the tails at |n| = 6.764, beyond which a normal has 1.4e-11 of its
 *  probability. Against the exact formula a normal is off by less than 2.5e-7 r, root mean square 7e-8. The polynomials come
 *  from tools/derive_normal.sollya. As C++ it needs C++17, for its hexadecimal floats.
 */
#ifndef KLFLOW_NORMAL_H
#define KLFLOW_NORMAL_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__FAST_MATH__) || FLT_EVAL_METHOD == 1 || FLT_EVAL_METHOD == 2
#error "klflow needs plain IEEE float arithmetic: no -ffast-math, and SSE rather than x87 (-mfpmath=sse)"
#endif

#ifdef __CUDACC__
#define KLF_HD __host__ __device__
#else
#define KLF_HD
#endif

#ifdef __CUDA_ARCH__
#define KLF_FMA(a, b, c) __fmaf_rn(a, b, c)
#define KLF_MUL(a, b) __fmul_rn(a, b)
#define KLF_ADD(a, b) __fadd_rn(a, b)
#define KLF_SQRT(a) __fsqrt_rn(a)
#else
#define KLF_FMA(a, b, c) fmaf(a, b, c)
#define KLF_MUL(a, b) ((a) * (b))
#define KLF_ADD(a, b) ((a) + (b))
#define KLF_SQRT(a) sqrtf(a)
#endif

KLF_HD static inline uint32_t klf_float_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

KLF_HD static inline float klf_bits_float(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/** r = sqrt(-2 ln u), u = (x + 1/2) 2^-32.
 *
 *  Write u = (1 - g) 2^-k with 0 < g <= 1/2, so that r^2 = k 2 ln 2 - 2 ln(1 - g) adds positive terms and cannot cancel. For
 *  u > 1/2 take k = 0 and g = 1 - u from the complement of x, exact where 1 - u is small; below, k and g are the exponent
 *  and mantissa of u as a float. */
KLF_HD static inline float klf_normal_radius(uint32_t x)
{
    uint32_t upper = 0u - (x >> 31);                         /* all ones if u > 1/2 */
    float    t = KLF_ADD((float)(int32_t)(x ^ upper), 0.5f); /* 2^32 min(u, 1 - u), at most 2^31 */
    uint32_t bits = klf_float_bits(t);
    float    mantissa = klf_bits_float((bits & 0x007fffffu) | 0x3f000000u); /* in [1/2, 1) */
    int32_t  exponent = (int32_t)(bits >> 23) - 126;                        /* t = mantissa 2^exponent */

    uint32_t g_upper = klf_float_bits(KLF_MUL(t, 0x1p-32f));
    uint32_t g_lower = klf_float_bits(KLF_ADD(1.0f, -mantissa));
    float    g = klf_bits_float((g_upper & upper) | (g_lower & ~upper));
    float    k = (float)((32 - exponent) & (int32_t)~upper);

    float p = 0x1.be09cap1f; /* -2 ln(1 - g) = 2 g + g^2 p(g), relative error 2^-27.9 */
    p = KLF_FMA(p, g, -0x1.3caf4ep2f);
    p = KLF_FMA(p, g, 0x1.f8079cp1f);
    p = KLF_FMA(p, g, -0x1.2ebf56p0f);
    p = KLF_FMA(p, g, 0x1.5bf774p-1f);
    p = KLF_FMA(p, g, 0x1.684526p-2f);
    p = KLF_FMA(p, g, 0x1.01e912p-1f);
    p = KLF_FMA(p, g, 0x1.5542fcp-1f);
    p = KLF_FMA(p, g, 0x1.00001ep0f);
    float lower_terms = KLF_FMA(KLF_MUL(g, g), p, KLF_ADD(g, g));
    return KLF_SQRT(KLF_FMA(k, 0x1.62e43p0f, lower_terms)); /* 2 ln 2 */
}

/** Two independent standard normals from two independent words. */
KLF_HD static inline void klf_normal2(uint32_t x, uint32_t y, float *n0, float *n1)
{
    float r = klf_normal_radius(x);

    /* 2 pi v = quadrant pi/2 + a with |a| < pi/4, split in the integer so that nothing is lost. */
    uint32_t quadrant = (y + 0x20000000u) >> 30;
    int32_t  rest = (int32_t)(y - (quadrant << 30));
    float    a = KLF_FMA((float)rest, 0x1.921fb6p-30f, 0x1.921fb6p-31f); /* (rest + 1/2) 2 pi 2^-32 */
    float    a2 = KLF_MUL(a, a);

    float s = -0x1.9954e8p-13f; /* sin a = a + a^3 s(a^2), relative error 2^-27.9 */
    s = KLF_FMA(s, a2, 0x1.11077ap-7f);
    s = KLF_FMA(s, a2, -0x1.555546p-3f);
    float sin_a = KLF_FMA(KLF_MUL(a, a2), s, a);

    float c = 0x1.99ebaep-16f; /* cos a = 1 - a^2/2 + a^4 c(a^2), absolute error 2^-33 */
    c = KLF_FMA(c, a2, -0x1.6c0c3p-10f);
    c = KLF_FMA(c, a2, 0x1.55554ap-5f);
    c = KLF_FMA(c, a2, -0.5f);
    float cos_a = KLF_FMA(c, a2, 1.0f);

    /* Quadrants 0 1 2 3: sine = sin, cos, -sin, -cos; cosine = cos, -sin, -cos, sin. */
    uint32_t swap = 0u - (quadrant & 1u);
    uint32_t sin_bits = klf_float_bits(sin_a), cos_bits = klf_float_bits(cos_a);
    uint32_t sine = ((sin_bits & ~swap) | (cos_bits & swap)) ^ (quadrant & 2u) << 30;
    uint32_t cosine = ((cos_bits & ~swap) | (sin_bits & swap)) ^ ((quadrant + 1u) & 2u) << 30;
    *n0 = KLF_MUL(r, klf_bits_float(sine));
    *n1 = KLF_MUL(r, klf_bits_float(cosine));
}
#endif
