/* SPDX-License-Identifier: BSD-3-Clause */
/* Timings of training steps against the rate of fused multiply-adds in the same minute, as run/bench.h has them for the pass.
 * The examples are invented by a formula that tools/bench/train_work.py repeats, so that peers can be held against the loss. */
#ifndef KLFLOW_RUN_BENCH_TRAIN_H
#define KLFLOW_RUN_BENCH_TRAIN_H

#include "run/bench.h"

enum { KLF_BENCH_BATCH = 64 };

/* Networks that learn side by side, each from the same weights on the same examples. */
typedef struct klf_bench_train_case {
    klf_precision precision;
    size_t        networks, threads_each;
    double        seconds;   /* of one step of one network: wall time over steps and networks */
    double        flop_rate; /* FLOP/s of all networks */
    double        ceiling;   /* FLOP/s of as many threads, measured just before and after */
    double        fraction;  /* flop_rate / ceiling, median of the rounds' ratios */
} klf_bench_train_case;

typedef struct klf_bench_train_answer {
    double seconds, cpu_seconds; /* of `steps` steps of all networks */
    double loss;                 /* mean over the batch of the last step, before it; of one network */
} klf_bench_train_answer;

/* One step outside the clock, then so many inside. bench: backend, context, and the network of the precision. */
klf_status klf_bench_train(const klf_bench *bench, klf_precision precision, size_t networks, size_t threads_each, size_t steps,
                           klf_bench_train_answer *answer);

/* Runs the cases round by round, with so many steps each, and fills in their results. */
klf_status klf_bench_train_run(const klf_bench *bench, size_t steps, size_t n_cases, klf_bench_train_case *cases);

#endif
