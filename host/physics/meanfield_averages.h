/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaussian averages of tanh that the mean field is made of: of one pre-activation with variance q, and of two. */
#ifndef KLFLOW_PHYSICS_MEANFIELD_AVERAGES_H
#define KLFLOW_PHYSICS_MEANFIELD_AVERAGES_H

/* u - tanh u. */
double klf_minus_tanh(double u);

/* Each goes to 1 for q -> 0, where maps are compared with 1: so 1 minus it is here too, with digits of its own. */
typedef struct klf_share {
    double value, missing;
} klf_share;

/* z_a with variance q. */
typedef struct klf_averages {
    klf_share gain;        /* E phi^2 / q */
    klf_share slope;       /* d E phi^2 / dq = E[z phi phi'] / sqrt(q) */
    klf_share phi_prime_2; /* E phi'^2 */
} klf_averages;

/* q >= 0. */
void klf_averages_get(double q, klf_averages *out);

/* var_w times the share, minus 1. */
double klf_share_excess(double var_w, klf_share share);

/* a - b. */
double klf_share_difference(klf_share a, klf_share b);

/* z_a and z_b with variances q and correlation 1 - delta. */
typedef struct klf_pair_averages {
    double spread; /* 1/2 E[(phi_a - phi_b)^2] / q */
    double slope;  /* its derivative by delta, E[phi'_a phi'_b] */
} klf_pair_averages;

/* q > 0, delta from 0 to 2. */
void klf_pair_averages_get(double q, double delta, klf_pair_averages *out);

/* Variance of tanh(mean + sqrt(var) z). */
double klf_tanh_variance(double mean, double var);

#endif
