/* SPDX-License-Identifier: BSD-3-Clause */
/* The first step of the decimation exactly. Its relative entropy needs the distribution of the sum of a spin's four neighbours,
 * which follows from <s00 s11>, <s00 s20> and eta: Callen's identity <s00 s10> = <tanh(K sum of neighbours) s10> stands in for
 * the four-spin correlation.
 *
 * <s00 s11> is a complete elliptic integral of modulus rho, in both phases (Kaufman and Onsager). <s00 s20> follows from Perk's
 * quadratic relation between a lattice and its dual at the origin,
 *      sinh^2(2K) [<s00 s10>^2 - <s00 s20>] + [<s00 s10>*^2 - <s00 s11>*^2] = 0
 * which is worth the 2 x 2 Toeplitz determinant, whose elements are integrals. All is from the one mean of ising2d_elliptic.c;
 * the ordered phase works with what is missing to 1. */
#include "physics/ising2d_correlations.h"

#include "klflow/ising1d.h"

#include <math.h>

/* <s00 s11> of the disordered one of the pair, over t^2; and what that of the ordered one lacks to 1, over t^4. */
static double diagonal_disordered(const klf_ising2d_elliptic *x)
{
    return 0.5 * (1.0 - x->w) / x->agm;
}

static double diagonal_ordered(const klf_ising2d_elliptic *x)
{
    return (0.5 * (1.0 + x->rho) * (1.0 + x->w) - x->r) / x->agm;
}

/* t^2 p_2 = 2 (1 + t^2) eta/t - 1 - 2 c_diag - c_2 with t = tanh 2K; the 1 is gone from the first term below. */
static void set_disordered(const klf_ising2d_elliptic *x, klf_ising2d_neighbours *out)
{
    double t2 = x->c1, lack_nn = klf_ising2d_one_minus_eta_ordered(x), lack_diagonal = t2 * t2 * diagonal_ordered(x);
    double eta = klf_ising2d_eta_disordered(x);
    double dual = (lack_diagonal - lack_nn) * (2.0 - lack_nn - lack_diagonal); /* <s00 s10>*^2 - <s00 s11>*^2 */
    double diagonal = diagonal_disordered(x);
    out->c_diag = t2 * diagonal;
    out->c_2 = eta * eta + (x->rho > 0.0 ? dual / x->rho : 0.0);
    double c_2_over = x->rho > 0.0 ? out->c_2 / t2 : 0.25;
    out->p_2 = (2.0 - x->r) / x->agm - 2.0 * diagonal - c_2_over;
    out->p_4 = 0.25 * (1.0 + 2.0 * out->c_diag + out->c_2 - out->p_2);
}

/* The same in terms of what is missing to 1; here 1/t^2 is 1 + rho. */
static void set_ordered(const klf_ising2d_elliptic *x, klf_ising2d_neighbours *out)
{
    double lack_nn = klf_ising2d_one_minus_eta_ordered(x), lack_diagonal = x->c1 * x->c1 * diagonal_ordered(x);
    double eta_dual = klf_ising2d_eta_disordered(x), diagonal_dual = x->c1 * diagonal_disordered(x);
    double lack_2 = lack_nn * (2.0 - lack_nn) - x->rho * (eta_dual - diagonal_dual) * (eta_dual + diagonal_dual);
    double c = x->c, c_minus_1 = x->rho / (1.0 + c);
    out->c_diag = 1.0 - lack_diagonal;
    out->c_2 = 1.0 - lack_2;
    out->p_2 = c * c * (2.0 * c_minus_1 * c_minus_1 / c - 2.0 * (c + 1.0 / c) * lack_nn + 2.0 * lack_diagonal + lack_2);
    out->p_4 = 1.0 - 0.25 * (2.0 * lack_diagonal + lack_2 + out->p_2);
}

void klf_ising2d_neighbours_get(const klf_ising2d_elliptic *x, klf_ising2d_neighbours *out)
{
    if (x->ordered)
        set_ordered(x, out);
    else
        set_disordered(x, out);
    out->c_4 = 1.0 - 2.0 * out->p_2;
    /* A spin in the field of its neighbours has the entropy deficit of a bond of that strength, ln 2 times the s_inf of a
     * chain. Half of all spins go. */
    double s = 0.5 * (out->p_4 * klf_ising1d_s_inf(4.0 * x->k) + out->p_2 * klf_ising1d_s_inf(2.0 * x->k));
    out->s_1 = fmin(s, 0.5);
}
