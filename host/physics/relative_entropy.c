/* SPDX-License-Identifier: BSD-3-Clause */
/* (3.30) with the two logarithms put together before q comes in: they nearly cancel where the widths agree. */
#include "klflow/relative_entropy.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586476925286766559;

double klf_layer_entropy(size_t n, double var)
{
    return 0.5 * (double)n * (log(TWO_PI * var) + 1.0);
}

double klf_relative_entropy(size_t n_r, double var_r, size_t n_m, double var_m, double q)
{
    double r = (double)n_r, m = (double)n_m;
    return 0.5 * (m * log(TWO_PI * var_m) - r * log(TWO_PI * var_r) - r + q / var_m);
}
