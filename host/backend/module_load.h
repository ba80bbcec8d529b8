/* SPDX-License-Identifier: BSD-3-Clause */
/* Backends that come as modules: shared libraries that are looked for and opened when somebody asks for them by name, so that
 * the program starts where they, or the libraries they need, are missing. */
#ifndef KLFLOW_BACKEND_MODULE_LOAD_H
#define KLFLOW_BACKEND_MODULE_LOAD_H

#include "klflow/backend.h"

/* The table of the module klflow-NAME.so. It is looked for once and stays open for good; later calls give the same table or the
 * same failure, KLF_ERR_DEVICE with a sentence on the file, what was found and what to do. For the names of modules only. */
klf_status klf_module_get(const char *name, const klf_backend **out);

/* The same for one file, each time anew: what klf_module_get does with the file that it finds. */
klf_status klf_module_open(const char *name, const char *path, const klf_backend **out);

#endif
