/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow bench: the Monte Carlo pass against its ceiling, measured in the same run; with --serve, a partner for
 * tools/bench/compare.py that answers one line of JSON to each line on stdin. */
#include "cli/commands.h"

#include "backend/backends.h"
#include "cli/bench_output.h"
#include "cli/help.h"
#include "cli/report.h"
#include "core/cpu_count.h"
#include "klflow/kl_config.h"
#include "klflow/store.h"
#include "klflow/train.h"
#include "run/bench.h"
#include "run/bench_train.h"
#include "run/options.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH = 30, TRAIN_STEPS = 5, MAX_CASES = 2 * KLF_N_PRECISIONS + 2, ALL_PRECISIONS = KLF_N_PRECISIONS };

static const double CEILING_SECONDS = 0.3;

typedef struct bench_options {
    uint64_t threads, samples, rounds;
    int      precision;
    char    *network, *backend, *write_arrays;
    bool     json, serve, train;
} bench_options;

/* In the order of klf_precision. */
static const char *const precisions[] = {"fp64", "fp32", "tf32x3", "tf32", "fp16", "bf16", "all", NULL};

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
     .choices = klf_backend_choices,
     .unlisted = klf_backend_unlisted,
     .metavar = "NAME",
     .value = "cpu",
     .help = "backend to time"},
    {.name = "network",
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, network),
     .metavar = "FILE",
     .otherwise = "a random one of 30 layers",
     .help = "network file to time; without one: 784 neurons in each layer, and with --train 400 and 10 in the last two"},
    {.name = "precision",
     .type = KLF_OPTION_CHOICE,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, precision),
     .choices = precisions,
     .metavar = "P",
     .value = "all",
     .help = "fp64, fp32, tf32x3, tf32, fp16, bf16, or all that the backend has and does not emulate (--serve: fp32 unless one "
             "is named)"},
    {.name = "train",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, train),
     .help = "time training steps instead: batches of 64, in fp32 and fp64, as many networks as threads and one network on "
             "all of them"},
    {.name = "serve",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, serve),
     .help = "answer lines from stdin: info, peak, go direct N, go gram N, train NETWORKS STEPS"},
    {.name = "write-arrays",
     .type = KLF_OPTION_TEXT,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, write_arrays),
     .metavar = "FOLDER",
     .otherwise = "none",
     .help = "write the network there as .npy files, for peers without HDF5; nothing is timed"},
    {.name = "json",
     .type = KLF_OPTION_FLAG,
     .where = KLF_IN_COMMAND,
     .offset = offsetof(bench_options, json),
     .help = "print the results as one JSON object"},
};

static const char usage[] = "klflow bench [options]\n"
                            "Times the Monte Carlo pass against what the machine reaches in the same run: on\n"
                            "a CPU the peak rate of fused multiply-adds, on a device the rate of its matrix\n"
                            "products alone. Only ratios from one run mean anything on a shared machine.\n"
                            "With --train it times steps of training instead.\n"
                            "tools/bench/compare.py compares with other programs.";

static klf_status make_network(const bench_options *options, klf_network **net)
{
    size_t widths[DEPTH];
    if (options->network)
        return klf_store_read_network(options->network, net);
    klf_widths_wide(DEPTH, widths);
    for (size_t l = 0; !options->train && l < DEPTH; l++)
        widths[l] = KLF_INPUT_WIDTH;
    return klf_network_draw(KLF_INPUT_WIDTH, DEPTH, widths, 1.5, 0.05, 1, net);
}

/* Where there is no device, precisions of tensor cores are emulated, and nobody waits for that unless it is asked for. */
static bool runs(const klf_backend *backend, const bench_options *options, int precision)
{
    bool emulated = !backend->gemm_rate && precision > KLF_FP32;
    return backend->supports((klf_precision)precision) &&
           (options->precision == ALL_PRECISIONS ? !emulated : options->precision == precision);
}

/* fp32 first, then the others that were asked for, without and with the Gram, on all threads; then the first one on a single
 * thread, if there are more and they are what computes. */
static size_t list_cases(const klf_backend *backend, const bench_options *options, size_t threads, klf_bench_case *cases)
{
    static const klf_precision order[KLF_N_PRECISIONS] = {KLF_FP32, KLF_FP64, KLF_TF32X3, KLF_TF32, KLF_FP16, KLF_BF16};
    size_t                     n = 0;
    for (size_t i = 0; i < KLF_N_PRECISIONS; i++)
        if (runs(backend, options, (int)order[i])) {
            cases[n++] = (klf_bench_case){.precision = order[i], .estimator = KLF_DIRECT, .threads = threads};
            cases[n++] = (klf_bench_case){.precision = order[i], .estimator = KLF_BOTH, .threads = threads};
        }
    if (n > 0 && threads > 1 && !backend->gemm_rate) {
        cases[n++] = (klf_bench_case){.precision = cases[0].precision, .estimator = KLF_DIRECT, .threads = 1};
        cases[n++] = (klf_bench_case){.precision = cases[0].precision, .estimator = KLF_BOTH, .threads = 1};
    }
    return n;
}

static json_t *answer_train(const klf_bench *bench, klf_precision precision, size_t threads, size_t networks, size_t steps)
{
    klf_bench_train_answer a;
    const size_t           each = threads > networks ? threads / networks : 1;
    if (klf_bench_train(bench, precision, networks, each, steps, &a) != KLF_OK)
        return json_pack("{s:s}", "error", klf_last_error());
    return json_pack("{s:f, s:f, s:I, s:I, s:f, s:f}", "seconds", a.seconds, "cpu_seconds", a.cpu_seconds, "networks",
                     (json_int_t)networks, "steps", (json_int_t)steps, "loss", a.loss, "flops_per_step",
                     klf_train_flops(bench->net[precision], KLF_BENCH_BATCH));
}

/* One line of the protocol, without its newline. A line that is not of it gets {"error": ...}. */
static json_t *answer_line(klf_bench *bench, klf_precision precision, size_t threads, const char *line)
{
    char             mode[16], rest;
    long long        n;
    size_t           networks, steps;
    klf_bench_answer a;
    if (strcmp(line, "info") == 0)
        return klf_bench_facts(bench);
    if (strcmp(line, "peak") == 0) {
        double rate;
        if (klf_bench_ceiling(bench, precision, KLF_DIRECT, threads, &rate) != KLF_OK)
            return json_pack("{s:s}", "error", klf_last_error());
        return json_pack("{s:f}", "gflops", 1e-9 * rate);
    }
    if (sscanf(line, "train %zu %zu %c", &networks, &steps, &rest) == 2 && networks >= 1 && networks <= KLF_MAX_THREADS &&
        steps >= 1)
        return answer_train(bench, precision, threads, networks, steps);
    if (sscanf(line, "go %15s %lld %c", mode, &n, &rest) != 2 || n < 1 ||
        (strcmp(mode, "direct") != 0 && strcmp(mode, "gram") != 0))
        return json_pack("{s:s}", "error", "expected info, peak, 'go direct N', 'go gram N' or 'train NETWORKS STEPS'");
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
        st = klf_bench_print_line(answer_line(bench, precision, threads, line));
    }
    return st;
}

/* As many networks as threads, in each precision; then, in the first of them, one network on all threads and one on one. */
static size_t list_training(const klf_backend *backend, const bench_options *options, size_t threads,
                            klf_bench_train_case *cases)
{
    static const klf_precision order[] = {KLF_FP32, KLF_FP64};
    size_t                     n = 0;
    if (options->precision != ALL_PRECISIONS)
        cases[n++] = (klf_bench_train_case){
            .precision = (klf_precision)options->precision, .networks = threads, .threads_each = 1};
    for (size_t i = 0; options->precision == ALL_PRECISIONS && i < sizeof order / sizeof order[0]; i++)
        if (backend->supports(order[i]))
            cases[n++] = (klf_bench_train_case){.precision = order[i], .networks = threads, .threads_each = 1};
    if (threads > 1) {
        cases[n++] = (klf_bench_train_case){.precision = cases[0].precision, .networks = 1, .threads_each = threads};
        cases[n++] = (klf_bench_train_case){.precision = cases[0].precision, .networks = 1, .threads_each = 1};
    }
    return n;
}

static klf_status time_training(const bench_options *options, const klf_bench *bench, size_t threads)
{
    klf_status           st = KLF_OK;
    klf_bench_train_case cases[MAX_CASES];
    const size_t         n = list_training(bench->backend, options, threads, cases);
    KLF_TRY(klf_bench_train_run(bench, TRAIN_STEPS, n, cases));
    if (options->json)
        st = klf_bench_print_train_cases(bench, cases, n);
    else
        klf_bench_print_train_table(bench, cases, n);
done:
    return st;
}

static klf_status time_cases(const bench_options *options, klf_bench *bench, size_t threads)
{
    klf_status     st = KLF_OK;
    klf_bench_case cases[MAX_CASES];
    size_t         n = list_cases(bench->backend, options, threads, cases);
    if (n == 0)
        return klf_fail(KLF_ERR_USAGE, "backend %s has no %s; `klflow bench --backend %s` times what it has", options->backend,
                        precisions[options->precision], options->backend);
    KLF_TRY(klf_bench_run(bench, n, cases));
    if (options->json)
        st = klf_bench_print_cases(bench, cases, n);
    else
        klf_bench_print_table(bench, cases, n, threads);
done:
    return st;
}

/* A drawn network is rounded for the fast precisions, as klflow kl does it. */
static klf_status round_networks(const bench_options *options, const klf_network *net, klf_network **rounded, klf_bench *bench)
{
    klf_status st = KLF_OK;
    for (int p = 0; p < KLF_N_PRECISIONS; p++) {
        bench->net[p] = net;
        if (options->network || klf_precision_phi_format((klf_precision)p) <= KLF_FORMAT_FP32 ||
            !runs(bench->backend, options, p))
            continue;
        KLF_TRY(make_network(options, &rounded[p]));
        KLF_TRY(klf_network_round(rounded[p], klf_precision_format((klf_precision)p)));
        bench->net[p] = rounded[p];
    }
done:
    return st;
}

static klf_status run(const bench_options *options)
{
    klf_status         st = KLF_OK;
    klf_network       *net = NULL, *rounded[KLF_N_PRECISIONS] = {NULL};
    klf_opened_backend opened = {0};
    size_t             threads = options->threads ? options->threads : klf_default_threads();
    klf_bench bench = {.n_mc = (int64_t)options->samples, .rounds = options->rounds, .ceiling_seconds = CEILING_SECONDS};

    KLF_TRY(make_network(options, &net));
    if (options->write_arrays) {
        st = klf_store_write_arrays(options->write_arrays, net);
        goto done;
    }
    KLF_TRY(klf_backend_open(options->backend, &opened));
    bench.backend = opened.backend;
    bench.context = opened.context;
    if (opened.note[0] != '\0')
        fprintf(stderr, "klflow: note: %s\n", opened.note);
    KLF_TRY(round_networks(options, net, rounded, &bench));
    bench.q0 = net->random ? KLF_Q0_MEAN_SQUARE * net->var_w + net->var_b : 0.2;
    if (options->serve)
        st = serve(&bench, options->precision == ALL_PRECISIONS ? KLF_FP32 : (klf_precision)options->precision, threads);
    else if (options->train)
        st = time_training(options, &bench, threads);
    else
        st = time_cases(options, &bench, threads);
done:
    for (int p = 0; p < KLF_N_PRECISIONS; p++)
        klf_network_destroy(rounded[p]);
    klf_network_destroy(net);
    klf_backend_close(&opened);
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
