/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow ising1d: the decimation of one Ising chain. */
#include "cli/commands.h"

#include "cli/help.h"
#include "cli/ising1d_output.h"
#include "cli/report.h"
#include "run/options.h"

#include <stddef.h>

typedef struct ising1d_options {
    klf_ising1d_config config;
    bool               json;
} ising1d_options;

static const klf_option table[] = {
    {.name = "coupling",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising1d_options, config.coupling),
     .given_offset = offsetof(ising1d_options, config.coupling_given),
     .either_sign = true,
     .metavar = "K",
     .help = "coupling K of neighbours before the first step, in units of the temperature; below 0 an antiferromagnet"},
    {.name = "steps",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising1d_options, config.steps),
     .min = 0,
     .max = KLF_ISING1D_MAX_STEPS,
     .metavar = "N",
     .value = "12",
     .help = "decimation steps"},
    {.name = "field",
     .type = KLF_OPTION_REAL,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising1d_options, config.field),
     .given_offset = offsetof(ising1d_options, config.field_given),
     .either_sign = true,
     .metavar = "K2",
     .otherwise = "none",
     .help = "magnetic field a site in the same units, K2 of (A.2)"},
    {.name = "ring",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising1d_options, config.ring),
     .min = 2,
     .max = (uint64_t)1 << 40,
     .metavar = "N",
     .otherwise = "none",
     .help = "also the exact result for a periodic ring of N spins, as far as N can be halved"},
    {.name = "enumerate",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising1d_options, config.enumerate),
     .help = "also that ring by definition (2.5), from the probabilities of its 2^N states; N up to 20"},
    {.name = "expansions",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising1d_options, config.expansions),
     .help = "also the expansions for small and large K, (2.25) to (2.30) without their slips"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(ising1d_options, json),
     .help = "print one JSON object"},
};

static const char usage[] = "klflow ising1d --coupling K [options]\n"
                            "The one-dimensional Ising chain under decimation: its couplings and the relative\n"
                            "entropy s in units of N ln 2, step by step and in the limit.";

int klf_cmd_ising1d(int argc, char **argv)
{
    ising1d_options options = {0};
    klf_option_set  set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments   arguments = {0};
    static klf_ising1d_result result;
    klf_status                st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help) {
        klf_help_print(usage, &set, 1);
        goto done;
    }
    KLF_TRY(klf_ising1d_run(&options.config, &result));
    if (options.json)
        klf_ising1d_print_json(&options.config, &result);
    else
        klf_ising1d_print_tables(&options.config, &result);
done:
    return klf_report(st);
}
