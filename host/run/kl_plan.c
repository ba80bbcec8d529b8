/* SPDX-License-Identifier: BSD-3-Clause */
/* What a run will take: passes, chunks, lanes, memory, floating-point operations. */
#include "run/kl_plan.h"

#include "core/memory.h"
#include "klflow/kl_result.h"
#include "run/kl_job.h"
#include "run/kl_resume.h"

#include <math.h>
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
    double bytes = (double)sizeof(klf_kl_point) * (double)(1 + config->ensemble) + (double)sizeof(double) * doubles;
    return config->compare ? 2.0 * bytes : bytes;
}

/* The largest that any job needs while it runs. */
typedef struct job_size {
    double host, device;
} job_size;

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* How many networks of this shape it takes to keep a device busy: their chunks together give it the work that one of a large
 * network does. Which is a guess from the mean over the layers. */
static size_t networks_to_fill(const klf_flow_params *params, const klf_flow_cost *cost)
{
    enum { MOST_IN_FLIGHT = 16 }; /* each has a host thread, a model and lanes */
    const size_t maps = params->net->depth - params->reference_layer - 1;
    const double work = (double)cost->chunk * klf_flow_flops(params->net, params->reference_layer, KLF_DIRECT);
    if (maps == 0 || !params->backend->fill_flops)
        return 1;
    const double n = ceil(params->backend->fill_flops(params->context) * (double)maps / work);
    return n < 1.0 ? 1 : n > MOST_IN_FLIGHT ? MOST_IN_FLIGHT : (size_t)n;
}

/* The first point decides for all. */
static void plan_flight(const klf_kl_setup *setup, const klf_flow_params *params, const klf_flow_cost *cost, klf_kl_plan *plan)
{
    const size_t lanes_fit = setup->threads / cost->lanes; /* never more lanes than threads */
    plan->chunk = cost->chunk;
    plan->lanes = cost->lanes;
    plan->points_in_flight = lanes_fit;
    if (setup->backend->devices) {
        const size_t fill = networks_to_fill(params, cost);
        plan->points_in_flight = fill < setup->threads ? fill : setup->threads; /* a thread at least to drive each */
        klf_flow_params share = *params;
        share.threads = setup->threads / plan->points_in_flight;
        const klf_flow_cost of_share = klf_flow_plan(&share);
        plan->chunk = of_share.chunk;
        plan->lanes = of_share.lanes;
    }
}

/* Adds the passes and results of n_alike points of the shape of one. */
static klf_status plan_points(const klf_kl_setup *setup, size_t index, size_t n_alike, klf_kl_plan *plan, job_size *job)
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
    if (plan->chunk == 0)
        plan_flight(setup, &params, &cost, plan);
    const double network = setup->network ? 0.0 : network_bytes(&shape);
    const bool   on_device = setup->backend->memory_available != NULL;
    double       host = on_device ? 0.0 : cost.bytes;
    if (setup->reference) { /* comes after, when the memory of the first pass is free again */
        klf_flow_params reference = klf_kl_job_reference_params(setup, &shape, setup->threads / plan->points_in_flight);
        host = larger(host, klf_flow_plan(&reference).bytes);
    }
    /* Sums that are handed over while those of the time before are kept. */
    const double sums = setup->checkpoint ? 2.0 * klf_flow_sums_bytes(&params) : 0.0;
    job->host = larger(job->host, network + sums + host);
    job->device = larger(job->device, cost.bytes);
    plan->memory_bytes += (double)n_alike * point_bytes(config, &shape);
    plan->n_networks += passes;
    double flops = (double)passes * (double)config->n_mc * klf_flow_flops(&shape, config->reference_layer, config->estimator);
    plan->flops += flops;
    plan->reference_flops += setup->reference ? flops : 0.0;
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

/* A job less in flight where the device has no room for it; klf_kl_plan_check refuses if even one does not fit. */
static void plan_device_memory(const klf_kl_setup *setup, double job_bytes, klf_kl_plan *plan)
{
    plan->device_bytes = plan->device_available = NAN;
    if (!setup->backend->memory_available)
        return;
    plan->device_available = setup->backend->memory_available(setup->context);
    while (plan->points_in_flight > 1 && job_bytes * (double)plan->points_in_flight > plan->device_available)
        plan->points_in_flight--;
    plan->device_bytes = job_bytes * (double)plan->points_in_flight;
}

klf_status klf_kl_plan_setup(const klf_kl_setup *setup, klf_kl_plan *plan)
{
    job_size job = {0.0, 0.0};
    *plan = (klf_kl_plan){.n_points = klf_kl_setup_n_points(setup),
                          .threads = setup->threads,
                          .memory_available = klf_memory_available(),
                          .precision = setup->precision,
                          .weight_format = setup->weight_format,
                          .samples_resumed = klf_kl_resume_samples(setup),
                          .backend = setup->backend->name};
    snprintf(plan->backend_note, sizeof plan->backend_note, "%s", setup->backend_note);
    snprintf(plan->kernels, sizeof plan->kernels, "%s", setup->backend->describe(setup->context));
    if (setup->reference) {
        plan->reference = setup->reference->name;
        snprintf(plan->reference_kernels, sizeof plan->reference_kernels, "%s",
                 setup->reference->describe(setup->reference_context));
    }
    /* A point's shape depends on its depth and input alone. */
    size_t n_alike = setup->var_w.n * setup->var_b.n * setup->seed.n;
    for (size_t d = 0; d < setup->depth.n; d++)
        for (size_t i = 0; i < setup->n_inputs; i++) {
            klf_status st = plan_points(setup, d * setup->seed.n * setup->n_inputs + i, n_alike, plan, &job);
            if (st != KLF_OK)
                return st;
        }
    size_t jobs = plan->n_points * setup->config->ensemble;
    if (plan->points_in_flight > jobs)
        plan->points_in_flight = jobs;
    plan_device_memory(setup, job.device, plan);
    plan->memory_bytes += PROGRAM_BYTES + job.host * (double)plan->points_in_flight + image_bytes(setup) +
                          (setup->network ? network_bytes(setup->network) : 0.0);
    plan->samples_total = (double)plan->n_networks * (double)setup->config->n_mc * (setup->reference ? 2.0 : 1.0);
    return KLF_OK;
}

/* Linux promises more memory than there is and kills the process later: better one sentence now. */
klf_status klf_kl_plan_check(const klf_kl_plan *plan)
{
    if (plan->memory_bytes > plan->memory_available)
        return klf_fail(KLF_ERR_MEMORY,
                        "this run needs about %.1f GB of memory and %.1f GB are available; lower depth, widths, threads or "
                        "chunk",
                        1e-9 * plan->memory_bytes, 1e-9 * plan->memory_available);
    if (plan->device_bytes > plan->device_available)
        return klf_fail(
            KLF_ERR_MEMORY,
            "this run needs about %.1f GB on the device of backend %s and %.1f GB are free there; lower chunk, depth "
            "or widths, take estimator direct, which keeps no second moments, or wait until the device is free",
            1e-9 * plan->device_bytes, plan->backend, 1e-9 * plan->device_available);
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
