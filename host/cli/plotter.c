/* SPDX-License-Identifier: BSD-3-Clause */
/* The script lies beside the program in a build tree, and in ../share/klflow of an installed one; no path is compiled in, so
 * both trees can be moved. A user's own python3 often lacks the modules that the system's has, so several are tried. */
#include "cli/plotter.h"

#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

typedef struct plotter {
    char        script[PATH_MAX];
    const char *python;
} plotter;

/* Runs a program found on PATH, and waits for it; a signal that ends klflow ends it first. Its exit code, or -1. */
static int run_program(char **argv, const posix_spawn_file_actions_t *actions)
{
    pid_t     pid;
    siginfo_t end = {0};
    int       status, waited;
    if (klf_signal_seen != 0 || posix_spawnp(&pid, argv[0], actions, NULL, argv, environ) != 0)
        return -1;
    klf_signals_set_child(pid);
    do /* a child that is waited for but not yet collected keeps its number, and a late signal hits nobody else */
        waited = waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT);
    while (waited < 0 && errno == EINTR);
    klf_signals_set_child(0);
    if (waited < 0 || waitpid(pid, &status, 0) < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Whether a Python has the modules; they are looked up, not loaded, which would take a second. */
static bool can_plot(const char *python)
{
    static char probe[] =
        "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, ('matplotlib', 'h5py', 'numpy'))))";
    char  name[PATH_MAX], flag[] = "-c";
    char *argv[] = {name, flag, probe, NULL};
    snprintf(name, sizeof name, "%s", python);
    posix_spawn_file_actions_t silent;
    if (posix_spawn_file_actions_init(&silent) != 0)
        return false;
    posix_spawn_file_actions_addopen(&silent, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&silent, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int code = run_program(argv, &silent);
    posix_spawn_file_actions_destroy(&silent);
    return code == 0;
}

static klf_status find_script(char script[PATH_MAX])
{
    static const char *const places[] = {"plot.py", "../share/klflow/plot.py"};
    const char              *given = getenv("KLFLOW_PLOT");
    char                     folder[PATH_MAX];
    if (given != NULL && *given != '\0') {
        snprintf(script, PATH_MAX, "%s", given);
        return access(script, R_OK) == 0 ? KLF_OK
                                         : klf_fail(KLF_ERR_NOINPUT, "the plot script %s ($KLFLOW_PLOT) cannot be read", given);
    }
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if ((size_t)snprintf(script, PATH_MAX, "%s/%s", folder, places[i]) < PATH_MAX && access(script, R_OK) == 0)
            return KLF_OK;
    return klf_fail(KLF_ERR_NOINPUT, "plot.py is neither beside klflow nor in ../share/klflow; set KLFLOW_PLOT to its path");
}

static klf_status find(plotter *out)
{
    const char *const pythons[] = {getenv("KLFLOW_PYTHON"), "python3", "/usr/bin/python3"};
    klf_status        st = find_script(out->script);
    for (size_t i = 0; i < sizeof pythons / sizeof pythons[0] && st == KLF_OK; i++)
        if (pythons[i] != NULL && *pythons[i] != '\0' && can_plot(pythons[i])) {
            out->python = pythons[i];
            return KLF_OK;
        }
    if (st != KLF_OK)
        return st;
    return klf_fail(KLF_ERR_DEVICE,
                    "no python3 with matplotlib and h5py was found; on Debian: apt-get install python3-matplotlib "
                    "python3-h5py, elsewhere set KLFLOW_PYTHON to one that has them");
}

klf_status klf_plotter_check(void)
{
    plotter p;
    return find(&p);
}

klf_status klf_plotter_draw(const char *result_file, const char *picture, bool force)
{
    plotter    p;
    klf_status st = find(&p);
    if (st != KLF_OK)
        return st;
    char        to[] = "-o", over[] = "--force";
    char *const copies[] = {strdup(p.python), strdup(result_file), strdup(picture)}; /* argv is not const */
    char       *argv[] = {copies[0], p.script, copies[1], to, copies[2], force ? over : NULL, NULL};
    if (copies[0] == NULL || copies[1] == NULL || copies[2] == NULL)
        st = klf_fail(KLF_ERR_MEMORY, "no memory to draw %s", picture);
    else if (run_program(argv, NULL) != 0)
        st = klf_fail(KLF_ERR_IO, "the results are in %s, but plot.py could not draw %s", result_file, picture);
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++)
        free(copies[i]);
    return st;
}

klf_status klf_plotter_become(char **argv)
{
    plotter    p;
    klf_status st = find(&p);
    if (st != KLF_OK)
        return st;
    size_t n = 0;
    while (argv[n] != NULL)
        n++;
    char **command = malloc((n + 2) * sizeof *command);
    char  *python = strdup(p.python);
    if (command == NULL || python == NULL) {
        free(command);
        free(python);
        return klf_fail(KLF_ERR_MEMORY, "no memory to start %s", p.python);
    }
    command[0] = python;
    command[1] = p.script;
    for (size_t i = 1; i <= n; i++)
        command[i + 1] = argv[i];
    execvp(python, command);
    st = klf_fail(KLF_ERR_DEVICE, "%s cannot be started: %s", p.python, strerror(errno));
    free(command);
    free(python);
    return st;
}
