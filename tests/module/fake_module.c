/* SPDX-License-Identifier: BSD-3-Clause */
/* Modules that can do nothing but say so, for the tests of the loader. Built several times:
 * FAKE_ABI, FAKE_VERSION, FAKE_NAME: what the table says;  FAKE_SYMBOL: the name it is exported by;  FAKE_NEEDS: a function of
 * a library that the module is linked to. */
#include "backend/module.h"

#include <stdio.h>

#ifdef FAKE_NEEDS
extern int FAKE_NEEDS(void);
#endif

static const klf_module_host *module_host;
static size_t                 n_attached;

static void attach(const klf_module_host *host)
{
    module_host = host;
    n_attached++;
}

static klf_status open_context(klf_context **out)
{
    *out = NULL;
#ifdef FAKE_NEEDS
    if (FAKE_NEEDS() != 42)
        return KLF_ERR_INTERNAL;
#endif
    return module_host->fail(KLF_ERR_DEVICE, "backend " FAKE_NAME ": the fake has no driver, 100 % of the time");
}

/* Two devices, the second without code for it. max 0: how often the module was attached. */
static size_t devices(klf_device *out, size_t max)
{
    if (max == 0)
        return n_attached;
    for (size_t i = 0; i < 2 && i < max; i++) {
        out[i] = (klf_device){.memory_bytes = 80e9, .memory_free = 79e9, .usable = i == 0};
        snprintf(out[i].name, sizeof out[i].name, "Fake %zu", i);
        snprintf(out[i].uuid, sizeof out[i].uuid, "GPU-0000%zu", i);
        snprintf(out[i].capability, sizeof out[i].capability, "%s", i == 0 ? "9.0" : "3.5");
        snprintf(out[i].binaries, sizeof out[i].binaries, "sm_90");
    }
    return 2;
}

static const klf_backend backend = {.name = FAKE_NAME, .open = open_context, .devices = devices};

extern const klf_module FAKE_SYMBOL;
__attribute__((visibility("default")))
const klf_module FAKE_SYMBOL = {.abi = FAKE_ABI, .version = FAKE_VERSION, .backend = &backend, .attach = attach};
