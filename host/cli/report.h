/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes to stderr, and whether stdout took what it was given. */
#ifndef KLFLOW_CLI_REPORT_H
#define KLFLOW_CLI_REPORT_H

#include "klflow/status.h"

/* The exit code of a status; unless it is KLF_OK, prints "klflow: " and the last error's sentence first. */
int klf_report(klf_status status);

/* Flushes stdout: KLF_ERR_IO if anything printed so far was lost. */
klf_status klf_flush_stdout(void);

#endif
