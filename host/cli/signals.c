/* SPDX-License-Identifier: BSD-3-Clause */
/* The handler sets flags; somebody who asks twice does not want to wait. */
#include "cli/signals.h"

#include "klflow/store.h"

#include <stddef.h>

volatile sig_atomic_t klf_signal_seen, klf_stop;

static void remember(int number)
{
    if (klf_signal_seen != 0) {
        klf_store_remove_unfinished();
        signal(number, SIG_DFL);
        raise(number); /* delivered when the handler returns */
        return;
    }
    klf_signal_seen = number;
    klf_stop = 1;
}

void klf_signals_catch(void)
{
    struct sigaction action = {.sa_handler = remember}, hangup;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

void klf_signals_obey(void)
{
    int number = klf_signal_seen;
    if (number == 0)
        return;
    signal(number, SIG_DFL);
    raise(number);
}
