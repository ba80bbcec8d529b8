/* SPDX-License-Identifier: BSD-3-Clause */
/* The Monte Carlo pass: chunks of samples flow through the layers in lanes, one worker a lane, and their sums are added to the
 * totals strictly in chunk order. So the bits of a result depend on the chunk size but not on the number of workers nor on
 * which of them was faster. A pass may stop between chunks: no further ones are taken, those under way are finished, and the
 * totals are then those of the first so many chunks. Orchestration only: every number is computed by the backend. */
#include "network/flow_sums.h"

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Below this many rows a GEMM is mostly reading weights; several networks side by side use the cores better. */
enum { MIN_CHUNK = 128 };

/* State that the workers of one pass share. */
typedef struct pass {
    const klf_flow_params *params;
    const klf_backend     *ops;
    klf_model_spec         spec;
    klf_model             *model;
    size_t                 chunk_rows, n_lanes;
    int64_t                n_chunks;
    klf_lane             **lane;       /* [n_lanes] each made by its worker */
    atomic_llong           next_chunk; /* the first that nobody has taken */
    atomic_llong          *turn;       /* [depth] the chunk whose sums of this layer are to be added next */
    atomic_bool            stop;
    klf_status             status; /* the first failure, with its sentence; guarded by the critical section */
    char                   message[1024];
    bool                   too_large; /* the failure is one of memory for the model or a lane */
    int64_t                samples_done;
} pass;

static bool cancelled(const pass *p)
{
    return p->params->cancel && *p->params->cancel;
}

static void fail_pass(pass *p, klf_status st)
{
#pragma omp critical(klf_flow)
    if (p->status == KLF_OK) {
        p->status = st;
        snprintf(p->message, sizeof p->message, "%s", klf_last_error());
    }
    atomic_store(&p->stop, true);
}

/* Waits until every earlier chunk has been added at this layer. Workers start together but soon run staggered, so waits are
 * short: a few yields, then naps that leave the core to whoever we wait for. */
static klf_status await_turn(pass *p, size_t layer, int64_t chunk)
{
    enum { YIELDS = 64 };
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 50 * 1000};
    for (int tries = 0; atomic_load_explicit(&p->turn[layer], memory_order_acquire) != chunk; tries++) {
        if (atomic_load(&p->stop) || cancelled(p))
            return klf_fail(KLF_ERR_INTERRUPTED, "interrupted");
        if (tries < YIELDS)
            sched_yield();
        else
            nanosleep(&nap, NULL);
    }
    return KLF_OK;
}

/* With the lane's activations at `layer`: the Gram if it is kept, then the chunk's sums to the totals, in turn. */
static klf_status add_layer(pass *p, klf_lane *lane, size_t layer, int64_t chunk)
{
    klf_status st = KLF_OK;
    if (cancelled(p))
        return klf_fail(KLF_ERR_INTERRUPTED, "interrupted");
    if (klf_keeps_gram(&p->spec, layer))
        KLF_TRY(p->ops->gram(lane, layer));
    KLF_TRY(await_turn(p, layer, chunk));
    KLF_TRY(p->ops->collect(lane, layer));
    atomic_store_explicit(&p->turn[layer], chunk + 1, memory_order_release);
done:
    return st;
}

static klf_status run_chunk(pass *p, klf_lane *lane, int64_t chunk, size_t rows)
{
    klf_status st = KLF_OK;
    size_t     r = p->spec.reference_layer;
    KLF_TRY(p->ops->draw(lane, (uint64_t)chunk * p->chunk_rows, rows));
    KLF_TRY(add_layer(p, lane, r, chunk));
    for (size_t l = r + 1; l < p->spec.net->depth; l++) {
        KLF_TRY(p->ops->forward(lane, l));
        KLF_TRY(add_layer(p, lane, l, chunk));
    }
done:
    return st;
}

static void report_progress(pass *p, size_t rows)
{
#pragma omp critical(klf_flow)
    {
        p->samples_done += (int64_t)rows;
        if (p->params->progress)
            p->params->progress(p->params->progress_arg, p->samples_done);
    }
}

static bool must_hand_over(const pass *p)
{
    return p->params->keep_due && p->params->keep_due(p->params->keep_arg);
}

/* Chunks are taken in order and finished once taken, so the one whose turn it is always belongs to a worker: nobody waits for
 * ever. */
static klf_status work_on_chunks(pass *p, klf_lane *lane)
{
    klf_status st = KLF_OK;
    while (!atomic_load(&p->stop) && atomic_load(&p->next_chunk) < p->n_chunks && !must_hand_over(p)) {
        int64_t chunk = atomic_fetch_add(&p->next_chunk, 1);
        if (chunk >= p->n_chunks)
            break;
        int64_t left = p->params->n_mc - chunk * (int64_t)p->chunk_rows;
        size_t  rows = left < (int64_t)p->chunk_rows ? (size_t)left : p->chunk_rows;
        KLF_TRY(run_chunk(p, lane, chunk, rows));
        report_progress(p, rows);
    }
    st = p->ops->finish(lane);
done:
    return st;
}

static void work(pass *p)
{
    klf_lane **lane = &p->lane[omp_get_thread_num()];
    klf_status st = *lane ? KLF_OK : p->ops->lane_create(p->model, p->chunk_rows, lane);
    if (st == KLF_OK)
        st = work_on_chunks(p, *lane);
    if (st != KLF_OK)
        fail_pass(p, st);
}

static klf_status hand_over(pass *p)
{
    klf_flow_sums *sums = NULL;
    klf_status     st = klf_flow_sums_save(p->params, p->model, p->chunk_rows, &sums);
    return st == KLF_OK ? p->params->keep(p->params->keep_arg, sums) : st;
}

/* All samples, in rounds that end when the sums are to be handed over. */
static klf_status sample(pass *p)
{
    klf_status st = KLF_OK;
    for (;;) {
#pragma omp parallel num_threads((int)p->n_lanes)
        work(p);
        if (p->status != KLF_OK) {
            p->too_large = p->status == KLF_ERR_MEMORY;
            return klf_fail(p->status, "%s", p->message);
        }
        if (atomic_load(&p->next_chunk) >= p->n_chunks)
            return KLF_OK;
        KLF_TRY(hand_over(p));
    }
done:
    return st;
}

klf_flow_cost klf_flow_plan(const klf_flow_params *params)
{
    const klf_backend *ops = params->backend;
    klf_model_spec     spec = klf_flow_model_spec(params);
    const size_t       even_threads = params->chunk_threads ? params->chunk_threads : params->threads;
    int64_t            n = params->n_mc, n_lanes = (int64_t)ops->preferred_lanes(params->context, &spec, params->threads);
    int64_t            rows = (int64_t)(params->resume ? params->resume->chunk : params->chunk);
    if (rows == 0) { /* as many chunks for each lane, so that none runs alone at the end; but no crumbs */
        const int64_t lanes = (int64_t)ops->preferred_lanes(params->context, &spec, even_threads);
        rows = (int64_t)ops->preferred_chunk(params->context, &spec);
        int64_t rounds = (n + rows * lanes - 1) / (rows * lanes);
        int64_t even = (n + rounds * lanes - 1) / (rounds * lanes);
        rows = even > MIN_CHUNK ? even : MIN_CHUNK < rows ? MIN_CHUNK : rows;
    }
    rows = rows < n ? rows : n;
    int64_t       n_chunks = (n + rows - 1) / rows;
    klf_flow_cost cost = {.chunk = (size_t)rows, .lanes = (size_t)(n_lanes < n_chunks ? n_lanes : n_chunks)};
    cost.bytes = (double)ops->model_bytes(params->context, &spec) +
                 (double)cost.lanes * (double)ops->lane_bytes(params->context, &spec, cost.chunk);
    return cost;
}

double klf_flow_flops(const klf_network *net, size_t reference_layer, klf_estimator estimator)
{
    double flops = 0.0;
    for (size_t l = reference_layer + 1; l < net->depth; l++) {
        double fan_in = (double)net->layer[l].fan_in;
        flops += 2.0 * fan_in * (double)net->layer[l].width + (estimator == KLF_DIRECT ? 0.0 : fan_in * fan_in);
    }
    return flops;
}

static klf_status create_result(const klf_flow_params *params, klf_flow **out)
{
    size_t    first = params->reference_layer, n = params->net->depth - first;
    klf_flow *flow = *out = calloc(1, sizeof *flow);
    if (!flow || !(flow->layer = calloc(n, sizeof *flow->layer)))
        goto no_memory;
    flow->n_layers = n;
    for (size_t i = 0; i < n; i++) {
        size_t width = params->net->layer[first + i].width;
        flow->layer[i].q_gram = flow->layer[i].q_stderr = NAN;
        if (params->keep_f_j && !(flow->layer[i].f_j = malloc(width * sizeof(double))))
            goto no_memory;
        if (params->keep_f_jk && !(flow->layer[i].f_jk = malloc(width * width * sizeof(double))))
            goto no_memory;
    }
    return KLF_OK;
no_memory:
    klf_flow_destroy(flow);
    *out = NULL;
    return klf_fail(KLF_ERR_MEMORY, "no memory for the results of %zu layers", n);
}

void klf_flow_destroy(klf_flow *flow)
{
    if (!flow)
        return;
    for (size_t i = 0; flow->layer && i < flow->n_layers; i++) {
        free(flow->layer[i].f_j);
        free(flow->layer[i].f_jk);
    }
    free(flow->layer);
    free(flow);
}

/* Q, its standard error and the moments of one layer, from the model's totals. */
static klf_status evaluate_layer(const pass *p, size_t layer, klf_flow_layer *out)
{
    klf_status       st = KLF_OK;
    klf_layer_totals t;
    size_t           r = p->spec.reference_layer;
    KLF_TRY(p->ops->totals(p->model, layer, &t, out->f_j));
    if (out->f_jk)
        KLF_TRY(p->ops->second_moment(p->model, layer, out->f_jk));

    if (layer == r) { /* the target is the reference: no sampling, so that KL = 0 exactly */
        out->q_direct = t.shift;
        out->q_gram = p->spec.gram ? t.shift : NAN;
        out->q_stderr = t.n_samples > 1 ? 0.0 : NAN; /* a single sample has no standard error anywhere */
        goto done;
    }
    double n = (double)t.n_samples;
    double variance = n > 1.0 ? (t.q_sum2 - t.q_sum * t.q_sum / n) / (n - 1.0) : NAN;
    out->q_direct = t.shift + t.q_sum / n;
    out->q_stderr = sqrt(variance < 0.0 ? 0.0 : variance / n); /* rounding may leave -0 where all q are equal; NaN stays */
    if (p->spec.gram)
        KLF_TRY(p->ops->gram_q(p->model, layer, &out->q_gram));
done:
    return st;
}

static void evaluate(pass *p, klf_flow *flow)
{
#pragma omp parallel for schedule(dynamic) num_threads((int)flow->lanes)
    for (size_t i = 0; i < flow->n_layers; i++) {
        klf_status st = cancelled(p) ? klf_fail(KLF_ERR_INTERRUPTED, "interrupted")
                                     : evaluate_layer(p, p->spec.reference_layer + i, &flow->layer[i]);
        if (st != KLF_OK)
            fail_pass(p, st);
    }
}

static klf_status begin(pass *p, const klf_flow_sums *resume)
{
    klf_status   st = KLF_OK;
    const size_t depth = p->spec.net->depth;
    p->turn = calloc(depth, sizeof *p->turn);
    p->lane = calloc(p->n_lanes, sizeof *p->lane);
    if (!p->turn || !p->lane)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu layers and %zu lanes", depth, p->n_lanes);
    st = p->ops->model_create(p->params->context, &p->spec, &p->model);
    p->too_large = st == KLF_ERR_MEMORY;
    if (st == KLF_OK && resume) {
        st = klf_flow_sums_restore(p->params, resume, p->model);
        const int64_t rows = (int64_t)p->chunk_rows, done = (resume->n_samples + rows - 1) / rows;
        p->samples_done = resume->n_samples;
        atomic_store(&p->next_chunk, done);
        for (size_t l = 0; l < depth; l++)
            atomic_store(&p->turn[l], done);
    }
    return st;
}

static void destroy_lanes(pass *p)
{
    for (size_t i = 0; p->lane && i < p->n_lanes; i++)
        p->ops->lane_destroy(p->lane[i]);
    free(p->lane);
    p->lane = NULL;
}

/* The whole pass with chunks of these rows, from `resume` on unless that is NULL. *too_large: it failed for want of memory. */
static klf_status try_rows(const klf_flow_params *params, size_t rows, const klf_flow_sums *resume, klf_flow *flow,
                           bool *too_large)
{
    klf_status st = KLF_OK;
    pass       p = {.params = params,
                    .ops = params->backend,
                    .spec = klf_flow_model_spec(params),
                    .chunk_rows = rows,
                    .n_lanes = flow->lanes,
                    .n_chunks = (params->n_mc + (int64_t)rows - 1) / (int64_t)rows,
                    .status = KLF_OK};
    flow->chunk = rows;
    KLF_TRY(begin(&p, resume));
    double start = omp_get_wtime();
    KLF_TRY(sample(&p));
    destroy_lanes(&p); /* which leaves their memory to what follows */
    flow->pass_s = omp_get_wtime() - start;
    evaluate(&p, flow);
    if (p.status != KLF_OK)
        st = klf_fail(p.status, "%s", p.message);
done:
    *too_large = p.too_large;
    destroy_lanes(&p);
    p.ops->model_destroy(p.model);
    free(p.turn);
    return st;
}

static void tell_halved(const klf_flow_params *params, size_t rows)
{
    char sentence[160];
    snprintf(sentence, sizeof sentence, "no memory for chunks of %zu samples: the pass begins anew with chunks of %zu", rows,
             (rows + 1) / 2);
    if (params->notice)
        params->notice(params->notice_arg, sentence);
    if (params->progress)
        params->progress(params->progress_arg, 0);
}

klf_status klf_flow_run(const klf_flow_params *params, klf_flow **out)
{
    klf_status st = KLF_OK;
    klf_flow  *flow = NULL;
    bool       too_large = false;
    *out = NULL;

    if (params->keep_f_jk && params->estimator == KLF_DIRECT)
        return klf_fail(KLF_ERR_USAGE,
                        "f_jk was asked for, but the direct estimator forms no second moments; take gram or both");
    if (params->resume)
        KLF_TRY(klf_flow_sums_check(params, params->resume));
    klf_flow_cost cost = klf_flow_plan(params);
    KLF_TRY(create_result(params, &flow));
    flow->lanes = cost.lanes;
    st = try_rows(params, cost.chunk, params->resume, flow, &too_large);
    if (st == KLF_ERR_MEMORY && too_large && params->chunk == 0 && cost.chunk > 1) {
        tell_halved(params, cost.chunk);
        st = try_rows(params, (cost.chunk + 1) / 2, NULL, flow, &too_large);
    }
    if (st == KLF_OK) {
        *out = flow;
        flow = NULL;
    }
done:
    klf_flow_destroy(flow);
    return st;
}
