/* SPDX-License-Identifier: BSD-3-Clause */
/* One decimated chain on stdout. */
#ifndef KLFLOW_CLI_ISING1D_OUTPUT_H
#define KLFLOW_CLI_ISING1D_OUTPUT_H

#include "run/ising1d_run.h"

/* One line of JSON: docs/formats.md. */
void klf_ising1d_print_json(const klf_ising1d_config *config, const klf_ising1d_result *result);

/* A table a topic, within 80 columns. */
void klf_ising1d_print_tables(const klf_ising1d_config *config, const klf_ising1d_result *result);

#endif
