/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything is closed formulas and short loops: done at once, without threads, files or progress. */
#include "run/ising1d_run.h"

#include "run/numbers.h"

#include <inttypes.h>
#include <math.h>

static const double LN2 = 0.69314718055994530942;

static klf_status check_size(const char *option, double value)
{
    char text[KLF_REAL_TEXT];
    if (fabs(value) <= KLF_ISING1D_MAX_COUPLING)
        return KLF_OK;
    klf_format_real(value, text);
    return klf_fail(KLF_ERR_USAGE, "%s must be between -%g and %g, not %s", option, KLF_ISING1D_MAX_COUPLING,
                    KLF_ISING1D_MAX_COUPLING, text);
}

static klf_status check_ring(const klf_ising1d_config *config)
{
    if (config->ring == 0 && config->enumerate)
        return klf_fail(KLF_ERR_USAGE, "--enumerate goes over all states of a ring: add --ring N, with N up to %d",
                        KLF_ISING1D_MAX_ENUMERATED);
    if (config->ring % 2 != 0)
        return klf_fail(KLF_ERR_USAGE, "a ring of %" PRIu64 " spins cannot lose every second one: --ring must be even",
                        config->ring);
    if (config->enumerate && config->ring > KLF_ISING1D_MAX_ENUMERATED)
        return klf_fail(KLF_ERR_USAGE,
                        "--enumerate goes over all 2^N states and takes a ring of %d spins at most, not %" PRIu64
                        "; without it --ring is exact too",
                        KLF_ISING1D_MAX_ENUMERATED, config->ring);
    return KLF_OK;
}

static klf_status check(const klf_ising1d_config *config)
{
    klf_status st = KLF_OK;
    if (!config->coupling_given)
        return klf_fail(KLF_ERR_USAGE, "klflow ising1d needs a coupling: --coupling 0.7");
    KLF_TRY(check_size("--coupling", config->coupling));
    KLF_TRY(check_size("--field", config->field));
    if (config->expansions && config->field != 0.0)
        return klf_fail(KLF_ERR_USAGE, "--expansions are for a chain without a field: leave out --field");
    st = check_ring(config);
done:
    return st;
}

static void expand(double k, klf_ising1d_result *out)
{
    for (size_t n = 0; n <= out->n_steps; n++) {
        klf_ising1d_expansion small = klf_ising1d_small_k(k, n), large = klf_ising1d_large_k(k, n);
        out->k_small[n] = small.k;
        out->k0_small[n] = small.k0;
        out->s_small[n] = small.s;
        out->k_large[n] = large.k;
        out->k0_large[n] = large.k0;
        out->s_large[n] = large.s;
    }
}

klf_status klf_ising1d_run(const klf_ising1d_config *config, klf_ising1d_result *out)
{
    klf_status st = KLF_OK;
    double     k = config->coupling, field = config->field;
    KLF_TRY(check(config));
    *out = (klf_ising1d_result){.n_steps = (size_t)config->steps};
    klf_ising1d_flow(k, field, out->n_steps,
                     &(klf_ising1d_arrays){.k = out->k,
                                           .k0 = out->k0,
                                           .k2 = out->k2,
                                           .s = out->s,
                                           .s_unnormalized = out->s_unnormalized,
                                           .z_violation = out->z_violation});
    klf_ising1d_chain_get(k, field, &out->chain);
    out->s_inf = out->chain.entropy_deficit / LN2;
    out->one_minus_s_inf = out->chain.entropy / LN2;
    out->s_inf_fit = field == 0.0 ? klf_ising1d_s_inf_fit(k) : NAN;
    out->s_inf_fit_error = field == 0.0 ? klf_ising1d_s_inf_fit_error(k) : NAN;
    out->n_star = field == 0.0 ? klf_ising1d_n_star(k) : NAN;
    for (size_t n = 0; n <= out->n_steps; n++)
        out->worst_violation = fmax(out->worst_violation, fabs(out->z_violation[n]));
    if (config->expansions)
        expand(k, out);
    if (config->ring != 0) {
        size_t possible = klf_ising1d_ring_steps(config->ring);
        out->n_ring_steps = possible < out->n_steps ? possible : out->n_steps;
        KLF_TRY(klf_ising1d_ring(k, field, config->ring, out->n_ring_steps, out->s_ring));
    }
    if (config->enumerate)
        KLF_TRY(klf_ising1d_enumerate(k, field, config->ring, out->n_ring_steps, out->s_enumerated));
done:
    return st;
}
