/* SPDX-License-Identifier: BSD-3-Clause */
/* The spins that step n keeps in a row, and the symmetries of a row that keep them in place: translations, for even steps
 * reflections, and the flip of all spins. States are written with the kept spins in the highest bits, state = kept * n_hidden +
 * hidden, so that a symmetry acts on both parts apart. */
#ifndef KLFLOW_PHYSICS_ISING2D_ORBITS_H
#define KLFLOW_PHYSICS_ISING2D_ORBITS_H

#include "physics/ising2d_rows.h"

#include <stdbool.h>
#include <stdint.h>

/* After step n = 2j every 2^j-th row has kept spins in every 2^j-th column. After n = 2j + 1 the columns are 2^(j+1) apart, and
 * those of the next kept row are displaced by 2^j. */
typedef struct klf_ising2d_kept {
    unsigned length, n_kept; /* spins of a row, and how many of them are kept in a row that has any */
    unsigned row_stride, column_stride;
    bool     displaced;
    size_t   n_kept_states, n_hidden_states;
    unsigned bit_of_site[KLF_ISING2D_MAX_LENGTH];
} klf_ising2d_kept;

/* step >= 1, and one that a row of this length allows. */
void klf_ising2d_kept_get(unsigned length, size_t step, klf_ising2d_kept *out);

/* A state, bit i being site i, in the order above. */
size_t klf_ising2d_kept_order(const klf_ising2d_kept *kept, size_t by_site);

/* For each state the one that is displaced by half a column stride. [2^length], owned by the caller; NULL: no memory. */
uint32_t *klf_ising2d_displacement(const klf_ising2d_kept *kept);

typedef struct klf_ising2d_symmetries {
    size_t    n;
    uint32_t *kept;                          /* [n][n_kept_states]: where a kept state goes */
    uint32_t *kept_inverse, *hidden_inverse; /* [n][...]: where a state comes from */
} klf_ising2d_symmetries;

klf_status klf_ising2d_symmetries_create(const klf_ising2d_kept *kept, klf_ising2d_symmetries *out);
void       klf_ising2d_symmetries_destroy(klf_ising2d_symmetries *symmetries);

/* Classes of equivalent sequences of kept states. A sequence is a number with a digit of n_kept bits a row; the last row is the
 * lowest digit. The representative of a class is its smallest member: so the sequence without its last row is one too. */
typedef struct klf_ising2d_orbits {
    size_t    n;              /* classes */
    uint64_t *representative; /* [n], ascending */
    uint32_t *size;           /* [n] */
    uint32_t *class_of;       /* [sequences] */
    uint8_t  *symmetry;       /* [sequences]: takes the representative there */
} klf_ising2d_orbits;

klf_status klf_ising2d_orbits_create(const klf_ising2d_kept *kept, const klf_ising2d_symmetries *symmetries, unsigned n_rows,
                                     klf_ising2d_orbits *out);
void       klf_ising2d_orbits_destroy(klf_ising2d_orbits *orbits);

/* Their number without going over them: the mean number of sequences that a symmetry leaves alone (Burnside). n_rows of kept
 * spins, or with `whole_row` one row of all spins. */
double klf_ising2d_orbits_count(const klf_ising2d_kept *kept, unsigned n_rows, bool whole_row);

#endif
