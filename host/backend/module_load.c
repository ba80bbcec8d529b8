/* SPDX-License-Identifier: BSD-3-Clause */
/* Opens modules and refuses those that were made for another program. */
#include "backend/module_load.h"

#include "backend/cuda_libraries.h"
#include "backend/module.h"
#include "backend/module_path.h"
#include "klflow/build_info.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static klf_status fail_for_module(klf_status status, const char *sentence)
{
    return klf_fail(status, "%s", sentence);
}

/* Lives as long as any module. */
static const klf_module_host module_host = {.fail = fail_for_module};

static klf_status explain(const char *name, const char *path, const klf_dl_failure *failure)
{
    if (failure->missing[0] == '\0')
        return klf_fail(KLF_ERR_DEVICE, "backend %s: %.400s cannot be loaded (%.400s); install it anew, or take --backend cpu",
                        name, path, failure->text);
    return klf_fail(
        KLF_ERR_DEVICE,
        "backend %s: %.400s needs %s, which is neither where the dynamic loader looks nor %s; load the site's CUDA "
        "module (module load cuda), add the library's folder to LD_LIBRARY_PATH, or install NVIDIA's Python package "
        "of it with pip",
        name, path, failure->missing, klf_cuda_places);
}

/* The ABI number is the first member and stays it: nothing else of the table is read before it is known to be right. */
static klf_status check(const char *name, const char *path, const klf_module *module)
{
    const char *version = klf_build_info_get()->version;
    if (module == NULL)
        return klf_fail(KLF_ERR_DEVICE,
                        "backend %s: %.400s has no symbol " KLF_MODULE_SYMBOL
                        ", so it is no module of klflow; put the one that "
                        "came with klflow %s there, or set KLFLOW_BACKEND_DIR to its folder",
                        name, path, version);
    if (module->abi != KLF_MODULE_ABI)
        return klf_fail(
            KLF_ERR_DEVICE,
            "backend %s: %.400s has ABI number %u and this klflow (%s) needs %d; take program and module from one build", name,
            path, module->abi, version, KLF_MODULE_ABI);
    if (strcmp(module->version, version) != 0)
        return klf_fail(KLF_ERR_DEVICE,
                        "backend %s: %.400s is of klflow %.40s and this is klflow %s; take program and module from one build",
                        name, path, module->version, version);
    if (strcmp(module->backend->name, name) != 0)
        return klf_fail(KLF_ERR_DEVICE, "backend %s: %.400s holds backend %.40s; it was renamed, so put the right one there",
                        name, path, module->backend->name);
    return KLF_OK;
}

klf_status klf_module_open(const char *name, const char *path, const klf_backend **out)
{
    klf_dl_failure failure;
    *out = NULL;
    void *handle = klf_dlopen_with_cuda(path, &failure);
    if (handle == NULL)
        return explain(name, path, &failure);
    const klf_module *module = dlsym(handle, KLF_MODULE_SYMBOL);
    klf_status        st = check(name, path, module);
    if (st != KLF_OK) {
        dlclose(handle);
        return st;
    }
    module->attach(&module_host);
    *out = module->backend;
    return KLF_OK;
}

/* One slot a module, filled by the first who asks. */
typedef struct slot {
    char               name[32];
    klf_status         status;
    const klf_backend *backend;
    char               sentence[1024]; /* of a failure */
} slot;

static slot *find_slot(const char *name)
{
    static slot   slots[4];
    static size_t n;
    for (size_t i = 0; i < n; i++)
        if (strcmp(slots[i].name, name) == 0)
            return &slots[i];
    if (n == sizeof slots / sizeof slots[0])
        return NULL;
    slot *s = &slots[n++];
    char  path[KLF_MODULE_PATH_SIZE];
    snprintf(s->name, sizeof s->name, "%s", name);
    s->status = klf_module_find(name, path);
    if (s->status == KLF_OK)
        s->status = klf_module_open(name, path, &s->backend);
    if (s->status != KLF_OK)
        snprintf(s->sentence, sizeof s->sentence, "%s", klf_last_error());
    return s;
}

klf_status klf_module_get(const char *name, const klf_backend **out)
{
    const slot *s;
#pragma omp critical(klf_module)
    s = find_slot(name);
    *out = s ? s->backend : NULL;
    if (s == NULL)
        return klf_fail(KLF_ERR_INTERNAL, "more modules than there are names of backends");
    return s->status == KLF_OK ? KLF_OK : klf_fail(s->status, "%s", s->sentence);
}
