/* SPDX-License-Identifier: BSD-3-Clause */
/* Training with register tiles, in the layout of cpu_tiles.c: phi[unit][row][LANES], weights panel by panel of 3 units,
 * [panel][k][column in panel]. Compiled for AVX-512. cpu_train_tiles_typed.h holds the code, once for float and once for
 * double.
 *
 * Weights and velocities are far larger than the caches, so each is fetched from memory as seldom as can be: weights once on
 * the way forward and once on the way back, velocities on the way back alone. A tile of 8 inputs by one panel stays in the
 * first-level cache while it gives W^T delta its share, while its gradient is formed in registers, and while that becomes
 * velocity and step.
 *
 * delta is kept twice: like phi, from where the gradient takes vectors along neurons, and as [neuron][row], from where W^T
 * delta takes vectors along rows. So no product transposes anything, and no sum crosses from one part of a layer to another. */
#include "backend/cpu_tiles.h"
#include "backend/cpu_train_kernels.h"

#include <stdbool.h>

enum {
    GAP_LINES = 8,     /* as in cpu_tiles.c */
    SLICE_STEPS = 160, /* of fan_in at a time in forward: their 3 lines of weights are 30 KB */
    BLOCK_ROWS = 64,   /* that pass while a slice is in the first-level cache */
    AHEAD_TILES = 6,   /* of weights and velocities, fetched before their turn on the way back */
};

static size_t n_panels(size_t units)
{
    return ceil_div(units, PANEL_UNITS);
}

/* First unit of a panel; that behind the last one is `units`. 3 units each, but 2 + 2 rather than 3 + 1 at the end. */
static size_t panel_begin(size_t units, size_t panel)
{
    if (panel == n_panels(units))
        return units;
    return panel * PANEL_UNITS - (panel > 0 && panel + 1 == n_panels(units) && units % PANEL_UNITS == 1);
}

#define REAL float
#define VEC __m512
#define LANES 16
#define NAME(x) x##_f32
#define V(operation) _mm512_##operation##_ps
#define VTANH _ZGVeN16v_tanhf
#define PICK(a, from, b) _mm512_permutex2var_ps(a, _mm512_loadu_si512(from), b)
#define INDEX int32_t
#include "backend/cpu_train_tiles_typed.h"

#define REAL double
#define VEC __m512d
#define LANES 8
#define NAME(x) x##_f64
#define V(operation) _mm512_##operation##_pd
#define VTANH _ZGVeN8v_tanh
#define PICK(a, from, b) _mm512_permutex2var_pd(a, _mm512_loadu_si512(from), b)
#define INDEX int64_t
#include "backend/cpu_train_tiles_typed.h"

const klf_cpu_train_kernels klf_cpu_train_tiles_avx512[2] = {
    [KLF_FP64] = KLF_CPU_TRAIN_TABLE(f64), [KLF_FP32] = KLF_CPU_TRAIN_TABLE(f32)};
