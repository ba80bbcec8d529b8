/* SPDX-License-Identifier: BSD-3-Clause */
/* Two result files point by point: which point of one is which of the other, whether they are of the same network and layer
 * statistics, and whether of the same samples. Then how far they are from each other (kl_compare.h). */
#ifndef KLFLOW_RUN_KL_MATCH_H
#define KLFLOW_RUN_KL_MATCH_H

#include "klflow/store.h"
#include "run/kl_compare.h"

typedef struct klf_kl_match {
    size_t               index; /* of the point in the first file, in the order of the grid */
    const klf_kl_point  *a, *b;
    char                 reason[160]; /* why the cause is the one it is: "same samples (sample seed 1, n_mc 10000)" */
    klf_point_difference difference;
} klf_kl_match;

typedef struct klf_kl_comparison {
    klf_precision precision; /* the looser of the two files' */
    klf_tolerance tolerance; /* for a layer alone */
    size_t        n_sampled; /* layers of points with different samples; for each of them klf_sigmas_among holds */
    size_t        n;
    klf_kl_match *match; /* [n], the point with the largest share first; owned */
    size_t        n_beyond;
} klf_kl_comparison;

/* A tolerance of NaN is the default: what the files state of rounding, or what the looser precision allows where one of them
 * does not, and 5 standard errors. KLF_ERR_DATA with a sentence where
 * the files have not the same points, networks or layer statistics, or nothing to compare them by. The files outlive *out. */
klf_status klf_kl_compare_files(const klf_kl_file *a, const char *name_a, const klf_kl_file *b, const char *name_b,
                                klf_tolerance tolerance, klf_kl_comparison *out);
void       klf_kl_comparison_free(klf_kl_comparison *comparison);

#endif
