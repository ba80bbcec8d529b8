/* SPDX-License-Identifier: BSD-3-Clause */
/* The module's side of host/backend/module.h: the one exported symbol, and klf_fail, which here hands its sentence to the
 * program. Not part of a static link. */
#include "backend/module.h"
#include "backend_cuda.h"

#include <stdarg.h>
#include <stdio.h>

static const klf_module_host *program;

#undef klf_fail
klf_status klf_fail(klf_status status, const char *format, ...)
{
    char    sentence[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    return program ? program->fail(status, sentence) : status;
}

static void attach(const klf_module_host *host)
{
    program = host;
}

__attribute__((visibility("default"))) const klf_module klf_backend_module = {
    .abi = KLF_MODULE_ABI, .version = KLFLOW_VERSION, .backend = &klf_backend_cuda, .attach = attach};
