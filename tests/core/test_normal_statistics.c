/* SPDX-License-Identifier: BSD-3-Clause */
/* Are klf_normals normal and independent? 1e7 draws as the sampler takes them, 784 of each of 12800 samples: moments to the
 * fourth order, the distribution function, the tail, and correlations. Every figure is divided by its known standard error. */
#include "klflow/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { width = 784, samples = 12800 };
static const double n = (double)width * samples;

/* The chance of 5 standard errors is 6e-7 a figure. */
static void within_5_errors(const char *what, double value, double expected, double standard_error)
{
    double pull = (value - expected) / standard_error;
    print_message("%-36s %+.2f standard errors\n", what, pull);
    if (!(fabs(pull) <= 5.0))
        fail_msg("%s is %.9g, expected %.9g +- %.2g", what, value, expected, standard_error);
}

static void moments(void **state)
{
    const float *z = *state;
    double       m[5] = {0};
    for (size_t i = 0; i < (size_t)n; i++) {
        double power = 1.0;
        for (int k = 1; k <= 4; k++)
            m[k] += (power *= (double)z[i]) / n;
    }
    double variance = m[2] - m[1] * m[1];
    double skewness = (m[3] - 3.0 * m[1] * m[2] + 2.0 * pow(m[1], 3)) / pow(variance, 1.5);
    double kurtosis = (m[4] - 4.0 * m[1] * m[3] + 6.0 * m[1] * m[1] * m[2] - 3.0 * pow(m[1], 4)) / (variance * variance);
    within_5_errors("mean", m[1], 0.0, sqrt(1.0 / n));
    within_5_errors("variance", variance, 1.0, sqrt(2.0 / n));
    within_5_errors("skewness", skewness, 0.0, sqrt(6.0 / n));
    within_5_errors("kurtosis", kurtosis, 3.0, sqrt(24.0 / n));
}

/* Counts in bins of equal probability give both tests: Kolmogorov-Smirnov at the bin edges (between two edges 153 draws can
 * move sqrt(n) D by 0.004 at most) and chi squared. */
static void distribution(void **state)
{
    enum { bins = 1 << 16 };
    const float *z = *state;
    size_t      *count = calloc(bins, sizeof *count);
    assert_non_null(count);
    for (size_t i = 0; i < (size_t)n; i++) {
        double u = 0.5 * erfc(-(double)z[i] * sqrt(0.5));
        count[(size_t)fmin(u * bins, bins - 1)]++;
    }
    double below = 0.0, distance = 0.0, chi2 = 0.0;
    for (size_t b = 0; b < bins; b++) {
        below += (double)count[b];
        distance = fmax(distance, fabs(below / n - (double)(b + 1) / bins));
        chi2 += pow((double)count[b] - n / bins, 2) / (n / bins);
    }
    free(count);
    double ks = distance * sqrt(n);
    print_message("Kolmogorov-Smirnov sqrt(n) D = %.3f\n", ks);
    if (!(ks <= 1.95)) /* passed by chance with probability 2 exp(-2 1.95^2) = 0.1 % */
        fail_msg("sqrt(n) D = %.3f, critical value 1.95", ks);
    within_5_errors("chi squared of 65536 bins", chi2, bins - 1, sqrt(2.0 * (bins - 1)));
}

static void tails(void **state)
{
    const float        *z = *state;
    static const double limits[] = {3.0, 3.5, 4.0, 4.5};
    for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
        double probability = erfc(limits[l] * sqrt(0.5)), beyond = 0.0;
        for (size_t i = 0; i < (size_t)n; i++)
            beyond += fabs((double)z[i]) > limits[l];
        char what[40];
        snprintf(what, sizeof what, "draws beyond %.1f", limits[l]);
        within_5_errors(what, beyond, n * probability, sqrt(n * probability));
    }
}

/* Lag 1 pairs the sine and cosine of one Box-Muller, lag 2 and 4 its neighbours in a tile, lag 784 one neuron of successive
 * samples. The squares see what the signs hide. */
static void correlations(void **state)
{
    const float        *z = *state;
    static const size_t lags[] = {1, 2, 3, 4, 64, width};
    for (size_t l = 0; l < sizeof lags / sizeof lags[0]; l++) {
        double products = 0.0, squares = 0.0, terms = n - (double)lags[l];
        for (size_t i = 0; i + lags[l] < (size_t)n; i++) {
            double a = (double)z[i], b = (double)z[i + lags[l]];
            products += a * b;
            squares += (a * a - 1.0) * (b * b - 1.0);
        }
        char what[40];
        snprintf(what, sizeof what, "correlation at lag %zu", lags[l]);
        within_5_errors(what, products / terms, 0.0, sqrt(1.0 / terms));
        snprintf(what, sizeof what, "correlation of squares at lag %zu", lags[l]);
        within_5_errors(what, squares / terms, 0.0, sqrt(4.0 / terms));
    }
}

static int draw(void **state)
{
    float *z = *state = malloc(sizeof(float) * width * samples);
    for (uint64_t s = 0; z != NULL && s < samples; s++)
        klf_normals(1, klf_subsequence(KLF_STREAM_SAMPLES, s), 0, width, z + s * width);
    return z == NULL;
}

static int release(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments),
        cmocka_unit_test(distribution),
        cmocka_unit_test(tails),
        cmocka_unit_test(correlations),
    };
    return cmocka_run_group_tests_name("normal statistics", tests, draw, release);
}
