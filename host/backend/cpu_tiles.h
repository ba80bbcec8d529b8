/* SPDX-License-Identifier: BSD-3-Clause */
/* Register tiles for AVX-512: their size, and what the files that use them (cpu_tiles.c, cpu_train_tiles.c) have in common. */
#ifndef KLFLOW_BACKEND_CPU_TILES_H
#define KLFLOW_BACKEND_CPU_TILES_H

#include <immintrin.h>
#include <math.h>
#include <stddef.h>

enum {
    /* A tile holds 24 accumulators, 3 vectors and a broadcast in 28 of the 32 registers, and does 24 FMAs for 11 loads. */
    TILE_ROWS = 8,
    PANEL_UNITS = 3,
};

static inline size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Units of the next panel when `left` remain: 3, but 2 + 2 rather than 3 + 1 at the end. */
static inline size_t panel_units(size_t left)
{
    return left == 4 ? 2 : left < PANEL_UNITS ? left : PANEL_UNITS;
}

#ifdef KLF_HAVE_LIBMVEC_TANH
extern __m512  _ZGVeN16v_tanhf(__m512);
extern __m512d _ZGVeN8v_tanh(__m512d);
#else
static __m512 _ZGVeN16v_tanhf(__m512 x)
{
    float v[16];
    _mm512_storeu_ps(v, x);
    for (int i = 0; i < 16; i++)
        v[i] = tanhf(v[i]);
    return _mm512_loadu_ps(v);
}

static __m512d _ZGVeN8v_tanh(__m512d x)
{
    double v[8];
    _mm512_storeu_pd(v, x);
    for (int i = 0; i < 8; i++)
        v[i] = tanh(v[i]);
    return _mm512_loadu_pd(v);
}
#endif

#endif
