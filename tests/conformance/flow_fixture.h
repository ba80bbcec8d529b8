/* SPDX-License-Identifier: BSD-3-Clause */
/* What the flow tests share: every backend and precision present as a target, small networks seen both by the engine and by the
 * textbook code, and comparisons that say what differs. */
#ifndef KLFLOW_TESTS_FLOW_FIXTURE_H
#define KLFLOW_TESTS_FLOW_FIXTURE_H

#include "klflow/flow.h"
#include "reference/kl_textbook.h"

enum { MAX_DEPTH = 8, FIXTURE_INPUT_WIDTH = 3 };

typedef struct flow_target {
    const klf_backend *backend;
    klf_context       *context;
    klf_precision      precision;
    /* Relative error allowed for a sum of squares: in fp64 the order of its terms; in fp32 the rounding of inputs, weights and
     * activations (6e-8 each) through a few layers, which partly averages out. */
    double tolerance;
    /* What phi is rounded to, and its relative spacing; 0 where nothing is rounded on purpose. A z that is off by 1e-7 rounds
     * the other way now and then, which moves all of the next layer by enough to round a good part of it the other way: two
     * implementations differ by about a spacing in each activation of a sample. */
    klf_format format;
    double     spacing;
    bool       slow; /* an emulated device: tests of what does not depend on the number of samples take few of them */
} flow_target;

/* Relative to a sum of squares, or absolute for a mean of activations, what two implementations may differ by over n samples:
 * rounding differs in sign from sample to sample, and 2 spacings are five standard deviations of the difference of two
 * roundings (spacing / sqrt(6)). */
double target_bar(const flow_target *target, int64_t n);

/* Calls check for every backend that works here (or for ref and the one that KLFLOW_TEST_BACKEND names), in every precision
 * that it supports. */
void for_each_target(void (*check)(const flow_target *target));

/* A random network. The statistics are invented: Q is defined for any, and measured ones would be degenerate at width 1. */
typedef struct flow_fixture {
    klf_network    *net;
    klf_layer_stats stats[MAX_DEPTH];
    tb_network      textbook; /* the same weights */
    size_t          width[MAX_DEPTH];
    double         *weight[MAX_DEPTH], *bias[MAX_DEPTH], mean[MAX_DEPTH], var[MAX_DEPTH];
} flow_fixture;

void fixture_create(size_t depth, const size_t *widths, double var_w, double var_b, flow_fixture *out);
/* Rounds the weights to what the target's products take in, for engine and textbook. Without it they are taken in two parts. */
void fixture_round(const flow_target *target, flow_fixture *fixture);
void fixture_destroy(flow_fixture *fixture);
/* Gives layer l other statistics, for engine and textbook. */
void fixture_set_stats(flow_fixture *fixture, size_t layer, double mean, double var);

/* Parameters of a run on a target: reference layer 0, both estimators, 1000 samples (300 where that is slow), one thread, the
 * backend's chunk. */
klf_flow_params flow_params(const flow_target *target, const flow_fixture *fixture);
/* Runs, or fails the test with the engine's sentence. */
klf_flow *run_flow(const klf_flow_params *params);

/* Lets the textbook round activations as a precision does. */
void set_textbook_rounding(klf_precision precision, tb_network *net);

/* The textbook's layers r .. depth-1 for the samples that the engine draws; to be freed by tb_flow_free. */
void textbook_flow(const klf_flow_params *params, const flow_fixture *fixture, tb_layer *out);

/* Fails the test unless |got - expected| <= bar; a NaN fails. */
void check_near(const char *what, size_t layer, double got, double expected, double bar);
/* Every Q and stderr of two runs within relative tolerance `bar` of Q; with bar 0 the same bits (NaN equals NaN). */
void check_same_flow(const klf_flow *got, const klf_flow *expected, double bar);

#endif
