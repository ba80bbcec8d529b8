/* SPDX-License-Identifier: BSD-3-Clause */
/* ln Z of the plane, which alone needs an integral, and what belongs to it. */
#ifndef KLFLOW_PHYSICS_ISING2D_ONSAGER_H
#define KLFLOW_PHYSICS_ISING2D_ONSAGER_H

#include "physics/ising2d_elliptic.h"

/* Nodes and weights of the integral over an angle, for any K: made once for many. */
enum { KLF_ISING2D_N_NODES = 137 };

typedef struct klf_ising2d_rule {
    double sin_squared[KLF_ISING2D_N_NODES], cos_squared[KLF_ISING2D_N_NODES];
    double weight[KLF_ISING2D_N_NODES];
} klf_ising2d_rule;

void klf_ising2d_rule_init(klf_ising2d_rule *rule);

/* Entropies in nats a site. */
typedef struct klf_ising2d_thermal {
    double lnz;
    double lnz_excess; /* lnz - ln 2 */
    double entropy;
    double deficit; /* ln 2 - entropy */
} klf_ising2d_thermal;

void klf_ising2d_thermal_get(const klf_ising2d_rule *rule, const klf_ising2d_elliptic *x, klf_ising2d_thermal *out);

/* d|eta| / d|K|. */
double klf_ising2d_eta_slope(const klf_ising2d_elliptic *x);

#endif
