/* SPDX-License-Identifier: BSD-3-Clause */
/* The mean of several results of the same shape, with their scatter: over the images of a range, over the networks of an
 * ensemble. */
#ifndef KLFLOW_RUN_KL_AVERAGE_H
#define KLFLOW_RUN_KL_AVERAGE_H

#include "klflow/kl_result.h"

typedef enum klf_average_over {
    KLF_OVER_INPUTS,  /* one network, common samples: Monte Carlo errors are taken as fully correlated (mean of them) */
    KLF_OVER_NETWORKS /* own samples each: Monte Carlo errors are independent (root of summed squares, over n) */
} klf_average_over;

/* out is made from part [n] (n >= 1): means of all fields; the sample standard deviation of those with scatter goes to
 * input_std or ensemble_std. For n = 1 out takes over what part[0] owns, which is left empty. Networks whose samples are common
 * as well (an explicit sample seed) are correlated like inputs. References of the parts are averaged alike, to the reference of
 * out. */
klf_status klf_kl_average(klf_kl_point *part, size_t n, klf_average_over over, klf_kl_point *out);

#endif
