/* SPDX-License-Identifier: BSD-3-Clause */
/* --select AXIS=VALUE: which points of a sweep are wanted. */
#ifndef KLFLOW_RUN_AXIS_SELECT_H
#define KLFLOW_RUN_AXIS_SELECT_H

#include "klflow/kl_config.h"
#include "klflow/kl_result.h"

enum { KLF_N_AXES = 5 }; /* var_w, var_b, depth, seed, input */

typedef struct klf_axis_choice {
    size_t  n[KLF_N_AXES];
    size_t *index[KLF_N_AXES]; /* [n], rising: into the axes of the sweep; owned */
} klf_axis_choice;

/* All of an axis that is not named; of one that is, the values that are. Reals match to 1e-9. KLF_ERR_USAGE with a sentence
 * that says what the file has. *out is empty on failure. */
klf_status klf_axis_choose(const klf_kl_sweep *sweep, const klf_list_text *select, klf_axis_choice *out);
void       klf_axis_choice_free(klf_axis_choice *choice);

/* The point with these indices on the axes. */
const klf_kl_point *klf_axis_point(const klf_kl_sweep *sweep, const size_t index[KLF_N_AXES]);

#endif
