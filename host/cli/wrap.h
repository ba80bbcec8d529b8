/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts of unknown length in a terminal of 80 columns. */
#ifndef KLFLOW_CLI_WRAP_H
#define KLFLOW_CLI_WRAP_H

#include <stddef.h>

/* Prints the words of a text and a newline on stdout, from `column` on, where the line has got to; further lines begin at
 * `indent`. What is in square brackets stays together. */
void klf_wrap_print(const char *text, size_t column, size_t indent);

#endif
