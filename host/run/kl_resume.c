/* SPDX-License-Identifier: BSD-3-Clause */
/* From a checkpoint back to a run. What it holds is looked at once more here: that it fits the grid, and that nothing is there
 * twice. */
#include "run/kl_resume.h"

#include "core/quote.h"
#include "run/kl_state.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

klf_status klf_kl_checkpoint_path(const klf_kl_config *config, char **path)
{
    static const char suffix[] = ".checkpoint";
    const char       *from = config->checkpoint ? config->checkpoint : config->output;
    *path = NULL;
    if (!from)
        return KLF_OK;
    const size_t size = strlen(from) + sizeof suffix;
    if (!(*path = malloc(size)))
        return klf_fail(KLF_ERR_MEMORY, "no memory for the name of the checkpoint");
    snprintf(*path, size, "%s%s", from, config->checkpoint ? "" : suffix);
    return KLF_OK;
}

/* The first line in which two texts differ, without its indent. */
static bool first_difference(const char *a, const char *b, klf_quote *line_a, klf_quote *line_b)
{
    while (*a != '\0' || *b != '\0') {
        const size_t n_a = strcspn(a, "\n"), n_b = strcspn(b, "\n");
        if (n_a != n_b || memcmp(a, b, n_a) != 0) {
            char text[2][160];
            snprintf(text[0], sizeof text[0], "%.*s", (int)n_a, a);
            snprintf(text[1], sizeof text[1], "%.*s", (int)n_b, b);
            *line_a = klf_quoted(text[0] + strspn(text[0], " "));
            *line_b = klf_quoted(text[1] + strspn(text[1], " "));
            return true;
        }
        a += n_a + (a[n_a] == '\n');
        b += n_b + (b[n_b] == '\n');
    }
    return false;
}

klf_status klf_kl_resume_open(klf_kl_setup *setup)
{
    klf_status st = KLF_OK;
    char      *identity = NULL;
    klf_quote  there, here;
    KLF_TRY(klf_store_read_checkpoint(setup->checkpoint, &setup->resume));
    KLF_TRY(klf_kl_config_identity(setup->config, &identity));
    if (first_difference(setup->resume->config, identity, &there, &here))
        st = klf_fail(
            KLF_ERR_USAGE,
            "%s is of another run: it has %s where this one has %s; give the same options, or begin anew with --force "
            "and without --resume",
            klf_quoted_path(setup->checkpoint).text, there.text, here.text);
    setup->chunk_threads = (size_t)setup->resume->chunk_threads;
done:
    free(identity);
    return st;
}

/* ---- what a record is worth ---- */

static klf_kl_coordinates point_of(const klf_kl_setup *setup, size_t network)
{
    return klf_kl_setup_point(setup, network / setup->config->ensemble);
}

static size_t n_networks(const klf_kl_setup *setup)
{
    return klf_kl_setup_n_points(setup) * setup->config->ensemble;
}

static double samples_of(const klf_kl_setup *setup, const klf_record *record)
{
    const klf_kl_coordinates at = point_of(setup, record->network);
    const double             n_images = (double)klf_kl_setup_n_images(setup, &at);
    const double             n = (double)setup->config->n_mc * (record->point.reference ? 2.0 : 1.0);
    switch (record->kind) {
    case KLF_RECORD_POINT: return n * n_images * (double)setup->config->ensemble;
    case KLF_RECORD_NETWORK: return n * n_images;
    case KLF_RECORD_IMAGE: return n;
    default: return (double)record->sums->n_samples;
    }
}

double klf_kl_resume_samples(const klf_kl_setup *setup)
{
    double samples = 0.0;
    for (size_t i = 0; setup->resume && i < setup->resume->n; i++)
        if (setup->resume->record[i].network < n_networks(setup))
            samples += samples_of(setup, &setup->resume->record[i]);
    return samples;
}

/* ---- back into the run ---- */

static klf_status misfit(const klf_run *run)
{
    return klf_fail(KLF_ERR_DATA,
                    "%s does not fit together: it has results twice, or of networks or images that the run has not",
                    klf_quoted_path(run->setup->checkpoint).text);
}

static bool fits(const klf_run *run, const klf_record *record)
{
    if (record->network >= run->n_jobs)
        return false;
    const klf_kl_coordinates at = point_of(run->setup, record->network);
    const size_t             n_layers = at.depth - run->setup->config->reference_layer;
    const bool               of_image = record->kind == KLF_RECORD_IMAGE || record->kind == KLF_RECORD_SUMS;
    return (record->sums ? record->sums->n_layers : record->point.n_layers) == n_layers &&
           (of_image || !record->point.reference == !run->setup->reference) &&
           (record->kind != KLF_RECORD_POINT || record->network % run->ensemble == 0) &&
           (!of_image || record->image < klf_kl_setup_n_images(run->setup, &at)) && !run->finished[record->network];
}

static klf_status restore_image(klf_run *run, klf_record *record)
{
    klf_kl_state           **state = &run->state[record->network];
    const klf_kl_coordinates at = point_of(run->setup, record->network);
    klf_status               st = KLF_OK;
    if (!*state)
        KLF_TRY(klf_kl_state_create(klf_kl_setup_n_images(run->setup, &at), state));
    if (record->kind == KLF_RECORD_SUMS) {
        if ((*state)->sums)
            return misfit(run);
        (*state)->sums = record->sums;
        (*state)->stats = record->stats;
        (*state)->sums_image = record->image;
        record->sums = NULL;
        record->stats = NULL;
        return KLF_OK;
    }
    if ((*state)->n_done != record->image || (*state)->image[record->image].n_layers > 0) /* they are in order */
        return misfit(run);
    (*state)->image[record->image] = record->point;
    (*state)->n_done += run->setup->reference && !record->point.reference ? 0 : 1;
    record->point = (klf_kl_point){0};
done:
    return st;
}

static klf_status restore_record(klf_run *run, klf_record *record)
{
    const size_t job = record->network, index = job / run->ensemble;
    if (!fits(run, record))
        return misfit(run);
    run->samples_done += samples_of(run->setup, record);
    run->started[index] = fmin(run->started[index], omp_get_wtime() - record->wall_s);
    if (record->kind == KLF_RECORD_IMAGE || record->kind == KLF_RECORD_SUMS)
        return restore_image(run, record);
    const size_t n = record->kind == KLF_RECORD_POINT ? run->ensemble : 1;
    for (size_t k = job; k < job + n; k++) {
        if (run->finished[k])
            return misfit(run);
        run->finished[k] = true;
    }
    run->remaining[index] -= n;
    *(record->kind == KLF_RECORD_POINT ? &run->point[index] : &run->member[job]) = record->point;
    record->point = (klf_kl_point){0};
    return KLF_OK;
}

/* After all records, which may come in any order: no point may lack a result that it counts, no network be done and under way.
 */
static klf_status check_whole(const klf_run *run)
{
    for (size_t j = 0; j < run->n_jobs; j++) {
        const klf_kl_state *state = run->state[j];
        if (state && (run->finished[j] || (state->sums && state->sums_image != state->n_done)))
            return misfit(run);
        if (run->finished[j] && run->remaining[j / run->ensemble] == 0 && run->point[j / run->ensemble].n_layers == 0)
            return misfit(run);
    }
    return KLF_OK;
}

klf_status klf_run_restore(klf_run *run)
{
    klf_status      st = KLF_OK;
    klf_checkpoint *c = run->setup->resume;
    if (!c)
        return KLF_OK;
    if (c->n_networks != (int64_t)run->n_jobs)
        return misfit(run);
    const char *precision = klf_precision_name(run->plan->precision);
    if (strcmp(c->backend, run->plan->backend) != 0 || strcmp(c->precision, precision) != 0)
        return klf_fail(KLF_ERR_DEVICE,
                        "%s was begun on backend %s in %s, and this would be backend %s in %s; give it what it was begun on, "
                        "or begin anew with "
                        "--force and without --resume",
                        klf_quoted_path(run->setup->checkpoint).text, c->backend, c->precision, run->plan->backend, precision);
    run->network_saved = c->network_saved;
    for (size_t i = 0; i < c->n; i++)
        KLF_TRY(restore_record(run, &c->record[i]));
    st = check_whole(run);
done:
    return st;
}
