/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow data: what is in a data set, and what does one image of it look like? */
#include "cli/commands.h"

#include "cli/data_output.h"
#include "cli/help.h"
#include "cli/report.h"
#include "run/options.h"

#include <stddef.h>

typedef struct data_options {
    klf_data_config config;
    bool            json;
} data_options;

static const klf_option table[] = {
    {.name = "show",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(data_options, config.index),
     .given_offset = offsetof(data_options, config.one),
     .max = UINT32_MAX,
     .metavar = "N",
     .otherwise = "none",
     .help = "draw image N, counted from 0 in the file, with its label: in grey on a terminal with colours, in characters "
             "elsewhere or where NO_COLOR is set"},
    {.name = "labels",
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(data_options, config.labels),
     .metavar = "FILE",
     .otherwise = "the file beside the images",
     .help = "the labels of IDX images, plain or .gz"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(data_options, json),
     .help = "print one JSON object; with --show it has the pixels"},
};

static const char usage[] = "klflow data FILE|FOLDER|REFERENCE [options]\n"
                            "Describes a data set: images, size, mean and mean square of the pixels, classes,\n"
                            "default split, checksums. All of it is read and checked.\n"
                            "A FILE is an IDX file (MNIST and its kin: images or labels) or, if its name ends\n"
                            "in .bin or .bin.gz, a batch of CIFAR-10. A FOLDER holds the files of one of\n"
                            "them, and its training set is taken. A REFERENCE is what --input and --dataset\n"
                            "of `klflow kl` take: mnist:FILE:0-99, cifar10:FOLDER, cifar10-32:FILE.";

int klf_cmd_data(int argc, char **argv)
{
    data_options           options = {0};
    static klf_data_result result;
    klf_option_set set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments  arguments = {.max_positional = 1};
    klf_status     st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help) {
        klf_help_print(usage, &set, 1);
        goto done;
    }
    if (arguments.n_positional == 0) {
        st = klf_fail(KLF_ERR_USAGE, "klflow data needs a file, a folder or a reference such as mnist:FILE");
        goto done;
    }
    options.config.what = arguments.positional[0];
    KLF_TRY(klf_data_run(&options.config, &result));
    if (options.json)
        klf_data_print_json(&options.config, &result);
    else if (options.config.one)
        klf_data_print_image(&options.config, &result);
    else
        klf_data_print_table(&result);
done:
    klf_data_free(&result);
    klf_options_free(&set);
    return klf_report(st);
}
