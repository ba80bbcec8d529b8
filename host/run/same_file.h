/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether two paths lead to one file: by what they lead to, not by how they are spelt. */
#ifndef KLFLOW_RUN_SAME_FILE_H
#define KLFLOW_RUN_SAME_FILE_H

#include <stdbool.h>

/* Links and hard links count as the file behind them. Files that do not exist yet are the same if folder and name are. */
bool klf_same_file(const char *a, const char *b);

#endif
