/* SPDX-License-Identifier: BSD-3-Clause */
/* Where modules lie: in $KLFLOW_BACKEND_DIR, or in a place told by that of the running program, so that an installed tree, a
 * bundle and a build tree can be moved as a whole. */
#ifndef KLFLOW_BACKEND_MODULE_PATH_H
#define KLFLOW_BACKEND_MODULE_PATH_H

#include "klflow/status.h"

#include <stddef.h>

enum { KLF_MODULE_PATH_SIZE = 4096 };

/* The first file klflow-NAME.so of the places: its failure is then the user's answer, not a reason to try the next.
 * KLF_ERR_DEVICE, with a sentence that names the places, if there is none. */
klf_status klf_module_find(const char *name, char path[KLF_MODULE_PATH_SIZE]);

#endif
