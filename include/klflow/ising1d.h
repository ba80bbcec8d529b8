/* SPDX-License-Identifier: BSD-3-Clause */
/** The one-dimensional Ising chain under decimation (section 2.1 and appendix A of the paper): couplings, and the relative
 * entropy between the chain before and after n decimations, each of which sums over every second spin.
 *
 *      -H = sum_i [K0 + K s_i s_{i+1} + K2 s_i],    K0 = 0 before the first step; K2 is the magnetic field
 *
 *      double s[13];
 *      klf_ising1d_flow(0.7, 0.0, 12, &(klf_ising1d_arrays){.s = s});       // s[n] of (2.19), in units of N ln 2
 *      printf("%g of %g\n", s[12], klf_ising1d_s_inf(0.7));
 *
 *  K is any finite number and so is the field; both signs are allowed. Numbers of steps go up to KLF_ISING1D_MAX_STEPS. Every
 *  function works without cancellation and overflow: relative errors are some 1e-15 unless said otherwise. */
#ifndef KLFLOW_ISING1D_H
#define KLFLOW_ISING1D_H

#include "klflow/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KLF_ISING1D_MAX_STEPS = 500,
    KLF_ISING1D_MAX_ENUMERATED = 20, /**< spins of a ring whose 2^N states are gone over */
};

/** K after n steps of (2.11), without a field. Relative error below 1e-13 down to the smallest numbers; K_n ~ K^(2^n)
 * underflows to 0 in the end. */
double klf_ising1d_coupling(double k, size_t n);

/** Normalised relative entropy s^(n) of (2.19) without a field. */
double klf_ising1d_s(double k, size_t n);

/** Its limit n -> infinity, (K tanh K - ln cosh K) / ln 2, and 1 minus it, which keeps its digits where the limit is close
 * to 1. */
double klf_ising1d_s_inf(double k);
double klf_ising1d_one_minus_s_inf(double k);

/** The paper's fit (2.35) to the limit, and how far it is off: from -0.0090 to 0.0057. */
double klf_ising1d_s_inf_fit(double k);
double klf_ising1d_s_inf_fit_error(double k);

/** (2.31): after this many steps (rounded down) a strong coupling has become weak. */
double klf_ising1d_n_star(double k);

/** s^(0) .. s^(n_steps) without a field for many couplings. s [n_k, n_steps + 1], overwritten. Takes up to `threads` threads.
 */
void klf_ising1d_sweep(size_t n_k, const double *k, size_t n_steps, size_t threads, double *s);

/** Where the flow is written: arrays of n_steps + 1, entry 0 before the first step. NULL: not wanted. */
typedef struct klf_ising1d_arrays {
    double *k, *k0, *k2;
    double *s;              /**< normalised relative entropy */
    double *s_unnormalized; /**< s - (1 - 2^-n); relative error some 1e-15 (1 + |K| + |field|) */
    double *z_violation;    /**< (ln Z^(n) - ln Z) / N in nats: 0 but for rounding, by (A.13) */
} klf_ising1d_arrays;

/** The flow (A.9) of (K0, K, K2), and what belongs to each step. K0 grows as 2^n. */
void klf_ising1d_flow(double k, double field, size_t n_steps, const klf_ising1d_arrays *out);

/** The infinite chain in equilibrium. Entropies and ln Z in nats a spin, ln Z for K0 = 0. */
typedef struct klf_ising1d_chain {
    double lnz, magnetization, nn_correlation;
    double entropy;         /**< small if the chain is ordered, with its full relative accuracy */
    double entropy_deficit; /**< ln 2 - entropy, equally: ln 2 times the limit of s^(n) */
} klf_ising1d_chain;

void klf_ising1d_chain_get(double k, double field, klf_ising1d_chain *out);

/** Expansions without a field. Small K: s to K^6, K0 to K^4, K_n = (K e^(-K^2/3))^(2^n). Large K: with errors of 4^n e^(-4K),
 * so up to n_star steps at most. */
typedef struct klf_ising1d_expansion {
    double k, k0, s;
} klf_ising1d_expansion;

klf_ising1d_expansion klf_ising1d_small_k(double k, size_t n);
klf_ising1d_expansion klf_ising1d_large_k(double k, size_t n);

/** How often a periodic ring of that many spins can be decimated: its factors of 2. */
size_t klf_ising1d_ring_steps(uint64_t n_spins);

/** Normalised relative entropy of a periodic ring, exactly. s [n_steps + 1], overwritten.
 *  KLF_ERR_USAGE unless the ring has 2 spins or more and 2^n_steps divides their number. */
klf_status klf_ising1d_ring(double k, double field, uint64_t n_spins, size_t n_steps, double *s);

/** The same from definition (2.5) and nothing else: the probabilities of all states, summed over the decimated spins. Absolute
 *  error some 1e-15. KLF_ERR_USAGE also for more than KLF_ISING1D_MAX_ENUMERATED spins, KLF_ERR_MEMORY. */
klf_status klf_ising1d_enumerate(double k, double field, uint64_t n_spins, size_t n_steps, double *s);

#ifdef __cplusplus
}
#endif
#endif
