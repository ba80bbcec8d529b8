/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow import: weights and biases from others' files as a network file of ours. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/report.h"
#include "core/quote.h"
#include "klflow/store.h"
#include "run/options.h"
#include "run/provenance.h"
#include "run/same_file.h"

#include <stddef.h>
#include <stdio.h>

typedef struct import_options {
    char *output;
    bool  force;
} import_options;

static const klf_option table[] = {
    {.name = "output",
     .letter = 'o',
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(import_options, output),
     .metavar = "FILE",
     .otherwise = "none: it must be given",
     .help = "write the network to this HDF5 file"},
    {.name = "force",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(import_options, force),
     .help = "overwrite a file that exists"},
};

static const char usage[] = "klflow import FILE -o NETWORK.h5 [options]\n"
                            "Reads weights and biases from an HDF5 file with datasets W0, B0, W1, B1, ...,\n"
                            "such as the e*-para-* files of the paper's notebooks, and writes a network file\n"
                            "with checksums and provenance. The notebooks' other files (acc-*, e*-hooks-*,\n"
                            "KL-*) hold no network and are refused.";

static klf_status import(const import_options *options, const char *path)
{
    klf_status       st = KLF_OK;
    klf_network     *net = NULL;
    static klf_facts facts;
    char             text[sizeof facts.command + 8];
    if (options->output == NULL)
        return klf_fail(KLF_ERR_USAGE, "klflow import needs a file to write: -o NETWORK.h5");
    if (klf_same_file(options->output, path))
        return klf_fail(KLF_ERR_USAGE, "--output would replace %s, which is to be read", klf_quoted_path(path).text);
    KLF_TRY(klf_store_check_output(options->output, options->force));
    KLF_TRY(klf_store_read_network(path, &net));
    klf_facts_collect_sweep(1, &facts);
    klf_facts_stop_clock(&facts);
    snprintf(text, sizeof text, "# %s\n", facts.command);
    KLF_TRY(klf_store_write_network(options->output, options->force, net,
                                    &(klf_provenance){.config_text = text, .n_facts = facts.n, .fact = facts.fact}));
    printf("%s: %zu layers, input of %zu\n", klf_quoted_path(options->output).text, net->depth, net->input_width);
done:
    klf_network_destroy(net);
    return st;
}

int klf_cmd_import(int argc, char **argv)
{
    import_options options = {0};
    klf_option_set set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments  arguments = {.max_positional = 1};
    klf_status     st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help)
        klf_help_print(usage, &set, 1);
    else if (arguments.n_positional == 0)
        st = klf_fail(KLF_ERR_USAGE, "klflow import needs a file of weights and biases");
    else
        st = import(&options, arguments.positional[0]);
done:
    klf_options_free(&set);
    return klf_report(st);
}
