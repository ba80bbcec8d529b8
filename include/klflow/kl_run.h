/* SPDX-License-Identifier: BSD-3-Clause */
/** Runs what a klf_kl_config asks for: expands the grid, computes every point, writes the files. Prints nothing: the caller
 *  hears of points, progress and notices through hooks, all called from one thread at a time.
 *
 *      static void show(void *arg, size_t index, size_t n, const klf_kl_point *p)
 *      {
 *          printf("%g\n", p->value[KLF_KL_KL][p->n_layers - 1]);
 *      }
 *
 *      klf_kl_config config;
 *      char         *text = NULL;
 *      klf_kl_hooks  hooks = {.point = show};
 *      klf_kl_config_init(&config);
 *      config.n_mc = 100000;
 *      KLF_TRY(klf_kl_config_complete(&config));
 *      KLF_TRY(klf_kl_config_text(&config, &text));
 *      KLF_TRY(klf_kl_run(&config, text, &hooks, NULL));
 */
#ifndef KLFLOW_KL_RUN_H
#define KLFLOW_KL_RUN_H

#include "klflow/kl_config.h"
#include "klflow/kl_result.h"

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a run will take, for --dry-run and the first line of a run. */
typedef struct klf_kl_plan {
    size_t        n_points, n_networks; /**< networks x images: passes over n_mc samples */
    size_t        threads, points_in_flight, chunk, lanes;
    double        memory_bytes;     /**< peak in host memory, estimated */
    double        memory_available; /**< bytes; klf_kl_run refuses to start if it needs more */
    double        device_bytes;     /**< the same for a backend with memory of its own; NaN for others */
    double        device_available;
    double        samples_total;   /**< of all passes, also those of the reference backend */
    double        samples_resumed; /**< as many are in the checkpoint */
    double        flops;           /**< GEMM and Gram, Gram counted as N^2 a sample and layer */
    double        reference_flops; /**< as many again on the reference backend; 0: none */
    const char   *backend;         /**< the one that will run; "auto" resolved */
    klf_precision precision;
    klf_format    weight_format;      /**< what the weights are numbers of; KLF_FORMAT_FP64: as drawn or loaded */
    char          kernels[256];       /**< which kernels the backend chose, and why */
    char          backend_note[1200]; /**< why "auto" came to cpu; "" otherwise */
    const char   *reference;          /**< the reference backend; NULL: none */
    char          reference_kernels[256];
} klf_kl_plan;

typedef struct klf_kl_hooks {
    void *arg;
    /** Once, when everything is checked and before any work. */
    void (*plan)(void *arg, const klf_kl_plan *plan);
    /** A finished point, in the order of the grid; valid during the call. */
    void (*point)(void *arg, size_t index, size_t n_points, const klf_kl_point *point);
    /** Samples pushed through a network so far and in all, summed over points, ensemble members and images. */
    void (*progress)(void *arg, double samples_done, double samples_total);
    /** One sentence that the user must see though the run goes on (a fallback, an ignored option). */
    void (*notice)(void *arg, const char *sentence);
    const volatile sig_atomic_t *cancel; /**< non-zero: stop soon, KLF_ERR_INTERRUPTED */
    /** Non-zero: finish the chunks under way, write the checkpoint and stop with KLF_ERR_RESUMABLE. Looked at where the config
     * has a checkpoint only; may be NULL. */
    const volatile sig_atomic_t *pause;
} klf_kl_hooks;

/** Configs are complete (klf_kl_config_complete) here and below. *blame (may be NULL) is set to the key of the option that a
 *  KLF_ERR_USAGE is about, or to NULL.
 *  Checks everything that can be checked before work (files present, indices in range, output writable) and plans: --dry-run.
 */
klf_status klf_kl_plan_make(const klf_kl_config *config, klf_kl_plan *plan, const char **blame);

/** The file in which an interrupted run keeps what it has; NULL in *path: none. The caller frees it. */
klf_status klf_kl_checkpoint_path(const klf_kl_config *config, char **path);

/** Runs, from the checkpoint on if config->resume is set and there is one: all points are handed to the hooks again, and the
 *  numbers are those of a run that was never interrupted. config_text is the effective config as YAML, kept in the files. On
 *  failure nothing half-written is left. The checkpoint goes when the run is complete. */
klf_status klf_kl_run(const klf_kl_config *config, const char *config_text, const klf_kl_hooks *hooks, const char **blame);

#ifdef __cplusplus
}
#endif
#endif
