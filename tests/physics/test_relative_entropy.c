/* SPDX-License-Identifier: BSD-3-Clause */
/* Entropy and relative entropy against numerical integrals of their definitions, and against closed forms. */
#include "klflow/relative_entropy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void near(double value, double expected)
{
    /* both are sums of a few terms of order 1 to 1000; the integrals converge faster than any power of the step */
    if (!(fabs(value - expected) <= 1e-12 * (1.0 + fabs(expected))))
        fail_msg("%.17g, expected %.17g", value, expected);
}

static double log_density(double x, double mean, double var)
{
    return -0.5 * (x - mean) * (x - mean) / var - 0.5 * log(2.0 * acos(-1.0) * var);
}

/* integral of p (ln p - ln q) for p = N(m, v), q = N(mu, var); with q_too false, that of p ln p */
static double integrate(double m, double v, double mu, double var, int q_too)
{
    double sum = 0.0, h = 0.01 * sqrt(v);
    for (int i = -1200; i <= 1200; i++) {
        double x = m + h * i, log_p = log_density(x, m, v);
        sum += h * exp(log_p) * (log_p - (q_too ? log_density(x, mu, var) : 0.0));
    }
    return sum;
}

static void definitions(void **state)
{
    static const struct {
        double m, v, mu, var;
    } c[] = {{0, 1, 0, 1}, {0, 0.2, 0, 0.9}, {0.3, 2, -0.4, 0.5}, {1, 1e-3, 1.1, 0.1}, {0, 0.05, 0, 0.01}};
    (void)state;
    for (size_t i = 0; i < COUNT(c); i++) {
        near(klf_layer_entropy(1, c[i].v), -integrate(c[i].m, c[i].v, 0, 1, 0));
        double q = c[i].v +
                   (c[i].m - c[i].mu) * (c[i].m - c[i].mu); /* < (z - mu)^2 > where the target is a function of z itself */
        near(klf_relative_entropy(1, c[i].v, 1, c[i].var, q), integrate(c[i].m, c[i].v, c[i].mu, c[i].var, 1));
        near(klf_relative_entropy(784, c[i].v, 784, c[i].var, 784 * q), 784 * integrate(c[i].m, c[i].v, c[i].mu, c[i].var, 1));
    }
}

static void terms_and_widths(void **state)
{
    (void)state;
    double two_pi = 2.0 * acos(-1.0), n_r = 784, n_m = 10, var_r = 0.125, var_m = 0.75, q = 7.0;
    near(klf_relative_entropy(784, var_r, 10, var_m, q),
         -klf_layer_entropy(784, var_r) + 0.5 * n_m * log(two_pi * var_m) + 0.5 * q / var_m);
    near(klf_layer_entropy(784, var_r), 0.5 * n_r * (1.0 + log(two_pi * var_r)));
    near(klf_relative_entropy(5, var_m, 5, var_m, 5 * var_m), 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(definitions), cmocka_unit_test(terms_and_widths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
