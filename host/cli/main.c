/* SPDX-License-Identifier: BSD-3-Clause */
/* The program: finds the subcommand, and sees to it that lost output is an error. */
#include "cli/commands.h"
#include "cli/report.h"
#include "core/quote.h"
#include "klflow/build_info.h"
#include "run/text.h"

#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
} commands[] = {
    {"kl", klf_cmd_kl, "relative entropy of a network's layers, from options"},
    {"run", klf_cmd_run, "what a YAML file asks for: kl, ising1d, ising2d or meanfield"},
    {"ising1d", klf_cmd_ising1d, "relative entropy of an Ising chain under decimation"},
    {"ising2d", klf_cmd_ising2d, "the same of the square lattice, in a scheme and exactly"},
    {"meanfield", klf_cmd_meanfield, "fixed points, phases and KL of networks of infinite width"},
    {"data", klf_cmd_data, "what is in a data set of images, or one image drawn"},
    {"fit", klf_cmd_fit, "fit the curves of a result file, or a table of numbers"},
    {"plot", klf_cmd_plot, "draw a result file"},
    {"check", klf_cmd_check, "is a result file whole?"},
    {"compare", klf_cmd_compare, "how far two result files are from each other"},
    {"import", klf_cmd_import, "weights and biases of others as a network file"},
    {"export", klf_cmd_export, "a network file for the paper's notebooks"},
    {"bench", klf_cmd_bench, "time the Monte Carlo pass against the peak of this machine"},
    {"info", klf_cmd_info, "version, build, libraries, backends"},
};

enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    fputs("usage: klflow COMMAND [options]\n\n"
          "Relative entropy through deep tanh networks, by Monte Carlo and mean field, and\n"
          "under decimation of the Ising model on a chain and on the square lattice.\n\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s%s\n", commands[i].name, commands[i].summary);
    fputs("\n`klflow COMMAND --help` lists a command's options;\n`klflow --version` prints the version.\n", out);
}

/* The command's index; N_COMMANDS if there is none of that name. */
static size_t find_command(const char *name)
{
    size_t i = 0;
    while (i < N_COMMANDS && strcmp(commands[i].name, name) != 0)
        i++;
    return i;
}

static klf_status unknown_command(const char *name)
{
    klf_suggestion suggestion = {.word = name};
    for (size_t i = 0; i < N_COMMANDS; i++)
        klf_suggestion_offer(&suggestion, commands[i].name);
    if (suggestion.best != NULL)
        return klf_fail(KLF_ERR_USAGE, "unknown command %s; did you mean '%s'?", klf_quoted(name).text, suggestion.best);
    return klf_fail(KLF_ERR_USAGE, "unknown command %s; `klflow help` lists the commands", klf_quoted(name).text);
}

/* klflow help [COMMAND] */
static int help(int argc, char **argv)
{
    char  flag[] = "--help";
    char *help_argv[] = {argc > 1 ? argv[1] : NULL, flag, NULL};
    if (argc > 2)
        return klf_report(klf_fail(KLF_ERR_USAGE, "unexpected argument %s", klf_quoted(argv[2]).text));
    if (argc < 2) {
        print_help(stdout);
        return 0;
    }
    size_t i = find_command(argv[1]);
    return i < N_COMMANDS ? commands[i].run(2, help_argv) : klf_report(unknown_command(argv[1]));
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return KLF_ERR_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(name, "--version") == 0) {
        printf("klflow %s\n", klf_build_info_get()->version);
        return 0;
    }
    size_t i = find_command(name);
    if (i < N_COMMANDS)
        return commands[i].run(argc - 1, argv + 1);
    if (name[0] == '-')
        return klf_report(klf_fail(KLF_ERR_USAGE,
                                   "%s stands before a command; it goes behind one, as in `klflow kl --depth 30`",
                                   klf_quoted(name).text));
    return klf_report(unknown_command(name));
}

/* A closed descriptor would be handed to the next file that is opened, and messages would end up in a result file. Opened for
 * reading only, so that writing to a closed stdout still fails. */
static void occupy_standard_descriptors(void)
{
    while (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0 || fcntl(STDERR_FILENO, F_GETFD) < 0)
        if (open("/dev/null", O_RDONLY) < 0)
            return;
}

/* Large blocks go back to the system as soon as they are freed. Left to itself glibc keeps them for reuse and then fragments
 * them: half as much memory again at depth 30. */
static void give_memory_back(void)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

int main(int argc, char **argv)
{
    give_memory_back();
    occupy_standard_descriptors();
    int        code = dispatch(argc, argv);
    klf_status st = code == 0 ? klf_flush_stdout() : KLF_OK;
    return st == KLF_OK ? code : klf_report(st);
}
