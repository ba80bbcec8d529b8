/* SPDX-License-Identifier: BSD-3-Clause */
/* One coupling of the square lattice, and the constants, on stdout. */
#ifndef KLFLOW_CLI_ISING2D_OUTPUT_H
#define KLFLOW_CLI_ISING2D_OUTPUT_H

#include "run/ising2d_run.h"

/* One line of JSON: docs/formats.md. */
void klf_ising2d_print_json(const klf_ising2d_config *config, const klf_ising2d_result *result);
void klf_ising2d_print_constants_json(const klf_ising2d_constants *constants);

/* A table a topic, within 80 columns. */
void klf_ising2d_print_tables(const klf_ising2d_config *config, const klf_ising2d_result *result);
void klf_ising2d_print_constants(const klf_ising2d_constants *constants);

#endif
