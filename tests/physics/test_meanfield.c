/* SPDX-License-Identifier: BSD-3-Clause */
/* Gaussian averages of tanh^2 and the KL curve, against quadrature by another rule, closed forms, and plateaus of an
 * independent code. */
#include "klflow/meanfield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "physics/meanfield_test.h"

/* E tanh^2(mean + sd z) by Simpson's rule in long double, 16001 points on [-14, 14]. */
static double simpson(double mean, double var)
{
    const int         n = 16000;
    const long double a = -14.0L, h = 28.0L / n;
    long double       sum = 0.0L;
    for (int i = 0; i <= n; i++) {
        long double z = a + h * i, t = tanhl((long double)mean + sqrtl((long double)var) * z);
        sum += (i == 0 || i == n ? 1 : i % 2 ? 4 : 2) * t * t * expl(-z * z / 2);
    }
    return (double)(sum * h / 3 / sqrtl(2 * acosl(-1.0L)));
}

static void test_quadrature(void **state)
{
    (void)state;
    const double means[] = {0.0, 0.3, -2.0}, vars[] = {1e-6, 0.1, 1.0, 4.0, 25.0, 100.0, 1000.0, 1100.0};
    for (size_t m = 0; m < COUNT(means); m++)
        for (size_t v = 0; v < COUNT(vars); v++) {
            double expected = simpson(means[m], vars[v]);
            /* both rules converge far below rounding here; a few hundred terms leave some 1e-15 relative */
            assert_close(klf_meanfield_mean_tanh2(means[m], vars[v]), expected, 5e-15 * expected, "E tanh^2");
        }
    assert_close(klf_meanfield_mean_tanh2(0.0, 0.0), 0.0, 0.0, "E tanh^2 at var 0");
    double t = tanh(0.7);
    assert_close(klf_meanfield_mean_tanh2(0.7, 0.0), t * t, 1e-15, "E tanh^2 at var 0, mean 0.7");
}

/* At large variances, where sech^2 is narrow beside the Gaussian: against the leading terms of 1 - E sech^2. */
static void test_wide_gaussians(void **state)
{
    (void)state;
    const double means[] = {0.0, 0.3, -20.0}, sds[] = {100.0, 1e3, 1e10, 1e30, 1e150};
    const double pi = acos(-1.0);
    for (size_t m = 0; m < COUNT(means); m++)
        for (size_t s = 0; s < COUNT(sds); s++) {
            double x = means[m] / sds[s], density = exp(-0.5 * x * x) / (sds[s] * sqrt(2.0 * pi));
            double second = pi * pi / 24.0 * (x * x - 1.0) / sds[s] / sds[s]; /* of p(u) = p(0) (1 + ... u^2), and odd terms */
            double expected = 1.0 - 2.0 * density * (1.0 + second);
            /* the next term is some 1 / sd^4 of the leading one; x <= 0.2 keeps its factor below 10 */
            double next = 10.0 * 2.0 * density / pow(sds[s], 4.0);
            assert_close(klf_meanfield_mean_tanh2(means[m], sds[s] * sds[s]), expected, next + 4e-15,
                         "E tanh^2 of a wide Gaussian");
        }
    assert_close(klf_meanfield_mean_tanh2(0.0, INFINITY), 1.0, 0.0, "E tanh^2 at infinite variance");
}

/* Plateaus 1/2 ln(q_star / q_0) of the paper's networks at q_0 = 0.0755 var_w + 0.05, from an independent code, to 3 digits. */
static void test_plateaus(void **state)
{
    (void)state;
    const double var_w[] = {1.5, 2.0, 2.5, 3.0, 3.5}, expected[] = {0.470, 0.639, 0.747, 0.821, 0.874};
    size_t       widths[200];
    double       kl[200];
    for (size_t l = 0; l < COUNT(widths); l++)
        widths[l] = 784;
    for (size_t i = 0; i < COUNT(var_w); i++) {
        double q0 = 0.0755 * var_w[i] + 0.05;
        klf_meanfield_kl(var_w[i], 0.05, 0.0, q0, KLF_TARGET_THEORY, COUNT(widths), widths, kl);
        assert_close(kl[199] / 784, expected[i], 6e-4, "plateau"); /* 3 digits, and 0.0755 has 3 itself */
    }
}

static void test_conventions(void **state)
{
    (void)state;
    const size_t widths[] = {100, 100, 100, 40, 10};
    double       theory[5], data[5], q = 0.2;
    klf_meanfield_kl(2.5, 0.05, 0.0, 0.2, KLF_TARGET_THEORY, 5, widths, theory);
    klf_meanfield_kl(2.5, 0.05, 0.0, 0.2, KLF_TARGET_DATA, 5, widths, data);
    for (size_t l = 0; l < 5; l++) { /* without a mean both are the same; where the width is N_0 it is N/2 ln(q_l / v) */
        assert_close(data[l], theory[l], 1e-12, "conventions without a mean");
        if (widths[l] == widths[0])
            assert_close(theory[l], 50.0 * log(q / 0.2), 1e-12, "N/2 ln(q_l / v)");
        q = klf_meanfield_next_variance(2.5, 0.05, q);
    }
    klf_meanfield_kl(2.5, 0.05, 0.1, 0.2, KLF_TARGET_DATA, 5, widths, data);
    assert_close(data[0], 0.0, 0.0, "reference layer");
    /* q_m starts at mean^2 + var = 0.21, M_1 sees the mean */
    double target = klf_meanfield_next_variance(2.5, 0.05, 0.21);
    double moment = 2.5 * simpson(0.1, 0.2) + 0.05;
    assert_close(data[1], 50.0 * (log(target / 0.2) + moment / target - 1.0), 1e-11, "first layer with a mean");
    klf_meanfield_kl(2.5, 0.05, 0.0, 0.0, KLF_TARGET_THEORY, 5, widths, data);
    for (size_t l = 0; l < 5; l++)
        assert_true(isnan(data[l]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quadrature),
        cmocka_unit_test(test_wide_gaussians),
        cmocka_unit_test(test_plateaus),
        cmocka_unit_test(test_conventions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
