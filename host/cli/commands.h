/* SPDX-License-Identifier: BSD-3-Clause */
/* The subcommands. Each gets its own name as argv[0] and returns the program's exit code; a failure has been reported by then.
 */
#ifndef KLFLOW_CLI_COMMANDS_H
#define KLFLOW_CLI_COMMANDS_H

int klf_cmd_kl(int argc, char **argv);
int klf_cmd_run(int argc, char **argv);
int klf_cmd_ising1d(int argc, char **argv);
int klf_cmd_ising2d(int argc, char **argv);
int klf_cmd_meanfield(int argc, char **argv);
int klf_cmd_data(int argc, char **argv);
int klf_cmd_import(int argc, char **argv);
int klf_cmd_export(int argc, char **argv);
int klf_cmd_info(int argc, char **argv);
int klf_cmd_check(int argc, char **argv);
int klf_cmd_compare(int argc, char **argv);
int klf_cmd_bench(int argc, char **argv);
int klf_cmd_fit(int argc, char **argv);
int klf_cmd_plot(int argc, char **argv);

#endif
