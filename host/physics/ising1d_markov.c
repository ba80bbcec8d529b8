/* SPDX-License-Identifier: BSD-3-Clause */
/* lam_+- = C +- S with C = e^K cosh h and S = sqrt(e^2K sinh^2 h + e^-2K), h >= 0 the field. All is in units of the largest
 * of the four elements of T, which are e^(K+h), e^(K-h) and twice e^-K: nothing overflows, and what underflows is far below the
 * rest. */
#include "physics/ising1d_markov.h"

#include "core/pythagoras.h"
#include "klflow/ising1d.h"

#include <math.h>
#include <stdbool.h>

static const double LN2 = 0.69314718055994530942;

/* Probability of the rarer outcome below which the deficit is formed from the entropy, which is the smaller one by then. */
static const double RARE = 0.1;

/* ln |r| from r, or from 1 - |r| where that is the smaller one. */
static double ln_magnitude(double magnitude, double one_minus)
{
    return magnitude > 0.5 ? log1p(-one_minus) : log(magnitude);
}

void klf_ising1d_markov_get(double k, double field, klf_ising1d_markov *out)
{
    double h = fabs(field);
    bool   aligned = 2.0 * k + h >= 0.0; /* the largest element is e^(K+h), else e^-K */
    /* The exponents are differences of elements' exponents, taken before anything is rounded. */
    double along = aligned ? 1.0 : exp(2.0 * k + h), against = aligned ? exp(-2.0 * h) : exp(2.0 * k - h);
    double unlike = aligned ? exp(-2.0 * k - h) : 1.0;
    double c = 0.5 * (along + against);
    double half_difference = -0.5 * along * expm1(-2.0 * h);
    double s = klf_pythagoras(half_difference, unlike);
    double top = c + s; /* lam_+ */
    double m = s > 0.0 ? half_difference / s : 0.0;
    double one_minus_r = 2.0 * s / top, one_plus_r = 2.0 * c / top;
    /* r = (C^2 - S^2) / lam_+^2 with C^2 - S^2 = e^2K - e^-2K */
    double difference = k >= 0.0 ? -exp(-2.0 * h) * expm1(-4.0 * k) : unlike * unlike * expm1(4.0 * k);
    double r = difference / (top * top);

    out->lnz = (aligned ? k + h : -k) + log(top);
    out->magnetization = m;
    out->probability[0] = 0.5 * (1.0 + m);
    out->probability[1] = s > 0.0 ? 0.5 * (unlike / s) * (unlike / s) / (1.0 + m) : 0.5;
    out->stay[0] = along / top;
    out->stay[1] = against / top;
    out->leave[0] = out->probability[1] * one_minus_r;
    out->leave[1] = out->probability[0] * one_minus_r;
    out->drift[0] = m * one_minus_r + r;
    out->drift[1] = r - m * one_minus_r;
    out->ratio = r;
    out->ln_ratio = ln_magnitude(fabs(r), r >= 0.0 ? one_minus_r : one_plus_r);
}

/* Of an event with probability p <= 1/2. */
static double binary_entropy(double p)
{
    return p > 0.0 ? -p * log(p) - (1.0 - p) * log1p(-p) : 0.0;
}

/* ln 2 minus it; d is the difference of the two probabilities. The two terms are as d^2 and d^2 / 2. */
static double binary_deficit(double p, double d)
{
    return p < RARE ? LN2 - binary_entropy(p) : d * atanh(d) + 0.5 * log1p(-d * d);
}

double klf_ising1d_markov_entropy(const klf_ising1d_markov *chain)
{
    double sum = 0.0;
    for (int s = 0; s < 2; s++)
        sum += chain->probability[s] * binary_entropy(fmin(chain->stay[s], chain->leave[s]));
    return sum;
}

double klf_ising1d_markov_deficit(const klf_ising1d_markov *chain)
{
    double sum = 0.0;
    for (int s = 0; s < 2; s++)
        sum += chain->probability[s] * binary_deficit(fmin(chain->stay[s], chain->leave[s]), chain->drift[s]);
    return sum;
}

/* Of a spin with `up` = K (s + s') + h: its log-odds are twice that. */
static double entropy_between(double up)
{
    return binary_entropy(1.0 / (1.0 + exp(2.0 * fabs(up))));
}

double klf_ising1d_markov_lost(const klf_ising1d_markov *chain, double k, double field)
{
    const double *p = chain->probability, *stay = chain->stay, *leave = chain->leave;
    double        h = fabs(field), there_and_back = leave[0] * leave[1];
    double        both_along = p[0] * (stay[0] * stay[0] + there_and_back);
    double        both_against = p[1] * (stay[1] * stay[1] + there_and_back);
    double        unlike = 2.0 * p[0] * leave[0] * (stay[0] + stay[1]);
    return both_along * entropy_between(2.0 * k + h) + both_against * entropy_between(2.0 * k - h) +
           unlike * entropy_between(h);
}

void klf_ising1d_chain_get(double k, double field, klf_ising1d_chain *out)
{
    klf_ising1d_markov chain;
    klf_ising1d_markov_get(k, field, &chain);
    double m = chain.magnetization;
    *out = (klf_ising1d_chain){
        .lnz = chain.lnz,
        .magnetization = field < 0.0 ? -m : m,
        .nn_correlation = m * m + 4.0 * chain.probability[0] * chain.probability[1] * chain.ratio,
        .entropy = klf_ising1d_markov_entropy(&chain),
        .entropy_deficit = klf_ising1d_markov_deficit(&chain),
    };
}
