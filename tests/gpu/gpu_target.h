/* SPDX-License-Identifier: BSD-3-Clause */
/* What the programs of this folder share. They need a device: without one they say so and end with 77. On the command line:
 * the backend, "cuda" by default, so that the emulated one can stand in. */
#ifndef KLFLOW_TESTS_GPU_TARGET_H
#define KLFLOW_TESTS_GPU_TARGET_H

#include "klflow/backend.h"

#include <stdio.h>
#include <stdlib.h>

enum { SKIPPED = 77 };

/* Opens the backend, or ends the program. */
static inline klf_opened_backend open_target(const char *name)
{
    klf_opened_backend opened;
    if (klf_backend_open(name, &opened) != KLF_OK) {
        printf("skipped: %s\n", klf_last_error());
        exit(SKIPPED);
    }
    return opened;
}

/* Ends the program with the sentence of a failure. */
static inline void must(klf_status st)
{
    if (st != KLF_OK) {
        printf("%s\n", klf_last_error());
        exit(1);
    }
}

static inline void *must_get(size_t n, size_t size)
{
    void *p = calloc(n, size);
    if (!p) {
        printf("no memory for %zu elements\n", n);
        exit(1);
    }
    return p;
}

#endif
