/* SPDX-License-Identifier: BSD-3-Clause */
/* Correlations of the four neighbours of a site of the infinite plane. */
#ifndef KLFLOW_PHYSICS_ISING2D_CORRELATIONS_H
#define KLFLOW_PHYSICS_ISING2D_CORRELATIONS_H

#include "physics/ising2d_elliptic.h"

typedef struct klf_ising2d_neighbours {
    double c_diag, c_2, c_4;
    double p_4, p_2;
    double s_1;
} klf_ising2d_neighbours;

/* As in klf_ising2d_plane. */
void klf_ising2d_neighbours_get(const klf_ising2d_elliptic *x, klf_ising2d_neighbours *out);

#endif
