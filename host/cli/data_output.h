/* SPDX-License-Identifier: BSD-3-Clause */
/* A data set, or one image of it, on stdout. */
#ifndef KLFLOW_CLI_DATA_OUTPUT_H
#define KLFLOW_CLI_DATA_OUTPUT_H

#include "run/data_run.h"

/* One line of JSON: docs/formats.md. */
void klf_data_print_json(const klf_data_config *config, const klf_data_result *result);

/* What there is and how many of each class, for people. */
void klf_data_print_table(const klf_data_result *result);

/* The one image of config->index, drawn, and a line about it. */
void klf_data_print_image(const klf_data_config *config, const klf_data_result *result);

#endif
