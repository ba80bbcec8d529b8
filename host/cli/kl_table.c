/* SPDX-License-Identifier: BSD-3-Clause */
/* One table a point: a title that says which, a line a layer, and under it what the marks mean. Rows stay within
 * 80 columns. */
#include "cli/kl_output.h"

#include "cli/wrap.h"
#include "run/kl_bias.h"
#include "run/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void print_title_real(const char *name, double value)
{
    char text[KLF_REAL_TEXT] = "unknown";
    if (!isnan(value))
        klf_format_real(value, text);
    printf("%s %s  ", name, text);
}

void klf_kl_print_title(size_t index, size_t n_points, const klf_kl_point *point)
{
    if (n_points > 1)
        printf("%s[%zu/%zu] ", index > 0 ? "\n" : "", index + 1, n_points);
    print_title_real("var_w", point->var_w);
    print_title_real("var_b", point->var_b);
    printf("depth %zu  seed %" PRIu64 "  input %s", point->depth, point->seed, point->input);
    if (point->n_images > 1)
        printf(" (%zu images)", point->n_images);
    if (point->ensemble > 1)
        printf("  ensemble %zu", point->ensemble);
    putchar('\n');
}

/* A number in a column, "-" where there is none. One that five decimals would show as 0, or that they would make too long for
 * the column, has an exponent, and as many digits as there is room for. */
static void print_cell(int width, double value)
{
    static const double LAST_DECIMAL = 1e-5;
    char                text[400] = "-"; /* %.5f of the largest double fits */
    if (!isnan(value))
        snprintf(text, sizeof text, "%.5f", value);
    bool is_lost = value != 0.0 && fabs(value) < LAST_DECIMAL;
    for (int digits = 4; digits >= 0 && (is_lost || strlen(text) > (size_t)width); digits--) {
        snprintf(text, sizeof text, "%.*e", digits, value);
        is_lost = false;
    }
    printf("  %*s", width, text);
}

/* A layer's spread over networks or images, and what it is called. There is room for one column: networks differ by more. */
static const double *scatter_of(const klf_kl_point *point, klf_kl_legend *legend, const char **name)
{
    const double *networks = point->ensemble_std[KLF_KL_KL_PER_NEURON], *images = point->input_std[KLF_KL_KL_PER_NEURON];
    legend->networks = legend->networks || networks != NULL;
    legend->images = legend->images || (images != NULL && networks == NULL);
    legend->images_hidden = legend->images_hidden || (images != NULL && networks != NULL);
    legend->alone = legend->alone || (images == NULL && networks == NULL);
    *name = networks != NULL ? "networks" : "images";
    return networks != NULL ? networks : images;
}

static void print_rows(const klf_kl_point *point, const double *scatter)
{
    double reference_width = (double)point->width[0];
    for (size_t i = 0; i < point->n_layers; i++) {
        char mark = point->layer_status[i] == KLF_LAYER_DEGENERATE ? '!' : point->width_changed[i] ? '*' : ' ';
        printf("%5zu%c %6zu", point->reference_layer + i, mark, point->width[i]);
        print_cell(9, point->value[KLF_KL_KL_PER_NEURON][i]);
        print_cell(8, point->value[KLF_KL_KL_STDERR][i] / reference_width);
        if (scatter != NULL)
            print_cell(8, scatter[i]);
        print_cell(10, point->value[KLF_KL_KL_MEANFIELD_PER_NEURON][i]);
        print_cell(11, point->value[KLF_KL_KL][i]);
        print_cell(9, point->value[KLF_KL_VAR][i]);
        putchar('\n');
    }
}

/* Under the table in which they stand, as the points of a sweep differ. */
static void explain_marks(const klf_kl_point *point)
{
    bool changed = false;
    for (size_t i = 0; i < point->n_layers; i++)
        changed = changed || (point->width_changed[i] && point->layer_status[i] == KLF_LAYER_OK); /* else marked by ! */
    if (changed)
        printf("*: not as wide as layer %zu: KL compares densities of different dimension there,\n"
               "   and its drop is not physical\n",
               point->reference_layer);
    if (klf_kl_point_is_degenerate(point))
        printf("!: degenerate: the layer's variance is 0, so it has no density and no KL\n");
    if (point->layer_status[0] == KLF_LAYER_DEGENERATE)
        printf("   and, being the reference, leaves the others without one\n");
}

/* Where rounding is no longer small against the sampling error: how far it may shift KL, at the layer where that is worst. */
static void warn_of_rounding(const klf_kl_plan *plan, const klf_kl_point *point)
{
    const double *bound = point->value[KLF_KL_KL_BIAS_BOUND], *error = point->value[KLF_KL_KL_STDERR];
    size_t        worst = 0;
    double        share = klf_small_bias;
    for (size_t i = 1; i < point->n_layers; i++)
        if (bound[i] > share * error[i]) {
            worst = i;
            share = bound[i] / error[i];
        }
    if (worst == 0)
        return;
    char text[300];
    snprintf(text, sizeof text,
             "rounding (%s) may exceed a third of the standard error: at layer %zu it may shift KL/N by %.1e, %.2g of it; "
             "--precision "
             "%s is more accurate",
             klf_precision_name(plan->precision), point->reference_layer + worst, bound[worst] / (double)point->width[0], share,
             klf_precision_phi_format(plan->precision) > KLF_FORMAT_FP32 ? "fp32" : "fp64");
    klf_wrap_print(text, 0, 0);
}

/* How far the point is from its reference, at the layer where that is farthest. */
static void print_reference(const klf_kl_plan *plan, const klf_layer_difference *worst)
{
    char text[400];
    snprintf(text, sizeof text,
             "backend %s in fp64, on the same samples, differs most at layer %zu: by %.2g of Q; KL by %.2g nat, %.2g of it and "
             "%.2g standard errors; %s %.2g of Q",
             plan->reference, worst->layer, worst->relative_q, worst->difference, worst->relative, worst->sigmas,
             worst->within ? "within" : "BEYOND", worst->tolerance_q);
    klf_wrap_print(text, 0, 0);
}

/* Once, under the last table. */
static void explain_columns(const klf_kl_legend *legend, size_t reference_layer, int64_t n_mc)
{
    const char *of = !legend->alone   ? "the mean"
                     : legend->images ? "this one network, or of the mean over images"
                                      : "this one network";
    printf("\nN: width of layer %zu.\n+-: Monte Carlo standard error of %s (n_mc %" PRId64 ").\n", reference_layer, of, n_mc);
    if (legend->networks)
        printf("networks: standard deviation of KL/N over the networks of the ensemble.\n");
    if (legend->images)
        printf("images: standard deviation of KL/N over the images.\n");
    if (legend->images_hidden)
        printf("That over the images has no column here; --json and result files have it.\n");
}

void klf_kl_print_table(const klf_kl_config *config, const klf_kl_plan *plan, klf_kl_legend *legend, size_t index,
                        size_t n_points, const klf_kl_point *point, const klf_layer_difference *worst)
{
    const char   *name;
    const double *scatter = scatter_of(point, legend, &name);
    klf_kl_print_title(index, n_points, point);
    printf("layer   width       KL/N        +-");
    if (scatter != NULL)
        printf("  %8s", name);
    printf("  mean field     KL [nat]   variance\n");
    print_rows(point, scatter);
    explain_marks(point);
    if (plan->precision != KLF_FP64)
        warn_of_rounding(plan, point);
    if (worst != NULL)
        print_reference(plan, worst);
    if (index + 1 == n_points)
        explain_columns(legend, point->reference_layer, config->n_mc);
}
