/* SPDX-License-Identifier: BSD-3-Clause */
/* Hooks a run up to stdout, stderr, signals and the plot. */
#include "cli/kl_execute.h"

#include "backend/fma_peak.h"
#include "cli/kl_output.h"
#include "cli/plotter.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/signals.h"
#include "core/cpu_count.h"
#include "klflow/build_info.h"
#include "klflow/kl_run.h"
#include "klflow/store.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct session {
    const klf_kl_config *config;
    klf_kl_plan          plan;
    klf_progress         progress;
    klf_kl_legend        legend;
    size_t               n_points, n_beyond; /* points that are beyond the tolerance from their references */
    size_t               worst_point;        /* and the one of them that is farthest, with its layer */
    klf_layer_difference worst;
    char                 lost[256]; /* why stdout failed; "" while it has not. Hooks run on other threads: a copy */
} session;

static void on_plan(void *arg, const klf_kl_plan *plan)
{
    session             *s = arg;
    const klf_kl_config *config = s->config;
    s->plan = *plan;
    s->progress.resumed = plan->samples_resumed;
    if (!config->quiet) /* the kernels' name without the reasons, which a dry run and `klflow info` tell */
        fprintf(stderr, "klflow %s: backend %s (%.*s), %s%s, %zu thread%s; %zu point%s, n_mc %" PRId64 "\n",
                klf_build_info_get()->version, plan->backend, (int)strcspn(plan->kernels, ":"), plan->kernels,
                klf_precision_name(plan->precision), config->precision == KLF_PRECISION_AUTO ? " (auto)" : "", plan->threads,
                plan->threads == 1 ? "" : "s", plan->n_points, plan->n_points == 1 ? "" : "s", config->n_mc);
}

/* A point beside its reference: the same samples, so that they differ by rounding. */
static klf_layer_difference judge(session *s, size_t index, size_t n_points, const klf_kl_point *point)
{
    const klf_tolerance  tolerance = {.relative = NAN, .otherwise = klf_rounding_tolerance(s->plan.precision)};
    klf_layer_difference worst = klf_kl_worst_layer(point, point->reference, KLF_ROUNDING, tolerance);
    s->n_points = n_points;
    if (!worst.within && (s->n_beyond++ == 0 || worst.share > s->worst.share)) {
        s->worst = worst;
        s->worst_point = index;
    }
    return worst;
}

static void on_point(void *arg, size_t index, size_t n_points, const klf_kl_point *point)
{
    session             *s = arg;
    klf_layer_difference difference = {0};
    if (point->reference != NULL)
        difference = judge(s, index, n_points, point);
    if (s->lost[0] != '\0')
        return;
    klf_progress_clear(&s->progress);
    const klf_layer_difference *worst = point->reference != NULL ? &difference : NULL;
    if (s->config->json)
        klf_kl_print_json(s->config, &s->plan, point, worst);
    else
        klf_kl_print_table(s->config, &s->plan, &s->legend, index, n_points, point, worst);
    if (klf_flush_stdout() == KLF_OK)
        return;
    snprintf(s->lost, sizeof s->lost, "%s", klf_last_error());
    if (s->config->output == NULL)
        klf_stop = 1; /* nobody would get the results; with a result file the run is worth finishing */
}

static void on_progress(void *arg, double samples_done, double samples_total)
{
    session *s = arg;
    klf_progress_update(&s->progress, samples_done, samples_total);
}

static void on_notice(void *arg, const char *sentence)
{
    session *s = arg;
    klf_progress_clear(&s->progress);
    if (!s->config->quiet)
        fprintf(stderr, "klflow: note: %s\n", sentence);
}

static klf_status fail_different(const session *s)
{
    const char *files = s->config->output != NULL ? "; the result file is whole and has both" : "";
    return klf_fail(KLF_ERR_DIFFERENT,
                    "%zu of %zu points differ from backend %s by more than rounding may do, the worst is point %zu at layer "
                    "%zu: by %.2g of Q%s",
                    s->n_beyond, s->n_points, s->config->compare, s->worst_point + 1, s->worst.layer, s->worst.relative_q,
                    files);
}

/* A plot that cannot be drawn should not be found out after hours of work. */
static klf_status check_plot(const klf_kl_config *config)
{
    klf_status st = klf_store_check_output(config->plot, config->force);
    return st == KLF_OK ? klf_plotter_check() : st;
}

static bool is_resumable(const klf_kl_config *config)
{
    return config->output != NULL || config->checkpoint != NULL;
}

static klf_status run(session *s, const char **blame)
{
    const klf_kl_config *config = s->config;
    klf_kl_hooks         hooks = {.arg = s,
                                  .plan = on_plan,
                                  .point = on_point,
                                  .progress = on_progress,
                                  .notice = on_notice,
                                  .cancel = &klf_stop,
                                  .pause = &klf_pause};
    char                *text = NULL;
    klf_status           st = klf_kl_config_text(config, &text);
    if (st != KLF_OK)
        return st;
    if (is_resumable(config))
        klf_signals_catch_to_pause(!config->quiet);
    else
        klf_signals_catch();
    if (config->output != NULL)
        signal(SIGPIPE, SIG_IGN); /* as in on_point: the result file is worth it */
    klf_progress_begin(&s->progress, config->quiet);
    st = klf_kl_run(config, text, &hooks, blame);
    klf_progress_clear(&s->progress);
    free(text);
    return st;
}

static klf_status execute(session *s, const char **blame)
{
    klf_status st = run(s, blame);
    if (is_resumable(s->config)) { /* the status says what has become of the run; from here on there is nothing to resume */
        klf_signals_forget();
        klf_signals_catch();
    } else if (klf_signal_seen != 0) {
        fprintf(stderr, "klflow: %s\n",
                st == KLF_OK ? "interrupted; the results are whole" : "interrupted; no result file was written");
        klf_signals_obey();
    }
    if (s->lost[0] != '\0' && (st == KLF_OK || st == KLF_ERR_INTERRUPTED))
        return klf_fail(KLF_ERR_IO, "%s", s->lost);
    if (st == KLF_OK && s->config->plot != NULL) {
        st = klf_plotter_draw(s->config->output, s->config->plot, s->config->force);
        if (klf_signal_seen != 0)
            fprintf(stderr, "klflow: interrupted; the results are in %s\n", s->config->output);
    }
    klf_signals_obey(); /* one that came since the run */
    if (st == KLF_OK && s->n_beyond > 0)
        return fail_different(s);
    return st;
}

/* From the peak rate of this machine, measured for a moment. Only backend cpu is known to come near it. */
static double estimate_seconds(const klf_kl_plan *plan)
{
    static const double PEAK_S = 0.05, TYPICAL_FRACTION = 0.8; /* docs/performance.md */
    if (strcmp(plan->backend, "cpu") != 0 || (plan->reference != NULL && strcmp(plan->reference, "cpu") != 0))
        return NAN;
    size_t cores = klf_usable_cores(), threads = plan->threads < cores ? plan->threads : cores;
    double seconds = plan->flops / (TYPICAL_FRACTION * klf_fma_peak(plan->precision, threads, PEAK_S));
    if (plan->reference != NULL)
        seconds += plan->reference_flops / (TYPICAL_FRACTION * klf_fma_peak(KLF_FP64, threads, PEAK_S));
    return seconds * (1.0 - plan->samples_resumed / plan->samples_total);
}

static klf_status print_plan(session *s, const char **blame)
{
    klf_status st = klf_kl_plan_make(s->config, &s->plan, blame);
    if (st == KLF_OK)
        klf_kl_print_plan(s->config, &s->plan, estimate_seconds(&s->plan));
    return st;
}

klf_status klf_kl_execute(const klf_kl_config *config, const char **blame)
{
    session    s = {.config = config};
    klf_status st = config->plot != NULL ? check_plot(config) : KLF_OK;
    *blame = NULL;
    if (st != KLF_OK)
        return st;
    return config->dry_run ? print_plan(&s, blame) : execute(&s, blame);
}
