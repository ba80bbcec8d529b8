/* SPDX-License-Identifier: BSD-3-Clause */
/** Mean-field theory of the random tanh network at infinite width: the variance recursion (3.3) and the KL curve it predicts.
 *
 *      double q = 0.2;
 *      for (int l = 1; l < 30; l++)
 *          q = klf_meanfield_next_variance(1.5, 0.05, q);    // KL per neuron of layer l: 1/2 ln(q / 0.2)
 */
#ifndef KLFLOW_MEANFIELD_H
#define KLFLOW_MEANFIELD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** E tanh^2(mean + sqrt(var) z) over z ~ N(0, 1), to some 1e-15 relative, for any variance. Trapezoidal rule: the integrand is
 *  analytic in a strip, so it converges geometrically; Gauss-Hermite does not reach 1e-8 at var = 4 with 200 nodes. */
double klf_meanfield_mean_tanh2(double mean, double var);

/** One step of the recursion (3.3): q_{l+1} = var_w E tanh^2(sqrt(q_l) z) + var_b. */
double klf_meanfield_next_variance(double var_w, double var_b, double q);

/** How the target's variance is predicted; the reference is N(mean, var) in both. */
typedef enum klf_target_convention {
    KLF_TARGET_THEORY, /**< the recursion started at var: KL_l / N = 1/2 ln(q_l / var) at constant width */
    KLF_TARGET_DATA,   /**< measured over neurons: the recursion started at the layer's own second moment mean^2 + var */
} klf_target_convention;

/** Predicted KL (nats, of the whole layer) of layers 0 .. n-1 counted from the reference layer, with their finite widths:
 *  -N_0/2 ln(2 pi e v) + N_l/2 ln(2 pi qT_l) + N_l M_l / (2 qT_l), M_l the second moment under p and qT_l the target variance.
 *  widths [n], kl [n], overwritten; kl[0] = 0. NaN where a variance is not positive. */
void klf_meanfield_kl(double var_w, double var_b, double mean, double var, klf_target_convention convention, size_t n,
                      const size_t *widths, double *kl);

#ifdef __cplusplus
}
#endif
#endif
