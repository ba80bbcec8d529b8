/* SPDX-License-Identifier: BSD-3-Clause */
/* The worst point first, and of each point the worst layer. Keys and units of the JSON: docs/formats.md. Lines of tables stay
 * within 80 columns. */
#include "cli/compare_output.h"

#include "cli/json_line.h"
#include "cli/kl_output.h"
#include "cli/wrap.h"
#include "core/quote.h"
#include "klflow/build_info.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const char *klf_cause_name(klf_cause cause)
{
    return cause == KLF_ROUNDING ? "rounding" : "statistics";
}

/* ---- tables ---- */

/* Three digits say how far; "-" where there is no number. */
static void print_small(int width, double value)
{
    char text[32] = "-";
    if (!isnan(value))
        snprintf(text, sizeof text, "%.2e", value);
    printf("  %*s", width, value == 0.0 ? "0" : text);
}

static void print_kl(double value)
{
    if (isnan(value))
        printf("  %14s", "-");
    else
        printf("  %14.8g", value);
}

static void print_layers(const klf_point_difference *d)
{
    printf("layer      A, KL [nat]     B, KL [nat]      B - A     of KL      of Q    sigmas\n");
    for (size_t i = 0; i < d->n_layers; i++) {
        const klf_layer_difference *layer = &d->layer[i];
        printf("%5zu%c", layer->layer, layer->within ? ' ' : '!');
        print_kl(layer->kl_a);
        print_kl(layer->kl_b);
        print_small(9, layer->difference);
        print_small(8, layer->relative);
        print_small(8, layer->relative_q);
        print_small(8, layer->sigmas);
        putchar('\n');
    }
}

static void print_file(char letter, const char *name, const klf_kl_file *file)
{
    printf("%c  %s: backend %s, %s, klflow %s\n", letter, klf_quoted_path(name).text, file->backend, file->precision,
           file->version);
}

static void print_point(const klf_kl_comparison *c, size_t k)
{
    const klf_kl_match         *m = &c->match[k];
    const klf_point_difference *d = &m->difference;
    char                        text[400];
    putchar('\n');
    if (c->n > 1)
        printf("[%zu/%zu] ", m->index + 1, c->n);
    klf_kl_print_title(0, 1, m->a);
    if (d->cause == KLF_ROUNDING)
        snprintf(text, sizeof text, "%s: rounding only; %s %.2g of Q at layer %zu", m->reason, d->within ? "within" : "BEYOND",
                 d->layer[0].tolerance_q, d->layer[0].layer);
    else
        snprintf(text, sizeof text, "%s: statistics; %s %.3g sigmas (%g for one layer, and %zu were sampled)", m->reason,
                 d->within ? "within" : "BEYOND", d->tolerance.sigmas, c->tolerance.sigmas, c->n_sampled);
    klf_wrap_print(text, 0, 0);
    print_layers(d);
}

void klf_comparison_print_table(const char *name_a, const klf_kl_file *a, const char *name_b, const klf_kl_file *b,
                                const klf_kl_comparison *comparison)
{
    print_file('A', name_a, a);
    print_file('B', name_b, b);
    for (size_t k = 0; k < comparison->n; k++)
        print_point(comparison, k);
    printf("\nof KL: relative to KL, which may be close to 0. of Q: the largest difference of\n"
           "KL, Q_direct and Q_gram, relative to Q = <|z - mu|^2>, of which KL is made.\n"
           "sigmas: the same in combined standard errors. !: beyond the tolerance.\n");
    if (comparison->n_beyond == 0)
        printf("within tolerance\n");
    else
        printf("BEYOND tolerance: %zu of %zu point%s\n", comparison->n_beyond, comparison->n, comparison->n == 1 ? "" : "s");
}

/* ---- JSON ---- */

static const struct {
    const char *key;
    size_t      offset;
    bool        optional;
} real_of_layer[] = {
    {"kl_a", offsetof(klf_layer_difference, kl_a), false},
    {"kl_b", offsetof(klf_layer_difference, kl_b), false},
    {"difference", offsetof(klf_layer_difference, difference), false},
    {"relative", offsetof(klf_layer_difference, relative), false},
    {"relative_q", offsetof(klf_layer_difference, relative_q), false},
    {"sigmas", offsetof(klf_layer_difference, sigmas), false},
    {"tolerance_q", offsetof(klf_layer_difference, tolerance_q), false},
    {"share", offsetof(klf_layer_difference, share), false},
    {"f_j", offsetof(klf_layer_difference, f_j), true},
    {"f_jk", offsetof(klf_layer_difference, f_jk), true},
};

/* Arrays over the layers, worst first; empty without memory for them. */
static void print_json_layers(const klf_point_difference *d)
{
    size_t *layer = malloc(d->n_layers * sizeof *layer);
    double *real = malloc(d->n_layers * sizeof *real);
    bool   *within = malloc(d->n_layers * sizeof *within);
    size_t  n = layer && real && within ? d->n_layers : 0;
    for (size_t i = 0; i < n; i++) {
        layer[i] = d->layer[i].layer;
        within[i] = d->layer[i].within;
    }
    klf_json_wholes("layer", layer, n);
    klf_json_bools("layer_within", within, n);
    for (size_t k = 0; k < sizeof real_of_layer / sizeof *real_of_layer; k++) {
        bool any = !real_of_layer[k].optional;
        for (size_t i = 0; i < n; i++) {
            real[i] = *(const double *)((const char *)&d->layer[i] + real_of_layer[k].offset);
            any = any || !isnan(real[i]);
        }
        if (any)
            klf_json_reals(real_of_layer[k].key, real, n);
    }
    free(layer);
    free(real);
    free(within);
}

void klf_comparison_print_json(const klf_kl_comparison *comparison)
{
    for (size_t k = 0; k < comparison->n; k++) {
        const klf_kl_match         *m = &comparison->match[k];
        const klf_point_difference *d = &m->difference;
        klf_json_begin();
        klf_json_bool("within", d->within);
        klf_json_text("cause", klf_cause_name(d->cause));
        klf_json_text("reason", m->reason);
        klf_json_real("tolerance_sigmas", d->cause == KLF_STATISTICS ? d->tolerance.sigmas : NAN);
        klf_json_text("precision", klf_precision_name(comparison->precision));
        klf_json_real("var_w", m->a->var_w);
        klf_json_real("var_b", m->a->var_b);
        klf_json_whole("depth", m->a->depth);
        klf_json_whole("seed", m->a->seed);
        klf_json_text("input", m->a->input);
        print_json_layers(d);
        klf_json_text("version", klf_build_info_get()->version);
        klf_json_end();
    }
}
