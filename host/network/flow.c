/* SPDX-License-Identifier: BSD-3-Clause */
/* The Monte Carlo pass: chunks of samples flow through the layers in lanes, one worker a lane, and their sums are added to the
 * totals strictly in chunk order. So the bits of a result depend on the chunk size but not on the number of workers nor on
 * which of them was faster. Orchestration only: every number is computed by the backend. */
#include "klflow/flow.h"

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
    size_t                 chunk_rows;
    int64_t                n_chunks;
    atomic_llong           next_chunk;
    atomic_llong          *turn; /* [depth] the chunk whose sums of this layer are to be added next */
    atomic_bool            stop;
    klf_status             status; /* the first failure, with its sentence; guarded by the critical section */
    char                   message[1024];
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

/* Chunks are taken in order, so the one whose turn it is always belongs to a worker: nobody waits for ever. */
static void work(pass *p)
{
    klf_lane  *lane = NULL;
    klf_status st = p->ops->lane_create(p->model, p->chunk_rows, &lane);
    while (st == KLF_OK && !atomic_load(&p->stop)) {
        int64_t chunk = atomic_fetch_add(&p->next_chunk, 1);
        if (chunk >= p->n_chunks)
            break;
        int64_t left = p->params->n_mc - chunk * (int64_t)p->chunk_rows;
        size_t  rows = left < (int64_t)p->chunk_rows ? (size_t)left : p->chunk_rows;
        if ((st = run_chunk(p, lane, chunk, rows)) == KLF_OK)
            report_progress(p, rows);
    }
    if (st == KLF_OK)
        st = p->ops->finish(lane);
    if (st != KLF_OK)
        fail_pass(p, st);
    p->ops->lane_destroy(lane);
}

static klf_model_spec model_spec(const klf_flow_params *params)
{
    return (klf_model_spec){.net = params->net,
                            .stats = params->stats,
                            .reference_layer = params->reference_layer,
                            .sample_seed = params->sample_seed,
                            .precision = params->precision,
                            .gram = params->estimator != KLF_DIRECT,
                            .gram_last = params->keep_f_jk};
}

klf_flow_cost klf_flow_plan(const klf_flow_params *params)
{
    const klf_backend *ops = params->backend;
    klf_model_spec     spec = model_spec(params);
    int64_t            n = params->n_mc, n_lanes = (int64_t)ops->preferred_lanes(params->context, &spec, params->threads);
    int64_t            rows = (int64_t)params->chunk;
    if (rows == 0) { /* as many chunks for each lane, so that none runs alone at the end; but no crumbs */
        rows = (int64_t)ops->preferred_chunk(params->context, &spec);
        int64_t rounds = (n + rows * n_lanes - 1) / (rows * n_lanes);
        int64_t even = (n + rounds * n_lanes - 1) / (rounds * n_lanes);
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

klf_status klf_flow_run(const klf_flow_params *params, klf_flow **out)
{
    klf_status st = KLF_OK;
    pass       p = {.params = params, .ops = params->backend, .spec = model_spec(params), .status = KLF_OK};
    klf_flow  *flow = NULL;
    *out = NULL;

    if (params->keep_f_jk && params->estimator == KLF_DIRECT)
        return klf_fail(KLF_ERR_USAGE,
                        "f_jk was asked for, but the direct estimator forms no second moments; take gram or both");
    klf_flow_cost cost = klf_flow_plan(params);
    p.chunk_rows = cost.chunk;
    p.n_chunks = (params->n_mc + (int64_t)p.chunk_rows - 1) / (int64_t)p.chunk_rows;
    KLF_TRY(create_result(params, &flow));
    flow->chunk = p.chunk_rows;
    flow->lanes = cost.lanes;
    if (!(p.turn = calloc(params->net->depth, sizeof *p.turn))) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for %zu layers", params->net->depth);
        goto done;
    }
    KLF_TRY(p.ops->model_create(params->context, &p.spec, &p.model));

    double start = omp_get_wtime();
#pragma omp parallel num_threads((int)cost.lanes)
    work(&p);
    flow->pass_s = omp_get_wtime() - start;
    if (p.status == KLF_OK)
        evaluate(&p, flow);

    if (p.status != KLF_OK) {
        st = klf_fail(p.status, "%s", p.message);
        goto done;
    }
    *out = flow;
    flow = NULL;
done:
    p.ops->model_destroy(p.model);
    free(p.turn);
    klf_flow_destroy(flow);
    return st;
}
