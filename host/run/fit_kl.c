/* SPDX-License-Identifier: BSD-3-Clause */
/* The curves of a result file of klflow kl against the layer, one by one or as means over the axis seed, and their plateaus
 * against var_w. */
#include "run/axis_select.h"
#include "run/fit_entry.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VAR_W, VAR_B, DEPTH, SEED, INPUT, FEWEST_NETWORKS = 3 };

typedef struct job {
    const klf_fit_config *config;
    const klf_kl_sweep   *sweep;
    klf_axis_choice       choice;
    klf_fit_model         model;
    double                held[KLF_FIT_PARAMETERS];
    klf_fit_result       *out;
} job;

/* ---- one curve ---- */

static klf_kl_field field_of(const klf_fit_config *config)
{
    static const klf_kl_field field[] = {[KLF_FIT_KL_PER_NEURON] = KLF_KL_KL_PER_NEURON,
                                         [KLF_FIT_KL] = KLF_KL_KL,
                                         [KLF_FIT_MEANFIELD] = KLF_KL_KL_MEANFIELD_PER_NEURON};
    return field[config->quantity];
}

/* The standard error of a layer's value: of the mean over networks or images where it is one, else that of sampling. */
static double error_of(const klf_fit_config *config, const klf_kl_point *p, size_t i)
{
    const klf_kl_field field = field_of(config);
    if (config->quantity == KLF_FIT_MEANFIELD)
        return NAN;
    if (p->ensemble_std[field] != NULL)
        return p->ensemble_std[field][i] / sqrt((double)p->ensemble);
    if (p->input_std[field] != NULL)
        return p->input_std[field][i] / sqrt((double)p->n_images);
    return p->value[KLF_KL_KL_STDERR][i] / (config->quantity == KLF_FIT_KL ? 1.0 : (double)p->width[0]);
}

static bool is_wanted(const klf_fit_config *config, const klf_kl_point *p, size_t i)
{
    const size_t layer = p->reference_layer + i;
    return !p->width_changed[i] && (!config->first_given || layer >= config->first) &&
           (!config->last_given || layer <= config->last);
}

/* Errors that say nothing, as of one sample or of the theory, are no errors. */
static void drop_missing_errors(klf_fit_entry *entry)
{
    bool any = false;
    for (size_t i = 0; i < entry->n; i++)
        any = any || entry->error[i] > 0.0;
    if (any)
        return;
    free(entry->error);
    entry->error = NULL;
}

static klf_status describe(const job *j, const klf_kl_point *p, klf_fit_entry *entry)
{
    entry->model = j->model;
    entry->x_name = "layer";
    entry->y_name = klf_fit_quantity_choices[j->config->quantity];
    entry->is_network = true;
    entry->var_w = p->var_w;
    entry->var_b = p->var_b;
    entry->depth = p->depth;
    entry->seed = p->seed;
    entry->reference_layer = p->reference_layer;
    entry->n_networks = p->ensemble;
    entry->n_images = p->n_images;
    entry->input = strdup(p->input);
    return entry->input != NULL ? KLF_OK : klf_fail(KLF_ERR_MEMORY, "no memory for the name of an input");
}

static klf_status take_curve(const job *j, const klf_kl_point *p, klf_fit_entry *entry)
{
    klf_status    st = KLF_OK;
    const double *value = p->value[field_of(j->config)];
    KLF_TRY(klf_fit_entry_create(p->n_layers, entry));
    KLF_TRY(describe(j, p, entry));
    entry->n = 0;
    for (size_t i = 0; i < p->n_layers; i++)
        if (is_wanted(j->config, p, i)) {
            entry->x[entry->n] = (double)i;
            entry->y[entry->n] = value[i];
            entry->error[entry->n++] = error_of(j->config, p, i);
        }
done:
    return st;
}

/* A layer without a value is named by its number. False if there is one, with the sentence in the entry. */
static bool all_finite(klf_fit_entry *entry)
{
    for (size_t i = 0; i < entry->n; i++)
        if (!isfinite(entry->y[i])) {
            klf_fail(KLF_ERR_DATA, "layer %zu has no %s (is it degenerate?); --first-layer and --last-layer leave layers out",
                     entry->reference_layer + (size_t)entry->x[i], entry->y_name);
            entry->refusal = strdup(klf_last_error());
            return false;
        }
    return true;
}

static klf_status fit_one(const job *j, const klf_kl_point *p, klf_fit_entry *entry)
{
    klf_status st = KLF_OK;
    KLF_TRY(take_curve(j, p, entry));
    entry->errors = "equal";
    if (!all_finite(entry))
        return entry->refusal != NULL ? KLF_OK : klf_fail(KLF_ERR_MEMORY, "no memory for a message");
    drop_missing_errors(entry);
    const bool     of_mean = p->ensemble > 1 || p->n_images > 1;
    klf_fit_errors errors = of_mean ? KLF_FIT_GIVEN : KLF_FIT_SCALED;
    if (j->config->errors != KLF_FIT_ERRORS_AUTO)
        errors = (klf_fit_errors)j->config->errors;
    KLF_TRY(klf_fit_entry_fit(j->held, errors, entry));
    if (of_mean && errors == KLF_FIT_GIVEN && entry->error != NULL)
        entry->errors = "ensemble";
done:
    return st;
}

/* ---- the mean over the networks of the axis seed ---- */

/* Neighbouring layers of a network are off in the same direction, which the errors of the layers do not tell: so the
 * parameters' errors are from fits that leave out one network at a time. */
static klf_status jackknife(const job *j, size_t n_networks, const double *curves, klf_fit_entry *entry)
{
    klf_status   st = KLF_OK;
    const size_t n = entry->n;
    const double count = (double)n_networks;
    double      *y = malloc((n + 1) * sizeof *y), (*value)[KLF_FIT_PARAMETERS] = malloc(n_networks * sizeof *value);
    double       mean[KLF_FIT_PARAMETERS] = {0.0};
    klf_fit_data data = {.model = entry->model,
                         .errors = entry->error == NULL || j->config->errors == KLF_FIT_EQUAL ? KLF_FIT_EQUAL : KLF_FIT_GIVEN,
                         .n = n,
                         .x = entry->x,
                         .y = y,
                         .error = entry->error,
                         .held = {j->held[0], j->held[1]}};
    if (y == NULL || value == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the fits of %zu networks", n_networks);
        goto done;
    }
    bool converged = true;
    for (size_t s = 0; s < n_networks; s++) {
        klf_fit fit;
        for (size_t i = 0; i < n; i++)
            y[i] = (count * entry->y[i] - curves[s * n + i]) / (count - 1.0);
        KLF_TRY(klf_fit_curve(&data, &fit));
        converged = converged && fit.converged;
        for (size_t k = 0; k < KLF_FIT_PARAMETERS; k++) {
            value[s][k] = fit.value[k];
            mean[k] += fit.value[k] / count;
        }
    }
    for (size_t k = 0; k < KLF_FIT_PARAMETERS; k++)
        for (size_t l = 0; l < KLF_FIT_PARAMETERS; l++) {
            double sum = 0.0;
            for (size_t s = 0; s < n_networks; s++)
                sum += (value[s][k] - mean[k]) * (value[s][l] - mean[l]);
            entry->fit.covariance[k][l] = converged ? sum * (count - 1.0) / count : NAN;
        }
    for (size_t k = 0; k < KLF_FIT_PARAMETERS; k++)
        entry->fit.error[k] = sqrt(entry->fit.covariance[k][k]);
    if (!converged) {
        entry->fit.converged = false;
        entry->fit.verdict = KLF_FIT_UNDETERMINED;
    }
    entry->errors = "jackknife";
done:
    free(y);
    free(value);
    return st;
}

/* Puts the mean of the curves into the entry, and the standard error of that mean. */
static void average(size_t n_networks, const double *curves, klf_fit_entry *entry)
{
    const size_t n = entry->n;
    const double count = (double)n_networks;
    for (size_t i = 0; i < n; i++) {
        double mean = 0.0, square = 0.0;
        for (size_t s = 0; s < n_networks; s++)
            mean += curves[s * n + i] / count;
        for (size_t s = 0; s < n_networks; s++)
            square += (curves[s * n + i] - mean) * (curves[s * n + i] - mean);
        entry->y[i] = mean;
        entry->error[i] = sqrt(square / (count - 1.0) / count);
    }
}

static klf_status fit_mean(const job *j, size_t index[KLF_N_AXES], klf_fit_entry *entry)
{
    klf_status    st = KLF_OK;
    const size_t  n_networks = j->choice.n[SEED];
    size_t        total = 0;
    klf_fit_entry one = {0};
    double       *curves = NULL;
    for (size_t s = 0; s < n_networks; s++) {
        klf_fit_entry *here = s == 0 ? entry : &one;
        index[SEED] = j->choice.index[SEED][s];
        KLF_TRY(take_curve(j, klf_axis_point(j->sweep, index), here));
        if (curves == NULL && !(curves = malloc((n_networks * here->n + 1) * sizeof *curves))) {
            st = klf_fail(KLF_ERR_MEMORY, "no memory for the curves of %zu networks", n_networks);
            goto done;
        }
        if (here->n != entry->n) {
            st = klf_fail(KLF_ERR_DATA, "the networks that --average is over differ in their numbers of layers: %zu and %zu",
                          entry->n, here->n);
            goto done;
        }
        memcpy(curves + s * entry->n, here->y, entry->n * sizeof *curves);
        total += here->n_networks;
        klf_fit_entry_free(&one);
    }
    entry->n_networks = total;
    entry->errors = "jackknife";
    average(n_networks, curves, entry);
    if (!all_finite(entry)) {
        st = entry->refusal != NULL ? KLF_OK : klf_fail(KLF_ERR_MEMORY, "no memory for a message");
        goto done;
    }
    drop_missing_errors(entry);
    KLF_TRY(klf_fit_entry_fit(j->held, j->config->errors == KLF_FIT_EQUAL ? KLF_FIT_EQUAL : KLF_FIT_GIVEN, entry));
    if (entry->refusal == NULL)
        KLF_TRY(jackknife(j, n_networks, curves, entry));
done:
    klf_fit_entry_free(&one);
    free(curves);
    return st;
}

/* ---- plateaus against var_w ---- */

static klf_status fit_across(const job *j, const size_t *curve, size_t n)
{
    klf_status    st = KLF_OK;
    klf_fit_entry entry = {0};
    double        held[KLF_FIT_PARAMETERS] = {NAN, NAN};
    bool          all_errors = true;
    KLF_TRY(klf_fit_entry_create(n, &entry));
    entry.n = 0;
    for (size_t k = 0; k < n; k++) {
        const klf_fit_entry *from = &j->out->entry[curve[k]];
        if (from->refusal != NULL || !from->fit.converged || !isfinite(from->fit.error[0]))
            continue;
        entry.x[entry.n] = from->var_w;
        entry.y[entry.n] = from->fit.value[0];
        all_errors = all_errors && from->fit.error[0] > 0.0;
        entry.error[entry.n++] = from->fit.error[0];
    }
    if (entry.n == 0) /* the curves have said why */
        goto done;
    const klf_fit_entry *first = &j->out->entry[curve[0]];
    entry.model = KLF_FIT_TANH;
    entry.x_name = "var_w";
    entry.y_name = klf_fit_model_table[KLF_FIT_PLATEAU].parameter[0];
    entry.is_network = entry.across = true;
    entry.var_b = first->var_b;
    entry.depth = first->depth;
    entry.seed = first->seed;
    entry.reference_layer = first->reference_layer;
    entry.n_networks = first->n_networks;
    entry.n_images = first->n_images;
    if (!(entry.input = strdup(first->input))) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the name of an input");
        goto done;
    }
    if (!all_errors) {
        free(entry.error);
        entry.error = NULL;
    }
    KLF_TRY(klf_fit_entry_fit(
        held, j->config->errors == KLF_FIT_ERRORS_AUTO ? KLF_FIT_SCALED : (klf_fit_errors)j->config->errors, &entry));
    st = klf_fit_result_add(j->out, &entry);
done:
    klf_fit_entry_free(&entry);
    return st;
}

/* One fit for each combination of the other axes. Curves are in the order of the grid, so those of one combination are `others`
 * apart. */
static klf_status fit_all_across(const job *j)
{
    klf_status   st = KLF_OK;
    const size_t n_var_w = j->choice.n[VAR_W], others = j->out->n_curves / n_var_w;
    size_t      *curve = NULL;
    if (j->model != KLF_FIT_PLATEAU || !isnan(j->held[0]) || n_var_w <= KLF_FIT_PARAMETERS)
        return KLF_OK;
    if (!(curve = malloc(n_var_w * sizeof *curve)))
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu plateaus", n_var_w);
    for (size_t other = 0; other < others && st == KLF_OK; other++) {
        for (size_t k = 0; k < n_var_w; k++)
            curve[k] = k * others + other;
        st = fit_across(j, curve, n_var_w);
    }
    free(curve);
    return st;
}

/* ---- the file ---- */

static klf_status fit_grid(const job *j)
{
    klf_status             st = KLF_OK;
    const klf_axis_choice *c = &j->choice;
    const size_t           n_seed = j->config->average ? 1 : c->n[SEED];
    const size_t           total = c->n[VAR_W] * c->n[VAR_B] * c->n[DEPTH] * n_seed * c->n[INPUT];
    klf_fit_entry          entry = {0};
    for (size_t axis = 0; axis < KLF_N_AXES; axis++)
        j->out->shape[axis] = axis == SEED ? n_seed : c->n[axis];
    for (size_t k = 0; k < total; k++) {
        size_t rest = k, index[KLF_N_AXES];
        index[INPUT] = c->index[INPUT][rest % c->n[INPUT]];
        index[SEED] = c->index[SEED][(rest /= c->n[INPUT]) % n_seed];
        index[DEPTH] = c->index[DEPTH][(rest /= n_seed) % c->n[DEPTH]];
        index[VAR_B] = c->index[VAR_B][(rest /= c->n[DEPTH]) % c->n[VAR_B]];
        index[VAR_W] = c->index[VAR_W][rest / c->n[VAR_B]];
        if (j->config->average)
            KLF_TRY(fit_mean(j, index, &entry));
        else
            KLF_TRY(fit_one(j, klf_axis_point(j->sweep, index), &entry));
        j->out->n_failed += entry.refusal != NULL || !entry.fit.converged;
        KLF_TRY(klf_fit_result_add(j->out, &entry));
    }
    j->out->n_curves = j->out->n;
done:
    klf_fit_entry_free(&entry);
    return st;
}

static klf_status check(const job *j)
{
    const klf_fit_config *c = j->config;
    if (!isnan(c->x_min) || !isnan(c->x_max))
        return klf_fail(KLF_ERR_USAGE, "--x-min and --x-max are for tables and Ising models; layers have --first-layer and "
                                       "--last-layer");
    if (c->first_given && c->last_given && c->first > c->last)
        return klf_fail(KLF_ERR_USAGE, "--first-layer %" PRIu64 " is behind --last-layer %" PRIu64, c->first, c->last);
    if (!c->average)
        return KLF_OK;
    if (c->errors == KLF_FIT_SCALED)
        return klf_fail(KLF_ERR_USAGE, "--average takes the errors from the networks: leave out --errors scaled");
    if (j->choice.n[SEED] < FEWEST_NETWORKS)
        return klf_fail(KLF_ERR_USAGE,
                        "--average is over the seeds of a sweep and takes %d of them, but there %s %zu; a run with "
                        "--ensemble has averaged over its networks already",
                        FEWEST_NETWORKS, j->choice.n[SEED] == 1 ? "is" : "are", j->choice.n[SEED]);
    return KLF_OK;
}

klf_status klf_fit_run_kl(const klf_fit_config *config, const klf_kl_file *file, klf_fit_result *out)
{
    klf_status st = KLF_OK;
    job        j = {.config = config, .sweep = &file->sweep, .out = out};
    *out = (klf_fit_result){0};
    j.model = config->model == KLF_FIT_MODEL_AUTO ? KLF_FIT_PLATEAU : (klf_fit_model)config->model;
    KLF_TRY(klf_fit_held(&config->hold, j.model, j.held));
    KLF_TRY(klf_axis_choose(j.sweep, &config->select, &j.choice));
    KLF_TRY(check(&j));
    KLF_TRY(fit_grid(&j));
    st = fit_all_across(&j);
done:
    klf_axis_choice_free(&j.choice);
    if (st != KLF_OK)
        klf_fit_result_free(out);
    return st;
}
