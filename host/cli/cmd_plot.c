/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow plot: hands over to plot.py, which has options of its own. */
#include "cli/commands.h"

#include "cli/plotter.h"
#include "cli/report.h"

#include <stddef.h>

int klf_cmd_plot(int argc, char **argv)
{
    if (argc < 2)
        return klf_report(klf_fail(KLF_ERR_USAGE, "klflow plot needs a result file"));
    return klf_report(klf_plotter_become(argv));
}
