/* SPDX-License-Identifier: BSD-3-Clause */
/* Definition (2.5) on a ring, state by state: p from the Boltzmann weights, p' by summing p over the decimated spins (2.3).
 * Nothing of the flow of couplings and no formula for Z is used, so that this is what the others are tested against. */
#include "klflow/ising1d.h"

#include "physics/ising1d_rings.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const double LN2 = 0.69314718055994530942;

typedef struct ring {
    unsigned n_spins;
    uint32_t n_states;
    double   k, field;
} ring;

static int count_ones(uint32_t x)
{
    int n = 0;
    for (; x != 0; x &= x - 1)
        n++;
    return n;
}

/* -H of a state whose bits are the spins, a set bit a spin down. */
static double exponent(const ring *r, uint32_t state)
{
    uint32_t neighbours = (state >> 1) | ((state & 1) << (r->n_spins - 1));
    int      n = (int)r->n_spins;
    return r->k * (n - 2 * count_ones(state ^ neighbours)) + r->field * (n - 2 * count_ones(state));
}

/* The kept spins, every `stride`-th, as a state of the smaller ring. */
static uint32_t kept_spins(const ring *r, uint32_t state, unsigned stride)
{
    uint32_t kept = 0;
    for (unsigned i = 0; i < r->n_spins / stride; i++)
        kept |= ((state >> (i * stride)) & 1) << i;
    return kept;
}

/* sum p ln(p / p'); `marginal` is for 2^(N / stride) numbers. Weights are relative to the heaviest state; those that underflow
 * have p = 0 and add nothing. Up to a million terms are added: in long double, lest their roundings reach 1e-14. */
static double divergence(const ring *r, const double *minus_h, double highest, unsigned stride, long double *marginal)
{
    long double z = 0.0L, sum = 0.0L;
    for (uint32_t x = 0; x < (uint32_t)1 << (r->n_spins / stride); x++)
        marginal[x] = 0.0L;
    for (uint32_t x = 0; x < r->n_states; x++) {
        double weight = exp(minus_h[x] - highest);
        marginal[kept_spins(r, x, stride)] += weight;
        z += weight;
    }
    for (uint32_t x = 0; x < r->n_states; x++) {
        double ln_weight = minus_h[x] - highest, weight = exp(ln_weight);
        if (weight > 0.0)
            sum += (long double)weight * (ln_weight - logl(marginal[kept_spins(r, x, stride)]));
    }
    return (double)(sum / z);
}

klf_status klf_ising1d_enumerate(double k, double field, uint64_t n_spins, size_t n_steps, double *s)
{
    klf_status   st = KLF_OK;
    double      *minus_h = NULL;
    long double *marginal = NULL;
    KLF_TRY(klf_ising1d_check_ring(n_spins, n_steps));
    if (n_spins > KLF_ISING1D_MAX_ENUMERATED) {
        st = klf_fail(KLF_ERR_USAGE, "enumeration goes over all 2^N states of a ring: of %d spins at most, not %" PRIu64,
                      KLF_ISING1D_MAX_ENUMERATED, n_spins);
        goto done;
    }
    ring r = {.n_spins = (unsigned)n_spins, .n_states = (uint32_t)1 << n_spins, .k = k, .field = field};
    minus_h = malloc(r.n_states * sizeof *minus_h);
    marginal = malloc(r.n_states / 2 * sizeof *marginal);
    if (minus_h == NULL || marginal == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the %" PRIu32 " states of a ring of %" PRIu64 " spins", r.n_states,
                      n_spins);
        goto done;
    }
    double highest = -INFINITY;
    for (uint32_t x = 0; x < r.n_states; x++) {
        minus_h[x] = exponent(&r, x);
        highest = fmax(highest, minus_h[x]);
    }
    s[0] = 0.0; /* p' is p */
    for (size_t n = 1; n <= n_steps; n++) {
        double spins_gone = 1.0 - ldexp(1.0, -(int)n);
        s[n] = divergence(&r, minus_h, highest, 1u << n, marginal) / ((double)n_spins * LN2) + spins_gone;
    }
done:
    free(minus_h);
    free(marginal);
    return st;
}
