/* SPDX-License-Identifier: BSD-3-Clause */
/* Ctrl-C and friends: asked to stop, a run winds up and then ends by that very signal, as shells and schedulers expect. One
 * that has a checkpoint is asked to write it first, and has the time it takes. */
#ifndef KLFLOW_CLI_SIGNALS_H
#define KLFLOW_CLI_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* The signal that asked to stop; 0 while there was none. */
extern volatile sig_atomic_t klf_signal_seen;

/* Non-zero once work is to stop, for a signal or another reason. */
extern volatile sig_atomic_t klf_stop;

/* Non-zero once work is to stop at the next place from which it can be resumed. */
extern volatile sig_atomic_t klf_pause;

/* From now on SIGINT, SIGTERM, SIGUSR1 and SIGHUP set the first two; a second one, or a run that does not stop for most of a
 * second, removes an unfinished file and ends the process by the first one. Under nohup SIGHUP stays ignored. */
void klf_signals_catch(void);

/* From now on they set klf_signal_seen and klf_pause, and nothing but a second one ends the process. announce: say so on stderr
 * when the first one comes. */
void klf_signals_catch_to_pause(bool announce);

/* Forgets a signal that has been dealt with. */
void klf_signals_forget(void);

/* From now on a signal ends this program too, which the process waits for; 0: none any more. To be taken back before its
 * process number is free for another. */
void klf_signals_set_child(pid_t pid);

/* Ends the process by the signal seen, if there was one. */
void klf_signals_obey(void);

#endif
