/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry: which backends the program knows, where they come from, and what "auto" means. The one file that knows how this
 * build was configured. */
#include "backend/backends.h"
#include "backend/module_load.h"

#include <stdio.h>
#include <string.h>

#define LISTED "ref", "cpu", "cuda", "auto"
#ifdef KLF_TEST_BUILD
#define UNLISTED "cuda-emulated"
const char *const klf_backend_unlisted[] = {UNLISTED, NULL};
#define ALL LISTED, UNLISTED
#else
const char *const klf_backend_unlisted[] = {NULL};
#define ALL LISTED
#endif
const char *const klf_backend_choices[] = {LISTED, NULL};

const char *const *klf_backend_names(void)
{
    static const char *const names[] = {ALL, NULL};
    return names;
}

static klf_status find_cuda(const klf_backend **out)
{
#ifdef KLF_CUDA_LINKED
    *out = &klf_backend_cuda;
    return KLF_OK;
#else
    return klf_module_get("cuda", out);
#endif
}

klf_status klf_backend_find(const char *name, const klf_backend **out)
{
    *out = NULL;
    if (strcmp(name, "ref") == 0)
        *out = &klf_backend_ref;
    else if (strcmp(name, "cpu") == 0)
        *out = &klf_backend_cpu;
    else if (strcmp(name, "cuda") == 0)
        return find_cuda(out);
#ifdef KLF_TEST_BUILD
    else if (strcmp(name, "cuda-emulated") == 0)
        return klf_module_get(name, out);
#endif
    else
        return klf_fail(KLF_ERR_USAGE, "unknown backend '%s'; expected ref, cpu or cuda", name);
    return KLF_OK;
}

static klf_status find_and_open(const char *name, klf_opened_backend *out)
{
    klf_status st = klf_backend_find(name, &out->backend);
    return st == KLF_OK ? out->backend->open(&out->context) : st;
}

klf_status klf_backend_open(const char *name, klf_opened_backend *out)
{
    *out = (klf_opened_backend){0};
    if (strcmp(name, "auto") != 0)
        return find_and_open(name, out);
    if (find_and_open("cuda", out) == KLF_OK)
        return KLF_OK;
    const char *reason = klf_last_error(), *prefix = "backend cuda: ";
    if (strncmp(reason, prefix, strlen(prefix)) == 0)
        reason += strlen(prefix);
    snprintf(out->note, sizeof out->note, "backend auto: this run is on the CPU (backend cpu), for cuda cannot be used: %s",
             reason);
    return find_and_open("cpu", out);
}

void klf_backend_close(klf_opened_backend *opened)
{
    if (opened->context != NULL)
        opened->backend->close(opened->context);
    *opened = (klf_opened_backend){0};
}
