/* SPDX-License-Identifier: BSD-3-Clause */
/* What the products of a layer reach alone: the ceiling that a benchmark holds the whole pass against. The same code and the
 * same algorithms as in a run, on weights that the precision's format can hold and activations of a reference layer. */
#include "check.h"
#include "state.h"

#include <stdlib.h>
#include <time.h>

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Multiples of 2^-7 between -1/2 and 1/2, scattered: every format holds them, and they keep a multiplier as busy as any. */
static void fill(double *weight, size_t n)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        weight[i] = ((double)(state >> 25) - 64.0) * 0x1p-7;
    }
}

/* Rounds of so many products, until the time is over. */
static klf_status repeat(klf_lane *lane, double seconds, double *products_per_s)
{
    enum { ROUND = 8 };
    klf_status st = KLF_OK;
    double     start, elapsed = 0.0;
    size_t     count = 0;
    KLF_TRY(klf_cuda_multiply(lane, &lane->whole, 1)); /* the first one loads code */
    KLF_TRY(klf_cuda_lane_finish(lane));
    start = now_s();
    do {
        for (int i = 0; i < ROUND; i++)
            KLF_TRY(klf_cuda_multiply(lane, &lane->whole, 1));
        KLF_TRY(klf_cuda_lane_finish(lane));
        count += ROUND;
        elapsed = now_s() - start;
    } while (elapsed < seconds);
    *products_per_s = (double)count / elapsed;
done:
    return st;
}

klf_status klf_cuda_gemm_rate(klf_context *ctx, klf_precision precision, size_t rows, size_t width, double seconds,
                              double *flop_rate)
{
    klf_status            st = KLF_OK;
    klf_model            *model = NULL;
    klf_lane             *lane = NULL;
    double               *weight = malloc(width * width * sizeof *weight), *bias = calloc(width, sizeof *bias), rate;
    klf_layer             layer[2] = {{.fan_in = width, .width = width, .weight = weight, .bias = bias},
                                      {.fan_in = width, .width = width, .weight = weight, .bias = bias}};
    const klf_network     net = {.depth = 2, .input_width = width, .layer = layer};
    const klf_layer_stats stats[2] = {{0.0, 1.0}, {0.0, 1.0}};
    const klf_model_spec  spec = {.net = &net, .stats = stats, .precision = precision};
    if (!weight || !bias) {
        st = klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for %zu x %zu weights", width, width);
        goto done;
    }
    fill(weight, width * width);
    KLF_TRY(klf_cuda_model_create(ctx, &spec, &model));
    KLF_TRY(klf_cuda_lane_create(model, rows, &lane));
    KLF_TRY(klf_cuda_lane_draw(lane, 0, rows));
    KLF_TRY(repeat(lane, seconds, &rate));
    *flop_rate = rate * 2.0 * (double)rows * (double)width * (double)width;
done:
    klf_cuda_lane_destroy(lane);
    klf_cuda_model_destroy(model);
    free(weight);
    free(bias);
    return st;
}
