/* SPDX-License-Identifier: BSD-3-Clause */
/* Alternating timings of training steps and of their ceiling. */
#include "run/bench_train.h"

#include "backend/fma_peak.h"
#include "klflow/train.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_BATCHES = 10, N_EXAMPLES = N_BATCHES * KLF_BENCH_BATCH };

typedef struct examples {
    float   *x;
    uint8_t  label[N_EXAMPLES];
    uint32_t index[N_EXAMPLES];
} examples;

static klf_status make_examples(const klf_network *net, examples *out)
{
    const size_t n_classes = net->layer[net->depth - 1].width, width = net->input_width;
    out->x = malloc(N_EXAMPLES * width * sizeof *out->x);
    if (!out->x)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %d examples", N_EXAMPLES);
    for (size_t i = 0; i < N_EXAMPLES; i++) {
        out->index[i] = (uint32_t)i;
        out->label[i] = (uint8_t)(i * 7 % (n_classes < 256 ? n_classes : 256));
        for (size_t k = 0; k < width; k++)
            out->x[i * width + k] = (float)((i * 131 + k * 37 + i * k) % 256) / 255.0F;
    }
    return KLF_OK;
}

static klf_status step(const klf_bench *bench, klf_trainer *trainer, const examples *data, size_t n, klf_score *score)
{
    const klf_batch batch = {
        .x = data->x, .label = data->label, .index = data->index + n % N_BATCHES * KLF_BENCH_BATCH, .rows = KLF_BENCH_BATCH};
    return bench->backend->train_step(trainer, &batch, score);
}

/* Steps first .. first + steps - 1 of all networks at once; *score is that of the first network's last one. */
static klf_status steps_of_all(const klf_bench *bench, size_t networks, klf_trainer **trainer, const examples *data,
                               size_t first, size_t steps, klf_score *score)
{
    klf_status st = KLF_OK;
#pragma omp parallel for num_threads((int)networks) if (networks > 1) schedule(static)
    for (size_t i = 0; i < networks; i++) {
        klf_score  own = {0};
        klf_status own_st = KLF_OK;
        for (size_t n = 0; own_st == KLF_OK && n < steps; n++)
            own_st = step(bench, trainer[i], data, first + n, &own);
#pragma omp critical(klf_bench_train)
        {
            if (i == 0)
                *score = own;
            st = own_st != KLF_OK ? own_st : st;
        }
    }
    return st;
}

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

klf_status klf_bench_train(const klf_bench *bench, klf_precision precision, size_t networks, size_t threads_each, size_t steps,
                           klf_bench_train_answer *answer)
{
    klf_status             st = KLF_OK;
    examples               data = {0};
    klf_score              score = {0};
    klf_trainer          **trainer = calloc(networks, sizeof *trainer);
    const klf_trainer_spec spec = {.net = bench->net[precision],
                                   .max_batch = KLF_BENCH_BATCH,
                                   .precision = precision,
                                   .sgd = {.learning_rate = 0.005, .momentum = 0.8},
                                   .threads = threads_each};
    if (!trainer)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu networks", networks);
    if (!bench->backend->trainer_create) {
        st = klf_fail(KLF_ERR_USAGE, "backend %s cannot train networks yet; take --backend cpu", bench->backend->name);
        goto done;
    }
    KLF_TRY(make_examples(bench->net[precision], &data));
    for (size_t i = 0; i < networks; i++)
        KLF_TRY(bench->backend->trainer_create(bench->context, &spec, &trainer[i]));
    KLF_TRY(steps_of_all(bench, networks, trainer, &data, 0, 1, &score));
    const double start = omp_get_wtime(), cpu = cpu_seconds();
    KLF_TRY(steps_of_all(bench, networks, trainer, &data, 1, steps, &score));
    *answer = (klf_bench_train_answer){
        .seconds = omp_get_wtime() - start, .cpu_seconds = cpu_seconds() - cpu, .loss = score.loss / KLF_BENCH_BATCH};
done:
    for (size_t i = 0; i < networks; i++)
        if (trainer[i])
            bench->backend->trainer_destroy(trainer[i]);
    free(trainer);
    free(data.x);
    return st;
}

static klf_status run_case(const klf_bench *bench, size_t steps, const klf_bench_train_case *c, double *seconds,
                           double *ceiling, double *fraction)
{
    klf_status             st = KLF_OK;
    const size_t           threads = c->networks * c->threads_each;
    const double           flops = klf_train_flops(bench->net[c->precision], KLF_BENCH_BATCH);
    klf_bench_train_answer answer;
    const double           before = klf_fma_peak(c->precision, threads, bench->ceiling_seconds);
    KLF_TRY(klf_bench_train(bench, c->precision, c->networks, c->threads_each, steps, &answer));
    *ceiling = 0.5 * (before + klf_fma_peak(c->precision, threads, bench->ceiling_seconds));
    *seconds = answer.seconds / (double)(steps * c->networks);
    *fraction = flops / *seconds / *ceiling;
done:
    return st;
}

klf_status klf_bench_train_run(const klf_bench *bench, size_t steps, size_t n_cases, klf_bench_train_case *cases)
{
    klf_status   st = KLF_OK;
    const size_t rounds = bench->rounds, n = n_cases * rounds;
    double      *seconds = malloc(3 * n * sizeof *seconds); /* [case][round], and the same for the other two */
    if (!seconds)
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu timings", n);
    for (size_t round = 0; round < rounds; round++)
        for (size_t c = 0; c < n_cases; c++) {
            double *of_round = seconds + c * rounds + round;
            KLF_TRY(run_case(bench, steps, &cases[c], of_round, of_round + n, of_round + 2 * n));
        }
    for (size_t c = 0; c < n_cases; c++) {
        cases[c].seconds = klf_median(rounds, seconds + c * rounds);
        cases[c].ceiling = klf_median(rounds, seconds + n + c * rounds);
        cases[c].fraction = klf_median(rounds, seconds + 2 * n + c * rounds);
        cases[c].flop_rate = klf_train_flops(bench->net[cases[c].precision], KLF_BENCH_BATCH) / cases[c].seconds;
    }
done:
    free(seconds);
    return st;
}
