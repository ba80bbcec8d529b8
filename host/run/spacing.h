/* SPDX-License-Identifier: BSD-3-Clause */
/* START:STOP:COUNT, which stands for many evenly spaced values of a list of reals. */
#ifndef KLFLOW_RUN_SPACING_H
#define KLFLOW_RUN_SPACING_H

#include <stdbool.h>
#include <stddef.h>

enum { KLF_SPACING_MAX_COUNT = 1000000 };

typedef struct klf_spacing {
    double start, stop;
    size_t count; /* from 2 on */
} klf_spacing;

/* Whether the text is meant as one, rightly written or not. */
bool klf_spacing_is_meant(const char *text);

/* False, and *out untouched, unless the text is START:STOP:COUNT with two different numbers and a count from 2 to
 * KLF_SPACING_MAX_COUNT. */
bool klf_spacing_parse(const char *text, klf_spacing *out);

/* Value i, both ends included, to 15 digits: the number that one would have written, 0.3 in 0.1:1:10. */
double klf_spacing_value(const klf_spacing *spacing, size_t i);

/* True if the list is, bit by bit, what a spacing of at least four values stands for. */
bool klf_spacing_find(size_t n, const double *list, klf_spacing *out);

#endif
