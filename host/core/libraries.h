/* SPDX-License-Identifier: BSD-3-Clause */
/* The shared libraries that klflow uses: not what it was built against, but what the loader found. */
#ifndef KLFLOW_CORE_LIBRARIES_H
#define KLFLOW_CORE_LIBRARIES_H

#include <stddef.h>

typedef struct klf_library {
    char name[64];    /* "libhdf5_serial.so.103" */
    char version[32]; /* as the library itself tells; "" if it does not */
    char path[512];   /* of the file, links followed */
} klf_library;

enum { KLF_MAX_LIBRARIES = 16 };

/* In the order of loading, those that klflow itself is linked to. Returns how many. */
size_t klf_loaded_libraries(klf_library library[KLF_MAX_LIBRARIES]);

#endif
