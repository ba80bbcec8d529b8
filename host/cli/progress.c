/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates are averages since the start: points differ in depth, so a momentary rate would tell less. */
#include "cli/progress.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const double REDRAW_S = 0.2, HEARTBEAT_S = 60.0;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

klf_duration klf_duration_of(double seconds)
{
    static const double MOST_S = 1e15; /* fits a long */
    klf_duration        d;
    long                s = (long)ceil(fmin(seconds, MOST_S));
    if (s < 60)
        snprintf(d.text, sizeof d.text, "%ld s", s);
    else if (s < 3600)
        snprintf(d.text, sizeof d.text, "%ld min %ld s", s / 60, s % 60);
    else if (s < 48 * 3600)
        snprintf(d.text, sizeof d.text, "%ld h %ld min", s / 3600, s % 3600 / 60);
    else
        snprintf(d.text, sizeof d.text, "%.3g days", (double)s / 86400);
    return d;
}

void klf_progress_begin(klf_progress *progress, bool quiet)
{
    double start = now();
    *progress = (klf_progress){.quiet = quiet, .terminal = isatty(STDERR_FILENO) != 0, .start = start, .last = start};
}

static void draw_bar(double fraction)
{
    enum { BAR_WIDTH = 24 };
    int filled = (int)(fraction * BAR_WIDTH);
    fputs("\r[", stderr);
    for (int i = 0; i < BAR_WIDTH; i++)
        putc(i < filled ? '#' : '.', stderr);
    fputs("] ", stderr);
}

void klf_progress_update(klf_progress *progress, double samples_done, double samples_total)
{
    double time = now(), elapsed = time - progress->start;
    if (progress->quiet || time - progress->last < (progress->terminal ? REDRAW_S : HEARTBEAT_S) ||
        !(samples_done > progress->resumed))
        return;
    progress->last = time;
    double             fraction = fmin(samples_done / samples_total, 1.0), rate = (samples_done - progress->resumed) / elapsed;
    const klf_duration left = klf_duration_of((samples_total - samples_done) / rate), passed = klf_duration_of(elapsed);
    if (progress->terminal) {
        draw_bar(fraction);
        fprintf(stderr, "%5.1f %%  %.3g samples/s, %s left\033[K", 100 * fraction, rate, left.text);
        progress->drawn = true;
    } else {
        fprintf(stderr, "klflow: %.1f %%, %.4g of %.4g samples in %s, %.3g/s, about %s left\n", 100 * fraction, samples_done,
                samples_total, passed.text, rate, left.text);
    }
    fflush(stderr);
}

void klf_progress_clear(klf_progress *progress)
{
    if (progress->drawn)
        fputs("\r\033[K", stderr);
    progress->drawn = false;
    fflush(stderr);
}
