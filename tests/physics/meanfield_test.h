/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the mean field share. Behind cmocka.h. */
#ifndef KLFLOW_TESTS_MEANFIELD_TEST_H
#define KLFLOW_TESTS_MEANFIELD_TEST_H

#include <math.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static inline void assert_close(double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %.3g", what, value, expected, tolerance);
}

static inline void assert_relative(double value, double expected, double tolerance, const char *what)
{
    assert_close(value, expected, tolerance * fabs(expected), what);
}

#endif
