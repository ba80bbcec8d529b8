/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow export: a network file in the layout of other programs. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/report.h"
#include "core/quote.h"
#include "klflow/store.h"
#include "run/options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct export_options {
    int      format;
    char    *output;
    uint64_t epoch;
    bool     force;
} export_options;

/* One so far; named all the same, so that scripts go on to mean what they say once there are others. */
static const char *const formats[] = {"entropy-dnn", NULL};

static const klf_option table[] = {
    {.name = "format",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(export_options, format),
     .choices = formats,
     .metavar = "NAME",
     .value = "entropy-dnn",
     .help = "entropy-dnn: what the paper's notebooks read, weights and biases in single precision"},
    {.name = "output",
     .letter = 'o',
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(export_options, output),
     .metavar = "DIR",
     .otherwise = "none: it must be given",
     .help = "the folder to write into; it is made if need be"},
    {.name = "epoch",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(export_options, epoch),
     .max = 1000000,
     .metavar = "N",
     .value = "0",
     .help = "the epoch in the file's name; the notebooks write e0 after their first one"},
    {.name = "force",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(export_options, force),
     .help = "overwrite a file that exists"},
};

static const char usage[] = "klflow export --format entropy-dnn NETWORK.h5 -o DIR [options]\n"
                            "Writes a network's weights and biases into DIR as\n"
                            "e<epoch>-para-<100 var_w>-<depth>.hdf5, the name and layout of the paper's\n"
                            "notebooks. Weights are rounded to single precision, as theirs are.";

static klf_status export(const export_options *options, const char *path)
{
    klf_status   st = KLF_OK;
    klf_network *net = NULL;
    char        *written = NULL;
    if (options->output == NULL)
        return klf_fail(KLF_ERR_USAGE, "klflow export needs a folder to write into: -o DIR");
    KLF_TRY(klf_store_read_network(path, &net));
    KLF_TRY(klf_store_write_entropy_dnn(options->output, options->force, options->epoch, net, &written));
    printf("%s\n", klf_quoted_path(written).text);
done:
    free(written);
    klf_network_destroy(net);
    return st;
}

int klf_cmd_export(int argc, char **argv)
{
    export_options options = {0};
    klf_option_set set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments  arguments = {.max_positional = 1};
    klf_status     st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help)
        klf_help_print(usage, &set, 1);
    else if (arguments.n_positional == 0)
        st = klf_fail(KLF_ERR_USAGE, "klflow export needs a network file");
    else
        st = export(&options, arguments.positional[0]);
done:
    klf_options_free(&set);
    return klf_report(st);
}
