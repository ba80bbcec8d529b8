/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known exactly of the infinite plane, together. */
#include "klflow/ising2d.h"

#include "physics/ising2d_correlations.h"
#include "physics/ising2d_elliptic.h"
#include "physics/ising2d_onsager.h"

#include <math.h>

static const double LN2 = 0.69314718055994530942;

/* At K_c to all digits the slope is that of K_c itself: infinite. */
static double eta_slope(const klf_ising2d_elliptic *x)
{
    return x->k == klf_ising2d_k_c() ? INFINITY : klf_ising2d_eta_slope(x);
}

void klf_ising2d_plane_get(double k, klf_ising2d_plane *out)
{
    klf_ising2d_elliptic   x;
    klf_ising2d_rule       rule;
    klf_ising2d_thermal    thermal;
    klf_ising2d_neighbours neighbours;
    klf_ising2d_elliptic_get(k, &x);
    klf_ising2d_rule_init(&rule);
    klf_ising2d_thermal_get(&rule, &x, &thermal);
    klf_ising2d_neighbours_get(&x, &neighbours);
    double slope = eta_slope(&x);
    *out = (klf_ising2d_plane){
        .lnz = thermal.lnz,
        .eta = copysign(klf_ising2d_elliptic_eta(&x), k),
        .one_minus_eta = klf_ising2d_elliptic_one_minus_eta(&x),
        .entropy = thermal.entropy,
        .entropy_deficit = thermal.deficit,
        .c_diag = neighbours.c_diag,
        .c_2 = neighbours.c_2,
        .p_4 = neighbours.p_4,
        .p_2 = neighbours.p_2,
        .c_4 = neighbours.c_4,
        .s_1 = neighbours.s_1,
        .s_inf = thermal.deficit / LN2,
        .one_minus_s_inf = thermal.entropy / LN2,
        .ds_inf_dk = 2.0 * k * slope / LN2,
        .specific_heat = 2.0 * k * k * slope,
    };
}
