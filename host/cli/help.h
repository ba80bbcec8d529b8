/* SPDX-License-Identifier: BSD-3-Clause */
/* --help, from the option tables. */
#ifndef KLFLOW_CLI_HELP_H
#define KLFLOW_CLI_HELP_H

#include "run/options.h"

/* Prints "usage: " and the text, then the options of the sets, on stdout. The text is the command line, a newline, and a few
 * sentences; it ends without a newline. */
void klf_help_print(const char *usage, const klf_option_set *sets, size_t n_sets);

#endif
