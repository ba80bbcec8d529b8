/* SPDX-License-Identifier: BSD-3-Clause */
/* The flow, what it leads to, and a table more for a ring and for the expansions. */
#include "cli/ising1d_output.h"

#include "run/numbers.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Takes 15 columns with its sign, 14 without. Infinite where an expansion is out of its range. */
static void print_number(int width, double value)
{
    if (isfinite(value))
        printf("%*.8g", width, value);
    else
        printf("%*s", width, "-");
}

/* A relative entropy: nine decimals, or an exponent where they would show too few digits of it. */
static void print_s(int width, double value)
{
    static const double FEW_DIGITS = 1e-4;
    if (value != 0.0 && fabs(value) < FEW_DIGITS)
        printf("%*.6g", width, value);
    else
        printf("%*.9f", width, value);
}

static void print_title(const klf_ising1d_config *config, double coupling)
{
    char text[KLF_REAL_TEXT];
    klf_format_real(coupling, text);
    printf("Ising chain, K = %s", text);
    klf_format_real(config->field, text);
    if (config->field_given)
        printf(", field K2 = %s", text);
    putchar('\n');
}

static void print_flow(const klf_ising1d_config *config, const klf_ising1d_result *r)
{
    printf("step%16s%15s", "K", "K0");
    if (config->field_given)
        printf("%16s", "K2");
    printf("%13s%16s\n", "s", "s - (1-2^-n)");
    for (size_t n = 0; n <= r->n_steps; n++) {
        printf("%4zu", n);
        print_number(16, r->k[n]);
        print_number(15, r->k0[n]);
        if (config->field_given)
            print_number(16, r->k2[n]);
        print_s(13, r->s[n]);
        print_number(16, r->s_unnormalized[n]);
        putchar('\n');
    }
}

/* Of a rounding error only the order of magnitude is the same everywhere. */
static double power_of_ten_above(double error)
{
    double power = 1e-15;
    while (power < error)
        power *= 10.0;
    return power;
}

static void print_summary(const klf_ising1d_result *r)
{
    printf(" inf%31s", "");
    if (!isnan(r->s_inf_fit)) {
        print_s(13, r->s_inf);
        print_number(16, 0.0 - r->one_minus_s_inf);
        printf("\n\ns: relative entropy in units of N ln 2, (2.19); inf: its exact limit.\n");
        printf("The fit (2.35) to the limit is %.9g, off by %.2g.\n", r->s_inf_fit, r->s_inf_fit_error);
        printf("n* = 2K/ln 2 = %.4g: so many steps make a strong coupling weak, (2.31).\n", r->n_star);
    } else {
        printf("%16s", "");
        print_s(13, r->s_inf);
        print_number(16, 0.0 - r->one_minus_s_inf);
        printf("\n\ns: relative entropy in units of N ln 2; inf: its exact limit.\n");
        printf("Magnetization %.9g, the same at every step.\n", r->chain.magnetization);
    }
    printf("ln Z / N = %.9g nat; ln Z' / N is equal at every step, to %.0e of it.\n", r->chain.lnz,
           power_of_ten_above(r->worst_violation / r->chain.lnz));
}

static void print_ring(const klf_ising1d_config *config, const klf_ising1d_result *r)
{
    printf("\nRing of %" PRIu64 " spins\nstep%15s%16s%18s", config->ring, "spins left", "s", "- infinite chain");
    if (config->enumerate)
        printf("%16s", "by (2.5)");
    putchar('\n');
    for (size_t n = 0; n <= r->n_ring_steps; n++) {
        printf("%4zu%15" PRIu64, n, config->ring >> n);
        print_s(16, r->s_ring[n]);
        print_number(18, r->s_ring[n] - r->s[n]);
        if (config->enumerate)
            print_s(16, r->s_enumerated[n]);
        putchar('\n');
    }
    uint64_t left = config->ring >> r->n_ring_steps;
    if (r->n_ring_steps < r->n_steps && left > 1)
        printf("It ends with %" PRIu64 " spins, an odd number.\n", left);
}

static void print_expansions(const klf_ising1d_result *r)
{
    printf("\nExpansions%24s%30s\n", "small K", "large K");
    printf("step%15s%15s%15s%15s\n", "K", "s", "K", "s");
    for (size_t n = 0; n <= r->n_steps; n++) {
        printf("%4zu", n);
        print_number(15, r->k_small[n]);
        print_number(15, r->s_small[n]);
        print_number(15, r->k_large[n]);
        print_number(15, r->s_large[n]);
        putchar('\n');
    }
}

void klf_ising1d_print_tables(const klf_ising1d_config *config, const klf_ising1d_result *result)
{
    print_title(config, result->coupling);
    print_flow(config, result);
    print_summary(result);
    if (config->ring != 0)
        print_ring(config, result);
    if (config->expansions)
        print_expansions(result);
}
