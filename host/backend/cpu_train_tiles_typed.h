/* SPDX-License-Identifier: BSD-3-Clause */
/* The code of cpu_train_tiles.c for one element type. No include guard: included once a type, with REAL, VEC, LANES, NAME, V,
 * VTANH, PICK and INDEX defined; undefines them at the end. */
#include "backend/cpu_tiles_multiply_typed.h"

static size_t NAME(units)(size_t width)
{
    return ceil_div(width, LANES);
}

/* Whole vectors along rows. */
static size_t NAME(padded_rows)(size_t rows)
{
    return ceil_div(rows, LANES) * LANES;
}

/* Elements from a unit of phi to the next. */
static size_t NAME(unit_stride)(size_t max_rows)
{
    return (NAME(padded_rows)(max_rows) + GAP_LINES) * LANES;
}

static size_t NAME(phi_elements)(size_t width, size_t max_rows)
{
    return NAME(units)(width) * NAME(unit_stride)(max_rows);
}

static size_t NAME(phi_bytes)(size_t width, size_t max_rows)
{
    return NAME(phi_elements)(width, max_rows) * sizeof(REAL);
}

/* Both forms of delta, one behind the other. */
static size_t NAME(delta_bytes)(size_t width, size_t max_rows)
{
    return (NAME(phi_elements)(width, max_rows) + NAME(units)(width) * LANES * NAME(padded_rows)(max_rows)) * sizeof(REAL);
}

static size_t NAME(weight_bytes)(size_t width, size_t fan_in)
{
    return NAME(units)(width) * NAME(units)(fan_in) * LANES * sizeof(VEC);
}

static size_t NAME(bias_bytes)(size_t width)
{
    return NAME(units)(width) * sizeof(VEC);
}

/* Where the weight of neuron j for input k is. */
static size_t NAME(weight_element)(size_t width, size_t fan_in, size_t j, size_t k)
{
    const size_t units = NAME(units)(width), unit = j / LANES, last = n_panels(units) - 1;
    size_t       panel = unit / PANEL_UNITS;
    panel = panel > last ? last : unit >= panel_begin(units, last) ? last : panel;
    const size_t first = panel_begin(units, panel), step = panel_begin(units, panel + 1) - first;
    return first * NAME(units)(fan_in) * LANES * LANES + k * step * LANES + (j - first * LANES);
}

static void NAME(pack)(const klf_layer *source, void *weight, void *bias)
{
    for (size_t j = 0; j < source->width; j++) {
        const size_t first = NAME(weight_element)(source->width, source->fan_in, j, 0);
        const size_t stride = NAME(weight_element)(source->width, source->fan_in, j, 1) - first;
        for (size_t k = 0; k < source->fan_in; k++)
            ((REAL *)weight)[first + k * stride] = (REAL)source->weight[j * source->fan_in + k];
        ((REAL *)bias)[j] = (REAL)source->bias[j];
    }
}

static void NAME(unpack)(const void *weight, const void *bias, klf_layer *target)
{
    for (size_t j = 0; j < target->width; j++) {
        const size_t first = NAME(weight_element)(target->width, target->fan_in, j, 0);
        const size_t stride = NAME(weight_element)(target->width, target->fan_in, j, 1) - first;
        for (size_t k = 0; k < target->fan_in; k++)
            target->weight[j * target->fan_in + k] = (double)((const REAL *)weight)[first + k * stride];
        target->bias[j] = (double)((const REAL *)bias)[j];
    }
}

static size_t NAME(element)(size_t max_rows, size_t row, size_t neuron)
{
    return neuron / LANES * NAME(unit_stride)(max_rows) + row * LANES + neuron % LANES;
}

static void NAME(put_row)(void *phi, size_t width, size_t max_rows, size_t row, const float *x)
{
    for (size_t first = 0; first < width; first += LANES) {
        REAL *line = (REAL *)phi + NAME(element)(max_rows, row, first);
        for (size_t i = 0; i < LANES && first + i < width; i++)
            line[i] = (REAL)x[first + i];
    }
}

static void NAME(get_row)(const void *phi, size_t width, size_t max_rows, size_t row, double *x)
{
    for (size_t i = 0; i < width; i++)
        x[i] = (double)((const REAL *)phi)[NAME(element)(max_rows, row, i)];
}

static void NAME(put_delta)(void *delta, size_t width, size_t max_rows, size_t row, const double *x)
{
    REAL *turned = (REAL *)delta + NAME(phi_elements)(width, max_rows);
    for (size_t i = 0; i < NAME(units)(width) * LANES; i++) { /* padding too: wider layers have been there */
        const REAL value = i < width ? (REAL)x[i] : 0;
        ((REAL *)delta)[NAME(element)(max_rows, row, i)] = value;
        turned[i * NAME(padded_rows)(max_rows) + row] = value;
    }
}

/* 8 rows, one panel, one slice of fan_in. On its way it fetches its share of the next slice into the second-level cache. */
__attribute__((always_inline)) static inline void NAME(slice_tile)(const REAL *in, size_t in_stride, const REAL *weight,
                                                                   size_t depth_units, size_t units, bool add,
                                                                   const REAL *ahead, size_t ahead_lines,
                                                                   VEC z[TILE_ROWS][PANEL_UNITS])
{
    VEC acc[TILE_ROWS][PANEL_UNITS];
    NAME(clear)(units, acc);
    for (size_t k = 0; k < depth_units; k++) {
        for (size_t i = 0; i < ahead_lines; i++)
            _mm_prefetch((const char *)(ahead + (k * ahead_lines + i) * LANES), _MM_HINT_T1);
        NAME(multiply)
        (in + k * in_stride, LANES, 1, weight + k * LANES * units * LANES, LANES, units * LANES, units, LANES, acc);
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 3
        for (size_t u = 0; u < units; u++)
            z[r][u] = add ? V(add)(z[r][u], acc[r][u]) : acc[r][u];
}

static void NAME(activate_tile)(VEC z[TILE_ROWS][PANEL_UNITS], size_t units, const REAL *bias, size_t stride, REAL *phi)
{
    for (size_t r = 0; r < TILE_ROWS; r++)
        for (size_t u = 0; u < units; u++)
            V(store)(phi + u * stride + r * LANES, VTANH(V(add)(z[r][u], V(load)(bias + u * LANES))));
}

/* One panel of neurons for up to BLOCK_ROWS rows. */
__attribute__((always_inline)) static inline void NAME(forward_panel)(const klf_cpu_map *map, const REAL *in, size_t unit,
                                                                      size_t step, size_t rows, REAL *phi)
{
    const size_t stride = NAME(unit_stride)(map->max_rows), depth_units = NAME(units)(map->fan_in);
    const size_t slices = ceil_div(depth_units * LANES, SLICE_STEPS);
    const size_t ahead_lines = ceil_div(LANES * step, ceil_div(rows, TILE_ROWS)); /* of a unit of fan_in, a tile */
    const REAL  *weight = (const REAL *)map->weight + unit * depth_units * LANES * LANES;
    VEC          z[BLOCK_ROWS][PANEL_UNITS];
    for (size_t s = 0; s < slices; s++) {
        const size_t k = depth_units * s / slices, n = depth_units * (s + 1) / slices - k;
        const REAL  *w = weight + k * LANES * step * LANES, *next = w + n * LANES * step * LANES;
        for (size_t row = 0; row < rows; row += TILE_ROWS) {
            NAME(slice_tile)
            (in + k * stride + row * LANES, stride, w, n, step, s > 0, next + row / TILE_ROWS * n * ahead_lines * LANES,
             ahead_lines, z + row);
            if (s + 1 == slices)
                NAME(activate_tile)(z + row, step, (const REAL *)map->bias + unit * LANES, stride, phi + row * LANES);
        }
    }
}

static void NAME(forward)(const klf_cpu_map *map, const void *in, size_t rows, size_t part, size_t parts)
{
    const size_t units = NAME(units)(map->width), panels = n_panels(units), stride = NAME(unit_stride)(map->max_rows);
    for (size_t panel = panels * part / parts; panel < panels * (part + 1) / parts; panel++) {
        const size_t unit = panel_begin(units, panel), step = panel_begin(units, panel + 1) - unit;
        for (size_t first = 0; first < rows; first += BLOCK_ROWS) {
            const size_t n = rows - first < BLOCK_ROWS ? rows - first : BLOCK_ROWS;
            const REAL  *from = (const REAL *)in + first * LANES;
            REAL        *to = (REAL *)map->phi + unit * stride + first * LANES;
            switch (step) {
            case 1: NAME(forward_panel)(map, from, unit, 1, n, to); break;
            case 2: NAME(forward_panel)(map, from, unit, 2, n, to); break;
            default: NAME(forward_panel)(map, from, unit, 3, n, to); break;
            }
        }
    }
}

/* What a part works on, on the way back. */
typedef struct NAME(pass) {
    const REAL *in, *delta, *turned; /* the two forms of delta at the panel */
    REAL       *below;               /* [input][row], NULL: not wanted */
    size_t      stride, row_stride, rows;
    bool        add; /* to what earlier panels left in below */
    VEC         momentum, decay, rate;
} NAME(pass);

/* below[k .. k + 7] (+)= W^T delta, the panel's share, for `vectors` vectors of rows. */
__attribute__((always_inline)) static inline void NAME(back_tile)(const NAME(pass) * p, const REAL *weight, size_t step,
                                                                  size_t first_row, size_t vectors, REAL *below)
{
    VEC acc[TILE_ROWS][PANEL_UNITS];
    NAME(clear)(vectors, acc);
    NAME(multiply)
    (weight, step * LANES, 1, p->turned + first_row, LANES, p->row_stride, vectors, step * LANES, acc);
#pragma GCC unroll 8
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 3
        for (size_t u = 0; u < vectors; u++) {
            REAL *target = below + r * p->row_stride + first_row + u * LANES;
            V(store)(target, p->add ? V(add)(V(load)(target), acc[r][u]) : acc[r][u]);
        }
}

__attribute__((always_inline)) static inline void NAME(back_rows)(const NAME(pass) * p, const REAL *weight, size_t step,
                                                                  REAL *below)
{
    const size_t vectors = ceil_div(p->rows, LANES);
    for (size_t v = 0, n; v < vectors; v += n) {
        n = panel_units(vectors - v);
        switch (n) {
        case 1: NAME(back_tile)(p, weight, step, v * LANES, 1, below); break;
        case 2: NAME(back_tile)(p, weight, step, v * LANES, 2, below); break;
        default: NAME(back_tile)(p, weight, step, v * LANES, 3, below); break;
        }
    }
}

/* The gradient of 8 inputs by one panel, and the step. */
__attribute__((always_inline)) static inline void NAME(step_tile)(const NAME(pass) * p, const REAL *in, size_t step,
                                                                  REAL *weight, REAL *velocity)
{
    VEC acc[TILE_ROWS][PANEL_UNITS];
    NAME(clear)(step, acc);
    NAME(multiply)(in, 1, LANES, p->delta, p->stride, LANES, step, p->rows, acc);
#pragma GCC unroll 8
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 3
        for (size_t u = 0; u < step; u++) {
            const size_t i = (r * step + u) * LANES;
            VEC          w = V(load)(weight + i), g = V(fmadd)(p->decay, w, acc[r][u]);
            VEC          v = V(fmadd)(p->momentum, V(load)(velocity + i), g);
            V(store)(velocity + i, v);
            V(store)(weight + i, V(fnmadd)(p->rate, v, w));
        }
}

/* A panel's weights for inputs k .. k + n - 1, whole units of them. */
__attribute__((always_inline)) static inline void NAME(back_panel)(const NAME(pass) * p, size_t step, size_t k, size_t n,
                                                                   REAL *weight, REAL *velocity)
{
    const size_t tile = TILE_ROWS * step * LANES;
    for (size_t end = k + n; k < end; k += TILE_ROWS, weight += tile, velocity += tile) {
        for (size_t line = 0; line < TILE_ROWS * step; line++) {
            _mm_prefetch((const char *)(weight + AHEAD_TILES * tile + line * LANES), _MM_HINT_T0);
            _mm_prefetch((const char *)(velocity + AHEAD_TILES * tile + line * LANES), _MM_HINT_T0);
        }
        if (p->below)
            NAME(back_rows)(p, weight, step, p->below + k * p->row_stride);
        NAME(step_tile)(p, p->in + k / LANES * p->stride + k % LANES, step, weight, velocity);
    }
}

/* x[i][j] <-> x[j][i], by exchanging ever larger blocks. */
static inline void NAME(transpose)(VEC x[LANES])
{
#pragma GCC unroll 4
    for (size_t s = 1; s < LANES; s *= 2) {
        INDEX upper[LANES], lower[LANES]; /* lanes of two vectors, those of the second from LANES on */
        for (size_t n = 0; n < LANES; n++) {
            upper[n] = (INDEX)((n & s) == 0 ? n : LANES + n - s);
            lower[n] = (INDEX)((n & s) == 0 ? n + s : LANES + n);
        }
#pragma GCC unroll 16
        for (size_t i = 0; i < LANES; i++)
            if ((i & s) == 0) {
                const VEC a = x[i], b = x[i + s];
                x[i] = PICK(a, upper, b);
                x[i + s] = PICK(a, lower, b);
            }
    }
}

/* One unit of W^T delta: times 1 - phi^2, and into both forms of the delta below. */
static void NAME(finish_unit)(const NAME(pass) * p, const REAL *phi, REAL *turned, REAL *delta)
{
    const VEC one = V(set1)(1);
    for (size_t row = 0; row < p->rows; row += LANES) {
        VEC x[LANES];
#pragma GCC unroll 16
        for (size_t i = 0; i < LANES; i++)
            x[i] = V(load)(turned + i * p->row_stride + row);
        NAME(transpose)(x);
#pragma GCC unroll 16
        for (size_t i = 0; i < LANES; i++) {
            const VEC y = V(load)(phi + (row + i) * LANES);
            x[i] = V(mul)(x[i], V(fnmadd)(y, y, one));
            V(store)(delta + (row + i) * LANES, x[i]);
        }
        NAME(transpose)(x);
#pragma GCC unroll 16
        for (size_t i = 0; i < LANES; i++)
            V(store)(turned + i * p->row_stride + row, x[i]);
    }
}

static void NAME(step_bias)(const klf_cpu_map *map, const NAME(pass) * p, size_t unit, const REAL *delta)
{
    REAL *bias = (REAL *)map->bias + unit * LANES, *velocity = (REAL *)map->bias_velocity + unit * LANES;
    VEC   sum = V(setzero)();
    for (size_t row = 0; row < p->rows; row++)
        sum = V(add)(sum, V(load)(delta + row * LANES));
    const VEC b = V(load)(bias), v = V(fmadd)(p->momentum, V(load)(velocity), V(fmadd)(p->decay, b, sum));
    V(store)(velocity, v);
    V(store)(bias, V(fnmadd)(p->rate, v, b));
}

/* A part has some units of inputs, and goes through all panels with them: what it adds up in below is its own. */
static void NAME(backward)(const klf_cpu_map *map, const klf_sgd *sgd, const void *in, const void *delta, void *below,
                           size_t rows, size_t part, size_t parts)
{
    const size_t units = NAME(units)(map->width), panels = n_panels(units), in_units = NAME(units)(map->fan_in);
    const size_t first = in_units * part / parts, last = in_units * (part + 1) / parts;
    const REAL  *turned = (const REAL *)delta + NAME(phi_elements)(map->width, map->max_rows);
    REAL        *below_turned = below ? (REAL *)below + NAME(phi_elements)(map->fan_in, map->max_rows) : NULL;
    NAME(pass)
    p = {.in = in,
         .below = below_turned,
         .stride = NAME(unit_stride)(map->max_rows),
         .row_stride = NAME(padded_rows)(map->max_rows),
         .rows = rows,
         .momentum = V(set1)((REAL)sgd->momentum),
         .decay = V(set1)((REAL)sgd->weight_decay),
         .rate = V(set1)((REAL)sgd->learning_rate)};
    for (size_t panel = 0; panel < panels; panel++) {
        const size_t unit = panel_begin(units, panel), step = panel_begin(units, panel + 1) - unit;
        const size_t at = unit * in_units * LANES * LANES + first * LANES * step * LANES, n = (last - first) * LANES;
        REAL        *weight = (REAL *)map->weight + at, *velocity = (REAL *)map->weight_velocity + at;
        p.delta = (const REAL *)delta + unit * p.stride;
        p.turned = turned + unit * LANES * p.row_stride;
        p.add = panel > 0;
        switch (step) {
        case 1: NAME(back_panel)(&p, 1, first * LANES, n, weight, velocity); break;
        case 2: NAME(back_panel)(&p, 2, first * LANES, n, weight, velocity); break;
        default: NAME(back_panel)(&p, 3, first * LANES, n, weight, velocity); break;
        }
    }
    for (size_t unit = first; below && unit < last; unit++)
        NAME(finish_unit)
    (&p, p.in + unit * p.stride, below_turned + unit * LANES * p.row_stride, (REAL *)below + unit * p.stride);
    for (size_t unit = units * part / parts; unit < units * (part + 1) / parts; unit++)
        NAME(step_bias)(map, &p, unit, (const REAL *)delta + unit * p.stride);
}

#undef REAL
#undef VEC
#undef LANES
#undef NAME
#undef V
#undef VTANH
#undef PICK
#undef INDEX
