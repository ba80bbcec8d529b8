/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan of a dry run, as text or as one line of JSON. */
#include "cli/kl_output.h"

#include "cli/json_line.h"
#include "cli/progress.h"
#include "cli/wrap.h"
#include "klflow/build_info.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_COLUMN = 12 };

static void print_plan_json(const klf_kl_config *config, const klf_kl_plan *plan, double seconds)
{
    klf_json_begin();
    klf_json_whole("n_points", plan->n_points);
    klf_json_whole("n_passes", plan->n_networks);
    klf_json_whole("n_mc", (uint64_t)config->n_mc);
    klf_json_text("backend", plan->backend);
    klf_json_text("backend_note", plan->backend_note[0] != '\0' ? plan->backend_note : NULL);
    klf_json_text("kernels", plan->kernels);
    klf_json_text("precision", klf_precision_name(plan->precision));
    klf_json_text("precision_requested", klf_kl_choice_name("precision", config->precision));
    klf_json_text("weight_format", klf_format_name(plan->weight_format));
    klf_json_text("estimator", klf_kl_choice_name("estimator", (int)config->estimator));
    klf_json_whole("threads", plan->threads);
    klf_json_whole("points_in_flight", plan->points_in_flight);
    klf_json_whole("lanes", plan->lanes);
    klf_json_whole("chunk", plan->chunk);
    klf_json_real("memory_bytes", plan->memory_bytes);
    klf_json_real("memory_available", plan->memory_available);
    klf_json_real("device_bytes", plan->device_bytes);
    klf_json_real("device_available", plan->device_available);
    klf_json_real("samples_resumed", plan->samples_resumed);
    klf_json_real("flops", plan->flops);
    if (plan->reference != NULL) {
        klf_json_text("compare_backend", plan->reference);
        klf_json_real("compare_flops", plan->reference_flops);
    }
    klf_json_real("seconds", seconds);
    klf_json_text("output", config->output);
    klf_json_text("version", klf_build_info_get()->version);
    klf_json_end();
}

void klf_kl_print_plan(const klf_kl_config *config, const klf_kl_plan *plan, double seconds)
{
    if (config->json) {
        print_plan_json(config, plan, seconds);
        return;
    }
    printf("points      %zu\n", plan->n_points);
    printf("passes      %zu of %" PRId64 " samples (networks x images)\n", plan->n_networks, config->n_mc);
    printf("backend     %s, %s%s\n", plan->backend, klf_precision_name(plan->precision),
           config->precision == KLF_PRECISION_AUTO ? " (auto)" : "");
    if (plan->weight_format != KLF_FORMAT_FP64)
        printf("weights     rounded to %s\n", klf_format_name(plan->weight_format));
    if (plan->backend_note[0] != '\0') {
        fputs("note        ", stdout);
        klf_wrap_print(plan->backend_note, TEXT_COLUMN, TEXT_COLUMN);
    }
    fputs("kernels     ", stdout);
    klf_wrap_print(plan->kernels, TEXT_COLUMN, TEXT_COLUMN);
    printf("threads     %zu, for %zu point%s at a time in %zu lane%s of %zu samples\n", plan->threads, plan->points_in_flight,
           plan->points_in_flight == 1 ? "" : "s", plan->lanes, plan->lanes == 1 ? "" : "s", plan->chunk);
    printf("memory      %.0f MB at its peak%s\n", plan->memory_bytes / 1e6,
           plan->memory_bytes > plan->memory_available ? ": more than there is here" : "");
    if (!isnan(plan->device_bytes))
        printf("device      %.0f MB of %.0f MB at its peak%s\n", plan->device_bytes / 1e6, plan->device_available / 1e6,
               plan->device_bytes > plan->device_available ? ": more than there is" : "");
    printf("work        %.3g floating-point operations\n", plan->flops);
    if (plan->reference != NULL) {
        char text[160];
        snprintf(text, sizeof text, "%.3g floating-point operations more, on backend %s in fp64%s", plan->reference_flops,
                 plan->reference,
                 strcmp(plan->reference, "ref") == 0 ? ", which does some 1e9 of them a second and thread" : "");
        fputs("reference   ", stdout);
        klf_wrap_print(text, TEXT_COLUMN, TEXT_COLUMN);
    }
    if (!isnan(seconds))
        printf("time        about %s, longer where layers are narrow\n", klf_duration_of(seconds).text);
    if (plan->samples_resumed > 0)
        printf("resumed     %.4g samples are in the checkpoint already\n", plan->samples_resumed);
    printf("output      %s\n", config->output != NULL ? config->output : "none");
}
