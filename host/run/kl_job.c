/* SPDX-License-Identifier: BSD-3-Clause */
/* From a network and an input to the curve: layer statistics, the Monte Carlo pass, the three terms of (3.30), the mean-field
 * prediction beside them. */
#include "run/kl_job.h"

#include "klflow/meanfield.h"
#include "klflow/relative_entropy.h"
#include "klflow/rng.h"
#include "klflow/store.h"
#include "run/kl_bias.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The seed of the network, and of the Monte Carlo samples unless one is given for all. */
static uint64_t network_seed(const klf_kl_job *job)
{
    return job->at.seed + job->member;
}

static uint64_t sample_seed(const klf_kl_job *job)
{
    const klf_kl_config *config = job->setup->config;
    return config->sample_seed_given ? config->sample_seed : network_seed(job);
}

klf_flow_params klf_kl_job_flow_params(const klf_kl_setup *setup, const klf_network *net, size_t threads)
{
    const klf_kl_config *config = setup->config;
    return (klf_flow_params){.backend = setup->backend,
                             .context = setup->context,
                             .net = net,
                             .reference_layer = config->reference_layer,
                             .estimator = config->estimator,
                             .precision = setup->precision,
                             .n_mc = config->n_mc,
                             .threads = threads,
                             .chunk = config->chunk,
                             .chunk_threads = setup->chunk_threads,
                             .keep_f_j = config->save_f_j,
                             .keep_f_jk = config->save_f_jk};
}

klf_flow_params klf_kl_job_reference_params(const klf_kl_setup *setup, const klf_network *net, size_t threads)
{
    klf_flow_params params = klf_kl_job_flow_params(setup, net, threads);
    params.backend = setup->reference;
    params.context = setup->reference_context;
    params.precision = KLF_FP64;
    return params;
}

/* A Gaussian input whose mean square is the given one exactly, so that q_0 has no scatter from it. It belongs to the point, not
 * to the network: all members of an ensemble see the same input.  x [n], overwritten */
static klf_status gaussian_input(double mean_square, uint64_t seed, size_t n, double *x)
{
    float *normals = malloc(n * sizeof *normals);
    if (!normals)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu normals", n);
    klf_normals(seed, klf_subsequence(KLF_STREAM_INPUT, 0), 0, n, normals);
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += (double)normals[i] * (double)normals[i];
    for (size_t i = 0; i < n; i++)
        x[i] = (double)normals[i] * sqrt(mean_square * (double)n / sum);
    free(normals);
    return KLF_OK;
}

static double mean_square(size_t n, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum / (double)n;
}

/* Where layer 0 comes from. */
typedef struct source {
    const double *x; /* [n][input_width]; NULL: N(0, q0) */
    size_t        n;
    double        q0;
    double       *owned;
} source;

static klf_status find_source(const klf_kl_job *job, const klf_network *net, size_t image, source *src)
{
    const klf_kl_setup  *setup = job->setup;
    const klf_kl_config *config = setup->config;
    *src = (source){.n = 1, .q0 = NAN};
    if (setup->dataset.pixel) {
        src->x = setup->dataset.pixel;
        src->n = setup->dataset.count;
    } else if (setup->images) {
        src->x = setup->images[job->at.input].pixel + image * net->input_width;
    } else if (!isnan(config->gaussian_input)) {
        if (!(src->owned = malloc(net->input_width * sizeof(double))))
            return klf_fail(KLF_ERR_MEMORY, "no memory for an input of %zu", net->input_width);
        src->x = src->owned;
        return gaussian_input(config->gaussian_input, job->at.seed, net->input_width, src->owned);
    } else {
        src->q0 = isnan(config->q0) ? KLF_Q0_MEAN_SQUARE * net->var_w + net->var_b : config->q0;
    }
    return KLF_OK;
}

static klf_status layer_statistics(const klf_kl_job *job, const klf_network *net, const source *src, klf_layer_stats *stats)
{
    if (job->setup->config->statistics == KLF_STATS_THEORY) {
        double q = src->x ? net->var_w * mean_square(net->input_width, src->x) + net->var_b : src->q0;
        for (size_t l = 0; l < net->depth; l++) {
            stats[l] = (klf_layer_stats){.mean = 0.0, .var = q};
            q = klf_meanfield_next_variance(net->var_w, net->var_b, q);
        }
        return KLF_OK;
    }
    return src->x ? klf_network_statistics(net, src->n, src->x, stats)
                  : klf_network_statistics_q0(net, src->q0, network_seed(job), stats);
}

static klf_status refuse_overflow(const klf_kl_config *config, const char *what, size_t layer, const char *advice)
{
    return klf_fail(config->network ? KLF_ERR_DATA : KLF_ERR_USAGE,
                    "the %s of layer %zu overflow: weights, biases or inputs are too large%s%s%s", what, layer, advice,
                    config->network ? "; the network is that of " : "", config->network ? config->network : "");
}

/* Before the pass: a variance that is not a number would pass for that of a layer without one. */
static klf_status check_statistics(const klf_kl_config *config, size_t depth, const klf_layer_stats *stats)
{
    for (size_t l = 0; l < depth; l++)
        if (!isfinite(stats[l].mean) || !isfinite(stats[l].var))
            return refuse_overflow(config, "statistics", l, "");
    return KLF_OK;
}

/* After the pass, whose numbers have the smaller range of fp32, or are squares of squares. */
static klf_status check_flow(const klf_kl_setup *setup, const klf_flow *flow, size_t n_layers)
{
    const klf_kl_config *config = setup->config;
    char                 advice[64] = "";
    if (setup->precision != KLF_FP64)
        snprintf(advice, sizeof advice, " for %s; precision fp64 reaches further", klf_precision_name(setup->precision));
    for (size_t i = 0; i < n_layers; i++) {
        const klf_flow_layer *layer = &flow->layer[i];
        bool                  direct_is_good = config->estimator == KLF_GRAM || isfinite(layer->q_direct);
        bool                  gram_is_good = config->estimator == KLF_DIRECT || isfinite(layer->q_gram);
        bool                  error_is_good = config->n_mc == 1 || isfinite(layer->q_stderr);
        if (!direct_is_good || !gram_is_good || !error_is_good)
            return refuse_overflow(config, "samples", config->reference_layer + i, advice);
    }
    return KLF_OK;
}

/* Quantities of layer i (counted from the reference layer) that follow from its Q. */
static void fill_layer(const klf_flow *flow, klf_estimator estimator, const klf_layer_stats *stats, size_t i, klf_kl_point *p)
{
    const klf_flow_layer *layer = &flow->layer[i];
    size_t                n_r = p->width[0], n_m = p->width[i];
    double                var_r = stats[0].var, var_m = stats[i].var;
    double                q = estimator == KLF_GRAM ? layer->q_gram : layer->q_direct;

    p->value[KLF_KL_MEAN][i] = stats[i].mean;
    p->value[KLF_KL_VAR][i] = var_m;
    p->value[KLF_KL_Q_DIRECT][i] = estimator == KLF_GRAM ? NAN : layer->q_direct;
    p->value[KLF_KL_Q_GRAM][i] = layer->q_gram;
    p->value[KLF_KL_Q_STDERR][i] = layer->q_stderr;
    p->width_changed[i] = p->width[i] != p->width[0];
    p->layer_status[i] = var_m > 0.0 ? KLF_LAYER_OK : KLF_LAYER_DEGENERATE;
    if (var_r > 0.0)
        p->value[KLF_KL_TERM_REFERENCE][i] = -klf_layer_entropy(n_r, var_r);
    if (var_m > 0.0) {
        double entropy_target = klf_layer_entropy(n_m, var_m);
        p->value[KLF_KL_ENTROPY_TARGET][i] = entropy_target;
        p->value[KLF_KL_TERM_LOG_VAR][i] = entropy_target - 0.5 * (double)n_m; /* without the e of 2 pi e */
        p->value[KLF_KL_TERM_QUADRATIC][i] = 0.5 * q / var_m;
    }
    if (!(var_r > 0.0 && var_m > 0.0)) /* no density of one of the two, so no relative entropy */
        return;
    /* (3.30) at the reference layer itself is 0; its terms cancel only up to rounding */
    p->value[KLF_KL_KL][i] = i == 0 ? 0.0 : klf_relative_entropy(n_r, var_r, n_m, var_m, q);
    p->value[KLF_KL_KL_STDERR][i] = 0.5 * layer->q_stderr / var_m;
    p->value[KLF_KL_KL_PER_NEURON][i] = p->value[KLF_KL_KL][i] / (double)n_r;
}

static void fill_meanfield(const klf_kl_config *config, const klf_network *net, const klf_layer_stats *reference,
                           klf_kl_point *p)
{
    if (isnan(net->var_w) || isnan(net->var_b))
        return;
    double *curve = p->value[KLF_KL_KL_MEANFIELD_PER_NEURON];
    klf_meanfield_kl(net->var_w, net->var_b, reference->mean, reference->var,
                     config->statistics == KLF_STATS_THEORY ? KLF_TARGET_THEORY : KLF_TARGET_DATA, p->n_layers, p->width,
                     curve);
    for (size_t i = 0; i < p->n_layers; i++)
        curve[i] /= (double)p->width[0];
}

klf_status klf_kl_state_create(size_t n_images, klf_kl_state **out)
{
    klf_kl_state *state = *out = calloc(1, sizeof *state);
    if (state && (state->image = calloc(n_images, sizeof *state->image))) {
        state->n_images = n_images;
        return KLF_OK;
    }
    free(state);
    *out = NULL;
    return klf_fail(KLF_ERR_MEMORY, "no memory for the results of %zu images", n_images);
}

void klf_kl_state_destroy(klf_kl_state *state)
{
    if (!state)
        return;
    for (size_t i = 0; i < state->n_images; i++)
        klf_kl_point_free(&state->image[i]);
    free(state->image);
    free(state->stats);
    klf_flow_sums_destroy(state->sums);
    free(state);
}

/* A pass of a job, for the hooks of the flow. Its running count is handed on as increments. */
typedef struct pass {
    const klf_kl_job      *job;
    const klf_layer_stats *stats; /* [n_layers] from the reference layer up */
    size_t                 n_layers;
    int64_t                reported;
} pass;

static void count_progress(void *arg, int64_t samples_done)
{
    pass *p = arg;
    if (p->job->progress)
        p->job->progress(p->job->hook_arg, samples_done - p->reported);
    p->reported = samples_done;
}

static bool keep_due(void *arg)
{
    const pass *p = arg;
    return p->job->keep_due(p->job->hook_arg);
}

static klf_status keep_sums(void *arg, klf_flow_sums *sums)
{
    const pass      *p = arg;
    klf_kl_state    *state = p->job->state;
    klf_layer_stats *stats = malloc(p->n_layers * sizeof *stats);
    if (!stats) {
        klf_flow_sums_destroy(sums);
        return klf_fail(KLF_ERR_MEMORY, "no memory for the statistics of %zu layers", p->n_layers);
    }
    memcpy(stats, p->stats, p->n_layers * sizeof *stats);
#pragma omp critical(klf_kl_run)
    {
        klf_flow_sums_destroy(state->sums);
        free(state->stats);
        state->sums = sums;
        state->stats = stats;
        state->sums_image = state->n_done;
    }
    return p->job->kept(p->job->hook_arg);
}

/* Sums belong to the statistics that they were made with. The same network and input give the same but for the last bits, where
 * another machine computes them; anything else means that a file has changed meanwhile. */
static klf_status adopt_statistics(const klf_kl_job *job, klf_layer_stats *stats, size_t n_layers)
{
    static const double LAST_BITS = 1e-9;
    const klf_kl_state *state = job->state;
    if (!state->sums)
        return KLF_OK;
    for (size_t i = 0; i < n_layers; i++) {
        const double scale = sqrt(stats[i].var) + fabs(stats[i].mean);
        if (!(fabs(state->stats[i].var - stats[i].var) <= LAST_BITS * stats[i].var &&
              fabs(state->stats[i].mean - stats[i].mean) <= LAST_BITS * scale))
            return klf_fail(KLF_ERR_DATA,
                            "the checkpoint is of other statistics than layer %zu has now: the images or the network file have "
                            "changed since; begin anew with --force and without --resume",
                            job->setup->config->reference_layer + i);
        stats[i] = state->stats[i];
    }
    return KLF_OK;
}

/* What a pass needs of the job: statistics, samples, hooks. */
static void hook_up(const klf_kl_job *job, const klf_layer_stats *stats, pass *hooks, klf_flow_params *params)
{
    *hooks = (pass){
        .job = job, .stats = stats + params->reference_layer, .n_layers = params->net->depth - params->reference_layer};
    params->stats = stats;
    params->sample_seed = sample_seed(job);
    params->progress = count_progress;
    params->progress_arg = hooks;
    params->notice = job->notice;
    params->notice_arg = job->hook_arg;
    params->notice = job->notice;
    params->notice_arg = job->hook_arg;
    params->cancel = job->cancel;
    if (job->keep_due) {
        params->keep_due = keep_due;
        params->keep = keep_sums;
        params->keep_arg = hooks;
        params->resume = job->state->sums;
        hooks->reported = params->resume ? params->resume->n_samples : 0;
    }
}

/* Moves the kept moments from the flow to the point. */
static klf_status keep_moments(const klf_kl_config *config, klf_flow *flow, klf_kl_point *p)
{
    if (config->save_f_j && !(p->f_j = calloc(p->n_layers, sizeof *p->f_j)))
        return klf_fail(KLF_ERR_MEMORY, "no memory for f_j");
    if (config->save_f_jk && !(p->f_jk = calloc(p->n_layers, sizeof *p->f_jk)))
        return klf_fail(KLF_ERR_MEMORY, "no memory for f_jk");
    for (size_t i = 0; i < p->n_layers; i++) {
        if (p->f_j) {
            p->f_j[i] = flow->layer[i].f_j;
            flow->layer[i].f_j = NULL;
        }
        if (p->f_jk) {
            p->f_jk[i] = flow->layer[i].f_jk;
            flow->layer[i].f_jk = NULL;
        }
    }
    return KLF_OK;
}

/* One pass over the samples, and what follows from it. */
static klf_status run_pass(const klf_kl_job *job, const klf_flow_params *params, double q0, klf_kl_point *out)
{
    const klf_kl_config   *config = job->setup->config;
    const klf_network     *net = params->net;
    const klf_layer_stats *stats = params->stats;
    size_t                 r = config->reference_layer, n_layers = net->depth - r;
    klf_flow              *flow = NULL;
    klf_status             st = KLF_OK;

    *out = (klf_kl_point){0};
    KLF_TRY(klf_flow_run(params, &flow));
    KLF_TRY(check_flow(job->setup, flow, n_layers));

    KLF_TRY(klf_kl_point_create(n_layers, 1, 1, out));
    out->depth = net->depth;
    out->reference_layer = r;
    out->var_w = net->var_w;
    out->var_b = net->var_b;
    out->seed = network_seed(job);
    out->sample_seed = params->sample_seed;
    out->q0 = q0;
    out->n_mc = config->n_mc;
    out->chunk = flow->chunk;
    out->lanes = flow->lanes;
    out->entropy_reference = klf_layer_entropy(net->layer[r].width, stats[r].var);
    for (size_t i = 0; i < n_layers; i++)
        out->width[i] = net->layer[r + i].width;
    for (size_t i = 0; i < n_layers; i++)
        fill_layer(flow, config->estimator, stats + r, i, out);
    fill_meanfield(config, net, &stats[r], out);
    KLF_TRY(klf_kl_fill_bias(net, params->precision, &stats[r], out));
    KLF_TRY(keep_moments(config, flow, out));
done:
    klf_flow_destroy(flow);
    if (st != KLF_OK)
        klf_kl_point_free(out);
    return st;
}

/* The sums of a pass that is finished are of no use any more. */
static void drop_sums(klf_kl_state *state)
{
    klf_flow_sums_destroy(state->sums);
    free(state->stats);
    state->sums = NULL;
    state->stats = NULL;
}

static klf_status run_main_pass(const klf_kl_job *job, const klf_network *net, const klf_layer_stats *stats, double q0)
{
    klf_kl_state   *state = job->state;
    klf_flow_params params = klf_kl_job_flow_params(job->setup, net, job->threads);
    klf_kl_point    result;
    pass            hooks;
    hook_up(job, stats, &hooks, &params);
    klf_status st = run_pass(job, &params, q0, &result);
    if (st != KLF_OK)
        return st;
#pragma omp critical(klf_kl_run)
    {
        drop_sums(state);
        state->image[state->n_done] = result;
        state->n_done += job->setup->reference ? 0 : 1;
    }
    return KLF_OK;
}

/* The same samples on the reference backend. */
static klf_status run_reference_pass(const klf_kl_job *job, const klf_network *net, const klf_layer_stats *stats, double q0)
{
    klf_kl_state   *state = job->state;
    klf_flow_params params = klf_kl_job_reference_params(job->setup, net, job->threads);
    klf_kl_point   *result = calloc(1, sizeof *result);
    pass            hooks;
    if (!result)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the results of the reference");
    hook_up(job, stats, &hooks, &params);
    klf_status st = run_pass(job, &params, q0, result);
    if (st != KLF_OK) {
        free(result);
        return st;
    }
#pragma omp critical(klf_kl_run)
    {
        drop_sums(state);
        state->image[state->n_done++].reference = result;
    }
    return KLF_OK;
}

/* The first image that is not done, or what of it is not. */
static klf_status run_image(const klf_kl_job *job, const klf_network *net)
{
    const klf_kl_config *config = job->setup->config;
    const size_t         image = job->state->n_done, r = config->reference_layer;
    klf_layer_stats     *stats = malloc(net->depth * sizeof *stats);
    source               src = {0};
    klf_status           st = KLF_OK;
    if (!stats)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the statistics of %zu layers", net->depth);
    KLF_TRY(find_source(job, net, image, &src));
    KLF_TRY(layer_statistics(job, net, &src, stats));
    KLF_TRY(check_statistics(config, net->depth, stats));
    KLF_TRY(adopt_statistics(job, stats + r, net->depth - r));
    if (job->state->image[image].n_layers == 0)
        KLF_TRY(run_main_pass(job, net, stats, src.q0));
    if (job->setup->reference)
        KLF_TRY(run_reference_pass(job, net, stats, src.q0));
done:
    free(stats);
    free(src.owned);
    return st;
}

static klf_status find_network(const klf_kl_job *job, const klf_network **net, klf_network **drawn)
{
    const klf_kl_setup *setup = job->setup;
    *drawn = NULL;
    *net = setup->network;
    if (*net)
        return KLF_OK;
    size_t *widths = malloc(job->at.depth * sizeof *widths);
    if (!widths)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the widths of %zu layers", job->at.depth);
    klf_kl_setup_widths(setup, &job->at, widths);
    klf_status st = klf_network_draw(klf_kl_setup_input_width(setup, &job->at), job->at.depth, widths, job->at.var_w,
                                     job->at.var_b, network_seed(job), drawn);
    free(widths);
    if (st == KLF_OK)
        st = klf_network_round(*drawn, setup->weight_format);
    *net = *drawn;
    return st;
}

static klf_status save_network(const klf_kl_job *job, const klf_network *net)
{
    const klf_kl_config *config = job->setup->config;
    const klf_status     st = klf_store_write_network(config->save_network, config->force, net, job->save);
    if (st == KLF_OK) {
#pragma omp critical(klf_kl_run)
        *job->saved = true;
    }
    return st;
}

klf_status klf_kl_job_run(const klf_kl_job *job)
{
    klf_kl_state      *state = job->state;
    const klf_network *net;
    klf_network       *drawn = NULL;
    klf_status         st = KLF_OK;

    KLF_TRY(find_network(job, &net, &drawn));
    if (job->save)
        KLF_TRY(save_network(job, net));
    while (state->n_done < state->n_images) {
        if (job->pauses && job->pauses(job->hook_arg)) {
            st = klf_fail(KLF_ERR_RESUMABLE, "interrupted");
            goto done;
        }
        KLF_TRY(run_image(job, net));
    }
done:
    klf_network_destroy(drawn);
    return st;
}
