/* SPDX-License-Identifier: BSD-3-Clause */
/** Everything that `klflow kl` can be asked for, from options or from the `kl:` section of a YAML file. */
#ifndef KLFLOW_KL_CONFIG_H
#define KLFLOW_KL_CONFIG_H

#include "klflow/backend.h"
#include "klflow/flow.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Mean square pixel that stands in for an image when none is given: the default q0 is this times var_w, plus var_b. */
#define KLF_Q0_MEAN_SQUARE 0.1

/** Most layers of a network. */
#define KLF_MAX_DEPTH UINT64_C(100000)

/** Instead of a klf_precision: the fastest of the backend whose bias bound is below a third of the standard error predicted for
 *  n_mc. Chosen before a run, once for all of its points (klf_kl_plan.precision). */
enum { KLF_PRECISION_AUTO = KLF_N_PRECISIONS };

typedef enum klf_architecture { KLF_WIDE, KLF_TAPER } klf_architecture;
typedef enum klf_statistics { KLF_STATS_INPUT, KLF_STATS_DATASET, KLF_STATS_THEORY } klf_statistics;

/** Lists span the sweep's grid. Owned arrays; `n` = 0 means not given (klf_kl_config_complete puts the default in). */
typedef struct klf_list_real {
    size_t  n;
    double *v;
} klf_list_real;
typedef struct klf_list_uint {
    size_t    n;
    uint64_t *v;
} klf_list_uint;
typedef struct klf_list_text {
    size_t n;
    char **v;
} klf_list_text;

typedef struct klf_kl_config {
    /* the grid */
    klf_list_real var_w; /**< default 1.5 */
    klf_list_real var_b; /**< default 0.05 */
    klf_list_uint depth; /**< default 30 (with widths: their number) */
    klf_list_uint seed;  /**< default 1 */
    klf_list_text input; /**< image specs; empty: q0 or gaussian_input */
    /* the network */
    klf_architecture architecture;
    bool             architecture_given;
    klf_list_uint    widths;       /**< explicit layer widths; empty: by architecture and depth */
    char            *network;      /**< load the network from this file; NULL: draw it */
    char            *save_network; /**< NULL: do not save */
    /* the input, if no images: NaN means not given; neither given: q0 = 0.1 var_w + var_b */
    double q0;
    double gaussian_input;
    /* the computation */
    bool          sample_seed_given; /**< false: every network's sample seed is its own seed */
    uint64_t      sample_seed;
    int64_t       n_mc;      /**< default 10000 */
    klf_estimator estimator; /**< default both */
    int           precision; /**< a klf_precision or KLF_PRECISION_AUTO; default fp32 */
    bool          precision_given;
    /** What weights are rounded to before anything else is done with them. Not given: for a drawn network the format of the
     *  products of tf32, fp16 and bf16; else they stay as they are. */
    klf_format     weight_format;
    bool           weight_format_given;
    char          *backend; /**< default "cpu" */
    char          *compare; /**< reference backend that runs the same samples in fp64; NULL: none */
    uint64_t       reference_layer;
    klf_statistics statistics; /**< default input */
    char          *dataset;    /**< image spec; needed by statistics dataset */
    uint64_t       ensemble;   /**< default 1: seeds seed .. seed + ensemble - 1 */
    uint64_t       threads;    /**< 0: the cores this process may use */
    uint64_t       chunk;      /**< 0: the backend's choice */
    bool           save_f_j, save_f_jk;
    /* output */
    char *output;     /**< result file; NULL: none */
    bool  force;      /**< overwrite output, save_network and the checkpoint */
    char *checkpoint; /**< where to keep what an interrupted run has; NULL: output with ".checkpoint" behind it, if there is one
                       */
    uint64_t checkpoint_interval; /**< seconds between two of them; 0: only when the run is interrupted; default 600 */
    bool     resume;              /**< go on from the checkpoint if there is one */
    bool     json, quiet, dry_run;
    char    *plot; /**< picture to draw from the result file (YAML key plot:); NULL: none */
    /** The YAML file that all this came from, so that no output replaces it; NULL: none. Not owned. */
    const char *config_file;
} klf_kl_config;

/** Nothing given: numbers and choices at their defaults, lists empty, texts NULL. Allocates nothing. */
void klf_kl_config_init(klf_kl_config *config);
/** Frees what the lists and strings own. */
void klf_kl_config_free(klf_kl_config *config);

/** To be called once when all that is wanted is set. Checks the rules between options (KLF_ERR_USAGE with a sentence) and puts
 *  in what was left out: default lists, the backend, depth from widths, fp64 for backend ref. With a network file var_w, var_b,
 *  depth and a seed not given stay empty: the file tells. */
klf_status klf_kl_config_complete(klf_kl_config *config);

/** The complete config as YAML text that `klflow run` accepts, with what is not set as comments; the caller frees it. */
klf_status klf_kl_config_text(const klf_kl_config *config, char **text);
/** The same without what no number depends on: threads and the names of the output and the picture. */
klf_status klf_kl_config_identity(const klf_kl_config *config, char **text);

#ifdef __cplusplus
}
#endif
#endif
