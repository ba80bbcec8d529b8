/* SPDX-License-Identifier: BSD-3-Clause */
/* A fit as a problem of numbers, and its minimum. */
#ifndef KLFLOW_PHYSICS_FIT_SOLVE_H
#define KLFLOW_PHYSICS_FIT_SOLVE_H

#include "physics/fit_models.h"

typedef struct klf_fit_problem {
    const klf_fit_curve_type *type;
    size_t                    n;          /* points that count */
    double                   *x, *y, *w;  /* [n]; w = 1 / error */
    double                   *residual;   /* [n] */
    double                   *derivative; /* [N_PARAMETERS][n] */
    double                   *work;       /* [n] */
    double                    natural[N_PARAMETERS], low[N_PARAMETERS], high[N_PARAMETERS];
    size_t                    free[N_PARAMETERS]; /* indices of those that are fitted */
    size_t                    n_free;
    double                    far; /* the x of largest |x| */
} klf_fit_problem;

/* Sum of the squares of residual times weight. */
double klf_fit_weighted_square(const klf_fit_problem *p, const double natural[N_PARAMETERS]);

/* Starting values: puts the best of a grid into p->natural. held: as in klf_fit_data. */
void klf_fit_scan(klf_fit_problem *p, const double held[N_PARAMETERS]);

/* Goes from p->natural to the minimum. True if it came to rest there; at_end says which parameters are at an end of their
 * range. */
bool klf_fit_solve(klf_fit_problem *p, size_t *steps, bool at_end[N_PARAMETERS]);

#endif
