/* SPDX-License-Identifier: BSD-3-Clause */
/* The row transfer matrix of the square lattice on a cylinder, T = D^(1/2) V D^(1/2), applied to vectors bond by bond: D has
 * the bonds within a row, V those to the next one. Both are relative to aligned spins, so that no entry exceeds 1, however
 * large K is. A state is a bit a spin; which site a bit stands for is the caller's choice. */
#ifndef KLFLOW_PHYSICS_ISING2D_ROWS_H
#define KLFLOW_PHYSICS_ISING2D_ROWS_H

#include "klflow/status.h"

#include <stddef.h>

enum { KLF_ISING2D_MAX_LENGTH = 40 }; /* of a row: far beyond any memory */

typedef struct klf_ising2d_rows {
    unsigned length;
    size_t   n_states;
    double   misaligned; /* e^(-2K), the weight of a bond between unequal spins */
    double  *half;       /* [n_states] diagonal of D^(1/2), owned */
} klf_ising2d_rows;

/* K >= 0. bit_of_site [length] says where the spin of each site of the ring is found; NULL: bit i is site i. A ring of 2 has
 * both of its bonds. KLF_ERR_MEMORY. */
klf_status klf_ising2d_rows_create(double k, unsigned length, const unsigned *bit_of_site, klf_ising2d_rows *out);
void       klf_ising2d_rows_destroy(klf_ising2d_rows *rows);

/* Bonds of a ring between unequal spins, bit i being site i. */
unsigned klf_ising2d_broken_bonds(size_t state, unsigned length);

/* v = (scale T)^n v for v [n_states]. */
void klf_ising2d_rows_transfer(const klf_ising2d_rows *rows, double scale, unsigned n, size_t threads, double *v);

/* The factors of V for the bits from `from` on. */
void klf_ising2d_rows_couple(const klf_ising2d_rows *rows, unsigned from, size_t threads, double *v);

#endif
