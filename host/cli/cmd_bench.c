/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow bench: the Monte Carlo pass against the FMA peak of the same run; with --serve, a partner for tools/bench/compare.py
 * that answers one line of JSON to each line on stdin. */
#include "cli/commands.h"

#include "backend/fma_peak.h"
#include "cli/help.h"
#include "cli/report.h"
#include "core/cpu_count.h"
#include "klflow/build_info.h"
#include "klflow/kl_config.h"
#include "klflow/store.h"
#include "run/bench.h"
#include "run/options.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 30, MAX_CASES = 6 };

static const double PEAK_SECONDS = 0.3;

typedef struct bench_options {
    uint64_t threads, samples, rounds;
    int      precision;
    char    *network, *backend;
    bool     json, serve;
} bench_options;

static const char *const precisions[] = {"fp64", "fp32", NULL}; /* in the order of klf_precision */

static const klf_option table[] = {
    {.name = "threads",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, threads),
     .min = 1,
     .max = KLF_MAX_THREADS,
     .metavar = "N",
     .otherwise = "OMP_NUM_THREADS, or the usable cores",
     .help = "worker threads"},
    {.name = "samples",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, samples),
     .min = 1,
     .max = 1000000000,
     .metavar = "N",
     .value = "16384",
     .help = "Monte Carlo samples of a timed pass"},
    {.name = "rounds",
     .type = KLF_OPTION_WHOLE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, rounds),
     .min = 1,
     .max = 1000,
     .metavar = "N",
     .value = "3",
     .help = "times that every case is run, in turn; medians are printed"},
    {.name = "backend",
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, backend),
     .metavar = "NAME",
     .value = "cpu",
     .help = "backend to time"},
    {.name = "network",
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, network),
     .metavar = "FILE",
     .otherwise = "a random network of 30 layers of 784",
     .help = "network file to time"},
    {.name = "precision",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, precision),
     .choices = precisions,
     .metavar = "P",
     .value = "fp32",
     .help = "precision of the passes of --serve"},
    {.name = "serve",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, serve),
     .help = "answer lines from stdin: info, peak, go direct N, go gram N"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, json),
     .help = "print the results as one JSON object"},
};

static const char usage[] = "klflow bench [options]\n"
                            "Times the Monte Carlo pass against the peak rate of fused multiply-adds,\n"
                            "measured in the same run. Only ratios from one run mean anything on a shared\n"
                            "machine. tools/bench/compare.py compares with other programs.";

static klf_status make_network(const bench_options *options, klf_network **net)
{
    size_t widths[DEPTH];
    if (options->network)
        return klf_store_read_network(options->network, net);
    for (size_t l = 0; l < DEPTH; l++)
        widths[l] = KLF_INPUT_WIDTH;
    return klf_network_draw(KLF_INPUT_WIDTH, DEPTH, widths, 1.5, 0.05, 1, net);
}

/* fp32 and fp64, without and with the Gram, on all threads; then fp32 on one, if there are more. */
static size_t list_cases(const klf_backend *backend, size_t threads, klf_bench_case *cases)
{
    size_t n = 0;
    for (int p = KLF_FP32; p >= KLF_FP64; p--)
        if (backend->supports((klf_precision)p)) {
            cases[n++] = (klf_bench_case){.precision = (klf_precision)p, .estimator = KLF_DIRECT, .threads = threads};
            cases[n++] = (klf_bench_case){.precision = (klf_precision)p, .estimator = KLF_BOTH, .threads = threads};
        }
    if (threads > 1) {
        cases[n++] = (klf_bench_case){.precision = cases[0].precision, .estimator = KLF_DIRECT, .threads = 1};
        cases[n++] = (klf_bench_case){.precision = cases[0].precision, .estimator = KLF_BOTH, .threads = 1};
    }
    return n;
}

static const char *estimator_name(klf_estimator estimator)
{
    return estimator == KLF_DIRECT ? "direct" : "both";
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

static void print_table(const klf_bench *bench, const klf_bench_case *cases, size_t n, size_t threads)
{
    printf("klflow %s, backend %s: %s\n", klf_build_info_get()->version, bench->backend->name,
           bench->backend->describe(bench->context));
    printf("%zu layers, %lld samples a pass, medians of %zu alternating rounds\n\n", bench->net->depth, (long long)bench->n_mc,
           bench->rounds);
    printf("precision  estimator  threads  us/sample   GFLOP/s   FMA peak  fraction\n");
    for (size_t i = 0; i < n; i++)
        printf("%-9s  %-9s  %7zu  %9.1f  %8.1f  %9.1f  %8.3f\n", klf_precision_name(cases[i].precision),
               estimator_name(cases[i].estimator), cases[i].threads, 1e6 * cases[i].seconds / (double)bench->n_mc,
               1e-9 * cases[i].flop_rate, 1e-9 * cases[i].peak, cases[i].fraction);
    printf("\n");
    for (int e = 0; e < 2; e++) {
        klf_estimator estimator = e ? KLF_BOTH : KLF_DIRECT;
        char          what[64];
        snprintf(what, sizeof what, "fp64 / fp32 time, %s", estimator_name(estimator));
        print_ratio(what, find_case(cases, n, KLF_FP64, estimator, threads), find_case(cases, n, KLF_FP32, estimator, threads));
        snprintf(what, sizeof what, "1 / %zu threads time, %s", threads, estimator_name(estimator));
        if (threads > 1)
            print_ratio(what, find_case(cases, n, KLF_FP32, estimator, 1), find_case(cases, n, KLF_FP32, estimator, threads));
    }
}

static json_t *facts_json(const klf_bench *bench)
{
    return json_pack("{s:{s:s, s:s, s:s}, s:{s:f, s:f}}", "versions", "klflow", klf_build_info_get()->version, "backend",
                     bench->backend->name, "kernels", bench->backend->describe(bench->context), "flops_per_sample", "direct",
                     klf_flow_flops(bench->net, 0, KLF_DIRECT), "gram", klf_flow_flops(bench->net, 0, KLF_BOTH));
}

/* Prints and frees the object: a line, flushed at once because somebody waits for it. */
static klf_status print_json(json_t *object)
{
    if (!object)
        return klf_fail(KLF_ERR_INTERNAL, "the timings cannot be written as JSON");
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
    return klf_flush_stdout();
}

static klf_status print_cases_json(const klf_bench *bench, const klf_bench_case *cases, size_t n)
{
    json_t *list = json_array(), *object = facts_json(bench);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:i, s:f, s:f, s:f, s:f}", "precision",
                                        klf_precision_name(cases[i].precision), "estimator", estimator_name(cases[i].estimator),
                                        "threads", (int)cases[i].threads, "seconds", cases[i].seconds, "flop_rate",
                                        cases[i].flop_rate, "fma_peak", cases[i].peak, "fraction", cases[i].fraction));
    json_object_set_new(object, "samples", json_integer((json_int_t)bench->n_mc));
    json_object_set_new(object, "rounds", json_integer((json_int_t)bench->rounds));
    json_object_set_new(object, "cases", list);
    return print_json(object);
}

/* One line of the protocol, without its newline. A line that is not of it gets {"error": ...}. */
static json_t *answer_line(klf_bench *bench, klf_precision precision, size_t threads, const char *line)
{
    char             mode[16], rest;
    long long        n;
    klf_bench_answer a;
    if (strcmp(line, "info") == 0)
        return facts_json(bench);
    if (strcmp(line, "peak") == 0)
        return json_pack("{s:f}", "gflops", 1e-9 * klf_fma_peak(precision, threads, PEAK_SECONDS));
    if (sscanf(line, "go %15s %lld %c", mode, &n, &rest) != 2 || n < 1 ||
        (strcmp(mode, "direct") != 0 && strcmp(mode, "gram") != 0))
        return json_pack("{s:s}", "error", "expected info, peak, 'go direct N' or 'go gram N'");
    bench->n_mc = n;
    if (klf_bench_pass(bench, precision, strcmp(mode, "direct") == 0 ? KLF_DIRECT : KLF_BOTH, threads, &a) != KLF_OK)
        return json_pack("{s:s}", "error", klf_last_error());
    return json_pack("{s:f, s:I, s:f, s:f}", "seconds", a.seconds, "n", (json_int_t)n, "checksum", a.checksum,
                     "checksum_stderr", a.checksum_stderr);
}

static klf_status serve(klf_bench *bench, klf_precision precision, size_t threads)
{
    char       line[128];
    klf_status st = KLF_OK;
    while (st == KLF_OK && fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        st = print_json(answer_line(bench, precision, threads, line));
    }
    return st;
}

static klf_status run(const bench_options *options)
{
    klf_status     st = KLF_OK;
    klf_network   *net = NULL;
    klf_bench_case cases[MAX_CASES];
    size_t         threads = options->threads ? options->threads : klf_default_threads();
    klf_bench      bench = {.n_mc = (int64_t)options->samples, .rounds = options->rounds, .peak_seconds = PEAK_SECONDS};

    KLF_TRY(klf_backend_find(options->backend, &bench.backend));
    KLF_TRY(bench.backend->open(&bench.context));
    KLF_TRY(make_network(options, &net));
    bench.net = net;
    bench.q0 = net->random ? KLF_Q0_MEAN_SQUARE * net->var_w + net->var_b : 0.2;
    if (options->serve) {
        st = serve(&bench, (klf_precision)options->precision, threads);
        goto done;
    }
    size_t n = list_cases(bench.backend, threads, cases);
    KLF_TRY(klf_bench_run(&bench, n, cases));
    if (options->json)
        st = print_cases_json(&bench, cases, n);
    else
        print_table(&bench, cases, n, threads);
done:
    klf_network_destroy(net);
    if (bench.backend)
        bench.backend->close(bench.context);
    return st;
}

int klf_cmd_bench(int argc, char **argv)
{
    bench_options  options = {0};
    klf_option_set set = {.table = table, .n = sizeof table / sizeof table[0], .where = KLF_IN_COMMAND, .target = &options};
    klf_arguments  arguments = {0};
    klf_status     st = KLF_OK;
    KLF_TRY(klf_options_init(&set));
    KLF_TRY(klf_options_parse(&set, 1, argc - 1, argv + 1, &arguments));
    if (arguments.help)
        klf_help_print(usage, &set, 1);
    else
        st = run(&options);
done:
    klf_options_free(&set);
    return klf_report(st);
}
