/* SPDX-License-Identifier: BSD-3-Clause */
/* The elliptic integrals behind eta and the correlations. In the isotropic plane all of them come from one arithmetic-geometric
 * mean, that of 1 and m = |2 tanh^2(2K) - 1|; and since it is the same for a coupling K and its dual, sinh 2K sinh 2K* = 1, so
 * is everything that is known of the pair. */
#ifndef KLFLOW_PHYSICS_ISING2D_ELLIPTIC_H
#define KLFLOW_PHYSICS_ISING2D_ELLIPTIC_H

#include <stdbool.h>

/* With c_1, c_2, ... the half differences of the mean's iteration. Each number has its full relative accuracy. */
typedef struct klf_ising2d_elliptic {
    double k;       /* |K| */
    bool   ordered; /* |K| > K_c */
    double e;       /* e^(-4|K|) */
    double rho;     /* sinh^2(2K), or 1 / sinh^2(2K) if ordered: at most 1 */
    double one_minus_rho;
    double t;   /* tanh 2K of the disordered one of the pair */
    double c;   /* coth 2K of the ordered one, which is cosh 2K of the other */
    double m;   /* (1 - rho) / (1 + rho) */
    double agm; /* of 1 and m */
    double c1;  /* (1 - m) / 2 = t^2 */
    double r;   /* (c_2 + c_3 + c_4 + ...) / c_1^2 */
    double w;   /* (2 c_2^2 + 4 c_3^2 + 8 c_4^2 + ...) / c_1^2 */
} klf_ising2d_elliptic;

void klf_ising2d_elliptic_get(double k, klf_ising2d_elliptic *out);

/* ln cosh 2K and ln cosh 4K. */
double klf_ising2d_ln_cosh_2k(const klf_ising2d_elliptic *x);
double klf_ising2d_ln_cosh_4k(const klf_ising2d_elliptic *x);

/* eta of the disordered one of the pair, and 1 - eta of the ordered one. */
double klf_ising2d_eta_disordered(const klf_ising2d_elliptic *x);
double klf_ising2d_one_minus_eta_ordered(const klf_ising2d_elliptic *x);

/* |eta| and 1 - |eta| at K itself. */
double klf_ising2d_elliptic_eta(const klf_ising2d_elliptic *x);
double klf_ising2d_elliptic_one_minus_eta(const klf_ising2d_elliptic *x);

#endif
