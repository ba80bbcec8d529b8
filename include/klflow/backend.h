/* SPDX-License-Identifier: BSD-3-Clause */
/** What a backend does: few, coarse operations behind a const table, chosen at run time by name and never replaced silently.
 *
 *  A backend opens a context; a model holds one network in the backend's own precision and layout together with the running
 *  totals of every layer; a lane is one worker's (or stream's) workspace, through which chunks of samples flow. The
 *  orchestration (chunks, order of summation, threads) is written once above the table, in host/network/flow.c:
 *
 *      draw(lane, first, rows);                                 // phi = tanh(z^r), z^r ~ N(mu_r, var_r)
 *      for (l = r + 1; l < depth; l++) {
 *          if (gram) gram(lane, l - 1);                         // the chunk's sum_s phi_s phi_s^T
 *          forward(lane, l);                                    // phi = tanh(W^l phi + b^l), sums of |z - mu_l|^2
 *          collect(lane, l);                                    // in chunk order: chunk sums -> model totals, in double
 *      }
 *      finish(lane);                                            // before the totals are read
 *
 *  Operations of a lane may be under way when their call returns, and fail later: finish, and every function that reads a
 *  model, waits and tells.
 *
 *  Host threads: one context serves them all. Models are made, used and destroyed side by side; lanes, of one model or several,
 *  are driven at once, each by one thread at a time, which need not be the one that made it. Once every lane of a model has
 *  finished, several threads may call totals, second_moment and gram_q on it at once, for different layers: a backend that has
 *  workspace for one such call only has to take them in turn by itself. save and restore are called by one thread, between the
 *  chunks of a pass, when every lane of the model has finished or none has been made yet.
 *
 *  A trainer holds one network that learns, with its velocities. Epochs, order of examples, validation and resuming are
 *  host/network/train.c's (klflow/train.h). Trainers work side by side, each driven by one thread at a time.
 */
#ifndef KLFLOW_BACKEND_H
#define KLFLOW_BACKEND_H

#include "klflow/network.h"
#include "klflow/precision.h"
#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a model is made for. Layers below the reference layer are not loaded. */
typedef struct klf_model_spec {
    const klf_network     *net;   /**< must outlive the model */
    const klf_layer_stats *stats; /**< [depth]: reference p = N(mean, var) at the reference layer, targets mu_m above it */
    size_t                 reference_layer;
    uint64_t               sample_seed;
    klf_precision          precision;
    bool                   gram;      /**< keep the second moments f_jk of layers reference .. depth-2 */
    bool                   gram_last; /**< with gram: of layer depth-1 as well */
} klf_model_spec;

/** True if the model keeps the second moments of that layer. */
static inline bool klf_keeps_gram(const klf_model_spec *spec, size_t layer)
{
    return spec->gram && layer >= spec->reference_layer && (layer + 1 < spec->net->depth || spec->gram_last);
}

/** Totals over all collected samples of one layer, double. q_s = |z_s - mu|^2, shifted by `shift` = width * var of the layer
 *  so that the variance of q does not cancel. */
typedef struct klf_layer_totals {
    int64_t n_samples;
    double  shift;
    double  q_sum;  /**< sum over samples of (q_s - shift); 0 at the reference layer */
    double  q_sum2; /**< sum over samples of (q_s - shift)^2; 0 at the reference layer */
} klf_layer_totals;

/** The bare sums behind the totals, to stop a run between chunks and go on later with the same bits. */
typedef struct klf_layer_sums {
    int64_t n_samples;
    double  q_sum, q_sum2; /**< as in klf_layer_totals */
    double *f;             /**< [width] sum of phi */
    double *gram;          /**< packed lower triangle, row j holds columns 0 .. j: sum of phi_j phi_k; NULL unless kept */
} klf_layer_sums;

/** A device that a backend can compute on. */
typedef struct klf_device {
    char   name[128], uuid[48];
    double memory_bytes, memory_free;
    char   capability[16]; /**< "9.0" */
    bool   usable;         /**< this build holds code for it */
    char   binaries[128];  /**< what it holds: "sm_80, sm_90, compute_90 (PTX)" */
} klf_device;

/** How a network learns: stochastic gradient descent with momentum. With g = dE/dw + weight_decay w for every weight and bias,
 *      v <- momentum v + g,  w <- w - learning_rate v */
typedef struct klf_sgd {
    double learning_rate, momentum, weight_decay;
} klf_sgd;

typedef struct klf_trainer_spec {
    const klf_network *net;       /**< its weights are where the training starts; not looked at after trainer_create */
    size_t             max_batch; /**< rows that a batch may have */
    klf_precision      precision;
    klf_sgd            sgd;
    size_t             threads; /**< inside this one network; the bits of a backend's results do not depend on it */
} klf_trainer_spec;

/** Some rows of a data set in host memory. */
typedef struct klf_batch {
    const float    *x;     /**< [..][input_width] all rows */
    const uint8_t  *label; /**< [..] class of each row, below the width of the last layer */
    const uint32_t *index; /**< [rows] which rows, in this order */
    size_t          rows;  /**< 1 .. max_batch */
} klf_batch;

/** What a network made of a batch. */
typedef struct klf_score {
    double loss;      /**< summed over the rows: cross entropy in nats of softmax(tanh(z^{depth-1})) with the labels */
    size_t n_correct; /**< rows whose largest output (of equals the first) is that of the label */
} klf_score;

/** Opaque to everything but their backend. */
typedef struct klf_context klf_context;
typedef struct klf_model   klf_model;
typedef struct klf_lane    klf_lane;
typedef struct klf_trainer klf_trainer;

typedef struct klf_backend {
    const char *name;

    bool (*supports)(klf_precision precision);

    /** Prepares the backend. KLF_ERR_DEVICE, with a sentence that says what to do, if it cannot be used here. */
    klf_status (*open)(klf_context **out);
    void (*close)(klf_context *ctx); /**< accepts NULL */
    /** Which kernels were chosen and why, for `klflow info` and the file. Valid while ctx is open. */
    const char *(*describe)(const klf_context *ctx);

    /** Devices in the order of their numbers: fills at most `max` and returns how many there are. NULL: the host's cores. */
    size_t (*devices)(klf_device *out, size_t max);
    /** Bytes that models and lanes may take on the device of ctx. NULL: they live in host memory. */
    double (*memory_available)(const klf_context *ctx);

    /** Rows of a chunk that suit the backend at this width, and how many lanes to run for a number of threads; a model need not
     *  take more lanes at a time than preferred_lanes names for any number of threads. */
    size_t (*preferred_chunk)(const klf_context *ctx, const klf_model_spec *spec);
    size_t (*preferred_lanes)(const klf_context *ctx, const klf_model_spec *spec, size_t threads);
    /** Bytes that a model and one lane of max_rows will take: the memory plan. */
    size_t (*model_bytes)(const klf_context *ctx, const klf_model_spec *spec);
    size_t (*lane_bytes)(const klf_context *ctx, const klf_model_spec *spec, size_t max_rows);
    /** Floating-point operations that one forward, 2 rows width fan_in, must have to keep the device busy. Where a chunk of one
     *  network has fewer, several networks run side by side. NULL: threads and lanes alone decide that. */
    double (*fill_flops)(const klf_context *ctx);

    klf_status (*model_create)(klf_context *ctx, const klf_model_spec *spec, klf_model **out);
    void (*model_destroy)(klf_model *model); /**< accepts NULL */
    klf_status (*lane_create)(klf_model *model, size_t max_rows, klf_lane **out);
    void (*lane_destroy)(klf_lane *lane); /**< accepts NULL */

    /** Samples first .. first + rows - 1 of the reference layer, activated: phi = tanh(mu_r + sqrt(var_r) n), n from
     *  (sample_seed, KLF_STREAM_SAMPLES, sample). 1 <= rows <= max_rows. Also their chunk sums of phi (f_j). */
    klf_status (*draw)(klf_lane *lane, uint64_t first, size_t rows);
    /** phi of layer - 1 -> phi of layer, with the chunk's sums of q_s - shift, (q_s - shift)^2 and phi (f_j) at layer. */
    klf_status (*forward)(klf_lane *lane, size_t layer);
    /** The chunk's second moment of the phi that the lane holds, which is that of `layer`. */
    klf_status (*gram)(klf_lane *lane, size_t layer);
    /** Adds the lane's chunk sums of `layer` (and the second moment, if gram(lane, layer) was called for this chunk) to the
     *  model's totals. The caller makes sure that calls for one layer do not overlap and come in chunk order. */
    klf_status (*collect)(klf_lane *lane, size_t layer);
    /** Waits until all that the lane was asked for is done. */
    klf_status (*finish)(klf_lane *lane);

    /** The activations that the lane holds, as the next product takes them in, once they are there.  phi [rows][width] in
     * double, overwritten. For tests and for holding backends against each other. */
    klf_status (*phi)(klf_lane *lane, double *phi);

    /** Reads the totals of a layer.  f_j [width], <phi_j>; may be NULL. */
    klf_status (*totals)(klf_model *model, size_t layer, klf_layer_totals *out, double *f_j);
    /** f_jk [width][width] = <phi_j phi_k> of a layer, exactly symmetric. */
    klf_status (*second_moment)(klf_model *model, size_t layer, double *f_jk);
    /** The sums of a layer as they stand; more chunks may follow.  sums->f and sums->gram are the caller's buffers, gram NULL
     * unless it is kept. */
    klf_status (*save)(klf_model *model, size_t layer, klf_layer_sums *sums);
    /** Puts saved sums into a model that has collected nothing yet. What follows has the bits of a run that never stopped. */
    klf_status (*restore)(klf_model *model, size_t layer, const klf_layer_sums *sums);
    /** Q of (3.34) at `layer` from f_j and f_jk of layer - 1 and W^T W, b, mu of layer. */
    klf_status (*gram_q)(klf_model *model, size_t layer, double *q);

    /* Training. trainer_create is NULL where a backend cannot train, and the rest of it too. */

    /** Bytes that a trainer will take. */
    size_t (*trainer_bytes)(const klf_context *ctx, const klf_trainer_spec *spec);
    /** Velocities begin at zero. KLF_ERR_USAGE for a precision in which the backend does not train. */
    klf_status (*trainer_create)(klf_context *ctx, const klf_trainer_spec *spec, klf_trainer **out);
    void (*trainer_destroy)(klf_trainer *trainer); /**< accepts NULL */
    /** One step down the gradient of the mean loss of a batch. *score is that of the weights before the step. */
    klf_status (*train_step)(klf_trainer *trainer, const klf_batch *batch, klf_score *score);
    /** The score of a batch; changes nothing. */
    klf_status (*evaluate)(klf_trainer *trainer, const klf_batch *batch, klf_score *score);
    /** Weights and velocities as they stand, exactly: a trainer that takes them back goes on with the same bits. Both have the
     *  shape of the network; velocity may be NULL. */
    klf_status (*trainer_read)(klf_trainer *trainer, klf_network *net, klf_network *velocity);
    /** velocity NULL: zeros. */
    klf_status (*trainer_write)(klf_trainer *trainer, const klf_network *net, const klf_network *velocity);

    /* For benchmarks and tests of devices; NULL for a backend of host cores. */

    /** FLOP/s that the device's matrix products alone reach for z = W phi, rows samples through a map of width to width,
     * repeated for so many seconds. Counts 2 rows width^2, however many products the precision takes for a drawn network: three
     * in tf32x3, else one. The ceiling on the host is the rate of fused multiply-adds. */
    klf_status (*gemm_rate)(klf_context *ctx, klf_precision precision, size_t rows, size_t width, double seconds,
                            double *flop_rate);
    /** Words and normals `first .. first + n - 1` of a subsequence as the device makes them; first and n are multiples of 4.
     *  words, normals [n], overwritten. */
    klf_status (*random_bits)(klf_context *ctx, uint64_t seed, uint64_t subsequence, uint64_t first, size_t n, uint32_t *words,
                              float *normals);
} klf_backend;

/** The backend of a name ("ref", "cpu", "cuda"), or KLF_ERR_USAGE for an unknown one and KLF_ERR_DEVICE for one that this
 *  build or machine lacks. The first call for "cuda" loads the module; it stays loaded. */
klf_status klf_backend_find(const char *name, const klf_backend **out);

/** A backend that was found and opened. */
typedef struct klf_opened_backend {
    const klf_backend *backend;
    klf_context       *context;
    char               note[1200]; /**< "auto" came to cpu: one sentence that says why; otherwise "" */
} klf_opened_backend;

/** Finds and opens. "auto" is cuda where that can be opened, and cpu elsewhere, for which note has the reason. */
klf_status klf_backend_open(const char *name, klf_opened_backend *out);
void       klf_backend_close(klf_opened_backend *opened); /**< leaves it empty; accepts an empty one */

/** Names of every backend known to the program, NULL-terminated, whether present or not. */
const char *const *klf_backend_names(void);

#ifdef __cplusplus
}
#endif
#endif
