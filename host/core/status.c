/* SPDX-License-Identifier: BSD-3-Clause */
/* Status codes and the last error message, one buffer a thread. */
#include "klflow/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char last_error[1024];

const char *klf_status_text(klf_status status)
{
    switch (status) {
#define STATUS_CASE(code, value, text)                                                                                         \
    case code: return text;
        KLF_STATUS_LIST(STATUS_CASE)
#undef STATUS_CASE
    }
    return "unknown status";
}

#undef klf_fail
klf_status klf_fail(klf_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(last_error, sizeof last_error, format, args);
    va_end(args);
    return status;
}

const char *klf_last_error(void)
{
    return last_error;
}
