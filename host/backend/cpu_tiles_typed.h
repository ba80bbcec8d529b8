/* SPDX-License-Identifier: BSD-3-Clause */
/* The tiles of cpu_tiles.c for one element type. No include guard: included once a type, with REAL, VEC, LANES, BLOCK_ROWS,
 * NAME, V, VTANH and LOAD_NORMALS defined; undefines them at the end. */

enum {
    NAME(UNIT_STRIDE) = (BLOCK_ROWS + GAP_LINES) * LANES, /* elements from a unit of a block to the next */
};

static size_t NAME(units)(size_t width)
{
    return ceil_div(width, LANES);
}

static size_t NAME(padded_width)(size_t width)
{
    return NAME(units)(width) * LANES;
}

static size_t NAME(block_elements)(size_t width)
{
    return NAME(units)(width) * NAME(UNIT_STRIDE);
}

static size_t NAME(phi_bytes)(size_t width, size_t rows)
{
    return ceil_div(rows, BLOCK_ROWS) * NAME(block_elements)(width) * sizeof(REAL);
}

static size_t NAME(weight_bytes)(size_t width, size_t fan_in)
{
    return NAME(padded_width)(width) * NAME(padded_width)(fan_in) * sizeof(REAL);
}

static size_t NAME(bias_bytes)(size_t width)
{
    return NAME(padded_width)(width) * sizeof(REAL);
}

/* Panel by panel of columns, the rows from the panel's first neuron down: [panel][row][column in panel]. */
static size_t NAME(gram_bytes)(size_t width)
{
    size_t units = NAME(units)(width), lines = 0;
    for (size_t unit = 0, step; unit < units; unit += step) {
        step = panel_units(units - unit);
        lines += (units - unit) * LANES * step;
    }
    return lines * sizeof(VEC);
}

static size_t NAME(element)(size_t width, size_t row, size_t neuron)
{
    return row / BLOCK_ROWS * NAME(block_elements)(width) + neuron / LANES * NAME(UNIT_STRIDE) + row % BLOCK_ROWS * LANES +
           neuron % LANES;
}

static void NAME(put_row)(void *phi, size_t width, size_t row, const double *x)
{
    for (size_t i = 0; i < width; i++)
        ((REAL *)phi)[NAME(element)(width, row, i)] = (REAL)x[i];
}

static void NAME(get_row)(const void *phi, size_t width, size_t row, double *x)
{
    for (size_t i = 0; i < width; i++)
        x[i] = (double)((const REAL *)phi)[NAME(element)(width, row, i)];
}

/* target[k][column in panel] of the panel at `unit`, zero beyond width and fan_in. */
static void NAME(pack_panel)(const klf_layer *source, klf_format format, size_t unit, size_t step, REAL *target)
{
    for (size_t k = 0; k < NAME(padded_width)(source->fan_in); k++)
        for (size_t j = unit * LANES; j < (unit + step) * LANES; j++)
            *target++ = j < source->width && k < source->fan_in ? NAME(weight)(format, source->weight[j * source->fan_in + k])
                                                                : 0;
}

/* The bias of a padded neuron is the mean: its z - mean is then zero, and what its activation is does not matter because the
 * next layer's weights for it are zero. */
static void NAME(pack)(const klf_layer *source, klf_cpu_layer *layer)
{
    size_t units = NAME(units)(source->width), depth_units = NAME(units)(source->fan_in);
    REAL  *bias = layer->bias;
    for (size_t unit = 0, step; unit < units; unit += step) {
        step = panel_units(units - unit);
        NAME(pack_panel)(source, layer->format, unit, step, (REAL *)layer->weight + unit * depth_units * LANES * LANES);
    }
    for (size_t j = 0; j < units * LANES; j++)
        bias[j] = (REAL)(j < source->width ? source->bias[j] : layer->mean);
}

static void NAME(draw)(const klf_cpu_layer *layer, uint64_t seed, uint64_t first, size_t rows, float *normals, void *phi,
                       klf_cpu_sums *sums)
{
    size_t units = NAME(units)(layer->width), padded_rows = ceil_div(rows, TILE_ROWS) * TILE_ROWS;
    VEC    sd = V(set1)((REAL)sqrt(layer->var)), mean = V(set1)((REAL)layer->mean);
    memset(sums->f, 0, units * LANES * sizeof *sums->f);
    memset(normals, 0, units * LANES * sizeof *normals);
    for (size_t row = 0; row < rows; row++) {
        klf_normals(seed, klf_subsequence(KLF_STREAM_SAMPLES, first + row), 0, layer->width, normals);
        for (size_t unit = 0; unit < units; unit++) {
            VEC act = NAME(round)(layer->format, VTANH(V(fmadd)(sd, LOAD_NORMALS(normals + unit * LANES), mean)));
            V(store)((REAL *)phi + NAME(element)(layer->width, row, unit * LANES), act);
            NAME(accumulate)(sums->f + unit * LANES, act);
        }
    }
    for (size_t row = rows; row < padded_rows; row++)
        for (size_t unit = 0; unit < units; unit++)
            V(store)((REAL *)phi + NAME(element)(layer->width, row, unit * LANES), V(setzero)());
    sums->q_sum = sums->q_sum2 = 0;
}

#include "backend/cpu_tiles_multiply_typed.h"

/* z (+)= W phi for 8 rows, one panel and a slice of depth_units units of phi. On its way it fetches into the second-level cache
 * what the next slice will read: weights come from further away once a block of rows, and hardware prefetchers alone leave a
 * tenth of the time waiting for them. */
__attribute__((always_inline)) static inline void NAME(forward_tile)(const REAL *phi, const REAL *weight, size_t depth_units,
                                                                     size_t units, bool add, const REAL *ahead,
                                                                     VEC z[TILE_ROWS][PANEL_UNITS])
{
    VEC acc[TILE_ROWS][PANEL_UNITS];
    NAME(clear)(units, acc);
    for (size_t k = 0; k < depth_units; k++) {
        for (size_t i = 0; i < AHEAD_LINES; i++)
            _mm_prefetch((const char *)(ahead + (k * AHEAD_LINES + i) * LANES), _MM_HINT_T1);
        NAME(multiply)
        (phi + k * NAME(UNIT_STRIDE), LANES, 1, weight + k * LANES * units * LANES, LANES, units * LANES, units, LANES, acc);
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 3
        for (size_t u = 0; u < units; u++)
            z[r][u] = add ? V(add)(z[r][u], acc[r][u]) : acc[r][u];
}

static void NAME(forward_step)(const REAL *phi, const REAL *weight, size_t depth_units, size_t units, bool add,
                               const REAL *ahead, VEC z[TILE_ROWS][PANEL_UNITS])
{
    switch (units) {
    case 1: NAME(forward_tile)(phi, weight, depth_units, 1, add, ahead, z); break;
    case 2: NAME(forward_tile)(phi, weight, depth_units, 2, add, ahead, z); break;
    default: NAME(forward_tile)(phi, weight, depth_units, 3, add, ahead, z); break;
    }
}

/* What becomes of a finished tile: bias, squares of z - mean into the rows' q, tanh, rounding, sums over rows, phi. Rows
 * beyond `rows` get no bias: they came in as zeros and go out as zeros. */
static void NAME(finish_tile)(VEC z[TILE_ROWS][PANEL_UNITS], size_t units, size_t rows, const REAL *bias, REAL mean,
                              klf_format format, VEC *q, REAL *phi, double *f)
{
    VEC mu = V(set1)(mean);
    for (size_t r = 0; r < rows; r++)
        for (size_t u = 0; u < units; u++) {
            z[r][u] = V(add)(z[r][u], V(load)(bias + u * LANES));
            VEC d = V(sub)(z[r][u], mu);
            q[r] = V(fmadd)(d, d, q[r]);
        }
    for (size_t r = 0; r < TILE_ROWS; r++)
        for (size_t u = 0; u < units; u++) {
            z[r][u] = NAME(round)(format, VTANH(z[r][u]));
            V(store)(phi + u * NAME(UNIT_STRIDE) + r * LANES, z[r][u]);
        }
    for (size_t u = 0; u < units; u++) {
        VEC sum = z[0][u];
        for (size_t r = 1; r < TILE_ROWS; r++)
            sum = V(add)(sum, z[r][u]);
        NAME(accumulate)(f + u * LANES, sum);
    }
}

/* One panel of neurons for the rows of a block, slice by slice of fan_in: the weights of a slice stay in the first-level cache
 * while all rows pass. */
static void NAME(forward_panel)(const klf_cpu_layer *layer, size_t unit, size_t step, const REAL *in, size_t rows, VEC *q,
                                REAL *phi, double *f)
{
    size_t      depth_units = NAME(units)(layer->fan_in), slices = ceil_div(depth_units * LANES, SLICE_STEPS);
    const REAL *weight = (const REAL *)layer->weight + unit * depth_units * LANES * LANES;
    const REAL *bias = (const REAL *)layer->bias + unit * LANES;
    VEC         z[BLOCK_ROWS][PANEL_UNITS];
    for (size_t s = 0; s < slices; s++) {
        size_t      k = depth_units * s / slices, n = depth_units * (s + 1) / slices - k;
        const REAL *w = weight + k * LANES * step * LANES, *next = w + n * LANES * step * LANES;
        for (size_t row = 0; row < rows; row += TILE_ROWS) {
            NAME(forward_step)
            (in + k * NAME(UNIT_STRIDE) + row * LANES, w, n, step, s > 0, next + row / TILE_ROWS * n * AHEAD_LINES * LANES,
             z + row);
            if (s + 1 == slices)
                NAME(finish_tile)
            (z + row, step, rows - row < TILE_ROWS ? rows - row : TILE_ROWS, bias, (REAL)layer->mean, layer->format, q + row,
             phi + unit * NAME(UNIT_STRIDE) + row * LANES, f + unit * LANES);
        }
    }
}

static void NAME(forward)(const klf_cpu_layer *layer, const void *in, size_t rows, void *phi, klf_cpu_sums *sums)
{
    size_t units = NAME(units)(layer->width);
    sums->q_sum = sums->q_sum2 = 0;
    memset(sums->f, 0, units * LANES * sizeof *sums->f);
    for (size_t first = 0; first < rows; first += BLOCK_ROWS) {
        size_t      n = rows - first < BLOCK_ROWS ? rows - first : BLOCK_ROWS;
        const REAL *in_block = (const REAL *)in + first / BLOCK_ROWS * NAME(block_elements)(layer->fan_in);
        REAL       *block = (REAL *)phi + first / BLOCK_ROWS * NAME(block_elements)(layer->width);
        VEC         q[BLOCK_ROWS];
        memset(q, 0, sizeof q);
        for (size_t unit = 0, step; unit < units; unit += step) {
            step = panel_units(units - unit);
            NAME(forward_panel)(layer, unit, step, in_block, n, q, block, sums->f);
        }
        for (size_t row = 0; row < n; row++) {
            double excess = NAME(sum)(q[row]) - layer->shift;
            sums->q_sum += excess;
            sums->q_sum2 += excess * excess;
        }
    }
}

/* 8 rows of the Gram matrix by one panel, over n samples: a at the first of the 8 neurons, b at the panel. */
__attribute__((always_inline)) static inline void NAME(gram_tile)(const REAL *a, const REAL *b, size_t units, size_t n,
                                                                  bool add, REAL *gram, size_t gram_row)
{
    VEC acc[TILE_ROWS][PANEL_UNITS];
    NAME(clear)(units, acc);
    NAME(multiply)(a, 1, LANES, b, NAME(UNIT_STRIDE), LANES, units, n, acc);
#pragma GCC unroll 8
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 3
        for (size_t u = 0; u < units; u++) {
            REAL *target = gram + r * gram_row + u * LANES;
            V(store)(target, add ? V(add)(V(load)(target), acc[r][u]) : acc[r][u]);
        }
}

static void NAME(gram)(const void *phi, size_t width, size_t rows, void *gram)
{
    size_t units = NAME(units)(width);
    for (size_t first = 0; first < rows; first += BLOCK_ROWS) {
        size_t      n = rows - first < BLOCK_ROWS ? rows - first : BLOCK_ROWS;
        const REAL *block = (const REAL *)phi + first / BLOCK_ROWS * NAME(block_elements)(width);
        REAL       *target = gram;
        for (size_t unit = 0, step; unit < units; unit += step) {
            step = panel_units(units - unit);
            const REAL *b = block + unit * NAME(UNIT_STRIDE);
            for (size_t row_unit = unit; row_unit < units; row_unit++)
                for (size_t j = 0; j < LANES; j += TILE_ROWS, target += TILE_ROWS * step * LANES) {
                    const REAL *a = block + row_unit * NAME(UNIT_STRIDE) + j;
                    /* Of the panel's own rows only what lies on or below the diagonal. */
                    size_t needed = row_unit - unit + 1 < step ? row_unit - unit + 1 : step;
                    switch (needed) {
                    case 1: NAME(gram_tile)(a, b, 1, n, first > 0, target, step * LANES); break;
                    case 2: NAME(gram_tile)(a, b, 2, n, first > 0, target, step * LANES); break;
                    default: NAME(gram_tile)(a, b, 3, n, first > 0, target, step * LANES); break;
                    }
                }
        }
    }
}

static void NAME(gram_add)(const void *gram, size_t width, double *total)
{
    size_t      units = NAME(units)(width);
    const REAL *source = gram;
    for (size_t unit = 0, step; unit < units; unit += step) {
        step = panel_units(units - unit);
        size_t first = unit * LANES, columns = step * LANES;
        for (size_t j = first; j < units * LANES; j++, source += columns) {
            if (j >= width)
                continue;
            double *row = total + j * (j + 1) / 2 + first;
            size_t  n = j - first + 1 < columns ? j - first + 1 : columns;
            for (size_t i = 0; i < n; i++)
                row[i] += (double)source[i];
        }
    }
}

#undef REAL
#undef VEC
#undef LANES
#undef BLOCK_ROWS
#undef NAME
#undef V
#undef VTANH
#undef LOAD_NORMALS
