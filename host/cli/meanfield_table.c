/* SPDX-License-Identifier: BSD-3-Clause */
/* What a point is, line by line with a few words each, and a table of layers. */
#include "cli/meanfield_output.h"

#include "run/numbers.h"

#include <math.h>
#include <stdio.h>

/* Nine digits in 15 columns; a dash where there is no number. */
static void print_number(int width, double value)
{
    if (isfinite(value))
        printf("%*.9g", width, value);
    else
        printf("%*s", width, isnan(value) ? "-" : value < 0.0 ? "-infinite" : "infinite");
}

static const double SIX_DECIMALS = 5e-7;

/* Below it a KL has six decimals in its column. */
static const double KL_FITS = 1e4;

static void print_line(const char *name, double value, const char *meaning)
{
    printf("  %-9s", name);
    print_number(17, value);
    printf("  %s\n", meaning);
}

static void print_point(const klf_meanfield_result *r)
{
    const klf_meanfield_point *p = &r->point;
    printf("Mean field at var_w = %.9g, var_b = %.9g: %s%s\n", r->var_w, r->var_b, klf_phase_name(p->phase),
           p->phase == KLF_PHASE_CRITICAL ? "" : " phase");
    print_line("q*", p->q_star.value, "variance of layers far behind, (3.7)");
    print_line("lambda_q", p->lambda_q, "factor a layer by which variances come closer");
    print_line("xi_q", p->xi_q, "layers in which they come closer by 1/e");
    print_line("rho*", p->rho_star.value, "correlation of two inputs far behind, (3.8)");
    print_line("slope", p->slope, "factor a layer by which correlations come closer");
    print_line("xi_c", p->xi_c, "layers in which they come closer by 1/e, (3.10)");
    print_line("chi_1", p->chi_1, "that factor at correlation 1, (3.9); chaos above 1");
    print_line("critical", r->critical_var_w, "var_w at which it is 1 with this var_b");
}

/* Shown where they are more than repetition: the second moment with a mean, the target's variance where it is not q. */
typedef struct columns {
    bool moment, target;
} columns;

/* The numbers of a layer, or where they go. */
typedef struct row {
    double q, moment, target, rho, kl;
} row;

static void print_row(columns show, row r)
{
    print_number(16, r.q);
    if (show.moment)
        print_number(16, r.moment);
    if (show.target)
        print_number(16, r.target);
    if (isnan(r.rho))
        printf("%11s", "-");
    else
        printf("%11.6f", fabs(r.rho) < SIX_DECIMALS ? 0.0 : r.rho); /* no -0 */
    if (fabs(r.kl) < KL_FITS)
        printf("%13.6f\n", r.kl);
    else {
        print_number(13, r.kl);
        putchar('\n');
    }
}

static void print_curve(const klf_meanfield_config *config, const klf_meanfield_result *r)
{
    char    q0[KLF_REAL_TEXT], mean[KLF_REAL_TEXT];
    bool    samples = config->convention == KLF_TARGET_SAMPLES;
    columns show = {.moment = config->mean != 0.0,
                    .target = samples || (config->convention != KLF_TARGET_THEORY && config->mean != 0.0)};
    klf_format_real(r->q0, q0);
    klf_format_real(config->mean, mean);
    printf("\nReference N(%s, %s), target convention %s\n", mean, q0, klf_target_conventions[config->convention]);
    printf("layer%16s", "q");
    if (show.moment)
        printf("%16s", "<z^2>");
    if (show.target)
        printf("%16s", "target var");
    printf("%11s%13s\n", "rho", "KL/N");
    for (size_t l = 0; l < r->n_layers; l++) {
        printf("%5zu", l);
        print_row(show, (row){r->q[l], r->second_moment[l], r->target_var[l], r->rho[l], r->kl_per_neuron[l]});
    }
    double q = r->point.q_star.value;
    printf("  inf");
    print_row(show,
              (row){q, q, samples ? q * r->point.one_minus_rho_star : q, q > 0.0 ? r->point.rho_star.value : NAN, r->kl_limit});
    printf("\nrho: correlation of two samples of the reference. KL/N: nats a neuron.\n");
}

void klf_meanfield_print_tables(const klf_meanfield_config *config, const klf_meanfield_result *result)
{
    print_point(result);
    if (result->n_layers > 0)
        print_curve(config, result);
}
