/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow meanfield: one point of the phase diagram of random tanh networks, or of its critical line. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/meanfield_output.h"
#include "cli/report.h"
#include "run/options.h"

#include <stddef.h>

typedef struct meanfield_options {
    klf_meanfield_config config;
    bool                 json;
} meanfield_options;

static const klf_option table[] = {
    {.name = "var-w",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, config.var_w),
     .given_offset = offsetof(meanfield_options, config.var_w_given),
     .positive = true,
     .metavar = "W",
     .help = "variance of the weights times fan_in, sigma_w^2"},
    {.name = "var-b",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, config.var_b),
     .given_offset = offsetof(meanfield_options, config.var_b_given),
     .metavar = "B",
     .help = "variance of the biases, sigma_b^2"},
    {.name = "critical-line",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, config.critical_line),
     .help = "the point between the phases that has the given --var-b, or the given --var-w"},
    {.name = "q0",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, config.q0),
     .given_offset = offsetof(meanfield_options, config.q0_given),
     .positive = true,
     .metavar = "V",
     .otherwise = "0.1 var_w + var_b",
     .help = "variance of the reference layer",
     .group = "KL layer by layer, with any of these"},
    {.name = "layers",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, config.layers),
     .given_offset = offsetof(meanfield_options, config.layers_given),
     .min = 1,
     .max = KLF_MEANFIELD_MAX_LAYERS,
     .metavar = "L",
     .otherwise = "30",
     .help = "layers 0 .. L - 1, 0 the reference layer"},
    {.name = "mean",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, config.mean),
     .given_offset = offsetof(meanfield_options, config.mean_given),
     .either_sign = true,
     .metavar = "MU",
     .otherwise = "0",
     .help = "mean of the reference layer"},
    {.name = "convention",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, config.convention),
     .given_offset = offsetof(meanfield_options, config.convention_given),
     .choices = klf_target_conventions,
     .metavar = "NAME",
     .otherwise = "theory",
     .help = "whose variance a layer as target has: theory, that of (3.3) from V on; data, measured over its neurons for one "
             "input: (3.3) from V + MU^2; samples, of each neuron over inputs, q (1 - rho); reference-in-q, data with Q over "
             "the variance of the reference, an error of the paper's first code"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(meanfield_options, json),
     .help = "print one JSON object",
     .group = "Output"},
};

static const char usage[] = "klflow meanfield --var-w W --var-b B [options]\n"
                            "Mean-field theory of random tanh networks of infinite width: where variance and\n"
                            "correlation settle, in how many layers, the phase, and the KL curve.";

int klf_cmd_meanfield(int argc, char **argv)
{
    meanfield_options options = {0};
    klf_option_set    set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments     arguments = {0};
    static klf_meanfield_result result;
    klf_status                  st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help) {
        klf_help_print(usage, &set, 1);
        goto done;
    }
    KLF_TRY(klf_meanfield_run(&options.config, &result));
    if (options.json)
        klf_meanfield_print_json(&options.config, &result);
    else
        klf_meanfield_print_tables(&options.config, &result);
done:
    return klf_report(st);
}
