/* SPDX-License-Identifier: BSD-3-Clause */
/* Points from a text file: a line each of x, y and, if the lines have it, the standard error of y, separated by commas,
 * semicolons or blanks. Lines that begin with # are comments, and the first other line may be a heading. */
#ifndef KLFLOW_RUN_XY_TABLE_H
#define KLFLOW_RUN_XY_TABLE_H

#include "klflow/status.h"

#include <stddef.h>

typedef struct klf_xy_table {
    size_t  n;
    double *x, *y, *error; /* [n], owned; error: NULL if the lines have two columns */
} klf_xy_table;

/* KLF_ERR_NOINPUT; KLF_ERR_DATA with a sentence that begins with file and line. *out is empty on failure. */
klf_status klf_xy_table_read(const char *path, klf_xy_table *out);
void       klf_xy_table_free(klf_xy_table *table);

#endif
