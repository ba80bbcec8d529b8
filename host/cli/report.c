/* SPDX-License-Identifier: BSD-3-Clause */
/* One line an error, and no lost output: a full disk behind stdout must not end in exit code 0. */
#include "cli/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int klf_report(klf_status status)
{
    if (status != KLF_OK)
        fprintf(stderr, "klflow: %s\n", klf_last_error());
    return (int)status;
}

klf_status klf_flush_stdout(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return KLF_OK;
    return klf_fail(KLF_ERR_IO, "stdout cannot be written%s%s", errno != 0 ? ": " : "", errno != 0 ? strerror(errno) : "");
}
