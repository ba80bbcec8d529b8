/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run has while it goes on: results by point and network, and of the networks under way what a checkpoint keeps. */
#ifndef KLFLOW_RUN_KL_STATE_H
#define KLFLOW_RUN_KL_STATE_H

#include "klflow/kl_run.h"
#include "run/kl_job.h"
#include "run/kl_setup.h"
#include "run/provenance.h"

typedef struct klf_run klf_run;

/* One that works on networks, one at a time. */
typedef struct klf_run_worker {
    klf_run *run;
    bool     busy;  /* guarded */
    int64_t  epoch; /* the last one for which it has handed over what it has */
} klf_run_worker;

/* State that the workers of a run share; everything below `guarded`, what a job's state points to, and every hook, only inside
 * the critical section klf_kl_run. A job alone may read its own state outside. */
struct klf_run {
    const klf_kl_setup   *setup;
    const klf_kl_plan    *plan;
    const klf_kl_hooks   *hooks;
    klf_facts            *facts;
    const klf_provenance *provenance; /* of the facts */
    size_t                ensemble, n_jobs, chunk_threads;
    double                start;  /* wall-clock time from which epochs of checkpoints are counted */
    klf_run_worker       *worker; /* [plan->points_in_flight] */
    /* guarded */
    size_t         next_job;
    klf_kl_point  *member;    /* [n_jobs] results of the networks, job = point * ensemble + member */
    klf_kl_state **state;     /* [n_jobs] of those under way and of those begun before; NULL: nothing to keep */
    bool          *finished;  /* [n_jobs] */
    size_t        *remaining; /* [n_points] networks of a point not done yet */
    double        *started;   /* [n_points] wall-clock time; with what an interrupted run took before it taken off */
    klf_kl_point  *point;     /* [n_points] */
    size_t         n_emitted; /* points handed to the hook so far */
    double         samples_done, samples_total;
    int64_t        written_epoch;
    bool           network_saved;
    klf_status     status;
    char           message[1024];
};

/* ---- checkpoints (kl_checkpoint.c) ---- */

/* Whether the run is to stop between chunks. */
bool klf_run_pauses(const klf_run *run);
/* Whether a worker should hand over what it has: for klf_kl_job.keep_due. */
bool klf_run_keep_due(const klf_run_worker *worker);
/* Its state is up to date (guarded): writes the checkpoint if it was the last of its epoch to say so. */
void klf_run_kept(klf_run_worker *worker);
/* Writes the checkpoint of a run whose workers have stopped. KLF_ERR_RESUMABLE, with the sentence that tells what to do, if it
 * is written. */
klf_status klf_run_stop(klf_run *run);
/* The run is complete: its checkpoint goes. */
void klf_run_remove_checkpoint(const klf_run *run);

/* Takes over what setup->resume holds (kl_resume.c). KLF_ERR_DATA if it is not of this run. */
klf_status klf_run_restore(klf_run *run);

#endif
