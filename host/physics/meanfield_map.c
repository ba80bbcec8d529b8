/* SPDX-License-Identifier: BSD-3-Clause */
/* The phase diagram on a grid. Points near critical lines take longer, so threads take them one by one. */
#include "klflow/meanfield.h"

static void put(double *array, size_t i, double value)
{
    if (array != NULL)
        array[i] = value;
}

void klf_meanfield_map_get(size_t n_w, const double *var_w, size_t n_b, const double *var_b, size_t threads,
                           const klf_meanfield_map *out)
{
#pragma omp parallel for num_threads((int)threads) schedule(dynamic) if (threads > 1)
    for (size_t i = 0; i < n_b * n_w; i++) {
        klf_meanfield_point point;
        klf_meanfield_point_get(var_w[i % n_w], var_b[i / n_w], &point);
        put(out->q_star, i, point.q_star.value);
        put(out->rho_star, i, point.rho_star.value);
        put(out->chi_1, i, point.chi_1);
        put(out->xi_q, i, point.xi_q);
        put(out->xi_c, i, point.xi_c);
        if (out->phase != NULL)
            out->phase[i] = point.phase;
    }
}
