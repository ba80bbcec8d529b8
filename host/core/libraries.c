/* SPDX-License-Identifier: BSD-3-Clause */
/* Asks the dynamic loader which files are mapped, and the libraries that klflow is written against for their versions. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "core/libraries.h"

#include <gnu/libc-version.h>
#include <hdf5.h>
#include <jansson.h>
#include <libfyaml.h>
#include <link.h>
#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

void klf_hdf5_version(unsigned *major, unsigned *minor, unsigned *release)
{
    *major = *minor = *release = 0;
    H5dont_atexit();
    H5get_libversion(major, minor, release);
}

typedef struct listing {
    klf_library *library;
    size_t       n;
} listing;

/* True, with the version filled in as far as it can be asked for, for the libraries that klflow and its modules are linked to;
 * what those drag in is left out. */
static bool is_ours(klf_library *library)
{
    unsigned major, minor, release;
    char     hdf5[32], openmp[32];
    klf_hdf5_version(&major, &minor, &release);
    snprintf(hdf5, sizeof hdf5, "%u.%u.%u", major, minor, release);
    snprintf(openmp, sizeof openmp, "OpenMP %d", _OPENMP);
    const struct {
        const char *prefix, *version;
    } known[] = {{"libhdf5", hdf5},
                 {"libfyaml.", fy_library_version()},
                 {"libjansson.", jansson_version_str()},
                 {"libcminpack.", ""},
                 {"libz.", zlibVersion()},
                 {"libgomp.", openmp},
                 {"libomp.", openmp},
                 {"libmvec.", ""},
                 {"libm.", ""},
                 {"libc.", gnu_get_libc_version()},
                 {"klflow-", ""}, /* a backend's module, and what it brings */
                 {"libcublas.", ""},
                 {"libcublasLt.", ""},
                 {"libcurand.", ""},
                 {"libcuda.", ""}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strncmp(library->name, known[i].prefix, strlen(known[i].prefix)) == 0) {
            snprintf(library->version, sizeof library->version, "%s", known[i].version);
            return true;
        }
    return false;
}

static int add_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    listing    *list = arg;
    const char *slash = strrchr(info->dlpi_name, '/');
    if (slash == NULL) /* the program itself and the kernel's vDSO */
        return 0;
    if (list->n == KLF_MAX_LIBRARIES)
        return 1;
    klf_library *library = &list->library[list->n];
    snprintf(library->name, sizeof library->name, "%s", slash + 1);
    if (!is_ours(library))
        return 0;
    char *real = realpath(info->dlpi_name, NULL);
    snprintf(library->path, sizeof library->path, "%s", real != NULL ? real : info->dlpi_name);
    free(real);
    list->n++;
    return 0;
}

size_t klf_loaded_libraries(klf_library library[KLF_MAX_LIBRARIES])
{
    listing list = {.library = library};
    dl_iterate_phdr(add_object, &list);
    return list.n;
}
