/* SPDX-License-Identifier: BSD-3-Clause */
/* The grid: one job a network, a few of them side by side where a single one does not fill the machine; points are handed on in
 * the order of the grid and written to the file at the end. */
#include "klflow/kl_run.h"

#include "core/cpu_count.h"
#include "klflow/store.h"
#include "run/kl_average.h"
#include "run/kl_job.h"
#include "run/kl_plan.h"
#include "run/provenance.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* State that the workers of a run share; everything below `guarded`, and every hook, only inside the
 * critical section klf_kl_run. */
typedef struct run {
    const klf_kl_setup   *setup;
    const klf_kl_plan    *plan;
    const klf_kl_hooks   *hooks;
    klf_facts            *facts;
    const klf_provenance *provenance; /* of the facts */
    size_t                ensemble, n_jobs;
    /* guarded */
    size_t        next_job;
    klf_kl_point *member;    /* [n_jobs] results of the networks, job = point * ensemble + member */
    size_t       *remaining; /* [n_points] networks of a point not done yet */
    double       *started;   /* [n_points] wall-clock time */
    klf_kl_point *point;     /* [n_points] */
    size_t        n_emitted; /* points handed to the hook so far */
    double        samples_done, samples_total;
    klf_status    status;
    char          message[1024];
} run;

static void fail_run(run *r, klf_status st)
{
    if (r->status == KLF_OK) {
        r->status = st;
        snprintf(r->message, sizeof r->message, "%s", klf_last_error());
    }
}

static void count_samples(void *arg, int64_t samples)
{
    run *r = arg;
#pragma omp critical(klf_kl_run)
    {
        r->samples_done += (double)samples;
        if (r->hooks->progress)
            r->hooks->progress(r->hooks->arg, r->samples_done, r->samples_total);
    }
}

static void pass_on_notice(void *arg, const char *sentence)
{
    run *r = arg;
#pragma omp critical(klf_kl_run)
    if (r->hooks->notice)
        r->hooks->notice(r->hooks->arg, sentence);
}

/* What a point was made from, for a reader of its JSON line or file. */
static klf_status label_point(const run *r, size_t index, klf_kl_point *point)
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

/* A network is done: if it was the last of its point, the point is, and all points in order up to the first unfinished one go
 * out. */
static void finish_job(run *r, size_t job)
{
    size_t index = job / r->ensemble;
    if (--r->remaining[index] > 0)
        return;
    klf_status st = klf_kl_average(&r->member[index * r->ensemble], r->ensemble, KLF_OVER_NETWORKS, &r->point[index]);
    if (st == KLF_OK)
        st = label_point(r, index, &r->point[index]);
    for (size_t k = 0; k < r->ensemble; k++)
        klf_kl_point_free(&r->member[index * r->ensemble + k]);
    if (st != KLF_OK) {
        fail_run(r, st);
        return;
    }
    for (; r->n_emitted < r->plan->n_points && r->remaining[r->n_emitted] == 0; r->n_emitted++)
        if (r->hooks->point)
            r->hooks->point(r->hooks->arg, r->n_emitted, r->plan->n_points, &r->point[r->n_emitted]);
}

static bool take_job(run *r, size_t *job)
{
    bool taken = false;
#pragma omp critical(klf_kl_run)
    if (r->status == KLF_OK && r->next_job < r->n_jobs) {
        *job = r->next_job++;
        size_t index = *job / r->ensemble;
        if (*job % r->ensemble == 0)
            r->started[index] = omp_get_wtime();
        taken = true;
    }
    return taken;
}

static void work(run *r)
{
    size_t job_index = 0, threads = r->plan->threads / r->plan->points_in_flight;
    omp_set_num_threads((int)threads);
    while (take_job(r, &job_index)) {
        klf_kl_job job = {.setup = r->setup,
                          .at = klf_kl_setup_point(r->setup, job_index / r->ensemble),
                          .member = job_index % r->ensemble,
                          .save = job_index == 0 && r->setup->config->save_network ? r->provenance : NULL,
                          .threads = threads,
                          .hook_arg = r,
                          .progress = count_samples,
                          .notice = pass_on_notice,
                          .cancel = r->hooks->cancel};
        klf_status st = klf_kl_job_run(&job, &r->member[job_index]);
#pragma omp critical(klf_kl_run)
        {
            if (st != KLF_OK)
                fail_run(r, st);
            else if (r->status == KLF_OK)
                finish_job(r, job_index);
        }
    }
}

static klf_status write_file(const run *r)
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
static size_t smallest_chunk(const run *r)
{
    size_t chunk = r->plan->chunk;
    for (size_t i = 0; i < r->plan->n_points; i++)
        chunk = r->point[i].chunk < chunk ? r->point[i].chunk : chunk;
    return chunk;
}

static klf_status run_jobs(run *r)
{
    klf_status st = KLF_OK;
    size_t     n_points = r->plan->n_points;
    r->member = calloc(r->n_jobs, sizeof *r->member);
    r->remaining = calloc(n_points, sizeof *r->remaining);
    r->started = calloc(n_points, sizeof *r->started);
    r->point = calloc(n_points, sizeof *r->point);
    if (!r->member || !r->remaining || !r->started || !r->point) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the results of %zu points", n_points);
        goto done;
    }
    for (size_t i = 0; i < n_points; i++)
        r->remaining[i] = r->ensemble;

    omp_set_max_active_levels(2); /* jobs side by side, lanes within each */
    if (r->plan->points_in_flight == 1) {
        work(r); /* libgomp keeps its threads between outermost regions only: inner ones start theirs anew each time */
    } else {
#pragma omp parallel num_threads((int)r->plan->points_in_flight)
        work(r);
    }

    if (r->status != KLF_OK) {
        st = klf_fail(r->status, "%s", r->message);
    } else if (r->setup->config->output) {
        klf_facts_stop_clock(r->facts);
        klf_facts_set_chunk(r->facts, smallest_chunk(r));
        st = write_file(r);
    }
done:
    for (size_t j = 0; r->member && j < r->n_jobs; j++)
        klf_kl_point_free(&r->member[j]);
    for (size_t i = 0; r->point && i < n_points; i++)
        klf_kl_point_free(&r->point[i]);
    free(r->member);
    free(r->remaining);
    free(r->started);
    free(r->point);
    return st;
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
    if (setup.backend_note[0] != '\0' && hooks->notice)
        hooks->notice(hooks->arg, setup.backend_note);
    if (setup.threads > klf_usable_cores() && hooks->notice)
        hooks->notice(hooks->arg, "there are more threads than cores that this process may use, which makes a run slower");
    bool unused_input = config->input.n > 0 || !isnan(config->q0) || !isnan(config->gaussian_input);
    if (setup.dataset.pixel && unused_input && hooks->notice)
        hooks->notice(hooks->arg, "statistics dataset takes all layers from the data set; the input has no effect");
    if (hooks->plan)
        hooks->plan(hooks->arg, &plan);

    klf_facts_collect(&setup, &plan, &facts);
    klf_provenance provenance = {.config_text = config_text, .n_facts = facts.n, .fact = facts.fact};
    run            r = {.setup = &setup,
                        .plan = &plan,
                        .hooks = hooks,
                        .facts = &facts,
                        .provenance = &provenance,
                        .ensemble = config->ensemble,
                        .n_jobs = plan.n_points * config->ensemble,
                        .samples_total = (double)plan.n_networks * (double)config->n_mc * (setup.reference ? 2.0 : 1.0)};
    st = run_jobs(&r);
done:
    klf_kl_setup_close(&setup);
    return st;
}
