/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow meanfield: points of the phase diagram of random tanh networks, or of its critical line. */
#include "cli/commands.h"

#include "cli/meanfield_output.h"
#include "cli/sweep_command.h"

static void print_json(const void *config, const void *result)
{
    klf_meanfield_print_json(config, result);
}

static void print_tables(const void *config, const void *result)
{
    klf_meanfield_print_tables(config, result);
}

const klf_sweep_printer klf_meanfield_printer = {
    .kind = &klf_meanfield_sweep_kind,
    .usage = "klflow meanfield --var-w W,... --var-b B,... [options]\n"
             "Mean-field theory of random tanh networks of infinite width: where variance and\n"
             "correlation settle, in how many layers, the phase, and the KL curve. `klflow run`\n"
             "takes the same options from a YAML file.",
    .json = print_json,
    .tables = print_tables,
};

int klf_cmd_meanfield(int argc, char **argv)
{
    return klf_sweep_command(&klf_meanfield_printer, argc, argv);
}
