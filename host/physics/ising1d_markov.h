/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ising chain as a Markov chain. With T the transfer matrix, lam_+ its larger eigenvalue and v the eigenvector, the chain
 * is generated from left to right with P(s -> s') = T(s,s') v(s') / (lam_+ v(s)), so that entropies are sums of positive terms.
 */
#ifndef KLFLOW_PHYSICS_ISING1D_MARKOV_H
#define KLFLOW_PHYSICS_ISING1D_MARKOV_H

/* Index 0 is the spin along the field, 1 the other. Each number has its full relative accuracy, except drift[1] where it is
 * small beside drift[0]. */
typedef struct klf_ising1d_markov {
    double lnz;            /* ln lam_+ */
    double magnetization;  /* along the field: >= 0 */
    double probability[2]; /* of a spin */
    double stay[2];        /* probability that the next spin is the same */
    double leave[2];       /* 1 - stay */
    double drift[2];       /* stay - leave */
    double ratio;          /* lam_- / lam_+ */
    double ln_ratio;       /* of its magnitude; -inf for 0 */
} klf_ising1d_markov;

void klf_ising1d_markov_get(double k, double field, klf_ising1d_markov *out);

/* Entropy a spin of the infinite chain, and ln 2 minus it. */
double klf_ising1d_markov_entropy(const klf_ising1d_markov *chain);
double klf_ising1d_markov_deficit(const klf_ising1d_markov *chain);

/* Entropy of a spin whose two neighbours are known: what a step takes away for each spin that it sums over. */
double klf_ising1d_markov_lost(const klf_ising1d_markov *chain, double k, double field);

#endif
