/* SPDX-License-Identifier: BSD-3-Clause */
/* How far a run is, on stderr: a bar that is redrawn on a terminal, one line a minute elsewhere. */
#ifndef KLFLOW_CLI_PROGRESS_H
#define KLFLOW_CLI_PROGRESS_H

#include <stdbool.h>

typedef struct klf_progress {
    bool   quiet, terminal;
    bool   drawn;       /* the bar is on the screen */
    double start, last; /* seconds of the monotonic clock */
    double resumed;     /* samples that were there at the start: they took no time */
} klf_progress;

/* A time as people say it, rounded up: "42 s", "3 min 20 s", "5 h 12 min", "2.5 days". */
typedef struct klf_duration {
    char text[32];
} klf_duration;

klf_duration klf_duration_of(double seconds);

void klf_progress_begin(klf_progress *progress, bool quiet);

/* Draws if it is time to. samples_total > 0. */
void klf_progress_update(klf_progress *progress, double samples_done, double samples_total);

/* Wipes the bar, before anything else is printed and at the end. */
void klf_progress_clear(klf_progress *progress);

#endif
