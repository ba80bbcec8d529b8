/* SPDX-License-Identifier: BSD-3-Clause */
/* Strict numbers: the whole text is one decimal number, or it is refused: no hex, no nan or inf, no spaces.
 * With a decimal point, so in the C locale only, which a program has until it calls setlocale. */
#ifndef KLFLOW_RUN_NUMBERS_H
#define KLFLOW_RUN_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A finite decimal number ("1", "-0.5", "1e-3", ".5"). False, and *out untouched, for anything else. */
bool klf_parse_real(const char *text, double *out);

/* A whole number from 0 to 2^64 - 1, exactly: "100000", "1e5" and "1.5e3" are, "1.5", "-1" and "2e19" are not. */
bool klf_parse_whole(const char *text, uint64_t *out);

enum { KLF_REAL_TEXT = 32 };

/* The shortest of %.15g, %.16g and %.17g that reads back as the same double. */
void klf_format_real(double value, char text[KLF_REAL_TEXT]);

#endif
