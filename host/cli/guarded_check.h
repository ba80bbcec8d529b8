/* SPDX-License-Identifier: BSD-3-Clause */
/* A check in a process of its own: on a damaged file HDF5 may crash, or go round in circles for ever. */
#ifndef KLFLOW_CLI_GUARDED_CHECK_H
#define KLFLOW_CLI_GUARDED_CHECK_H

#include "klflow/status.h"
#include "klflow/store.h"

/* Runs check(path, summary) in a child process and returns what it returned, summary and sentence included. KLF_ERR_DATA with a
 * sentence if the child dies, or is not done after patience_s seconds. The child ends with its parent. */
klf_status klf_guarded_check(klf_status (*check)(const char *path, char **summary), const char *path, double patience_s,
                             char **summary);

/* Reads a result file of klflow kl after such a check, which compares all checksums. */
klf_status klf_guarded_read_kl(const char *path, klf_kl_file **out);

/* How long a check of this file may take where its disk is slow. */
double klf_check_patience_s(const char *path);

#endif
