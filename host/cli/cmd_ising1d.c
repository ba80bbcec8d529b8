/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow ising1d: the decimation of Ising chains. */
#include "cli/commands.h"

#include "cli/ising1d_output.h"
#include "cli/sweep_command.h"

static void print_json(const void *config, const void *result)
{
    klf_ising1d_print_json(config, result);
}

static void print_tables(const void *config, const void *result)
{
    klf_ising1d_print_tables(config, result);
}

const klf_sweep_printer klf_ising1d_printer = {
    .kind = &klf_ising1d_sweep_kind,
    .usage = "klflow ising1d --coupling K,... [options]\n"
             "The one-dimensional Ising chain under decimation: its couplings and the relative\n"
             "entropy s in units of N ln 2, step by step and in the limit. `klflow run` takes\n"
             "the same options from a YAML file.",
    .json = print_json,
    .tables = print_tables,
};

int klf_cmd_ising1d(int argc, char **argv)
{
    return klf_sweep_command(&klf_ising1d_printer, argc, argv);
}
