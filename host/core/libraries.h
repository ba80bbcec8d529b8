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

/* In the order of loading, those that klflow and its modules are linked to. Returns how many. */
size_t klf_loaded_libraries(klf_library library[KLF_MAX_LIBRARIES]);

/* The version of the HDF5 library. Whoever may be the first to call HDF5 calls this before: it keeps HDF5 from closing, at the
 * end of the process, files that were given up because writing failed. Works only ahead of all else. */
void klf_hdf5_version(unsigned *major, unsigned *minor, unsigned *release);

#endif
