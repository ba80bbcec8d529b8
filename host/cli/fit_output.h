/* SPDX-License-Identifier: BSD-3-Clause */
/* Fits on stdout. */
#ifndef KLFLOW_CLI_FIT_OUTPUT_H
#define KLFLOW_CLI_FIT_OUTPUT_H

#include "run/fit_run.h"

/* One line of JSON a fit: docs/formats.md. */
void klf_fit_print_json(const klf_fit_result *result);

/* A table of the curves, and one of the fits across var_w. */
void klf_fit_print_tables(const klf_fit_result *result);

#endif
