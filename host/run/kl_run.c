/* SPDX-License-Identifier: BSD-3-Clause */
/* The grid: one job a network, a few of them side by side where a single one does not fill the machine; points are handed on in
 * the order of the grid and written to the file at the end. */
#include "klflow/kl_run.h"

#include "core/cpu_count.h"
#include "core/quote.h"
#include "klflow/build_info.h"
#include "klflow/store.h"
#include "run/kl_average.h"
#include "run/kl_plan.h"
#include "run/kl_state.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail_run(klf_run *r, klf_status st)
{
    if (r->status == KLF_OK) {
        r->status = st;
        snprintf(r->message, sizeof r->message, "%s", klf_last_error());
    }
}

static void count_samples(void *arg, int64_t samples)
{
    klf_run *r = ((klf_run_worker *)arg)->run;
#pragma omp critical(klf_kl_run)
    {
        r->samples_done += (double)samples;
        if (r->hooks->progress)
            r->hooks->progress(r->hooks->arg, r->samples_done, r->samples_total);
    }
}

static void pass_on_notice(void *arg, const char *sentence)
{
    klf_run *r = ((klf_run_worker *)arg)->run;
#pragma omp critical(klf_kl_run)
    if (r->hooks->notice)
        r->hooks->notice(r->hooks->arg, sentence);
}

/* What a point was made from, for a reader of its JSON line or file. */
static klf_status label_point(const klf_run *r, size_t index, klf_kl_point *point)
{
    klf_kl_coordinates at = klf_kl_setup_point(r->setup, index);
    const char        *label = r->setup->input_label[at.input];
    char               q0[32];
    if (point->q0 > 0.0) {
        snprintf(q0, sizeof q0, "q0=%.15g", point->q0);
        label = q0;
    }
    point->wall_s = omp_get_wtime() - r->started[index];
    point->input = strdup(label);
    if (point->reference) {
        point->reference->wall_s = point->wall_s;
        point->reference->input = strdup(label);
    }
    if (!point->input || (point->reference && !point->reference->input))
        return klf_fail(KLF_ERR_MEMORY, "no memory for a label");
    return KLF_OK;
}

static void emit_points(klf_run *r)
{
    for (; r->n_emitted < r->plan->n_points && r->remaining[r->n_emitted] == 0; r->n_emitted++)
        if (r->hooks->point)
            r->hooks->point(r->hooks->arg, r->n_emitted, r->plan->n_points, &r->point[r->n_emitted]);
}

/* A network is done: if it was the last of its point, the point is, and all points in order up to the first unfinished one go
 * out. */
static klf_status finish_job(klf_run *r, size_t job)
{
    klf_status    st = KLF_OK;
    const size_t  index = job / r->ensemble;
    klf_kl_state *state = r->state[job];
    klf_kl_point *member = &r->member[index * r->ensemble];
    KLF_TRY(klf_kl_average(state->image, state->n_images, KLF_OVER_INPUTS, &r->member[job]));
    r->finished[job] = true;
    r->state[job] = NULL;
    klf_kl_state_destroy(state);
    if (r->remaining[index] > 1) {
        r->remaining[index]--;
        goto done;
    }
    KLF_TRY(klf_kl_average(member, r->ensemble, KLF_OVER_NETWORKS, &r->point[index]));
    KLF_TRY(label_point(r, index, &r->point[index]));
    for (size_t k = 0; k < r->ensemble; k++)
        klf_kl_point_free(&member[k]);
    r->remaining[index] = 0;
    emit_points(r);
done:
    return st;
}

static klf_status begin_job(klf_run *r, size_t job)
{
    klf_kl_coordinates at = klf_kl_setup_point(r->setup, job / r->ensemble);
    double            *started = &r->started[job / r->ensemble];
    if (isinf(*started))
        *started = omp_get_wtime();
    return r->state[job] ? KLF_OK : klf_kl_state_create(klf_kl_setup_n_images(r->setup, &at), &r->state[job]);
}

static bool take_job(klf_run_worker *w, size_t *job)
{
    klf_run *r = w->run;
    bool     taken = false;
#pragma omp critical(klf_kl_run)
    {
        while (r->next_job < r->n_jobs && r->finished[r->next_job])
            r->next_job++;
        if (r->status == KLF_OK && r->next_job < r->n_jobs) {
            klf_status st = klf_run_pauses(r) ? klf_fail(KLF_ERR_RESUMABLE, "interrupted") : begin_job(r, r->next_job);
            if (st == KLF_OK) {
                *job = r->next_job++;
                taken = true;
            } else {
                fail_run(r, st);
            }
        }
        w->busy = taken;
    }
    return taken;
}

static bool keep_due(void *arg)
{
    return klf_run_keep_due(arg);
}

static bool pauses(void *arg)
{
    return klf_run_pauses(((klf_run_worker *)arg)->run);
}

static klf_status kept(void *arg)
{
    klf_run_worker *w = arg;
#pragma omp critical(klf_kl_run)
    klf_run_kept(w);
    return pauses(w) ? klf_fail(KLF_ERR_RESUMABLE, "interrupted") : KLF_OK;
}

/* A network that comes to its end while the run is being interrupted counts. */
static void end_job(klf_run_worker *w, size_t job, klf_status st)
{
    klf_run *r = w->run;
    if (st == KLF_OK && (r->status == KLF_OK || r->status == KLF_ERR_RESUMABLE))
        st = finish_job(r, job);
    if (st != KLF_OK)
        fail_run(r, st);
    w->busy = false;
    klf_run_kept(w);
}

static void work(klf_run_worker *w)
{
    klf_run *r = w->run;
    size_t   job_index = 0, threads = r->plan->threads / r->plan->points_in_flight;
    omp_set_num_threads((int)threads);
    while (take_job(w, &job_index)) {
        const bool save = job_index == 0 && r->setup->config->save_network && !r->network_saved;
        klf_kl_job job = {.setup = r->setup,
                          .at = klf_kl_setup_point(r->setup, job_index / r->ensemble),
                          .member = job_index % r->ensemble,
                          .state = r->state[job_index],
                          .save = save ? r->provenance : NULL,
                          .saved = &r->network_saved,
                          .threads = threads,
                          .hook_arg = w,
                          .progress = count_samples,
                          .notice = pass_on_notice,
                          .keep_due = r->setup->checkpoint ? keep_due : NULL,
                          .kept = kept,
                          .pauses = pauses,
                          .cancel = r->hooks->cancel};
        klf_status st = klf_kl_job_run(&job);
#pragma omp critical(klf_kl_run)
        end_job(w, job_index, st);
    }
}

static klf_status write_file(const klf_run *r)
{
    const klf_kl_setup *s = r->setup;
    klf_kl_sweep        sweep = {.n_var_w = s->var_w.n,
                                 .n_var_b = s->var_b.n,
                                 .n_depth = s->depth.n,
                                 .n_seed = s->seed.n,
                                 .n_input = s->n_inputs,
                                 .var_w = s->var_w.v,
                                 .var_b = s->var_b.v,
                                 .depth = s->depth.v,
                                 .seed = s->seed.v,
                                 .input = (const char *const *)s->input_label,
                                 .reference_layer = s->config->reference_layer,
                                 .n_points = r->plan->n_points,
                                 .point = r->point};
    return klf_store_write_kl(s->config->output, s->config->force, &sweep, r->provenance);
}

/* That of the plan but where memory was short, or a point has fewer samples than its chunk. */
static size_t smallest_chunk(const klf_run *r)
{
    size_t chunk = r->plan->chunk;
    for (size_t i = 0; i < r->plan->n_points; i++)
        chunk = r->point[i].chunk < chunk ? r->point[i].chunk : chunk;
    return chunk;
}

static klf_status allocate(klf_run *r)
{
    const size_t n_points = r->plan->n_points;
    r->member = calloc(r->n_jobs, sizeof *r->member);
    r->state = calloc(r->n_jobs, sizeof *r->state);
    r->finished = calloc(r->n_jobs, sizeof *r->finished);
    r->remaining = calloc(n_points, sizeof *r->remaining);
    r->started = calloc(n_points, sizeof *r->started);
    r->point = calloc(n_points, sizeof *r->point);
    r->worker = calloc(r->plan->points_in_flight, sizeof *r->worker);
    if (!r->member || !r->state || !r->finished || !r->remaining || !r->started || !r->point || !r->worker)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the results of %zu points", n_points);
    for (size_t i = 0; i < n_points; i++) {
        r->remaining[i] = r->ensemble;
        r->started[i] = INFINITY;
    }
    for (size_t i = 0; i < r->plan->points_in_flight; i++)
        r->worker[i].run = r;
    return KLF_OK;
}

static void release(klf_run *r)
{
    for (size_t j = 0; r->member && j < r->n_jobs; j++)
        klf_kl_point_free(&r->member[j]);
    for (size_t j = 0; r->state && j < r->n_jobs; j++)
        klf_kl_state_destroy(r->state[j]);
    for (size_t i = 0; r->point && i < r->plan->n_points; i++)
        klf_kl_point_free(&r->point[i]);
    free(r->member);
    free(r->state);
    free(r->finished);
    free(r->remaining);
    free(r->started);
    free(r->point);
    free(r->worker);
}

static void run_workers(klf_run *r)
{
    omp_set_max_active_levels(2); /* jobs side by side, lanes within each */
    if (r->plan->points_in_flight == 1) {
        work(&r->worker[0]); /* libgomp keeps its threads between outermost regions only: inner ones start theirs anew each time
                              */
    } else {
#pragma omp parallel num_threads((int)r->plan->points_in_flight)
        work(&r->worker[omp_get_thread_num()]);
    }
}

static klf_status run_jobs(klf_run *r)
{
    klf_status st = KLF_OK;
    KLF_TRY(allocate(r));
    KLF_TRY(klf_run_restore(r));
    emit_points(r);
    run_workers(r);
    if (r->status == KLF_ERR_RESUMABLE)
        KLF_TRY(klf_run_stop(r));
    if (r->status != KLF_OK) {
        st = klf_fail(r->status, "%s", r->message);
        goto done;
    }
    if (r->setup->config->output) {
        klf_facts_stop_clock(r->facts);
        klf_facts_set_chunk(r->facts, smallest_chunk(r));
        KLF_TRY(write_file(r));
    }
    klf_run_remove_checkpoint(r);
done:
    release(r);
    return st;
}

static void tell(const klf_kl_hooks *hooks, bool it_is_so, const char *sentence)
{
    if (it_is_so && hooks->notice)
        hooks->notice(hooks->arg, sentence);
}

static void tell_about_resuming(const klf_kl_setup *setup, const klf_kl_plan *plan, const klf_kl_hooks *hooks)
{
    const klf_checkpoint *c = setup->resume;
    char                  sentence[400];
    snprintf(sentence, sizeof sentence, "there is no %s yet: the run begins with its first sample",
             setup->checkpoint ? klf_quoted_path(setup->checkpoint).text : "");
    tell(hooks, setup->config->resume && !c, sentence);
    tell(hooks, c && (strcmp(c->kernels, plan->kernels) != 0 || strcmp(c->version, klf_build_info_get()->version) != 0),
         "the checkpoint is from another klflow or other kernels, so the last digits may differ from those of an uninterrupted "
         "run");
}

klf_status klf_kl_run(const klf_kl_config *config, const char *config_text, const klf_kl_hooks *hooks, const char **blame)
{
    klf_kl_setup setup;
    klf_kl_plan  plan;
    klf_facts    facts;
    klf_status   st = klf_kl_setup_open(config, &setup, blame);
    if (st != KLF_OK)
        return st;
    KLF_TRY(klf_kl_plan_setup(&setup, &plan));
    KLF_TRY(klf_kl_plan_check(&plan));
    tell(hooks, setup.backend_note[0] != '\0', setup.backend_note);
    tell(hooks, setup.threads > klf_usable_cores(),
         "there are more threads than cores that this process may use, which makes a run slower");
    bool unused_input = config->input.n > 0 || !isnan(config->q0) || !isnan(config->gaussian_input);
    tell(hooks, setup.dataset.pixel && unused_input,
         "statistics dataset takes all layers from the data set; the input has no effect");
    tell_about_resuming(&setup, &plan, hooks);
    if (hooks->plan)
        hooks->plan(hooks->arg, &plan);

    klf_facts_collect(&setup, &plan, &facts);
    klf_provenance provenance = {.config_text = config_text, .n_facts = facts.n, .fact = facts.fact};
    klf_run        r = {.setup = &setup,
                        .plan = &plan,
                        .hooks = hooks,
                        .facts = &facts,
                        .provenance = &provenance,
                        .ensemble = config->ensemble,
                        .n_jobs = plan.n_points * config->ensemble,
                        .chunk_threads = setup.chunk_threads ? setup.chunk_threads : plan.threads / plan.points_in_flight,
                        .start = omp_get_wtime(),
                        .samples_total = plan.samples_total};
    st = run_jobs(&r);
done:
    klf_kl_setup_close(&setup);
    return st;
}
