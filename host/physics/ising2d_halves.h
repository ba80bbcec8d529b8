/* SPDX-License-Identifier: BSD-3-Clause */
/* One side of a block of kept rows on an infinite cylinder: for every sequence p of kept rows the vector
 *
 *      v_p(row) = the weight of `row` with p behind it, at distances of row_stride, all other spins summed over
 *
 * v of no rows is the eigenvector of T. v of one more row is that of the rows behind it, masked to the kept spins of that row,
 * times (scale T)^row_stride. Where the kept columns of the next row are displaced, its states are displaced with them. */
#ifndef KLFLOW_PHYSICS_ISING2D_HALVES_H
#define KLFLOW_PHYSICS_ISING2D_HALVES_H

#include "klflow/ising2d_lattice.h"
#include "physics/ising2d_orbits.h"

/* Sequences of so many rows: the vectors of one representative a class, from which those of all others are read. */
typedef struct klf_ising2d_half {
    klf_ising2d_orbits orbits;
    double            *vector; /* [orbits.n][n_states]; level 0 borrows the eigenvector, the others own theirs */
} klf_ising2d_half;

enum { KLF_ISING2D_MAX_HALF = KLF_ISING2D_MAX_BLOCK_ROWS / 2 };

typedef struct klf_ising2d_halves {
    const klf_ising2d_rows *rows;
    const klf_ising2d_kept *kept;
    double                  scale; /* 1 / eigenvalue */
    klf_ising2d_symmetries  symmetries;
    uint32_t               *displacement; /* NULL: none */
    unsigned                n;            /* levels that there are: of 0 .. n - 1 rows */
    klf_ising2d_half        level[KLF_ISING2D_MAX_HALF + 1];
} klf_ising2d_halves;

/* With level 0 alone. `rows`, `kept` and `eigenvector` stay the caller's. */
klf_status klf_ising2d_halves_create(const klf_ising2d_rows *rows, double scale, const klf_ising2d_kept *kept,
                                     double *eigenvector, klf_ising2d_halves *out);
void       klf_ising2d_halves_destroy(klf_ising2d_halves *halves);

/* One more level. */
klf_status klf_ising2d_halves_extend(klf_ising2d_halves *halves, size_t threads);

/* v [n_states] of `behind` with one more row: one in states mask_from .. mask_from + mask_length - 1. Single-threaded. */
void klf_ising2d_halves_add_row(const klf_ising2d_halves *halves, const double *behind, size_t mask_from, size_t mask_length,
                                double *v);

/* The part of v_p for a row with kept spins `kept_state`, p a sequence of that level. out [n_hidden_states]. */
void klf_ising2d_halves_read(const klf_ising2d_halves *halves, unsigned level, uint64_t p, size_t kept_state, double *out);

#endif
