/* SPDX-License-Identifier: BSD-3-Clause */
/* The bound of rounding_bias.h. Per neuron, with q the mean square of z, phi = tanh(z), layer by layer:
 *
 *     bias_l = lambda bias_(l-1) + var_w 2 E + 4 sigma of (frozen phi, weights) + 2 a q_l
 *
 * lambda = d q_l / d q_(l-1) carries on what came before. E bounds what rounding adds to the mean square of an activation that
 * varies over many spacings: second order in the spacing, since rounding errors then have mean zero. Where an activation
 * varies by less, as in the ordered phase behind many layers, its rounding is the same for all samples and shifts z like
 * another bias vector, first order: random in sign from neuron to neuron, hence 4 standard deviations, and 1 / sqrt(width).
 * So are the errors of weights.
 *
 * Sample by sample rounding does more, and of random sign: with e the mean square error of z,
 *
 *     e_l = min(var_w <phi'^2> e_(l-1), 2 s_l) + what is rounded on the way,      noise_l = lambda^2 noise_(l-1) + 4 q_l e_l /
 * width
 *
 * is the variance of what it adds to |z|^2 / width. In a chaotic network var_w <phi'^2> > 1 and e grows until the trajectories
 * of a sample have nothing in common but what all samples have: 2 s, s the variance of z over samples. */
#include "klflow/rounding_bias.h"

#include "core/pythagoras.h"
#include "klflow/meanfield.h"

#include <math.h>

static const double SECOND_ORDER = 2.0, SIGMAS = 4.0, ARITHMETIC = 2.0; /* factors of safety; the last: operations a layer */
static const double NARROW = 4.0; /* a network scatters about theory by some 1 / sqrt(width) */

klf_rounding klf_rounding_of(klf_precision precision, bool weights_fit)
{
    const klf_format format = klf_precision_format(precision);
    const double     u = klf_format_roundoff(format);
    klf_rounding     r = {.arithmetic = 0x1p-24};
    switch (precision) {
    case KLF_FP64: r.arithmetic = 0x1p-53; break;
    case KLF_TF32X3: /* two parts of 11 bits each, and the product of the lower ones left out */
        r = (klf_rounding){.arithmetic = 0x1p-23, .phi = 0x1p-23, .weight = weights_fit ? 0.0 : 0x1p-23};
        break;
    case KLF_TF32:
    case KLF_FP16:
    case KLF_BF16:
        r.phi = u;
        r.phi_floor = format == KLF_FORMAT_FP16 ? 0x1p-24 : 0.0;
        r.weight = weights_fit ? 0.0 : 2.0 * u * u;
        break;
    default: break;
    }
    return r;
}

/* Of phi for z = mean + sqrt(common) g + sqrt(spread) h, where g differs between neurons and h between samples: the mean
 * square, how much of it is variance over samples, and the mean square of the derivative. To a per cent: it goes into bounds
 * and predictions. */
static void activation_moments(double mean, double common, double spread, double *square, double *variance, double *slope)
{
    enum { N = 12 };
    const double step = 0.5;
    double       weight[2 * N + 1], total = 0.0;
    for (int i = -N; i <= N; i++)
        total += weight[i + N] = exp(-0.5 * step * step * i * i);
    *square = *variance = *slope = 0.0;
    for (int i = -N; i <= N; i++) {
        const double centre = mean + sqrt(common) * step * i;
        double       t[2 * N + 1], average = 0.0, around = 0.0, steep = 0.0;
        for (int j = -N; j <= N; j++) {
            t[j + N] = tanh(centre + sqrt(spread) * step * j);
            average += weight[j + N] / total * t[j + N];
        }
        for (int j = 0; j <= 2 * N; j++) {
            const double derivative = 1.0 - t[j] * t[j];
            around += weight[j] / total * (t[j] - average) * (t[j] - average);
            steep += weight[j] / total * derivative * derivative;
        }
        *square += weight[i + N] / total * (average * average + around);
        *variance += weight[i + N] / total * around;
        *slope += weight[i + N] / total * steep;
    }
}

/* phi goes from the last number below 1 to 1 half way between, |z| = ln(4 / u) / 2: there the density of phi is steepest, and
 * what is rounded up outweighs what is rounded down. */
double klf_rounded_square_bound(klf_rounding rounding, double mean, double var)
{
    const double u = rounding.phi;
    if (u == 0.0 || !(mean * mean + var > 0.0))
        return 0.0;
    const double q = mean * mean + var, edge = 0.5 * log(4.0 / u);
    const double beyond = erfc(edge / sqrt(2.0 * q)), density = 0.4 * exp(-0.5 * edge * edge / q) / sqrt(q);
    return u * u * klf_meanfield_mean_tanh2(mean, var) + u * fmin(beyond, density) + rounding.phi_floor * rounding.phi_floor;
}

/* The share of a rounding error that does not average out over samples: for a spread of many spacings that of a Gaussian,
 * exp(-2 pi^2 (sd / spacing)^2), taken at half the spread because some neurons vary less than others. */
static double frozen_share(klf_rounding rounding, double square, double variance)
{
    const double spacing = fmax(2.0 * rounding.phi * sqrt(square), rounding.phi_floor);
    const double ratio = spacing > 0.0 ? 0.5 * sqrt(variance) / spacing : INFINITY;
    return exp(-2.0 * 3.14159265358979 * 3.14159265358979 * ratio * ratio);
}

static double carry(const klf_map_moments *map, double q)
{
    const double h = 1e-3;
    return q > 0.0 ? (klf_meanfield_next_variance(map->var_w, 0.0, q * (1.0 + h)) -
                      klf_meanfield_next_variance(map->var_w, 0.0, q * (1.0 - h))) /
                         (2.0 * h * q)
                   : map->var_w;
}

/* Mean square of what the roundings on the way into a layer add to its z: of phi and of what is left of weights, each even
 * within its largest error; of a sum of `terms` products, a random walk of roundings of the partial sums. */
static double fresh_error(klf_rounding r, double square, double q, const klf_map_moments *map, double terms)
{
    const double inputs = (r.phi * r.phi + r.weight * r.weight) * square + r.phi_floor * r.phi_floor;
    return map->var_w * inputs / 3.0 + r.arithmetic * r.arithmetic * (2.0 + terms / 3.0) * q;
}

void klf_predict_layers(klf_rounding rounding, double mean, double var, size_t n, const klf_map_moments *map,
                        klf_layer_prediction *out)
{
    double q = mean * mean + var, spread = var, fluctuation = 2.0 * spread * (2.0 * q - spread) / (double)map[0].width;
    double error = 0.0, noise = 0.0; /* mean square error of z; variance over samples of what that adds to |z|^2 / width */
    out[0] = (klf_layer_prediction){.q = q, .bias_bound = 0.0, .sample_std = sqrt(fluctuation)};
    for (size_t l = 1; l < n; l++) {
        const double narrower = (double)(map[l].width < map[l - 1].width ? map[l].width : map[l - 1].width);
        const double mu = l == 1 ? mean : 0.0, common = fmax(q - mu * mu - spread, 0.0), lambda = carry(&map[l], q);
        double       square, variance, slope;
        activation_moments(mu, common, spread, &square, &variance, &slope);

        const double next = map[l].var_w * square + map[l].var_b;
        const double one_sigma = 2.0 *
                                 sqrt(next * map[l].var_w / narrower); /* of q, per unit of an activation's random error */
        const double frozen = fmax(rounding.phi * sqrt(square / 3.0), rounding.phi_floor) *
                              frozen_share(rounding, square, variance);
        const double weights = rounding.weight * sqrt(square / 3.0);
        out[l].bias_bound = lambda * out[l - 1].bias_bound + ARITHMETIC * rounding.arithmetic * next +
                            SECOND_ORDER * map[l].var_w * klf_rounded_square_bound(rounding, mu, q - mu * mu) +
                            SIGMAS * one_sigma * klf_pythagoras(frozen, weights);
        spread = map[l].var_w * variance;
        q = next;
        error = fmin(map[l].var_w * slope * error, 2.0 * spread) +
                fresh_error(rounding, square, next, &map[l], (double)map[l - 1].width);
        noise = lambda * lambda * noise + 4.0 * q * error / narrower;
        fluctuation = lambda * lambda * fluctuation + 2.0 * spread * (2.0 * q - spread) / (double)map[l].width;
        out[l].q = q;
        out[l].sample_std = sqrt(fluctuation);
        out[l].rounding_std = sqrt(noise) * (1.0 + NARROW / sqrt(narrower));
    }
}
