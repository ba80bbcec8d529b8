/* SPDX-License-Identifier: BSD-3-Clause */
/* One network of a run: draws it (or takes the loaded one), and computes the relative entropy of its layers for its input(s).
 */
#ifndef KLFLOW_RUN_KL_JOB_H
#define KLFLOW_RUN_KL_JOB_H

#include "klflow/kl_result.h"
#include "klflow/store.h"
#include "run/kl_setup.h"

/* What a network under way has: what a checkpoint keeps of it, and what it goes on from. */
typedef struct klf_kl_state {
    size_t           n_images, n_done;
    klf_kl_point    *image;      /* [n_images] results of the first n_done; of the next while its reference is to come */
    size_t           sums_image; /* what follows is of this image, the first that is not done */
    klf_layer_stats *stats;      /* [layers from the reference layer up] that the sums belong to */
    klf_flow_sums   *sums;       /* of its pass after whole chunks; NULL: none */
} klf_kl_state;

/* *out is NULL on failure. */
klf_status klf_kl_state_create(size_t n_images, klf_kl_state **out);
/* Accepts NULL. */
void klf_kl_state_destroy(klf_kl_state *state);

typedef struct klf_kl_job {
    const klf_kl_setup   *setup;
    klf_kl_coordinates    at;
    size_t                member;  /* of the ensemble: the network's seed is at.seed + member */
    klf_kl_state         *state;   /* goes on from it, and keeps it up to date; written in the critical section klf_kl_run */
    const klf_provenance *save;    /* save the network, with this provenance; NULL: do not */
    bool                 *saved;   /* set when that is done, in the critical section */
    size_t                threads; /* that this job may use */
    void                 *hook_arg;
    void (*progress)(void *arg, int64_t samples);    /* called with newly finished samples; from any thread */
    void (*notice)(void *arg, const char *sentence); /* with hook_arg */
    /* Whether to bring the state up to date between two chunks, from any thread; then told that it is: KLF_OK to go on. With
     * hook_arg. */
    bool (*keep_due)(void *arg);
    klf_status (*kept)(void *arg);
    bool (*pauses)(void *arg); /* whether to stop, with KLF_ERR_RESUMABLE, before what takes long */
    const volatile sig_atomic_t *cancel;
} klf_kl_job;

/* Runs the job until its state has the results of all images, of which the caller makes the network's. With a reference
 * backend each has a reference, which is averaged alike. */
klf_status klf_kl_job_run(const klf_kl_job *job);

/* The parameters of the Monte Carlo pass of a network, but for its statistics and hooks: for the job and for the memory plan.
 */
klf_flow_params klf_kl_job_flow_params(const klf_kl_setup *setup, const klf_network *net, size_t threads);

/* The same for the pass of the reference backend, if the setup has one. */
klf_flow_params klf_kl_job_reference_params(const klf_kl_setup *setup, const klf_network *net, size_t threads);

#endif
