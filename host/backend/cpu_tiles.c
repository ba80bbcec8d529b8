/* SPDX-License-Identifier: BSD-3-Clause */
/* Kernel set tiles-avx512: register tiles of 8 rows by 3 vectors on activations that stay in one packed layout from layer to
 * layer, so that nothing is ever transposed, repacked or written twice. Compiled for AVX-512 (F, DQ, BW, VL); the caller has
 * checked the CPU. cpu_tiles_typed.h holds the code, once for float and once for double.
 *
 * Layout. A unit is 16 neurons in float, 8 in double: one vector, one cache line. A chunk of rows is cut into blocks that fit
 * the second-level cache; phi[block][unit][row][LANES]. A forward tile broadcasts phi along its rows and reads weights as
 * vectors; a Gram tile broadcasts phi along the neurons of a line and reads other lines as vectors: both want exactly this.
 * Widths are padded to whole units with zero weights, rows of the last block to whole tiles with zero activations. */
#include "backend/cpu_tiles.h"
#include "backend/cpu_dgemm.h"
#include "backend/cpu_kernels.h"
#include "core/memory.h"
#include "klflow/rng.h"
#include "klflow/rounding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* A unit of a block is followed by this many unused lines: strides of a multiple of 4096 bytes would put the same row of
     * all units into one set of the first-level cache. */
    GAP_LINES = 8,
    SLICE_STEPS = 160, /* of fan_in at a time: their 3 lines of weights are 30 KB */
    AHEAD_LINES = 2,   /* prefetched a unit of fan_in and tile: 24 or 12 tiles a block bring just the next slice */
};

/* double sum of a vector of floats, in fixed order */
static inline double sum_f32(__m512 x)
{
    __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x)), high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
}

/* total[16] += x */
static inline void accumulate_f32(double *total, __m512 x)
{
    __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x)), high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
    _mm512_storeu_pd(total, _mm512_add_pd(_mm512_loadu_pd(total), low));
    _mm512_storeu_pd(total + 8, _mm512_add_pd(_mm512_loadu_pd(total + 8), high));
}

static inline void accumulate_f64(double *total, __m512d x)
{
    _mm512_storeu_pd(total, _mm512_add_pd(_mm512_loadu_pd(total), x));
}

/* The upper 32 - dropped bits, to nearest even; infinities and NaNs as they are. */
static inline __m512 round_bits(__m512 x, unsigned dropped)
{
    __m512i bits = _mm512_castps_si512(x);
    __m512i last = _mm512_and_si512(_mm512_srli_epi32(bits, dropped), _mm512_set1_epi32(1));
    __m512i up = _mm512_add_epi32(last, _mm512_set1_epi32((1 << (dropped - 1)) - 1));
    __m512i rounded = _mm512_and_si512(_mm512_add_epi32(bits, up), _mm512_set1_epi32(-(1 << dropped)));
    return _mm512_mask_mov_ps(_mm512_castsi512_ps(rounded), _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), x);
}

static inline __m512 round_f32(klf_format format, __m512 x)
{
    switch (format) {
    case KLF_FORMAT_TF32: return round_bits(x, 13);
    case KLF_FORMAT_BF16: return round_bits(x, 16);
    case KLF_FORMAT_FP16: return _mm512_cvtph_ps(_mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
    default: return x;
    }
}

/* What is used of a weight. In double, which is for fp64 alone, nothing is rounded. */
static inline float weight_f32(klf_format format, double w)
{
    return klf_two_parts_float(format, (float)w);
}

static inline double weight_f64(klf_format format, double w)
{
    (void)format;
    return w;
}

static inline __m512d round_f64(klf_format format, __m512d x)
{
    (void)format;
    return x;
}

/* A block of 784 neurons is 0.6 MB in either type: it stays in a second-level cache of 1 MB beside weights and results. */
#define REAL float
#define VEC __m512
#define LANES 16
#define BLOCK_ROWS 192
#define NAME(x) x##_f32
#define V(operation) _mm512_##operation##_ps
#define VTANH _ZGVeN16v_tanhf
#define LOAD_NORMALS(p) _mm512_loadu_ps(p)
#include "backend/cpu_tiles_typed.h"

#define REAL double
#define VEC __m512d
#define LANES 8
#define BLOCK_ROWS 96
#define NAME(x) x##_f64
#define V(operation) _mm512_##operation##_pd
#define VTANH _ZGVeN8v_tanh
#define LOAD_NORMALS(p) _mm512_cvtps_pd(_mm256_loadu_ps(p))
#define sum_f64 _mm512_reduce_add_pd
#include "backend/cpu_tiles_typed.h"

const klf_cpu_kernels klf_cpu_tiles_avx512[2] = {
    [KLF_FP64] = KLF_CPU_KERNELS_TABLE(f64), [KLF_FP32] = KLF_CPU_KERNELS_TABLE(f32)};

/* One panel of b's rows, that is of c's columns. */
static void dgemm_panel(const klf_layer *b, size_t unit, size_t step, size_t m, double *phi, double *weight, double *c)
{
    enum { LANES = sizeof(__m512d) / sizeof(double) };
    size_t  depth_units = units_f64(b->fan_in), first = unit * LANES, last = first + step * LANES;
    __m512d z[TILE_ROWS][PANEL_UNITS];
    last = last < b->width ? last : b->width;
    pack_panel_f64(b, KLF_FORMAT_FP64, unit, step, weight);
    for (size_t row = 0; row < m; row += TILE_ROWS) {
        forward_step_f64(phi + element_f64(b->fan_in, row, 0), weight, depth_units, step, false, weight, z);
        for (size_t r = 0; r < TILE_ROWS && row + r < m; r++)
            for (size_t j = first; j < last; j++)
                c[(row + r) * b->width + j] = z[r][(j - first) / LANES][(j - first) % LANES];
    }
}

klf_status klf_cpu_tiles_dgemm_nt(size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
    klf_layer source = {.fan_in = k, .width = n, .weight = (double *)(uintptr_t)b}; /* only read */
    size_t    units = units_f64(n), unit_elements = weight_bytes_f64(1, k) / sizeof(double);
    double   *phi = klf_memory_get(phi_bytes_f64(k, m)), *weight = klf_memory_get(weight_bytes_f64(n, k));
    if (!phi || !weight) {
        free(phi);
        free(weight);
        return klf_fail(KLF_ERR_MEMORY, "backend cpu: no memory for a product of %zu x %zu and %zu x %zu matrices", m, k, k, n);
    }
    memset(phi, 0, phi_bytes_f64(k, m));
#pragma omp parallel
    {
#pragma omp for
        for (size_t row = 0; row < m; row++)
            put_row_f64(phi, k, row, a + row * k);
#pragma omp for schedule(dynamic)
        for (size_t unit = 0; unit < units; unit += PANEL_UNITS)
            dgemm_panel(&source, unit, units - unit < PANEL_UNITS ? units - unit : PANEL_UNITS, m, phi,
                        weight + unit * unit_elements, c);
    }
    free(phi);
    free(weight);
    return KLF_OK;
}
