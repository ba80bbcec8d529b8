/* SPDX-License-Identifier: BSD-3-Clause */
/* Timings of the Monte Carlo pass against what the machine reaches in the same minute: on host cores the rate of fused
 * multiply-adds, on a device that of its matrix products at the shape of a chunk. Shared machines drift by several per cent
 * within an hour, so every timing stands between two measurements of that ceiling, and only ratios are worth quoting. */
#ifndef KLFLOW_RUN_BENCH_H
#define KLFLOW_RUN_BENCH_H

#include "klflow/flow.h"

/* One kind of pass, and what its repetitions gave (medians). */
typedef struct klf_bench_case {
    klf_precision precision;
    klf_estimator estimator; /* KLF_DIRECT or KLF_BOTH */
    size_t        threads;
    double        seconds;   /* of the sampling loop */
    double        flop_rate; /* FLOP/s, the Gram counted as N^2 a sample and layer */
    double        ceiling;   /* FLOP/s, measured just before and after */
    double        fraction;  /* flop_rate / ceiling, median of the rounds' ratios */
    size_t        chunk;     /* rows that a chunk had */
} klf_bench_case;

typedef struct klf_bench {
    const klf_backend *backend;
    klf_context       *context;
    const klf_network *net[KLF_N_PRECISIONS]; /* of one shape; a fast precision may have its own weights */
    double             q0;                    /* variance of layer 0 */
    int64_t            n_mc;
    size_t             rounds;
    double             ceiling_seconds; /* of each measurement of the ceiling */
} klf_bench;

/* What one pass gave. */
typedef struct klf_bench_answer {
    double seconds; /* of the sampling loop, to the end of everything that it asked for */
    size_t chunk;
    double checksum;        /* sum over the layers behind layer 0 of Q_l / N_l, targets at mean 0 */
    double checksum_stderr; /* an upper bound: the layers' errors added up */
} klf_bench_answer;

klf_status klf_bench_pass(const klf_bench *bench, klf_precision precision, klf_estimator estimator, size_t threads,
                          klf_bench_answer *answer);

/* FLOP/s that a pass could reach at best, measured for ceiling_seconds. */
klf_status klf_bench_ceiling(const klf_bench *bench, klf_precision precision, klf_estimator estimator, size_t threads,
                             double *flop_rate);

/* Sorts x [n], n >= 1. */
double klf_median(size_t n, double *x);

/* Runs the cases round by round (A B C A B C ...) and fills in their results. */
klf_status klf_bench_run(const klf_bench *bench, size_t n_cases, klf_bench_case *cases);

#endif
