/* SPDX-License-Identifier: BSD-3-Clause */
/* The results of `klflow kl` on stdout: a table for people, a line of JSON for programs, and the plan of a dry run. */
#ifndef KLFLOW_CLI_KL_OUTPUT_H
#define KLFLOW_CLI_KL_OUTPUT_H

#include "klflow/kl_config.h"
#include "klflow/kl_result.h"
#include "klflow/kl_run.h"
#include "run/kl_compare.h"

#include <stdbool.h>

/* What the tables of a run had so far, for the notes under the last one; begins as {0}. Points of a sweep may differ: one has a
 * range of images, the next a single one. */
typedef struct klf_kl_legend {
    bool networks, images; /* a column of that name */
    bool images_hidden;    /* a scatter over images without a column */
    bool alone;            /* one network and one input */
} klf_kl_legend;

/* A line that says which point it is: with its number where there are several, and after an empty line but for the first. */
void klf_kl_print_title(size_t index, size_t n_points, const klf_kl_point *point);
/* worst: the layer that is farthest from the point's reference; NULL without one. */
void klf_kl_print_table(const klf_kl_config *config, const klf_kl_plan *plan, klf_kl_legend *legend, size_t index,
                        size_t n_points, const klf_kl_point *point, const klf_layer_difference *worst);
void klf_kl_print_json(const klf_kl_config *config, const klf_kl_plan *plan, const klf_kl_point *point,
                       const klf_layer_difference *worst);

/* As a JSON object if the config asks for JSON. seconds: how long the run may take; NaN if that is not known. */
void klf_kl_print_plan(const klf_kl_config *config, const klf_kl_plan *plan, double seconds);

/* The name of an enum's value as it is written on the command line: option "estimator", value KLF_BOTH -> "both". */
const char *klf_kl_choice_name(const char *option, int value);

#endif
