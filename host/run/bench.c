/* SPDX-License-Identifier: BSD-3-Clause */
/* Alternating timings of the Monte Carlo pass and of the FMA peak. */
#include "run/bench.h"

#include "backend/fma_peak.h"

#include <math.h>
#include <stdlib.h>

klf_status klf_bench_pass(const klf_bench *bench, klf_precision precision, klf_estimator estimator, size_t threads,
                          klf_bench_answer *answer)
{
    klf_status       st = KLF_OK;
    klf_flow        *flow = NULL;
    const size_t     depth = bench->net->depth;
    klf_layer_stats *stats = malloc(depth * sizeof *stats);
    if (!stats)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the statistics of %zu layers", depth);
    for (size_t l = 0; l < depth; l++) /* the targets' variances do not enter Q */
        stats[l] = (klf_layer_stats){.mean = 0.0, .var = bench->q0};

    klf_flow_params params = {.backend = bench->backend,
                              .context = bench->context,
                              .net = bench->net,
                              .stats = stats,
                              .estimator = estimator,
                              .precision = precision,
                              .n_mc = bench->n_mc,
                              .sample_seed = 1,
                              .threads = threads};
    KLF_TRY(klf_flow_run(&params, &flow));
    *answer = (klf_bench_answer){.seconds = flow->pass_s};
    for (size_t l = 1; l < depth; l++) {
        double width = (double)bench->net->layer[l].width;
        answer->checksum += (estimator == KLF_DIRECT ? flow->layer[l].q_direct : flow->layer[l].q_gram) / width;
        answer->checksum_stderr += flow->layer[l].q_stderr / width;
    }
done:
    free(stats);
    klf_flow_destroy(flow);
    return st;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(size_t n, double *x)
{
    qsort(x, n, sizeof *x, compare_doubles);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* Results of one case in every round: seconds, peak, fraction. */
static klf_status run_case(const klf_bench *bench, const klf_bench_case *c, double *seconds, double *peak, double *fraction)
{
    double           before = klf_fma_peak(c->precision, c->threads, bench->peak_seconds);
    klf_bench_answer answer;
    klf_status       st = klf_bench_pass(bench, c->precision, c->estimator, c->threads, &answer);
    if (st != KLF_OK)
        return st;
    *seconds = answer.seconds;
    *peak = 0.5 * (before + klf_fma_peak(c->precision, c->threads, bench->peak_seconds));
    *fraction = klf_flow_flops(bench->net, 0, c->estimator) * (double)bench->n_mc / *seconds / *peak;
    return KLF_OK;
}

klf_status klf_bench_run(const klf_bench *bench, size_t n_cases, klf_bench_case *cases)
{
    klf_status st = KLF_OK;
    size_t     rounds = bench->rounds;
    double    *seconds = malloc(3 * n_cases * rounds * sizeof *seconds); /* [case][round], and the same for the other two */
    if (!seconds)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu timings", n_cases * rounds);
    double *peak = seconds + n_cases * rounds, *fraction = peak + n_cases * rounds;

    for (size_t round = 0; round < rounds; round++)
        for (size_t c = 0; c < n_cases; c++) {
            size_t i = c * rounds + round;
            KLF_TRY(run_case(bench, &cases[c], &seconds[i], &peak[i], &fraction[i]));
        }
    for (size_t c = 0; c < n_cases; c++) {
        cases[c].seconds = median(rounds, seconds + c * rounds);
        cases[c].peak = median(rounds, peak + c * rounds);
        cases[c].fraction = median(rounds, fraction + c * rounds);
        cases[c].flop_rate = klf_flow_flops(bench->net, 0, cases[c].estimator) * (double)bench->n_mc / cases[c].seconds;
    }
done:
    free(seconds);
    return st;
}
