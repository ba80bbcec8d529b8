/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry: which backends the program knows, and why one cannot be had. */
#include "backend/backends.h"

#include <string.h>

const char *const *klf_backend_names(void)
{
    static const char *const names[] = {"ref", "cpu", "cuda", "auto", NULL};
    return names;
}

klf_status klf_backend_find(const char *name, const klf_backend **out)
{
    *out = NULL;
    if (strcmp(name, "ref") == 0)
        *out = &klf_backend_ref;
    else if (strcmp(name, "cpu") == 0 || strcmp(name, "auto") == 0) /* auto: the fastest present; the caller announces it */
        *out = &klf_backend_cpu;
    else if (strcmp(name, "cuda") == 0)
        return klf_fail(KLF_ERR_DEVICE, "backend cuda: this build has no CUDA module; use --backend cpu or auto");
    else
        return klf_fail(KLF_ERR_USAGE, "unknown backend '%s'; expected ref, cpu, cuda or auto", name);
    return KLF_OK;
}
