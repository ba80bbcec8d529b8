/* SPDX-License-Identifier: BSD-3-Clause */
/* What `klflow kl` and `klflow run` share: a complete config is run, its results printed, its picture drawn. */
#ifndef KLFLOW_CLI_KL_EXECUTE_H
#define KLFLOW_CLI_KL_EXECUTE_H

#include "klflow/kl_config.h"

/* Returns the exit code; a failure has been reported. Ends the process by its signal if the run was interrupted. */
int klf_kl_execute(const klf_kl_config *config);

#endif
