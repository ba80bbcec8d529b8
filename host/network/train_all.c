/* SPDX-License-Identifier: BSD-3-Clause */
/* Many networks: each is trained by one worker from its beginning to its end, so that nothing of it depends on the others. */
#include "klflow/train.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdio.h>

/* What the workers share. */
typedef struct queue {
    const klf_train_params *common;
    const klf_train_jobs   *jobs;
    size_t                  threads_each;
    atomic_size_t           next;
    atomic_bool             stop;
    atomic_bool             unfinished;
    klf_status              status; /* the first failure, with its sentence; guarded by the critical section of the hooks */
    char                    message[1024];
} queue;

static bool cancelled(const queue *q)
{
    return q->common->cancel && *q->common->cancel;
}

static void finish_job(queue *q, size_t i, klf_status st, klf_training *training)
{
#pragma omp critical(klf_train_hooks)
    {
        st = q->jobs->end(q->jobs->arg, i, st, training);
        if (st != KLF_OK && q->status == KLF_OK) {
            q->status = st;
            snprintf(q->message, sizeof q->message, "%s", klf_last_error());
            atomic_store(&q->stop, true);
        }
    }
}

static void run_job(queue *q, size_t i)
{
    klf_train_params params = *q->common;
    klf_training    *training = NULL;
    klf_status       st = q->jobs->begin(q->jobs->arg, i, &params, &training);
    params.threads = q->threads_each;
    if (st == KLF_OK)
        st = klf_train_run(&params, training);
    if (st == KLF_ERR_INTERRUPTED)
        atomic_store(&q->unfinished, true);
    finish_job(q, i, st, training);
}

static void work(queue *q)
{
    omp_set_num_threads((int)q->threads_each); /* of regions that the hooks may open */
    while (!atomic_load(&q->stop)) {
        const size_t i = atomic_fetch_add(&q->next, 1);
        if (i >= q->jobs->n)
            break;
        if (cancelled(q)) {
            atomic_store(&q->unfinished, true);
            break;
        }
        run_job(q, i);
    }
}

klf_status klf_train_all(const klf_train_params *common, const klf_train_jobs *jobs)
{
    const size_t workers = jobs->n < jobs->threads ? jobs->n : jobs->threads;
    queue     q = {.common = common, .jobs = jobs, .threads_each = workers > 0 ? jobs->threads / workers : 1, .status = KLF_OK};
    const int levels = omp_get_max_active_levels(), threads = omp_get_max_threads();
    if (workers == 1) {
        work(&q);
    } else if (workers > 1) {
        if (levels < 2)
            omp_set_max_active_levels(2); /* threads inside of networks that are side by side */
#pragma omp parallel num_threads((int)workers)
        work(&q);
    }
    omp_set_max_active_levels(levels);
    omp_set_num_threads(threads);
    if (q.status != KLF_OK)
        return klf_fail(q.status, "%s", q.message);
    return atomic_load(&q.unfinished) ? klf_fail(KLF_ERR_INTERRUPTED, "interrupted") : KLF_OK;
}
