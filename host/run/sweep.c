/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a sweep (sweep.h): the values of all points are gathered by quantity, which is how a result file has them. */
#include "run/sweep.h"

#include "core/cpu_count.h"
#include "core/memory.h"
#include "run/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const klf_sweep_output *klf_sweep_output_of(const klf_sweep_kind *kind, const void *config)
{
    return (const klf_sweep_output *)((const char *)config + kind->output);
}

void klf_sweep_check_output(klf_rules *rules, const klf_sweep_output *output)
{
    if (output->plot != NULL && output->file == NULL)
        klf_rule_broken(rules, "plot", "output", "the plot is drawn from the result file, but no output file is given");
    klf_rule_picture(rules, output->plot);
    klf_rule_written(rules, "output", output->file, "the config", output->config_file);
    klf_rule_written(rules, "plot", output->plot, "the config", output->config_file);
    klf_rule_written(rules, "plot", output->plot, "output", output->file);
}

void klf_sweep_plan(const klf_sweep_kind *kind, const void *config, klf_sweep *out)
{
    *out = (klf_sweep){.n_points = 1, .has = KLF_SWEEP_ALWAYS};
    kind->plan(config, out);
    for (size_t i = 0; i < out->n_point_axes; i++)
        out->n_points *= out->axis[i].size;
}

bool klf_sweep_has(const klf_sweep *sweep, const klf_quantity *quantity)
{
    return (quantity->needs & sweep->has) != 0;
}

/* Values of a quantity in one point. */
static size_t length_of(const klf_sweep *sweep, const klf_quantity *quantity)
{
    return quantity->inner == 0 ? 1 : sweep->axis[sweep->n_point_axes + quantity->inner - 1].size;
}

static bool is_over(const klf_quantity *quantity, size_t axis)
{
    return quantity->over == 0 || (quantity->over >> axis & 1) != 0;
}

/* Points that it tells apart, and which of them one is. */
static size_t count_of(const klf_sweep *sweep, const klf_quantity *quantity)
{
    size_t n = 1;
    for (size_t i = 0; i < sweep->n_point_axes; i++)
        n *= is_over(quantity, i) ? sweep->axis[i].size : 1;
    return n;
}

static size_t index_of(const klf_sweep *sweep, const klf_quantity *quantity, size_t point)
{
    size_t index = 0, stride = 1;
    for (size_t i = sweep->n_point_axes; i-- > 0; point /= sweep->axis[i].size) {
        if (!is_over(quantity, i))
            continue;
        index += stride * (point % sweep->axis[i].size);
        stride *= sweep->axis[i].size;
    }
    return index;
}

double klf_sweep_n_values(const klf_sweep_kind *kind, const klf_sweep *sweep)
{
    double n = 0.0;
    for (size_t q = 0; q < kind->n_quantities; q++)
        if (klf_sweep_has(sweep, &kind->quantity[q]))
            n += (double)count_of(sweep, &kind->quantity[q]) * (double)length_of(sweep, &kind->quantity[q]);
    return n;
}

typedef struct sweep_run {
    const klf_sweep_kind  *kind;
    const void            *config;
    const klf_sweep_hooks *hooks;
    klf_sweep              sweep;
    size_t                 threads;
    double               **values; /* [n_quantities][points x length]; NULL for those that are not there */
} sweep_run;

static klf_status no_memory(const sweep_run *r)
{
    return klf_fail(KLF_ERR_MEMORY, "no memory for the results of %zu points, %.3g GB", r->sweep.n_points,
                    8e-9 * klf_sweep_n_values(r->kind, &r->sweep));
}

static klf_status allocate(sweep_run *r)
{
    const klf_sweep_kind *kind = r->kind;
    const double          needed = 8.0 * klf_sweep_n_values(kind, &r->sweep), available = klf_memory_available();
    if (needed > available) /* which the system may grant all the same, and then end the process */
        return klf_fail(KLF_ERR_MEMORY,
                        "the results of %zu points take %.3g GB, and %.3g GB are available; ask for fewer points, steps or "
                        "quantities",
                        r->sweep.n_points, 1e-9 * needed, 1e-9 * available);
    r->values = calloc(kind->n_quantities, sizeof *r->values);
    if (r->values == NULL)
        return no_memory(r);
    for (size_t q = 0; q < kind->n_quantities; q++) {
        if (!klf_sweep_has(&r->sweep, &kind->quantity[q]))
            continue;
        r->values[q] = calloc(count_of(&r->sweep, &kind->quantity[q]),
                              length_of(&r->sweep, &kind->quantity[q]) * sizeof(double));
        if (r->values[q] == NULL)
            return no_memory(r);
    }
    return KLF_OK;
}

static double value_of(const klf_quantity *quantity, const void *result, size_t i)
{
    const char *values = (const char *)result + quantity->offset;
    switch (quantity->type) {
    case KLF_OF_BOOL: return ((const bool *)(const void *)values)[i];
    case KLF_OF_INT: return ((const int *)(const void *)values)[i];
    case KLF_OF_SIZE: return (double)((const size_t *)(const void *)values)[i];
    case KLF_OF_DOUBLE: break;
    }
    return ((const double *)(const void *)values)[i];
}

static void keep(sweep_run *r, size_t point, const void *result)
{
    for (size_t q = 0; q < r->kind->n_quantities; q++) {
        const klf_quantity *quantity = &r->kind->quantity[q];
        if (r->values[q] == NULL)
            continue;
        size_t  n = length_of(&r->sweep, quantity);
        double *to = r->values[q] + index_of(&r->sweep, quantity, point) * n;
        for (size_t i = 0; i < n; i++)
            to[i] = value_of(quantity, result, i);
    }
}

static klf_status run_points(sweep_run *r)
{
    klf_status st = KLF_OK;
    void      *result = malloc(r->kind->result_size);
    if (result == NULL)
        return no_memory(r);
    for (size_t point = 0; point < r->sweep.n_points && st == KLF_OK; point++) {
        if (r->hooks->cancel != NULL && *r->hooks->cancel != 0)
            st = klf_fail(KLF_ERR_INTERRUPTED, "interrupted after %zu of %zu points", point, r->sweep.n_points);
        if (st == KLF_OK)
            st = r->kind->run(r->config, point, result);
        if (st == KLF_OK && r->values != NULL)
            keep(r, point, result);
        if (st == KLF_OK && r->hooks->point != NULL)
            r->hooks->point(r->hooks->arg, point, &r->sweep, result);
    }
    free(result);
    return st;
}

static klf_status write_file(const sweep_run *r, const klf_provenance *provenance)
{
    const klf_sweep_output *output = klf_sweep_output_of(r->kind, r->config);
    const klf_sweep        *sweep = &r->sweep;
    klf_sweep_variable     *variable = calloc(r->kind->n_quantities, sizeof *variable);
    size_t                  n = 0;
    if (variable == NULL)
        return no_memory(r);
    for (size_t q = 0; q < r->kind->n_quantities; q++) {
        const klf_quantity *quantity = &r->kind->quantity[q];
        if (r->values[q] == NULL)
            continue;
        variable[n] = (klf_sweep_variable){.name = quantity->name,
                                           .long_name = quantity->long_name,
                                           .units = quantity->units,
                                           .flags = quantity->flags,
                                           .whole = quantity->type == KLF_OF_SIZE,
                                           .values = r->values[q]};
        for (size_t i = 0; i < sweep->n_point_axes; i++)
            if (is_over(quantity, i))
                variable[n].axis[variable[n].rank++] = i;
        if (quantity->inner != 0)
            variable[n].axis[variable[n].rank++] = sweep->n_point_axes + quantity->inner - 1;
        n++;
    }
    const klf_sweep_contents contents = {.schema = r->kind->schema,
                                         .title = r->kind->title,
                                         .group = r->kind->section->name,
                                         .n_axes = sweep->n_axes,
                                         .axis = sweep->axis,
                                         .n_variables = n,
                                         .variable = variable,
                                         .n_facts = sweep->n_facts,
                                         .fact = sweep->fact};
    klf_status               st = klf_store_write_sweep(output->file, output->force, &contents, provenance);
    free(variable);
    return st;
}

static klf_status compute(sweep_run *r)
{
    if (r->values != NULL && r->kind->run_all != NULL && r->kind->run_all(r->config, &r->sweep, r->threads, r->values))
        return KLF_OK;
    return run_points(r);
}

klf_status klf_sweep_run(const klf_sweep_kind *kind, const void *config, const klf_sweep_hooks *hooks)
{
    klf_status              st = KLF_OK;
    const klf_sweep_output *output = klf_sweep_output_of(kind, config);
    sweep_run               r = {.kind = kind, .config = config, .hooks = hooks};
    klf_facts               facts;
    char                   *text = NULL;
    r.threads = output->threads != 0 ? (size_t)output->threads : klf_default_threads();
    klf_sweep_plan(kind, config, &r.sweep);
    if (output->file == NULL)
        return run_points(&r);
    KLF_TRY(klf_store_check_output(output->file, output->force));
    KLF_TRY(kind->section->text(config, &text));
    klf_facts_collect_sweep(r.threads, &facts);
    KLF_TRY(allocate(&r));
    KLF_TRY(compute(&r));
    klf_facts_stop_clock(&facts);
    st = write_file(&r, &(klf_provenance){.config_text = text, .n_facts = facts.n, .fact = facts.fact});
done:
    for (size_t q = 0; r.values != NULL && q < kind->n_quantities; q++)
        free(r.values[q]);
    free(r.values);
    free(text);
    return st;
}
