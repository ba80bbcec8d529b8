/* SPDX-License-Identifier: BSD-3-Clause */
/* The entropy rate of the kept rows of an infinite cylinder, bracketed by conditional entropies within blocks of m kept rows.
 */
#ifndef KLFLOW_PHYSICS_ISING2D_BLOCKS_H
#define KLFLOW_PHYSICS_ISING2D_BLOCKS_H

#include "klflow/ising2d_lattice.h"
#include "physics/ising2d_orbits.h"

/* How far a step is taken, fixed beforehand by what that costs. */
typedef struct klf_ising2d_blocks_plan {
    unsigned max_rows;    /* of a block of kept rows: 2 or more */
    unsigned lower_depth; /* kept rows behind the first two of a block that begins with a whole row */
    bool     lower;       /* such blocks are affordable at all */
    double   bytes;
} klf_ising2d_blocks_plan;

void klf_ising2d_blocks_plan_get(const klf_ising2d_kept *kept, bool bounds, size_t threads, klf_ising2d_blocks_plan *out);

/* Entropies as what they lack to n_kept ln 2, in nats a kept row. rate[m - 1]: of a row given the m - 1 kept rows before it. */
typedef struct klf_ising2d_blocks {
    size_t n_rows; /* deficits that were computed: until they change no more, or max_rows */
    double deficit[KLF_ISING2D_MAX_BLOCK_ROWS];
    double largest;      /* of a row given others and a whole row before; NaN without */
    size_t largest_rows; /* rows of that block */
} klf_ising2d_blocks;

/* eigenvector [n_states] of the largest eigenvalue, normalised, in the order of `kept`; scale = 1 / eigenvalue. */
klf_status klf_ising2d_blocks_get(const klf_ising2d_rows *rows, double scale, const klf_ising2d_kept *kept, double *eigenvector,
                                  const klf_ising2d_blocks_plan *plan, size_t threads, klf_ising2d_blocks *out);

#endif
