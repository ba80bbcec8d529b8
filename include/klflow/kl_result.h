/* SPDX-License-Identifier: BSD-3-Clause */
/** The result of `klflow kl`: per sweep point, per layer. One list of fields drives the JSON output, the table and the file. */
#ifndef KLFLOW_KL_RESULT_H
#define KLFLOW_KL_RESULT_H

#include "klflow/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Per-layer quantities: X(identifier, name in JSON and files, units, long name, scatter). scatter: 1 if a spread over an
 *  ensemble (<name>_ensemble_std) or over several images (<name>_input_std) is reported: for all but errors and bounds. */
#define KLF_KL_FIELDS(X)                                                                                                       \
    X(MEAN, "mean", "1", "mean of the layer's pre-activations (mu_m)", 1)                                                      \
    X(VAR, "var", "1", "variance of the layer's pre-activations (sigma_m^2)", 1)                                               \
    X(KL, "kl", "nat", "relative entropy of the layer to the reference layer (3.30)", 1)                                       \
    X(KL_STDERR, "kl_stderr", "nat", "Monte Carlo standard error of kl for the network(s) at hand", 0)                         \
    X(KL_PER_NEURON, "kl_per_neuron", "nat", "kl divided by the width of the reference layer", 1)                              \
    X(KL_MEANFIELD_PER_NEURON, "kl_meanfield_per_neuron", "nat", "mean-field prediction of kl_per_neuron", 1)                  \
    X(Q_DIRECT, "Q_direct", "1", "mean of |z - mu_m|^2 over the samples", 1)                                                   \
    X(Q_GRAM, "Q_gram", "1", "mean of |z - mu_m|^2 from f_j and f_jk by (3.34)", 1)                                            \
    X(Q_STDERR, "Q_stderr", "1", "Monte Carlo standard error of Q_direct and Q_gram", 0)                                       \
    X(Q_BIAS_BOUND, "Q_bias_bound", "1", "bound on the bias of Q_direct and Q_gram by rounding, for random weights", 0)        \
    X(KL_BIAS_BOUND, "kl_bias_bound", "nat", "bound on the bias of kl by rounding, for random weights", 0)                     \
    X(Q_ROUNDING_STDERR, "Q_rounding_stderr", "1", "standard error of Q_direct and Q_gram by rounding alone, predicted", 0)    \
    X(ENTROPY_TARGET, "entropy_target", "nat", "differential entropy N_m/2 ln(2 pi e var_m) of the layer's Gaussian", 1)       \
    X(TERM_REFERENCE, "kl_term_reference", "nat", "first term of (3.30): -N_r/2 ln(2 pi e var_r)", 1)                          \
    X(TERM_LOG_VAR, "kl_term_log_var", "nat", "second term of (3.30): N_m/2 ln(2 pi var_m)", 1)                                \
    X(TERM_QUADRATIC, "kl_term_quadratic", "nat", "third term of (3.30): Q_m / (2 var_m)", 1)

typedef enum klf_kl_field {
#define KLF_KL_FIELD_ENUM(id, name, units, text, scatter) KLF_KL_##id,
    KLF_KL_FIELDS(KLF_KL_FIELD_ENUM)
#undef KLF_KL_FIELD_ENUM
        KLF_KL_N_FIELDS
} klf_kl_field;

typedef struct klf_kl_field_info {
    const char *name, *units, *long_name;
    bool        scatter;
} klf_kl_field_info;

/** [KLF_KL_N_FIELDS] */
extern const klf_kl_field_info klf_kl_field_table[];

/** The sentence that goes with kl wherever width_changed is set. */
extern const char klf_kl_width_note[];

typedef enum klf_layer_status {
    KLF_LAYER_OK = 0,
    KLF_LAYER_DEGENERATE = 1, /**< zero variance: no density, kl is NaN */
    KLF_LAYER_ABSENT = 2,     /**< in files: behind the last layer of a shallower network of the sweep */
} klf_layer_status;

typedef struct klf_kl_point {
    size_t   depth, reference_layer, n_layers; /**< n_layers = depth - reference_layer */
    double   var_w, var_b;                     /**< NaN if the network does not tell */
    uint64_t seed, sample_seed;
    double   q0;    /**< variance of layer 0 if given instead of an input; NaN otherwise */
    char    *input; /**< what the input was, as text ("mnist:...:49983", "q0=0.2"); owned */
    int64_t  n_mc;
    size_t   ensemble, n_images;
    double   entropy_reference; /**< N_r/2 ln(2 pi e var_r), nat */
    double   wall_s;
    size_t   chunk, lanes; /**< samples of a chunk, and chunks that were under way at a time */

    size_t           *width;         /**< [n_layers] */
    klf_layer_status *layer_status;  /**< [n_layers] */
    bool             *width_changed; /**< [n_layers] the width differs from the reference layer's: kl compares unlike spaces */
    double           *value[KLF_KL_N_FIELDS];        /**< [n_layers] each; NaN where absent */
    double           *ensemble_std[KLF_KL_N_FIELDS]; /**< [n_layers], NULL unless ensemble > 1 and the field has scatter */
    double           *input_std[KLF_KL_N_FIELDS];    /**< [n_layers], NULL unless n_images > 1 and the field has scatter */
    double          **f_j;                           /**< [n_layers] -> [width], NULL unless kept */
    double          **f_jk;                          /**< [n_layers] -> [width][width], NULL unless kept */

    struct klf_kl_point *reference; /**< the same point computed by a reference backend; owned; NULL where there was none */
} klf_kl_point;

/** Arrays for n_layers layers, filled with NaN; scatter arrays as ensemble and n_images ask for. */
klf_status klf_kl_point_create(size_t n_layers, size_t ensemble, size_t n_images, klf_kl_point *point);
void       klf_kl_point_free(klf_kl_point *point);
/** True if a layer is degenerate. */
bool klf_kl_point_is_degenerate(const klf_kl_point *point);

/** A grid of points, row-major in (var_w, var_b, depth, seed, input). */
typedef struct klf_kl_sweep {
    size_t             n_var_w, n_var_b, n_depth, n_seed, n_input;
    const double      *var_w, *var_b; /**< not owned: the config's lists */
    const uint64_t    *depth, *seed;
    const char *const *input; /**< labels */
    size_t             reference_layer;
    size_t             n_points;
    klf_kl_point      *point; /**< [n_points] */
} klf_kl_sweep;

#ifdef __cplusplus
}
#endif
#endif
