/* SPDX-License-Identifier: BSD-3-Clause */
/* Timings of the Monte Carlo pass against the FMA peak of the same minute. Shared machines drift by several per cent within an
 * hour, so every timing stands between two measurements of the peak, and only ratios are worth quoting. */
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
    double        peak;      /* FLOP/s of fused multiply-adds, measured just before and after */
    double        fraction;  /* flop_rate / peak, median of the rounds' ratios */
} klf_bench_case;

typedef struct klf_bench {
    const klf_backend *backend;
    klf_context       *context;
    const klf_network *net;
    double             q0; /* variance of layer 0 */
    int64_t            n_mc;
    size_t             rounds;
    double             peak_seconds; /* of each measurement of the peak */
} klf_bench;

/* What one pass gave. */
typedef struct klf_bench_answer {
    double seconds;         /* of the sampling loop */
    double checksum;        /* sum over the layers behind layer 0 of Q_l / N_l, targets at mean 0 */
    double checksum_stderr; /* an upper bound: the layers' errors added up */
} klf_bench_answer;

klf_status klf_bench_pass(const klf_bench *bench, klf_precision precision, klf_estimator estimator, size_t threads,
                          klf_bench_answer *answer);

/* Runs the cases round by round (A B C A B C ...) and fills in their results. */
klf_status klf_bench_run(const klf_bench *bench, size_t n_cases, klf_bench_case *cases);

#endif
