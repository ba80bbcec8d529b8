/* SPDX-License-Identifier: BSD-3-Clause */
/* The child sends its status, then its summary or sentence with the zero byte, through a pipe; only the whole of that counts.
 */
#define _POSIX_C_SOURCE 200809L

#include "cli/guarded_check.h"

#include "core/quote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct outcome {
    int  status;
    char text[8192]; /* a path that can be opened and a line about it */
} outcome;

double klf_check_patience_s(const char *path)
{
    static const double start_s = 10.0, bytes_per_s = 20e6; /* a network folder that many use at a time */
    struct stat         info;
    return start_s + (stat(path, &info) == 0 ? (double)info.st_size / bytes_per_s : 0.0);
}

static void send_all(int to, const void *data, size_t size)
{
    for (const char *at = data; size > 0;) {
        const ssize_t n = write(to, at, size);
        if (n <= 0)
            return; /* the parent has given up */
        at += n;
        size -= (size_t)n;
    }
}

/* What the C library says about a broken heap is no news for the user, and a core is of no use to him. */
static void die_quietly(pid_t parent)
{
    const int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it was too late for the signal */
}

static void run_child(klf_status (*check)(const char *, char **), const char *path, int to)
{
    char            *summary = NULL;
    const klf_status st = check(path, &summary);
    const char      *text = st == KLF_OK ? summary : klf_last_error();
    const int        status = (int)st;
    send_all(to, &status, sizeof status);
    send_all(to, text, strlen(text) + 1);
    _exit(0); /* the parent's buffers are not to be flushed twice */
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Reads until the child closes its end; false if that does not happen in time. */
static bool receive(int from, double patience_s, outcome *o, size_t *size)
{
    const double deadline = now_s() + patience_s;
    ssize_t      n = 1;
    *size = 0;
    while (n != 0 && *size < sizeof *o) {
        const double  left_s = deadline - now_s();
        struct pollfd pipe_end = {.fd = from, .events = POLLIN};
        if (left_s <= 0)
            return false;
        if (poll(&pipe_end, 1, left_s < 1.0 ? (int)(left_s * 1e3) + 1 : 1000) <= 0)
            continue;
        n = read(from, (char *)o + *size, sizeof *o - *size);
        if (n > 0)
            *size += (size_t)n;
    }
    return true;
}

static klf_status judge(const char *name, bool in_time, double patience_s, const outcome *o, size_t size, char **summary)
{
    if (!in_time)
        return klf_fail(KLF_ERR_DATA, "%s is damaged: HDF5 does not come to an end on it (given up after %.0f s)", name,
                        patience_s);
    if (size <= offsetof(outcome, text) || ((const char *)o)[size - 1] != '\0')
        return klf_fail(KLF_ERR_DATA, "%s is damaged: HDF5 crashes on it", name);
    if (o->status != KLF_OK)
        return klf_fail((klf_status)o->status, "%s", o->text);
    *summary = strdup(o->text);
    return *summary ? KLF_OK : klf_fail(KLF_ERR_MEMORY, "not enough memory to check %s", name);
}

static klf_status fail_to_start(const char *name)
{
    return klf_fail(KLF_ERR_MEMORY, "cannot start a process to check %s: %s", name, strerror(errno));
}

klf_status klf_guarded_check(klf_status (*check)(const char *path, char **summary), const char *path, double patience_s,
                             char **summary)
{
    const klf_path_quote name = klf_quoted_path(path);
    const pid_t          parent = getpid();
    int                  ends[2];
    outcome              o;
    size_t               size;
    *summary = NULL;
    if (pipe(ends) != 0)
        return fail_to_start(name.text);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        die_quietly(parent);
        run_child(check, path, ends[1]);
    }
    if (child < 0) {
        const klf_status st = fail_to_start(name.text);
        close(ends[0]);
        close(ends[1]);
        return st;
    }
    close(ends[1]);
    const bool in_time = receive(ends[0], patience_s, &o, &size);
    close(ends[0]);
    kill(child, SIGKILL); /* it is done, dead or late */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return judge(name.text, in_time, patience_s, &o, size, summary);
}

klf_status klf_guarded_read_kl(const char *path, klf_kl_file **out)
{
    char *summary = NULL;
    *out = NULL;
    klf_status st = klf_guarded_check(klf_store_check, path, klf_check_patience_s(path), &summary);
    free(summary);
    return st == KLF_OK ? klf_store_read_kl(path, out) : st;
}
