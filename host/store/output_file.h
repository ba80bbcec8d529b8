/* SPDX-License-Identifier: BSD-3-Clause */
/* An output file that is whole or not there: written under a temporary name in the folder of the target, flushed to disk, then
 * given its name. Knows nothing of what is in the file. */
#ifndef KLFLOW_STORE_OUTPUT_FILE_H
#define KLFLOW_STORE_OUTPUT_FILE_H

#include "core/quote.h"
#include "klflow/status.h"

#include <stdbool.h>

typedef struct klf_output {
    char *target;    /* the final name */
    char *temporary; /* where to write until then */
    bool  force;     /* replace a file of the final name */

    klf_path_quote name; /* the path that the user gave, as it stands in sentences */
} klf_output;

/* Checks path as klf_store_check_output does and creates the empty temporary. */
klf_status klf_output_create(const char *path, bool force, klf_output *out);

/* Flushes the temporary, which its writer has closed, and gives it its name. Without force a file that has appeared in the
 * meantime stays as it is: KLF_ERR_CREATE. Whatever happens, the temporary is gone and *out is empty afterwards. */
klf_status klf_output_publish(klf_output *out);

/* Removes the temporary. Accepts an empty output. */
void klf_output_discard(klf_output *out);

#endif
