/* SPDX-License-Identifier: BSD-3-Clause */
/* One point of the mean field on stdout. */
#ifndef KLFLOW_CLI_MEANFIELD_OUTPUT_H
#define KLFLOW_CLI_MEANFIELD_OUTPUT_H

#include "run/meanfield_run.h"

/* One line of JSON: docs/formats.md. */
void klf_meanfield_print_json(const klf_meanfield_config *config, const klf_meanfield_result *result);

/* What the point is, and a table of layers if there is a curve, within 80 columns. */
void klf_meanfield_print_tables(const klf_meanfield_config *config, const klf_meanfield_result *result);

#endif
