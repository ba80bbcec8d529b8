/* SPDX-License-Identifier: BSD-3-Clause */
/* What `klflow kl` and `klflow run` share: a complete config is run, its results printed, its picture drawn. */
#ifndef KLFLOW_CLI_KL_EXECUTE_H
#define KLFLOW_CLI_KL_EXECUTE_H

#include "klflow/kl_config.h"

/* The caller reports a failure. *blame is the key of the option that a KLF_ERR_USAGE is about, or NULL. Ends the process by its
 * signal if the run was interrupted. */
klf_status klf_kl_execute(const klf_kl_config *config, const char **blame);

#endif
