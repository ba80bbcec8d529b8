/* SPDX-License-Identifier: BSD-3-Clause */
/* The facts of a run that go into its files: what computed it, where, and with which settings from outside. */
#ifndef KLFLOW_RUN_PROVENANCE_H
#define KLFLOW_RUN_PROVENANCE_H

#include "core/cpu_model.h"
#include "klflow/kl_run.h"
#include "klflow/store.h"
#include "run/kl_setup.h"

enum { KLF_MAX_FACTS = 40 };

/* Holds the texts that the facts point to: do not copy. */
typedef struct klf_facts {
    size_t   n, chunk; /* chunk: which fact is about it */
    klf_fact fact[KLF_MAX_FACTS];
    char     hostname[256];
    char     cpu_model[KLF_CPU_MODEL_SIZE];
    char     environment[1024]; /* variables that change kernels or threads, "NAME=value NAME=value" */
    char     libraries[512];    /* "libhdf5_serial.so.103 1.10.8, ..." */
    char     command[1024];     /* of this process; cut if it is longer */
    double   start;
} klf_facts;

/* Everything that is known before the run. */
void klf_facts_collect(const klf_kl_setup *setup, const klf_kl_plan *plan, klf_facts *facts);

/* The same of a run that draws nothing and has no backend (run/sweep.h). */
void klf_facts_collect_sweep(size_t threads, klf_facts *facts);

/* Sets the wall time since then, with that of the runs that this one goes on from. */
void klf_facts_stop_clock(klf_facts *facts);
/* The time that was set. */
double klf_facts_clock(const klf_facts *facts);

/* Sets the samples of a chunk, which the run may have had to lower. */
void klf_facts_set_chunk(klf_facts *facts, size_t chunk);

#endif
