/* SPDX-License-Identifier: BSD-3-Clause */
/* What `klflow compare` found, on stdout: tables for people, a line of JSON a point for programs. */
#ifndef KLFLOW_CLI_COMPARE_OUTPUT_H
#define KLFLOW_CLI_COMPARE_OUTPUT_H

#include "run/kl_match.h"

void klf_comparison_print_table(const char *name_a, const klf_kl_file *a, const char *name_b, const klf_kl_file *b,
                                const klf_kl_comparison *comparison);
void klf_comparison_print_json(const klf_kl_comparison *comparison);

/* "rounding" or "statistics". */
const char *klf_cause_name(klf_cause cause);

#endif
