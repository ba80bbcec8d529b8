/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run will take: passes, chunks, lanes, memory, floating-point operations. */
#include "run/kl_plan.h"

#include "core/memory.h"
#include "klflow/kl_result.h"
#include "run/kl_job.h"

#include <stdio.h>
#include <stdlib.h>

static const double PROGRAM_BYTES = 10e6; /* the program with its libraries, before it does anything */

/* The shape of the network at a point, without weights: enough for the backend's memory plan. */
static klf_status shape_create(const klf_kl_setup *setup, const klf_kl_coordinates *at, klf_network *shape)
{
    size_t *widths = malloc(at->depth * sizeof *widths);
    *shape = (klf_network){.depth = at->depth, .layer = calloc(at->depth, sizeof(klf_layer))};
    if (!widths || !shape->layer) {
        free(widths);
        free(shape->layer);
        return klf_fail(KLF_ERR_MEMORY, "no memory for the widths of %zu layers", at->depth);
    }
    klf_kl_setup_widths(setup, at, widths);
    shape->input_width = klf_kl_setup_input_width(setup, at);
    for (size_t l = 0; l < at->depth; l++) {
        shape->layer[l].width = widths[l];
        shape->layer[l].fan_in = l == 0 ? shape->input_width : widths[l - 1];
    }
    free(widths);
    return KLF_OK;
}

static double network_bytes(const klf_network *shape)
{
    double bytes = 0.0;
    for (size_t l = 0; l < shape->depth; l++)
        bytes += (double)sizeof(double) * (double)shape->layer[l].width * (double)(shape->layer[l].fan_in + 1);
    return bytes;
}

/* Results of one point, kept until the end of the run. */
static double point_bytes(const klf_kl_config *config, const klf_network *shape)
{
    double doubles = (double)(shape->depth - config->reference_layer) * KLF_KL_N_FIELDS;
    for (size_t l = config->reference_layer; l < shape->depth; l++) {
        double width = (double)shape->layer[l].width;
        doubles += (config->save_f_j ? width : 0.0) + (config->save_f_jk ? width * width : 0.0);
    }
    return (double)sizeof(klf_kl_point) * (double)(1 + config->ensemble) + (double)sizeof(double) * doubles;
}

/* Adds the passes and results of n_alike points of the shape of one. job_bytes: the largest that any job needs while it runs.
 */
static klf_status plan_points(const klf_kl_setup *setup, size_t index, size_t n_alike, klf_kl_plan *plan, double *job_bytes)
{
    const klf_kl_config *config = setup->config;
    klf_kl_coordinates   at = klf_kl_setup_point(setup, index);
    klf_network          shape;
    klf_status           st = shape_create(setup, &at, &shape);
    if (st != KLF_OK)
        return st;

    size_t          passes = n_alike * config->ensemble * klf_kl_setup_n_images(setup, &at);
    klf_flow_params params = klf_kl_job_flow_params(setup, &shape, setup->threads);
    klf_flow_cost   cost = klf_flow_plan(&params);
    if (plan->chunk == 0) { /* the first point decides for all */
        plan->chunk = cost.chunk;
        plan->lanes = cost.lanes;
        plan->points_in_flight = setup->threads / cost.lanes; /* never more lanes than threads */
    }
    double bytes = cost.bytes + (setup->network ? 0.0 : network_bytes(&shape));
    if (bytes > *job_bytes)
        *job_bytes = bytes;
    plan->memory_bytes += (double)n_alike * point_bytes(config, &shape);
    plan->n_networks += passes;
    plan->flops += (double)passes * (double)config->n_mc * klf_flow_flops(&shape, config->reference_layer, config->estimator);
    free(shape.layer);
    return KLF_OK;
}

static double image_bytes(const klf_kl_setup *setup)
{
    double pixels = (double)setup->dataset.count * (double)(setup->dataset.rows * setup->dataset.cols);
    for (size_t i = 0; setup->images && i < setup->n_inputs; i++)
        pixels += (double)setup->images[i].count * (double)(setup->images[i].rows * setup->images[i].cols);
    return pixels * (double)sizeof(double);
}

klf_status klf_kl_plan_setup(const klf_kl_setup *setup, klf_kl_plan *plan)
{
    double job_bytes = 0.0;
    *plan = (klf_kl_plan){.n_points = klf_kl_setup_n_points(setup),
                          .threads = setup->threads,
                          .memory_available = klf_memory_available(),
                          .backend = setup->backend->name};
    snprintf(plan->kernels, sizeof plan->kernels, "%s", setup->backend->describe(setup->context));
    /* A point's shape depends on its depth and input alone. */
    size_t n_alike = setup->var_w.n * setup->var_b.n * setup->seed.n;
    for (size_t d = 0; d < setup->depth.n; d++)
        for (size_t i = 0; i < setup->n_inputs; i++) {
            klf_status st = plan_points(setup, d * setup->seed.n * setup->n_inputs + i, n_alike, plan, &job_bytes);
            if (st != KLF_OK)
                return st;
        }
    size_t jobs = plan->n_points * setup->config->ensemble;
    if (plan->points_in_flight > jobs)
        plan->points_in_flight = jobs;
    plan->memory_bytes += PROGRAM_BYTES + job_bytes * (double)plan->points_in_flight + image_bytes(setup) +
                          (setup->network ? network_bytes(setup->network) : 0.0);
    return KLF_OK;
}

klf_status klf_kl_plan_make(const klf_kl_config *config, klf_kl_plan *plan, const char **blame)
{
    klf_kl_setup setup;
    klf_status   st = klf_kl_setup_open(config, &setup, blame);
    if (st != KLF_OK)
        return st;
    st = klf_kl_plan_setup(&setup, plan);
    klf_kl_setup_close(&setup);
    return st;
}
