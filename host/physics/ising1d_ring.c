/* SPDX-License-Identifier: BSD-3-Clause */
/* Periodic rings of N spins. A ring is the Markov chain closed to a loop, p(s) = prod P(s_i -> s_{i+1}) / Tr P^N with
 * Tr P^N = 1 + r^N, r = lam_- / lam_+. Its entropy follows, and the relative entropy is a difference of entropies once more. */
#include "klflow/ising1d.h"

#include "physics/ising1d_markov.h"
#include "physics/ising1d_rings.h"

#include <inttypes.h>
#include <math.h>

static const double LN2 = 0.69314718055994530942;

size_t klf_ising1d_ring_steps(uint64_t n_spins)
{
    size_t n = 0;
    for (; n_spins != 0 && n_spins % 2 == 0; n_spins /= 2)
        n++;
    return n;
}

klf_status klf_ising1d_check_ring(uint64_t n_spins, size_t n_steps)
{
    if (n_spins < 2)
        return klf_fail(KLF_ERR_USAGE, "a ring needs 2 spins or more, not %" PRIu64, n_spins);
    if (n_steps > klf_ising1d_ring_steps(n_spins))
        return klf_fail(KLF_ERR_USAGE,
                        "a ring of %" PRIu64 " spins cannot be decimated %zu times, as 2^%zu does not divide %" PRIu64, n_spins,
                        n_steps, n_steps, n_spins);
    return KLF_OK;
}

/* x ln 2x, for a probability. */
static double against_even_odds(double x)
{
    return x > 0.0 ? x * (LN2 + log(x)) : 0.0;
}

/* r^n, without the error of n roundings where r is close to 1. */
static double power(const klf_ising1d_markov *chain, uint64_t n)
{
    double magnitude = n == 0 ? 1.0 : exp((double)n * chain->ln_ratio);
    return chain->ratio < 0.0 && n % 2 == 1 ? -magnitude : magnitude;
}

/* ln 2 minus the entropy a spin. Of neighbours, the ring has the pair (s, s') with probability
 * P(s -> s') P^(N-1)(s' -> s) / Tr P^N, and P^(N-1)(s' -> s) = p_s + r^(N-1) (delta_ss' - p_s). */
static double ring_deficit(double k, double field, uint64_t n_spins)
{
    klf_ising1d_markov chain;
    klf_ising1d_markov_get(k, field, &chain);
    double around = power(&chain, n_spins), back = power(&chain, n_spins - 1), closing = 0.0;
    for (int s = 0; s < 2; s++)
        closing += against_even_odds(chain.stay[s]);
    return ((1.0 - back) * klf_ising1d_markov_deficit(&chain) + back * closing) / (1.0 + around) -
           log1p(around) / (double)n_spins;
}

klf_status klf_ising1d_ring(double k, double field, uint64_t n_spins, size_t n_steps, double *s)
{
    klf_status st = klf_ising1d_check_ring(n_spins, n_steps);
    if (st != KLF_OK)
        return st;
    double couplings[64], fields[64]; /* 2^n_steps divides a number of 64 bits */
    klf_ising1d_flow(k, field, n_steps, &(klf_ising1d_arrays){.k = couplings, .k2 = fields});
    double start = ring_deficit(k, field, n_spins);
    for (size_t n = 0; n <= n_steps; n++)
        s[n] = fmin((start - ldexp(ring_deficit(couplings[n], fields[n], n_spins >> n), -(int)n)) / LN2,
                    1.0 - ldexp(1.0, -(int)n));
    return KLF_OK;
}
