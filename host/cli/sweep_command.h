/* SPDX-License-Identifier: BSD-3-Clause */
/* The frame of the commands that sweep over closed formulas (run/sweep.h): their options, their results on stdout, their files.
 */
#ifndef KLFLOW_CLI_SWEEP_COMMAND_H
#define KLFLOW_CLI_SWEEP_COMMAND_H

#include "run/sweep.h"

/* One point on stdout. */
typedef struct klf_sweep_printer {
    const klf_sweep_kind *kind;
    const char           *usage; /* for klf_help_print */
    void (*json)(const void *config, const void *result);
    void (*tables)(const void *config, const void *result);
    void (*needs)(const void *config, char *text, size_t size); /* what it takes beyond the ordinary, or ""; may be NULL */
    bool (*instead)(const void *config); /* prints what the config asks for instead of a sweep, or is false; may be NULL */
} klf_sweep_printer;

extern const klf_sweep_printer klf_ising1d_printer, klf_ising2d_printer, klf_meanfield_printer;

/* A complete config is run, its results printed, its picture drawn. The caller reports a failure; *blame is the key of the
 * option that a KLF_ERR_USAGE is about, or NULL. Ends the process by its signal if the run was interrupted. */
klf_status klf_sweep_execute(const klf_sweep_printer *printer, const void *config, const char **blame);

/* All of a command: its exit code. */
int klf_sweep_command(const klf_sweep_printer *printer, int argc, char **argv);

#endif
