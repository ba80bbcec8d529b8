/* SPDX-License-Identifier: BSD-3-Clause */
/** Relative entropy of one network's layers to a reference layer, by Monte Carlo: (3.30) with Q from (3.34) and from the
 *  per-sample |z - mu|^2.
 *
 *  p = N(mu_r, var_r) iid over the N_r neurons of the reference layer r, q_m = N(mu_m, var_m) iid over those of layer m >= r:
 *      KL_m = -N_r/2 ln(2 pi e var_r) + N_m/2 ln(2 pi var_m) + Q_m / (2 var_m),     Q_m = < |z^m - mu_m|^2 >_p
 *
 *      klf_flow_params params = {.backend = backend, .context = context, .net = net, .stats = stats,
 *                                .estimator = KLF_DIRECT, .precision = KLF_FP32, .n_mc = 100000, .threads = 2};
 *      klf_flow       *flow = NULL;
 *      KLF_TRY(klf_flow_run(&params, &flow));                // flow->layer[m - r].q_direct +- .q_stderr
 *      klf_flow_destroy(flow);
 */
#ifndef KLFLOW_FLOW_H
#define KLFLOW_FLOW_H

#include "klflow/backend.h"

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum klf_estimator { KLF_DIRECT, KLF_GRAM, KLF_BOTH } klf_estimator;

/** What a pass has after whole chunks, to stop it and go on later, in another process, with the same bits. */
typedef struct klf_flow_sums {
    size_t          chunk; /**< rows of a chunk, to which the bits belong */
    int64_t         n_samples;
    size_t          n_layers; /**< depth - reference_layer */
    size_t         *width;    /**< [n_layers] */
    klf_layer_sums *layer;    /**< [n_layers], their buffers owned */
} klf_flow_sums;

typedef struct klf_flow_params {
    const klf_backend     *backend;
    klf_context           *context; /**< of the same backend, open */
    const klf_network     *net;
    const klf_layer_stats *stats; /**< [net->depth] */
    size_t                 reference_layer;
    klf_estimator          estimator;
    klf_precision          precision;
    int64_t                n_mc;
    uint64_t               sample_seed;
    size_t                 threads; /**< >= 1 */
    size_t                 chunk;   /**< rows of a chunk; 0: the backend's choice, evened out over the lanes */
    /** Evens the chunks out as for this number of threads, so that a continued run has the chunks of the first; 0: threads. */
    size_t chunk_threads;
    bool   keep_f_j;
    bool   keep_f_jk; /**< needs an estimator with a Gram */
    /** Called now and then, from one thread at a time, with the samples done so far; may be NULL. */
    void (*progress)(void *arg, int64_t samples_done);
    void                        *progress_arg;
    const volatile sig_atomic_t *cancel; /**< non-zero: stop soon with KLF_ERR_INTERRUPTED; may be NULL */
    /** One sentence that the user must see though the pass goes on; may be NULL. */
    void (*notice)(void *arg, const char *sentence);
    void *notice_arg;
    /** Asked before every chunk, from any thread: when it says true the pass finishes the chunks under way and hands its sums
     * to `keep`, which takes them over (klf_flow_sums_destroy). KLF_OK lets the pass go on; another status ends it with that.
     * NULL: no sums are handed out. */
    bool (*keep_due)(void *arg);
    klf_status (*keep)(void *arg, klf_flow_sums *sums);
    void *keep_arg;
    /** Go on from these, with their chunk; NULL: from the first sample. Not looked at any more once `keep` has been called. */
    const klf_flow_sums *resume;
} klf_flow_params;

/** One entry a layer from the reference layer up. NaN where a quantity does not exist (not asked for; n_mc = 1). */
typedef struct klf_flow_layer {
    double  q_direct; /**< mean |z - mu|^2; N var exactly at the reference layer */
    double  q_gram;   /**< (3.34) on the same samples */
    double  q_stderr; /**< Monte Carlo standard error of q_direct (and, the samples being the same, of q_gram) */
    double *f_j;      /**< [width] <phi_j>; NULL unless kept */
    double *f_jk;     /**< [width][width] <phi_j phi_k>; NULL unless kept */
} klf_flow_layer;

typedef struct klf_flow {
    size_t          n_layers; /**< depth - reference_layer */
    klf_flow_layer *layer;    /**< [n_layers] */
    size_t          chunk;    /**< rows that a chunk had */
    size_t          lanes;
    double          pass_s; /**< wall time of the sampling loop alone, for benchmarks */
} klf_flow;

/** Runs the Monte Carlo pass. Results are independent of chunk, threads and lanes up to rounding of the sums, and for equal
 *  chunk bit-identical for any number of threads, also when the pass was stopped and resumed. Where the backend lacks memory
 * for a chunk of its own choice the pass begins anew with chunks of half the rows, once, with a notice. *out is NULL on
 * failure. */
klf_status klf_flow_run(const klf_flow_params *params, klf_flow **out);

/** What a pass will take. */
typedef struct klf_flow_cost {
    size_t chunk; /**< rows a chunk will have */
    size_t lanes;
    double bytes; /**< of the model and its lanes */
} klf_flow_cost;

/** Weights and statistics of params->net are not looked at, only its shape. */
klf_flow_cost klf_flow_plan(const klf_flow_params *params);

/** Room for the sums of layers: zeros. *out is NULL on failure.
 *  width  [n_layers]
 *  gram   [n_layers], whether the second moments of a layer are kept */
klf_status klf_flow_sums_create(size_t n_layers, const size_t *width, const bool *gram, klf_flow_sums **out);
/** Accepts NULL. */
void klf_flow_sums_destroy(klf_flow_sums *sums);
/** Bytes that the sums of a pass take. */
double klf_flow_sums_bytes(const klf_flow_params *params);

/** Floating-point operations of one sample from the reference layer to the last one: 2 N M for a map of N neurons to M, and
 *  N^2 more for the second moments, of which half are computed, where the estimator has a Gram. */
double klf_flow_flops(const klf_network *net, size_t reference_layer, klf_estimator estimator);

/** Accepts NULL. */
void klf_flow_destroy(klf_flow *flow);

#ifdef __cplusplus
}
#endif
#endif
