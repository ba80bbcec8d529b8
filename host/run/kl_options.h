/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of `klflow kl` as a table over klf_kl_config, and what hangs on it: a parsed command line or file becomes a
 * complete, checked config, and a config becomes YAML text again. */
#ifndef KLFLOW_RUN_KL_OPTIONS_H
#define KLFLOW_RUN_KL_OPTIONS_H

#include "klflow/kl_config.h"
#include "run/section.h"

enum { KLF_KL_N_OPTIONS = 35 };
extern const klf_option klf_kl_options[KLF_KL_N_OPTIONS];

/* A set over the table with nothing given yet; config must be initialised. */
klf_option_set klf_kl_option_set(klf_kl_config *config, unsigned where);

/* klf_kl_config_complete with every broken rule reported, not only the first. complain may be NULL. */
klf_status klf_kl_config_check(klf_kl_config *config, klf_complaint *complain, void *arg);

#endif
