/* SPDX-License-Identifier: BSD-3-Clause */
/* Definition (2.5) on a small torus, state by state: p from the Boltzmann weights, p' by summing p over the decimated spins
 * (2.3). No transfer matrix and no identity between entropies is used, so that this is what the others are tested against. */
#include "klflow/ising2d_lattice.h"

#include "core/memory.h"
#include "physics/ising2d_toruses.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

static const double LN2 = 0.69314718055994530942;

enum { HALF_BITS = KLF_ISING2D_MAX_ENUMERATED / 2 };

/* Bit y * width + x of a state is the spin at (x, y). */
typedef struct torus {
    unsigned width, height, n_sites, n_kept;
    uint32_t n_states, last_column;                                                                     /* as a mask */
    double   weight[2 * KLF_ISING2D_MAX_ENUMERATED + 1], ln_weight[2 * KLF_ISING2D_MAX_ENUMERATED + 1]; /* by broken bonds */
    uint32_t kept_of_low[1 << HALF_BITS], kept_of_high[1 << HALF_BITS]; /* of the low bits of a state, and of the others */
} torus;

/* Whether step n keeps a site: every second site of those that step n - 1 keeps. */
static bool is_kept(unsigned x, unsigned y, size_t n)
{
    for (; n >= 2; n -= 2, x /= 2, y /= 2)
        if (x % 2 != 0 || y % 2 != 0)
            return false;
    return n == 0 || (x + y) % 2 == 0;
}

/* The kept spins of a state make a state of fewer bits: a table for each half of the state gives its share. */
static void find_kept(torus *t, size_t n)
{
    t->n_kept = 0;
    for (uint32_t i = 0; i < 1u << HALF_BITS; i++)
        t->kept_of_low[i] = t->kept_of_high[i] = 0;
    for (unsigned site = 0; site < t->n_sites; site++) {
        if (!is_kept(site % t->width, site / t->width, n))
            continue;
        for (uint32_t i = 0; i < 1u << HALF_BITS; i++) {
            uint32_t *of = site < HALF_BITS ? &t->kept_of_low[i] : &t->kept_of_high[i];
            *of |= ((i >> (site % HALF_BITS)) & 1) << t->n_kept;
        }
        t->n_kept++;
    }
}

static uint32_t kept_spins(const torus *t, uint32_t state)
{
    return t->kept_of_low[state & ((1u << HALF_BITS) - 1)] | t->kept_of_high[state >> HALF_BITS];
}

static unsigned count_ones(uint32_t x)
{
    x -= (x >> 1) & 0x55555555u;
    x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0fu;
    return (x * 0x01010101u) >> 24;
}

/* Bonds to the right of every site and up. */
static unsigned broken_bonds(const torus *t, uint32_t state)
{
    uint32_t right = ((state >> 1) & ~t->last_column) | ((state << (t->width - 1)) & t->last_column);
    uint32_t up = (state >> t->width) | (state << (t->n_sites - t->width));
    return count_ones((state ^ right)) + count_ones((state ^ up) & (t->n_states - 1));
}

/* < ln p / p' > and what a density of fewer spins lacks, in units of N ln 2. Millions of terms: in long double, lest their
 * roundings reach 1e-14. */
static double relative_entropy(const torus *t, size_t n, long double *marginal)
{
    long double z = 0.0L, sum = 0.0L;
    for (uint32_t x = 0; x < 1u << t->n_kept; x++)
        marginal[x] = 0.0L;
    for (uint32_t x = 0; x < t->n_states; x++)
        marginal[kept_spins(t, x)] += t->weight[broken_bonds(t, x)];
    for (uint32_t x = 0; x < 1u << t->n_kept; x++) {
        z += marginal[x];
        marginal[x] = logl(marginal[x]);
    }
    for (uint32_t x = 0; x < t->n_states; x++) {
        unsigned broken = broken_bonds(t, x);
        if (t->weight[broken] > 0.0)
            sum += t->weight[broken] * (t->ln_weight[broken] - marginal[kept_spins(t, x)]);
    }
    return (double)(sum / z) / (t->n_sites * LN2) + 1.0 - ldexp(1.0, -(int)n);
}

klf_status klf_ising2d_torus_enumerate(double k, size_t width, size_t height, size_t n_steps, double *s)
{
    klf_status   st = KLF_OK;
    long double *marginal = NULL;
    torus       *t = NULL;
    KLF_TRY(klf_ising2d_check_torus(width, height, n_steps));
    if (width > KLF_ISING2D_MAX_ENUMERATED / 2 || width * height > KLF_ISING2D_MAX_ENUMERATED) {
        st = klf_fail(KLF_ERR_USAGE, "enumeration goes over all 2^N states of a torus: of %d spins at most, not %zux%zu",
                      KLF_ISING2D_MAX_ENUMERATED, width, height);
        goto done;
    }
    t = malloc(sizeof *t);
    marginal = malloc(((size_t)1 << (width * height / 2)) * sizeof *marginal);
    if (t == NULL || marginal == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the states of a torus of %zux%zu spins", width, height);
        goto done;
    }
    *t = (torus){.width = (unsigned)width, .height = (unsigned)height, .n_sites = (unsigned)(width * height)};
    t->n_states = (uint32_t)1 << t->n_sites;
    for (unsigned row = 0; row < t->height; row++)
        t->last_column |= (uint32_t)1 << (row * t->width + t->width - 1);
    for (unsigned broken = 0; broken <= 2 * t->n_sites; broken++) {
        t->ln_weight[broken] = -2.0 * fabs(k) * broken;
        t->weight[broken] = exp(t->ln_weight[broken]);
    }
    s[0] = 0.0; /* p' is p */
    for (size_t n = 1; n <= n_steps; n++) {
        find_kept(t, n);
        s[n] = relative_entropy(t, n, marginal);
    }
done:
    free(t);
    free(marginal);
    return st;
}
