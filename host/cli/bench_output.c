/* SPDX-License-Identifier: BSD-3-Clause */
/* The timings of klflow bench as a table for people, and as JSON for the scripts in tools/. */
#include "cli/bench_output.h"

#include "cli/report.h"
#include "klflow/build_info.h"

#include <stdio.h>

static const char *estimator_name(klf_estimator estimator)
{
    return estimator == KLF_DIRECT ? "direct" : "both";
}

static const char *ceiling_name(const klf_bench *bench)
{
    return bench->backend->gemm_rate ? "gemm" : "fma";
}

static const klf_bench_case *find_case(const klf_bench_case *cases, size_t n, klf_precision p, klf_estimator e, size_t threads)
{
    for (size_t i = 0; i < n; i++)
        if (cases[i].precision == p && cases[i].estimator == e && cases[i].threads == threads)
            return &cases[i];
    return NULL;
}

static void print_ratio(const char *what, const klf_bench_case *a, const klf_bench_case *b)
{
    if (a && b)
        printf("%s: %.2f\n", what, a->seconds / b->seconds);
}

void klf_bench_print_table(const klf_bench *bench, const klf_bench_case *cases, size_t n, size_t threads)
{
    printf("klflow %s, backend %s: %s\n", klf_build_info_get()->version, bench->backend->name,
           bench->backend->describe(bench->context));
    printf("%zu layers, %lld samples a pass, medians of %zu alternating rounds; ceiling: %s\n\n", bench->net[0]->depth,
           (long long)bench->n_mc, bench->rounds,
           bench->backend->gemm_rate ? "the device's matrix products at the shape of a chunk"
                                     : "fused multiply-adds of as many threads");
    printf("precision  estimator  threads   chunk  us/sample    GFLOP/s    ceiling  fraction\n");
    for (size_t i = 0; i < n; i++)
        printf("%-9s  %-9s  %7zu  %6zu  %9.4g  %9.1f  %9.1f  %8.3f\n", klf_precision_name(cases[i].precision),
               estimator_name(cases[i].estimator), cases[i].threads, cases[i].chunk,
               1e6 * cases[i].seconds / (double)bench->n_mc, 1e-9 * cases[i].flop_rate, 1e-9 * cases[i].ceiling,
               cases[i].fraction);
    printf("\n");
    for (int e = 0; e < 2; e++) {
        klf_estimator         estimator = e ? KLF_BOTH : KLF_DIRECT;
        const klf_bench_case *fp32 = find_case(cases, n, KLF_FP32, estimator, threads);
        char                  what[64];
        for (int p = 0; p < KLF_N_PRECISIONS; p++) {
            if (p == KLF_FP32)
                continue;
            snprintf(what, sizeof what, "%s / fp32 time, %s", klf_precision_name((klf_precision)p), estimator_name(estimator));
            print_ratio(what, find_case(cases, n, (klf_precision)p, estimator, threads), fp32);
        }
        snprintf(what, sizeof what, "1 / %zu threads time, %s", threads, estimator_name(estimator));
        if (threads > 1)
            print_ratio(what, find_case(cases, n, KLF_FP32, estimator, 1), fp32);
    }
}

json_t *klf_bench_facts(const klf_bench *bench)
{
    return json_pack("{s:{s:s, s:s, s:s}, s:{s:f, s:f}}", "versions", "klflow", klf_build_info_get()->version, "backend",
                     bench->backend->name, "kernels", bench->backend->describe(bench->context), "flops_per_sample", "direct",
                     klf_flow_flops(bench->net[0], 0, KLF_DIRECT), "gram", klf_flow_flops(bench->net[0], 0, KLF_BOTH));
}

klf_status klf_bench_print_line(json_t *object)
{
    if (!object)
        return klf_fail(KLF_ERR_INTERNAL, "the timings cannot be written as JSON");
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
    return klf_flush_stdout();
}

klf_status klf_bench_print_cases(const klf_bench *bench, const klf_bench_case *cases, size_t n)
{
    json_t *list = json_array(), *object = klf_bench_facts(bench);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:I, s:f, s:f, s:f, s:f}", "precision",
                                              klf_precision_name(cases[i].precision), "estimator",
                                              estimator_name(cases[i].estimator), "threads", (int)cases[i].threads, "chunk",
                                              (json_int_t)cases[i].chunk, "seconds", cases[i].seconds, "flop_rate",
                                              cases[i].flop_rate, "ceiling", cases[i].ceiling, "fraction", cases[i].fraction));
    json_object_set_new(object, "samples", json_integer((json_int_t)bench->n_mc));
    json_object_set_new(object, "rounds", json_integer((json_int_t)bench->rounds));
    json_object_set_new(object, "ceiling_of", json_string(ceiling_name(bench)));
    json_object_set_new(object, "cases", list);
    return klf_bench_print_line(object);
}

void klf_bench_print_train_table(const klf_bench *bench, const klf_bench_train_case *cases, size_t n)
{
    printf("klflow %s, backend %s: %s\n", klf_build_info_get()->version, bench->backend->name,
           bench->backend->describe(bench->context));
    printf("%zu layers, batches of %d, medians of %zu alternating rounds; ceiling: fused multiply-adds of as many threads\n\n",
           bench->net[0]->depth, KLF_BENCH_BATCH, bench->rounds);
    printf("precision  networks  threads each  ms/net-step    GFLOP/s    ceiling  fraction\n");
    for (size_t i = 0; i < n; i++)
        printf("%-9s  %8zu  %12zu  %11.4g  %9.1f  %9.1f  %8.3f\n", klf_precision_name(cases[i].precision), cases[i].networks,
               cases[i].threads_each, 1e3 * cases[i].seconds, 1e-9 * cases[i].flop_rate, 1e-9 * cases[i].ceiling,
               cases[i].fraction);
}

klf_status klf_bench_print_train_cases(const klf_bench *bench, const klf_bench_train_case *cases, size_t n)
{
    json_t *list = json_array(), *object = klf_bench_facts(bench);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:f, s:f, s:f, s:f}", "precision",
                                              klf_precision_name(cases[i].precision), "networks", (json_int_t)cases[i].networks,
                                              "threads_each", (json_int_t)cases[i].threads_each, "seconds", cases[i].seconds,
                                              "flop_rate", cases[i].flop_rate, "ceiling", cases[i].ceiling, "fraction",
                                              cases[i].fraction));
    json_object_set_new(object, "batch", json_integer(KLF_BENCH_BATCH));
    json_object_set_new(object, "rounds", json_integer((json_int_t)bench->rounds));
    json_object_set_new(object, "cases", list);
    return klf_bench_print_line(object);
}
