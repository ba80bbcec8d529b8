/* SPDX-License-Identifier: BSD-3-Clause */
/* The innermost loop of every product of tiles, for one element type. No include guard: included once a type, with REAL, VEC,
 * NAME and V defined. */

/* acc[r][u] += sum over n steps of a[r * a_row + step * a_step] * b[u * b_unit + step * b_step]; every stride and `units` a
 * constant where it is inlined, so that acc stays in registers. */
__attribute__((always_inline)) static inline void NAME(multiply)(const REAL *a, size_t a_row, size_t a_step, const REAL *b,
                                                                 size_t b_unit, size_t b_step, size_t units, size_t n,
                                                                 VEC acc[TILE_ROWS][PANEL_UNITS])
{
    for (size_t i = 0; i < n; i++) {
        VEC v[PANEL_UNITS];
#pragma GCC unroll 3
        for (size_t u = 0; u < units; u++)
            v[u] = V(load)(b + i * b_step + u * b_unit);
#pragma GCC unroll 8
        for (size_t r = 0; r < TILE_ROWS; r++) {
            VEC x = V(set1)(a[i * a_step + r * a_row]);
#pragma GCC unroll 3
            for (size_t u = 0; u < units; u++)
                acc[r][u] = V(fmadd)(x, v[u], acc[r][u]);
        }
    }
}

__attribute__((always_inline)) static inline void NAME(clear)(size_t units, VEC acc[TILE_ROWS][PANEL_UNITS])
{
#pragma GCC unroll 8
    for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 3
        for (size_t u = 0; u < units; u++)
            acc[r][u] = V(setzero)();
}
