/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens a module together with the CUDA libraries it needs, which on clusters, in conda and in Python's packages lie where the
 * dynamic loader does not look by itself. */
#ifndef KLFLOW_BACKEND_CUDA_LIBRARIES_H
#define KLFLOW_BACKEND_CUDA_LIBRARIES_H

#include <stddef.h>

typedef struct klf_dl_failure {
    char missing[64]; /* the library that is nowhere; "" if it is something else */
    char text[512];   /* the dynamic loader's own words */
} klf_dl_failure;

/* dlopen(RTLD_NOW | RTLD_LOCAL). Where it fails for want of a library, that is looked for by its name (which has the major
 * version that the module was built with) in the usual places and loaded first. NULL on failure. What was loaded on the way
 * stays. */
void *klf_dlopen_with_cuda(const char *path, klf_dl_failure *failure);

/* The places, as a half-sentence for messages: "in $CUDA_HOME, ...". */
extern const char klf_cuda_places[];

#endif
