/* SPDX-License-Identifier: BSD-3-Clause */
/* What a backend module (klflow-cuda.so) and the program tell each other. The module exports this one symbol; everything else
 * in it is hidden. It knows nothing of the program but what `attach` hands it. */
#ifndef KLFLOW_BACKEND_MODULE_H
#define KLFLOW_BACKEND_MODULE_H

#include "klflow/backend.h"

/* Raise with every change of klf_module, klf_module_host, klf_backend or of a struct that their functions take. */
#define KLF_MODULE_ABI 5

typedef struct klf_module_host {
    klf_status (*fail)(klf_status status, const char *sentence); /* what klf_fail does with a finished sentence */
} klf_module_host;

typedef struct klf_module {
    unsigned           abi;     /* KLF_MODULE_ABI; first, and read before anything else */
    const char        *version; /* of klflow, "0.1.0": a module of another release is refused */
    const klf_backend *backend;
    void (*attach)(const klf_module_host *host); /* once, before anything of backend is called; host outlives the module */
} klf_module;

/* The exported symbol: const klf_module klf_backend_module; */
#define KLF_MODULE_SYMBOL "klf_backend_module"

#endif
