/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow check: is a file whole and of a known schema? */
#include "cli/commands.h"

#include "cli/guarded_check.h"
#include "cli/help.h"
#include "cli/report.h"
#include "klflow/store.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] = "klflow check FILE\n"
                            "Reads every dataset of a result file, network file or checkpoint and says what\n"
                            "it holds.\n"
                            "Exit code 0: it is whole; 65: it is damaged or no file of klflow; 66: it cannot\n"
                            "be opened.";

int klf_cmd_check(int argc, char **argv)
{
    klf_arguments arguments = {.max_positional = 1};
    klf_status    st = klf_options_parse(NULL, 0, argc - 1, argv + 1, &arguments);
    if (st != KLF_OK)
        return klf_report(st);
    if (arguments.help) {
        klf_help_print(usage, NULL, 0);
        return 0;
    }
    if (arguments.n_positional == 0)
        return klf_report(klf_fail(KLF_ERR_USAGE, "klflow check needs a file"));
    char       *summary = NULL;
    const char *path = arguments.positional[0];
    st = klf_guarded_check(klf_store_check, path, klf_check_patience_s(path), &summary);
    if (st == KLF_OK)
        printf("%s\n", summary);
    free(summary);
    return klf_report(st);
}
