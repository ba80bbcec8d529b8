/* SPDX-License-Identifier: BSD-3-Clause */
/* Alternating timings of the Monte Carlo pass and of its ceiling. */
#include "run/bench.h"

#include "backend/fma_peak.h"

#include <math.h>
#include <stdlib.h>

/* The targets' variances do not enter Q. NULL if there is no memory; free(). */
static klf_layer_stats *make_stats(const klf_bench *bench)
{
    const size_t     depth = bench->net[0]->depth;
    klf_layer_stats *stats = malloc(depth * sizeof *stats);
    for (size_t l = 0; stats && l < depth; l++)
        stats[l] = (klf_layer_stats){.mean = 0.0, .var = bench->q0};
    if (!stats)
        klf_fail(KLF_ERR_MEMORY, "no memory for the statistics of %zu layers", depth);
    return stats;
}

static klf_flow_params pass_params(const klf_bench *bench, const klf_layer_stats *stats, klf_precision precision,
                                   klf_estimator estimator, size_t threads)
{
    return (klf_flow_params){.backend = bench->backend,
                             .context = bench->context,
                             .net = bench->net[precision],
                             .stats = stats,
                             .estimator = estimator,
                             .precision = precision,
                             .n_mc = bench->n_mc,
                             .sample_seed = 1,
                             .threads = threads};
}

klf_status klf_bench_pass(const klf_bench *bench, klf_precision precision, klf_estimator estimator, size_t threads,
                          klf_bench_answer *answer)
{
    klf_status         st = KLF_OK;
    klf_flow          *flow = NULL;
    const klf_network *net = bench->net[precision];
    klf_layer_stats   *stats = make_stats(bench);
    if (!stats)
        return KLF_ERR_MEMORY;
    klf_flow_params params = pass_params(bench, stats, precision, estimator, threads);
    KLF_TRY(klf_flow_run(&params, &flow));
    *answer = (klf_bench_answer){.seconds = flow->pass_s, .chunk = flow->chunk};
    for (size_t l = 1; l < net->depth; l++) {
        double width = (double)net->layer[l].width;
        answer->checksum += (estimator == KLF_DIRECT ? flow->layer[l].q_direct : flow->layer[l].q_gram) / width;
        answer->checksum_stderr += flow->layer[l].q_stderr / width;
    }
done:
    free(stats);
    klf_flow_destroy(flow);
    return st;
}

static size_t widest(const klf_network *net)
{
    size_t width = 1;
    for (size_t l = 0; l < net->depth; l++)
        width = net->layer[l].width > width ? net->layer[l].width : width;
    return width;
}

klf_status klf_bench_ceiling(const klf_bench *bench, klf_precision precision, klf_estimator estimator, size_t threads,
                             double *flop_rate)
{
    if (!bench->backend->gemm_rate) {
        *flop_rate = klf_fma_peak(precision, threads, bench->ceiling_seconds);
        return KLF_OK;
    }
    klf_layer_stats *stats = make_stats(bench);
    if (!stats)
        return KLF_ERR_MEMORY;
    klf_flow_params params = pass_params(bench, stats, precision, estimator, threads);
    klf_status      st = bench->backend->gemm_rate(bench->context, precision, klf_flow_plan(&params).chunk, widest(params.net),
                                                   bench->ceiling_seconds, flop_rate);
    free(stats);
    return st;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double klf_median(size_t n, double *x)
{
    qsort(x, n, sizeof *x, compare_doubles);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* Results of one case in one round. */
static klf_status run_case(const klf_bench *bench, klf_bench_case *c, double *seconds, double *ceiling, double *fraction)
{
    klf_status       st = KLF_OK;
    double           before, after;
    klf_bench_answer answer;
    KLF_TRY(klf_bench_ceiling(bench, c->precision, c->estimator, c->threads, &before));
    KLF_TRY(klf_bench_pass(bench, c->precision, c->estimator, c->threads, &answer));
    KLF_TRY(klf_bench_ceiling(bench, c->precision, c->estimator, c->threads, &after));
    c->chunk = answer.chunk;
    *seconds = answer.seconds;
    *ceiling = 0.5 * (before + after);
    *fraction = klf_flow_flops(bench->net[0], 0, c->estimator) * (double)bench->n_mc / *seconds / *ceiling;
done:
    return st;
}

klf_status klf_bench_run(const klf_bench *bench, size_t n_cases, klf_bench_case *cases)
{
    klf_status st = KLF_OK;
    size_t     rounds = bench->rounds;
    double    *seconds = malloc(3 * n_cases * rounds * sizeof *seconds); /* [case][round], and the same for the other two */
    if (!seconds)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu timings", n_cases * rounds);
    double *ceiling = seconds + n_cases * rounds, *fraction = ceiling + n_cases * rounds;

    for (size_t round = 0; round < rounds; round++)
        for (size_t c = 0; c < n_cases; c++) {
            size_t i = c * rounds + round;
            KLF_TRY(run_case(bench, &cases[c], &seconds[i], &ceiling[i], &fraction[i]));
        }
    for (size_t c = 0; c < n_cases; c++) {
        cases[c].seconds = klf_median(rounds, seconds + c * rounds);
        cases[c].ceiling = klf_median(rounds, ceiling + c * rounds);
        cases[c].fraction = klf_median(rounds, fraction + c * rounds);
        cases[c].flop_rate = klf_flow_flops(bench->net[0], 0, cases[c].estimator) * (double)bench->n_mc / cases[c].seconds;
    }
done:
    free(seconds);
    return st;
}
