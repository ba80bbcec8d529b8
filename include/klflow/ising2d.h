/* SPDX-License-Identifier: BSD-3-Clause */
/** The Ising model on the infinite square lattice under checkerboard decimation (section 2.2 of the paper): what is known of it
 * exactly, the approximate flows of its coupling, and the relative entropy along them. A step sums over every second spin, so
 * that lengths shrink by sqrt 2.
 *
 *      -H = sum_sites K0 + K sum_nn s_i s_j,        K0 = 0 before the first step
 *
 *      double            s[13];
 *      klf_ising2d_plane plane;
 *      klf_ising2d_plane_get(0.5, &plane);
 *      klf_ising2d_flow(klf_ising2d_alpha_star(), 0.5, 12, &(klf_ising2d_arrays){.s = s});
 *      printf("approximately %g, exactly %g\n", s[12], plane.s_inf);           // in units of N ln 2
 *
 *  K is any finite number. The lattice is bipartite, so that the sign of K changes nothing but the signs of eta and of
 *  derivatives; and an antiferromagnet is a ferromagnet after one step. Every function works without cancellation and overflow:
 *  relative errors are some 1e-15 unless said otherwise. Entropies and ln Z are in nats a site. */
#ifndef KLFLOW_ISING2D_H
#define KLFLOW_ISING2D_H

#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { KLF_ISING2D_MAX_STEPS = 500 };

/** K_c = 1/2 arsinh 1 (2.42), where the two phases meet. */
double klf_ising2d_k_c(void);

/** Correlation of neighbours, (2.48) in closed form, and what it lacks to 1, which keeps its digits at large |K|. */
double klf_ising2d_eta(double k);
double klf_ising2d_one_minus_eta(double k); /**< 1 - |eta| */

/** Exact results for the infinite plane; they hold in both phases. */
typedef struct klf_ising2d_plane {
    double lnz;                    /**< for K0 = 0 */
    double eta, one_minus_eta;     /**< <s00 s10>; 1 - |eta| */
    double entropy;                /**< lnz - 2 K eta; small if the lattice is ordered, with its full relative accuracy */
    double entropy_deficit;        /**< ln 2 - entropy, equally */
    double c_diag, c_2;            /**< <s00 s11>, <s00 s20> */
    double p_4, p_2;               /**< probability that the four neighbours of a spin add up to +-4, to +-2 */
    double c_4;                    /**< mean of the product of those four; absolute error some 1e-15, as of p_4 and p_2 */
    double s_1;                    /**< relative entropy of one decimation, exactly, in units of N ln 2 */
    double s_inf, one_minus_s_inf; /**< that of infinitely many: entropy_deficit / ln 2 */
    double ds_inf_dk;     /**< 2 K eta'(K) / ln 2; grows as -(8 K_c / (pi ln 2)) ln |K - K_c|, infinite at klf_ising2d_k_c() */
    double specific_heat; /**< 2 K^2 eta'(K), in units of k_B a site; infinite there as well */
} klf_ising2d_plane;

void klf_ising2d_plane_get(double k, klf_ising2d_plane *out);

/** The alpha of (2.43) whose fixed point is K_c, (2.44): 2 ln(1 + sqrt 2) / ln 3. */
double klf_ising2d_alpha_star(void);

/** The couplings to which one step leads exactly, (2.38), from K0 = 0: next neighbours, diagonal neighbours, squares. What a
 * scheme does with l and m is its own affair. */
typedef struct klf_ising2d_generated {
    double k0, k, l, m;
} klf_ising2d_generated;

klf_ising2d_generated klf_ising2d_generate(double k);

/** An unstable fixed point at finite coupling, found by Newton's method. */
typedef struct klf_ising2d_fixed_point {
    double k, l;       /**< l: of Wilson's two couplings, otherwise 0. NaN, as all the rest, where there is none */
    double eigenvalue; /**< of the linearised step, > 1 */
    double irrelevant; /**< the other one of Wilson's scheme; NaN otherwise */
    double nu;         /**< ln sqrt 2 / ln eigenvalue; 1 for the exact model */
    double k_c;        /**< coupling of neighbours at which the flow changes its end: the fixed point, and for Wilson's scheme
                            where the critical line meets l = 0 */
    double k_c_linearised; /**< Wilson: the same for the line's tangent at the fixed point, (2.41); otherwise k_c */
    double residual;       /**< |f(k) - k| there */
    size_t steps;
    bool   exists, converged;
} klf_ising2d_fixed_point;

/** Of (2.43); there is one for alpha > 1. alpha is 1 for (2.38) and 3/2 for (2.39). */
klf_ising2d_fixed_point klf_ising2d_fixed_point_get(double alpha);

/** Of Wilson's K' = 2 K^2 + L, L' = K^2. */
klf_ising2d_fixed_point klf_ising2d_fixed_point_wilson(void);

/** Where the flow is written: arrays of n_steps + 1, entry 0 before the first step. NULL: not wanted. */
typedef struct klf_ising2d_arrays {
    double *k, *k0;
    double *l, *m;        /**< what the step to this entry generated and the scheme dropped (2.38); 0 in entry 0 */
    double *s;            /**< (2.50) */
    double *s_consistent; /**< [G(K) - 2^-n G(K_n)] / ln 2, G = entropy_deficit: the same couplings, without the violation */
    double *z_violation;  /**< (ln Z^(n) - ln Z) / N in nats: s_consistent - s, times ln 2. Absolute error 1e-15 (1 + |K|) */
} klf_ising2d_arrays;

/** The flow (2.43), alpha > 0. K0 grows as 2^n. For alpha > 1 a rounding of K_n near the fixed point grows as eigenvalue^n,
 * that of s does not; a K equal to the fixed point is taken to be it and stays. Entries are NaN once K_n exceeds all numbers.
 */
void klf_ising2d_flow(double alpha, double k, size_t n_steps, const klf_ising2d_arrays *out);

/** Wilson's flow from (k, l). Arrays as above. */
void klf_ising2d_wilson(double k, double l, size_t n_steps, double *k_n, double *l_n);

/** s^(0) .. s^(n_steps) of (2.50) for many couplings. s [n_k, n_steps + 1], overwritten. Takes up to `threads` threads. */
void klf_ising2d_sweep(double alpha, size_t n_k, const double *k, size_t n_steps, size_t threads, double *s);

#ifdef __cplusplus
}
#endif
#endif
