/* SPDX-License-Identifier: BSD-3-Clause */
/* When a checkpoint is due, and what goes into it. Time is cut into epochs of the config's interval: when a new one begins
 * every worker hands over its sums between two chunks, and the last one to do so writes the file. So one file has the work of
 * all up to that time. */
#include "core/quote.h"
#include "klflow/build_info.h"
#include "run/kl_state.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int64_t current_epoch(const klf_run *run)
{
    const uint64_t interval = run->setup->config->checkpoint_interval;
    return interval > 0 ? (int64_t)((omp_get_wtime() - run->start) / (double)interval) : 0;
}

bool klf_run_pauses(const klf_run *run)
{
    return run->setup->checkpoint && run->hooks->pause && *run->hooks->pause;
}

bool klf_run_keep_due(const klf_run_worker *worker)
{
    return klf_run_pauses(worker->run) || (worker->run->setup->checkpoint && current_epoch(worker->run) > worker->epoch);
}

/* ---- what goes into the file ---- */

/* The image whose reference is to come has a result already. */
static size_t results_of(const klf_kl_state *state)
{
    return state->n_done + (state->n_done < state->n_images && state->image[state->n_done].n_layers > 0 ? 1 : 0);
}

static size_t count_records(const klf_run *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->plan->n_points; i++)
        n += run->remaining[i] == 0;
    for (size_t j = 0; j < run->n_jobs; j++) {
        const klf_kl_state *state = run->state[j];
        n += run->finished[j] && run->remaining[j / run->ensemble] > 0;
        n += state ? results_of(state) + (state->sums ? 1 : 0) : 0;
    }
    return n;
}

/* Records that point to what the run owns. */
static size_t list_records(const klf_run *run, klf_record *record)
{
    const double now = omp_get_wtime();
    size_t       n = 0;
    for (size_t i = 0; i < run->plan->n_points; i++)
        if (run->remaining[i] == 0)
            record[n++] = (klf_record){.kind = KLF_RECORD_POINT, .network = i * run->ensemble, .point = run->point[i]};
    for (size_t j = 0; j < run->n_jobs; j++) {
        const klf_kl_state *state = run->state[j];
        const double        wall_s = now - run->started[j / run->ensemble];
        if (run->finished[j] && run->remaining[j / run->ensemble] > 0)
            record[n++] = (klf_record){.kind = KLF_RECORD_NETWORK, .network = j, .wall_s = wall_s, .point = run->member[j]};
        for (size_t k = 0; state && k < results_of(state); k++)
            record[n++] = (klf_record){
                .kind = KLF_RECORD_IMAGE, .network = j, .image = k, .wall_s = wall_s, .point = state->image[k]};
        if (state && state->sums)
            record[n++] = (klf_record){.kind = KLF_RECORD_SUMS,
                                       .network = j,
                                       .image = state->n_done,
                                       .wall_s = wall_s,
                                       .stats = state->stats,
                                       .sums = state->sums};
    }
    return n;
}

static klf_status write_checkpoint(klf_run *run)
{
    const klf_kl_setup *setup = run->setup;
    klf_status          st = KLF_OK;
    char               *identity = NULL;
    const size_t        n = count_records(run);
    klf_record         *record = calloc(n > 0 ? n : 1, sizeof *record);
    KLF_TRY(klf_kl_config_identity(setup->config, &identity));
    if (!record) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for a checkpoint of %zu records", n);
        goto done;
    }
    klf_facts_stop_clock(run->facts);
    const klf_checkpoint checkpoint = {.config = identity,
                                       .backend = run->plan->backend,
                                       .precision = klf_precision_name(run->plan->precision),
                                       .kernels = run->plan->kernels,
                                       .version = klf_build_info_get()->version,
                                       .n_networks = (int64_t)run->n_jobs,
                                       .chunk_threads = (int64_t)run->chunk_threads,
                                       .restarts = setup->resume ? setup->resume->restarts + 1 : 0,
                                       .network_saved = run->network_saved,
                                       .wall_s = klf_facts_clock(run->facts),
                                       .n = list_records(run, record),
                                       .record = record};
    st = klf_store_write_checkpoint(setup->checkpoint, &checkpoint, run->provenance);
done:
    free(record);
    free(identity);
    return st;
}

/* A disk that is full for a while should not end a run: it goes on, with the checkpoint that it had. */
void klf_run_kept(klf_run_worker *worker)
{
    klf_run *run = worker->run;
    worker->epoch = current_epoch(run);
    int64_t oldest = worker->epoch;
    for (size_t i = 0; i < run->plan->points_in_flight; i++)
        if (run->worker[i].busy && run->worker[i].epoch < oldest)
            oldest = run->worker[i].epoch;
    if (!run->setup->checkpoint || oldest <= run->written_epoch || klf_run_pauses(run) || run->status != KLF_OK)
        return;
    run->written_epoch = oldest;
    if (write_checkpoint(run) == KLF_OK || !run->hooks->notice)
        return;
    char sentence[1200];
    snprintf(sentence, sizeof sentence, "no checkpoint, but the run goes on: %s", klf_last_error());
    run->hooks->notice(run->hooks->arg, sentence);
}

klf_status klf_run_stop(klf_run *run)
{
    const klf_status st = write_checkpoint(run);
    if (st != KLF_OK)
        return st;
    return klf_fail(KLF_ERR_RESUMABLE,
                    "interrupted; %s has the work so far, and the same command with --resume goes on from there",
                    klf_quoted_path(run->setup->checkpoint).text);
}

void klf_run_remove_checkpoint(const klf_run *run)
{
    if (run->setup->checkpoint)
        unlink(run->setup->checkpoint);
}
