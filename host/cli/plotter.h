/* SPDX-License-Identifier: BSD-3-Clause */
/* tools/plot.py: where it is, and a Python that can run it. */
#ifndef KLFLOW_CLI_PLOTTER_H
#define KLFLOW_CLI_PLOTTER_H

#include "klflow/status.h"

#include <stdbool.h>

/* Whether plots can be drawn here: KLF_ERR_DEVICE with a sentence on what to install. */
klf_status klf_plotter_check(void);

/* Draws a result file to a picture, over an old one if force is on, and waits for it. KLF_ERR_IO if that failed; plot.py has
 * said why on stderr. A signal (cli/signals.h) ends the drawing, and is left to the caller. */
klf_status klf_plotter_draw(const char *result_file, const char *picture, bool force);

/* Becomes plot.py with these arguments (NULL-terminated; argv[0] is replaced). Returns only on failure. */
klf_status klf_plotter_become(char **argv);

#endif
