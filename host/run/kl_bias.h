/* SPDX-License-Identifier: BSD-3-Clause */
/* The bias bound of a result, and the precision that `auto` stands for: klflow/rounding_bias.h applied to networks and sweeps.
 */
#ifndef KLFLOW_RUN_KL_BIAS_H
#define KLFLOW_RUN_KL_BIAS_H

#include "klflow/kl_result.h"
#include "run/kl_setup.h"

/* Fills in Q_bias_bound, kl_bias_bound and Q_rounding_stderr of a pass whose reference layer is N(mean, var) = *reference;
 * other fields are there. */
klf_status klf_kl_fill_bias(const klf_network *net, klf_precision precision, const klf_layer_stats *reference,
                            klf_kl_point *point);

/* The fastest precision of the setup's backend whose bias bound is below a third of the standard error that theory predicts for
 * n_mc, at every layer; fp64 if none is. The setup has its axes, inputs and network. Of long lists, what is predicted is
 * a few values, the ends among them. */
klf_status klf_kl_choose_precision(const klf_kl_setup *setup, klf_precision *out);

/* What both take a bias to be small against: this share of the standard error. */
extern const double klf_small_bias;

#endif
