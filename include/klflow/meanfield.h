/* SPDX-License-Identifier: BSD-3-Clause */
/** Mean-field theory of the random tanh network at infinite width (section 3 of the paper): how variance and correlation go
 * from layer to layer, where they settle, how fast, in which phase; and the KL curve that follows.
 *
 *      klf_meanfield_point point;
 *      klf_meanfield_point_get(2.5, 0.05, &point);                     // point.q_star.value, .xi_c, .phase, ...
 *
 *      double q = 0.2;
 *      for (int l = 1; l < 30; l++)
 *          q = klf_meanfield_next_variance(2.5, 0.05, q);              // KL per neuron of layer l: 1/2 ln(q / 0.2)
 *
 *  var_w > 0 and var_b >= 0 are the variances sigma_w^2 and sigma_b^2; z ~ N(0, 1), phi = tanh. Averages are exact to some
 * 1e-15 relative at any variance. Where an argument is out of its range the result is NaN, and no solver has converged. */
#ifndef KLFLOW_MEANFIELD_H
#define KLFLOW_MEANFIELD_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** E tanh^2(mean + sqrt(var) z), to some 1e-15 relative, for any variance. Trapezoidal rule: the integrand is
 *  analytic in a strip, so it converges geometrically; Gauss-Hermite does not reach 1e-8 at var = 4 with 200 nodes. */
double klf_meanfield_mean_tanh2(double mean, double var);

/** One step of the recursion (3.3): q_{l+1} = var_w E tanh^2(sqrt(q_l) z) + var_b. */
double klf_meanfield_next_variance(double var_w, double var_b, double q);

/** Its slope at q, var_w E[z phi(sqrt(q) z) phi'(sqrt(q) z)] / sqrt(q). At q* it is lambda_q. */
double klf_meanfield_variance_slope(double var_w, double q);

/** (3.9): var_w E[phi'(sqrt(q) z)^2]. At q* it is chi_1, the slope of (3.8) at rho = 1. */
double klf_meanfield_chi_1(double var_w, double q);

/** One step of the correlation rho in [-1, 1] of two inputs whose variances are both q: the covariance
 *  var_w E[phi(z_a) phi(z_b)] + var_b of (3.5) over the next variance. At q = q* it is (3.8). */
double klf_meanfield_next_correlation(double var_w, double var_b, double q, double rho);

/** Slope of the map (3.8) at rho, var_w E[phi'(z_a) phi'(z_b)], for q = q*. */
double klf_meanfield_correlation_slope(double var_w, double q, double rho);

/** What a solver found. */
typedef struct klf_meanfield_root {
    double value;
    double residual; /**< what the equation is off by at the value: map(value) - value */
    size_t steps;    /**< 0 where the value is known without iteration */
    bool   converged;
} klf_meanfield_root;

/** The fixed point (3.7) that the recursion (3.3) goes to: 0 if var_b = 0 and var_w <= 1, otherwise the positive one. */
klf_meanfield_root klf_meanfield_q_star(double var_w, double var_b);

/** The fixed point that (3.8) goes to from any rho below 1: 1 where chi_1 <= 1 + KLF_CRITICAL_WIDTH, otherwise the root below
 * 1; 0 where var_b = 0 and q* > 0. q_star: of these var_w and var_b. */
klf_meanfield_root klf_meanfield_rho_star(double var_w, double var_b, double q_star);

/** A point counts as critical if chi_1 is as close as this to 1. */
#define KLF_CRITICAL_WIDTH 1e-9

typedef enum klf_phase { KLF_PHASE_ORDERED, KLF_PHASE_CRITICAL, KLF_PHASE_CHAOTIC } klf_phase;

/** "ordered", "critical", "chaotic". */
const char *klf_phase_name(klf_phase phase);

/** A point (var_w, var_b) of the phase diagram. Depths are numbers of layers; INFINITY where there is no exponential decay. */
typedef struct klf_meanfield_point {
    klf_meanfield_root q_star, rho_star;
    double             one_minus_rho_star; /**< with digits that rho_star does not hold where it is close to 1 */
    double             chi_1;
    double             lambda_q; /**< slope of (3.3) at q*: q_l - q* falls by it from layer to layer */
    double             xi_q;     /**< -1 / ln lambda_q */
    double             slope;    /**< of (3.8) at rho* */
    double             xi_c;     /**< -1 / ln slope, (3.10) with var_w inside the logarithm; infinite where critical */
    klf_phase          phase;    /**< by chi_1: below, at or above 1 */
} klf_meanfield_point;

void klf_meanfield_point_get(double var_w, double var_b, klf_meanfield_point *out);

/** Where a map is written: arrays [n_b, n_w], row-major. NULL: not wanted. */
typedef struct klf_meanfield_map {
    double    *q_star, *rho_star, *chi_1, *xi_q, *xi_c;
    klf_phase *phase;
} klf_meanfield_map;

/** All points of a grid. var_w [n_w], var_b [n_b]. Takes up to `threads` threads. */
void klf_meanfield_map_get(size_t n_w, const double *var_w, size_t n_b, const double *var_b, size_t threads,
                           const klf_meanfield_map *out);

/** The line chi_1 = 1 between the phases, with q*, from 0 up, as its parameter:
 *  var_w = 1 / E[phi'^2], var_b = q - var_w E[phi^2] ~ 4/3 q^3 at its beginning (1, 0). Both grow with q. */
double klf_meanfield_critical_var_w(double q);
double klf_meanfield_critical_var_b(double q);

/** A point on it. */
typedef struct klf_meanfield_critical {
    double             var_w, var_b;
    klf_meanfield_root q_star; /**< its residual: by how much the given one of var_w and var_b is missed there, relatively */
} klf_meanfield_critical;

/** That of a given var_b >= 0, and that of a given var_w >= 1 (below 1 no point is critical). */
klf_meanfield_critical klf_meanfield_critical_at_var_b(double var_b);
klf_meanfield_critical klf_meanfield_critical_at_var_w(double var_w);

/** What is taken for the target's variance, and its mean. The reference is N(mean, var), one for all neurons; M_l is the second
 *  moment of layer l under it: M_0 = mean^2 + var, M_1 = var_w E tanh^2(mean + sqrt(var) z) + var_b, then (3.3). KL_l a neuron
 * at constant width: */
typedef enum klf_target_convention {
    /** Variance qT_l from (3.3) started at var, mean 0: 1/2 [ln(qT_l / var) + M_l / qT_l - 1], which is 1/2 ln(q_l / var) at
     *  mean = 0. */
    KLF_TARGET_THEORY,
    /** The same with a variance measured over the neurons of a layer for one input, whose mean square in layer 0 is M_0: qT_l
     * from (3.3) started there. */
    KLF_TARGET_DATA,
    /** Every neuron has a target of its own, with its mean and variance over samples of the reference. The variance is only
     *  V_l = M_l (1 - rho_l), rho_l the correlation of two samples: 1/2 ln(V_l / var). In the ordered phase it falls for ever,
     *  by 1 / (2 xi_c) a layer. */
    KLF_TARGET_SAMPLES,
    /** As KLF_TARGET_DATA, but the second moment is divided by the variance of the reference: 1/2 [ln(M_l / var) + M_l / var -
     * 1]. An error of the paper's first published code, and of its Table 1; for comparison with these. */
    KLF_TARGET_REFERENCE_IN_Q,
} klf_target_convention;

/** Predicted KL (nats, of the whole layer) of layers 0 .. n-1 counted from the reference layer, with their finite widths:
 *  -N_0/2 ln(2 pi e var) + N_l/2 ln(2 pi qT_l) + N_l M_l / (2 qT_l) and its like in the other conventions.
 *  widths [n], kl [n], overwritten; kl[0] = 0. NaN where a variance is not positive. */
void klf_meanfield_kl(double var_w, double var_b, double mean, double var, klf_target_convention convention, size_t n,
                      const size_t *widths, double *kl);

/** Where a curve at constant width is written: arrays [n], entry 0 the reference layer. NULL: not wanted. */
typedef struct klf_meanfield_curve {
    double *q;             /**< (3.3) started at var */
    double *second_moment; /**< M_l */
    double *rho;           /**< rho_l, from mean^2 / M_0 */
    double *target_var;
    double *kl_per_neuron; /**< nats; 0 for the reference layer */
} klf_meanfield_curve;

void klf_meanfield_curve_get(double var_w, double var_b, double mean, double var, klf_target_convention convention, size_t n,
                             const klf_meanfield_curve *out);

/** Where kl_per_neuron goes far behind the reference layer; -INFINITY where it falls for ever. */
double klf_meanfield_kl_limit(const klf_meanfield_point *point, double var, klf_target_convention convention);

#ifdef __cplusplus
}
#endif
#endif
