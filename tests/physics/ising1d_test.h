/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of Ising chains share. Behind cmocka.h. */
#ifndef KLFLOW_TESTS_ISING1D_TEST_H
#define KLFLOW_TESTS_ISING1D_TEST_H

#include <math.h>
#include <stdint.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static inline void assert_close(double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %.3g", what, value, expected, tolerance);
}

/* A fixed sequence of numbers (splitmix64): a failure is found again. */
typedef struct random_state {
    uint64_t next;
} random_state;

static inline double uniform(random_state *random, double from, double to)
{
    uint64_t x = random->next += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    x ^= x >> 31;
    return from + (to - from) * (double)(x >> 11) * 0x1p-53;
}

#endif
