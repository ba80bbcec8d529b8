/* SPDX-License-Identifier: BSD-3-Clause */
/* The paper's expansions with its slips put right ((2.26a): the power is 2^n; (2.30): no ln 2), and one or two terms further.
 */
#include "klflow/ising1d.h"

#include <math.h>

static const double LN2 = 0.69314718055994530942;

klf_ising1d_expansion klf_ising1d_small_k(double k, size_t n)
{
    double x = k * k;
    if (n == 0)
        return (klf_ising1d_expansion){.k = k};
    /* K_1 = K^2 - 2/3 K^4 + ... = K^2 exp(-2/3 K^2 + O(K^4)), and each further step squares it, up to higher orders. */
    double k_n = pow(x * exp(-2.0 / 3.0 * x), ldexp(1.0, (int)n - 1));
    /* ln cosh K - 2^-n ln cosh K_n; g(K) - 2^-n g(K_n) with g = x/2 - x^2/4 + x^3/9. K_2 is of order K^4 already. */
    double k0 = ldexp(LN2 + 0.5 * x - x * x / (n == 1 ? 3.0 : 12.0), (int)n) - LN2;
    double s = n == 1 ? x * (0.5 - x * (0.5 - 4.0 / 9.0 * x)) : x * (0.5 - x * (0.25 - x / 9.0));
    return (klf_ising1d_expansion){.k = k_n, .k0 = k0, .s = s / LN2};
}

klf_ising1d_expansion klf_ising1d_large_k(double k, size_t n)
{
    double a = fabs(k), m = (double)n;
    return (klf_ising1d_expansion){
        .k = n == 0 ? k : a - 0.5 * m * LN2,
        .k0 = (ldexp(1.0, (int)n) - 1.0) * a + 0.5 * m * LN2,
        .s = 1.0 - ldexp(1.0, -(int)n) - m * exp(-2.0 * a),
    };
}
