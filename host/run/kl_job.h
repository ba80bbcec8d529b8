/* SPDX-License-Identifier: BSD-3-Clause */
/* One network of a run: draws it (or takes the loaded one), and computes the relative entropy of its layers for its input(s).
 */
#ifndef KLFLOW_RUN_KL_JOB_H
#define KLFLOW_RUN_KL_JOB_H

#include "klflow/kl_result.h"
#include "klflow/store.h"
#include "run/kl_setup.h"

typedef struct klf_kl_job {
    const klf_kl_setup   *setup;
    klf_kl_coordinates    at;
    size_t                member;  /* of the ensemble: the network's seed is at.seed + member */
    const klf_provenance *save;    /* save the network, with this provenance; NULL: do not */
    size_t                threads; /* that this job may use */
    void                 *hook_arg;
    void (*progress)(void *arg, int64_t samples);    /* called with newly finished samples; from any thread */
    void (*notice)(void *arg, const char *sentence); /* with hook_arg */
    const volatile sig_atomic_t *cancel;
} klf_kl_job;

/* Runs the job. With several images: the mean over them, and the scatter in input_std. With a reference backend the point has
 * a reference, which is averaged alike. *out is to be freed by klf_kl_point_free
 * after KLF_OK. */
klf_status klf_kl_job_run(const klf_kl_job *job, klf_kl_point *out);

/* The parameters of the Monte Carlo pass of a network, but for its statistics and hooks: for the job and for the memory plan.
 */
klf_flow_params klf_kl_job_flow_params(const klf_kl_setup *setup, const klf_network *net, size_t threads);

/* The same for the pass of the reference backend, if the setup has one. */
klf_flow_params klf_kl_job_reference_params(const klf_kl_setup *setup, const klf_network *net, size_t threads);

#endif
