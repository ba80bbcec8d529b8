/* SPDX-License-Identifier: BSD-3-Clause */
/* What klflow bench prints. Keys and units: docs/cli.md. */
#ifndef KLFLOW_CLI_BENCH_OUTPUT_H
#define KLFLOW_CLI_BENCH_OUTPUT_H

#include "run/bench.h"
#include "run/bench_train.h"

#include <jansson.h>

/* All cases, then the ratios between them that a reader looks for. threads: of those cases that use all. */
void       klf_bench_print_table(const klf_bench *bench, const klf_bench_case *cases, size_t n, size_t threads);
klf_status klf_bench_print_cases(const klf_bench *bench, const klf_bench_case *cases, size_t n);

/* The same for training steps. */
void       klf_bench_print_train_table(const klf_bench *bench, const klf_bench_train_case *cases, size_t n);
klf_status klf_bench_print_train_cases(const klf_bench *bench, const klf_bench_train_case *cases, size_t n);

/* Versions, kernels and the work of a sample: the answer to "info" of --serve. */
json_t *klf_bench_facts(const klf_bench *bench);

/* Prints and frees the object: a line, flushed at once because somebody waits for it. */
klf_status klf_bench_print_line(json_t *object);

#endif
