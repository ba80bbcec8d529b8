/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow ising2d: the decimation of the square lattice. */
#include "cli/commands.h"

#include "cli/ising2d_output.h"
#include "cli/sweep_command.h"
#include "core/memory.h"

#include <inttypes.h>
#include <stdio.h>

static void print_json(const void *config, const void *result)
{
    klf_ising2d_print_json(config, result);
}

static void print_tables(const void *config, const void *result)
{
    klf_ising2d_print_tables(config, result);
}

static bool print_constants(const void *target)
{
    const klf_ising2d_config *config = target;
    if (!config->constants)
        return false;
    klf_ising2d_constants constants = klf_ising2d_constants_get();
    if (config->output.json)
        klf_ising2d_print_constants_json(&constants);
    else
        klf_ising2d_print_constants(&constants);
    return true;
}

/* Said before the work begins, as it may be gigabytes. */
static void needs(const void *target, char *text, size_t size)
{
    const klf_ising2d_config   *config = target;
    klf_ising2d_lattice_request request = klf_ising2d_lattices_of(config);
    if (config->cylinder != 0)
        snprintf(text, size, "up to %.3g GB of memory for circumference %" PRIu64 ", of %.3g GB available",
                 klf_ising2d_lattice_bytes(&request) * 1e-9, config->cylinder, klf_memory_available() * 1e-9);
}

const klf_sweep_printer klf_ising2d_printer = {
    .kind = &klf_ising2d_sweep_kind,
    .usage = "klflow ising2d --coupling K,... [options]\n"
             "The Ising model on the square lattice under checkerboard decimation: its\n"
             "coupling and the relative entropy s in units of N ln 2, step by step in an\n"
             "approximate scheme, beside what is known exactly of the infinite plane.\n"
             "`klflow run` takes the same options from a YAML file.",
    .json = print_json,
    .tables = print_tables,
    .needs = needs,
    .instead = print_constants,
};

int klf_cmd_ising2d(int argc, char **argv)
{
    return klf_sweep_command(&klf_ising2d_printer, argc, argv);
}
