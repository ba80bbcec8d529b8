/* SPDX-License-Identifier: BSD-3-Clause */
/* The handler sets flags, which a run looks at between two layers of a chunk. A timer sees to the rest: drawing networks, going
 * through a data set or a layer of a huge chunk may take minutes, and somebody who asks twice does not want to wait either. */
#include "cli/signals.h"

#include "klflow/store.h"

#include <stddef.h>
#include <sys/time.h>
#include <unistd.h>

/* A run that has not wound up by itself this long after the signal is ended on the spot. */
enum { PATIENCE_US = 600 * 1000 };

volatile sig_atomic_t klf_signal_seen, klf_stop, klf_pause;

static volatile sig_atomic_t child, pausing, announcing;

static void end_child(int number)
{
    if (child != 0)
        kill(child, number);
}

static void end_at_once(int number)
{
    (void)number; /* SIGALRM or a second signal; the process ends by the first one */
    static const char message[] = "klflow: interrupted\n";
    end_child(SIGKILL);
    klf_store_remove_unfinished();
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0) {
        /* nobody listens; the signal tells it too */
    }
    signal(klf_signal_seen, SIG_DFL);
    raise(klf_signal_seen); /* delivered when the handler returns, if it is that signal's */
}

static void remember(int number)
{
    static const struct itimerval patience = {.it_value = {.tv_usec = PATIENCE_US}};
    if (klf_signal_seen != 0) {
        end_at_once(number);
        return;
    }
    klf_signal_seen = number;
    if (pausing) {
        static const char message[] =
            "klflow: finishing the chunks under way for a checkpoint; a second signal stops at once\n";
        klf_pause = 1;
        if (announcing && write(STDERR_FILENO, message, sizeof message - 1) < 0) {
            /* nobody listens */
        }
        return;
    }
    klf_stop = 1;
    setitimer(ITIMER_REAL, &patience, NULL);
    end_child(SIGTERM); /* not SIGINT, at which Python would print where it was */
}

static void catch_all(void)
{
    struct sigaction action = {.sa_handler = remember}, deadline = {.sa_handler = end_at_once}, hangup;
    sigemptyset(&action.sa_mask);
    sigemptyset(&deadline.sa_mask);
    sigaction(SIGALRM, &deadline, NULL);
    signal(SIGXFSZ, SIG_IGN); /* beyond `ulimit -f` writing fails, with a sentence, and does not kill */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

void klf_signals_catch(void)
{
    pausing = 0;
    catch_all();
}

void klf_signals_catch_to_pause(bool announce)
{
    announcing = announce;
    pausing = 1;
    catch_all();
}

void klf_signals_forget(void)
{
    klf_signal_seen = klf_pause = 0;
}

void klf_signals_set_child(pid_t pid)
{
    child = pid;
    if (klf_signal_seen != 0) /* it came while the child was being started */
        end_child(SIGTERM);
}

void klf_signals_obey(void)
{
    int number = klf_signal_seen;
    if (number == 0)
        return;
    signal(number, SIG_DFL);
    raise(number);
}
