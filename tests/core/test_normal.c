/* SPDX-License-Identifier: BSD-3-Clause */
/* klf_normal2 against Box-Muller in long double from the same words, at random and at the words where its branches meet. */
#include "klflow/normal.h"

#include "klflow/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* In units of 6e-8, half a unit in the last place of a float: the radius carries 2 (the word's conversion and its square 1, the
 * root 1), sine and cosine 1.5 (the angle's conversion 1/2, the angle 1/2, themselves 1/2), their product 1/2; with the 2^-28
 * of the polynomials less than 2.5e-7 of the radius. The largest of 3e7 was 1.9e-7. */
static const double tolerance = 2.5e-7;

typedef struct deviation {
    double relative; /* to the radius */
    double absolute;
} deviation;

static void compare(uint32_t x, uint32_t y, deviation *worst)
{
    const long double u = ((long double)x + 0.5L) * 0x1p-32L;
    const long double angle = ((long double)y + 0.5L) * 0x1p-32L * 6.28318530717958647692528676655900577L;
    const long double r = sqrtl(-2.0L * (x >> 31 ? log1pl(u - 1.0L) : logl(u)));
    const long double exact[2] = {r * sinl(angle), r * cosl(angle)};
    float             n[2];
    klf_normal2(x, y, &n[0], &n[1]);
    for (int i = 0; i < 2; i++) {
        double absolute = (double)fabsl((long double)n[i] - exact[i]);
        double relative = absolute / (double)r;
        if (!(relative <= tolerance))
            fail_msg("words %08x %08x: normal %d is %.9g instead of %.9Lg", x, y, i, (double)n[i], exact[i]);
        worst->relative = fmax(worst->relative, relative);
        worst->absolute = fmax(worst->absolute, absolute);
    }
}

static void random_words(void **state)
{
    (void)state;
    enum { block = 1000 };
    deviation worst = {0, 0};
    for (uint64_t b = 0; b < 600; b++) {
        uint32_t words[block];
        klf_philox_words(7, b, 0, block, words);
        for (size_t i = 0; i < block; i += 2)
            compare(words[i], words[i + 1], &worst);
    }
    print_message("largest error: %.3g of the radius, %.3g absolute\n", worst.relative, worst.absolute);
}

/* Powers of two and their neighbours: ends of the range, both sides of u = 1/2, every exponent, every octant border. */
static void border_words(void **state)
{
    (void)state;
    uint32_t  words[3 * 33 + 2 * 8 * 3];
    size_t    n = 0;
    deviation worst = {0, 0};
    for (uint32_t bit = 0; bit < 32; bit++)
        for (uint32_t near = 0; near < 3; near++)
            words[n++] = (1u << bit) - 1u + near;
    for (uint32_t octant = 0; octant < 8; octant++)
        for (uint32_t near = 0; near < 3; near++) {
            words[n++] = octant * 0x20000000u - 1u + near;
            words[n++] = ~(octant * 0x1fffu + near); /* u near 1, where rounding to float would lose 1 - u */
        }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            compare(words[i], words[j], &worst);
    print_message("largest error: %.3g of the radius, %.3g absolute\n", worst.relative, worst.absolute);
}

/* y and y + 2^31 are opposite directions, so that the distribution is exactly even. */
static void half_a_turn_changes_the_sign(void **state)
{
    (void)state;
    for (uint64_t s = 0; s < 1000; s++) {
        uint32_t w[2];
        float    sine, cosine, opposite[2];
        klf_philox_words(8, s, 0, 2, w);
        klf_normal2(w[0], w[1], &sine, &cosine);
        klf_normal2(w[0], w[1] + 0x80000000u, &opposite[0], &opposite[1]);
        assert_true(opposite[0] == -sine && opposite[1] == -cosine);
    }
}

/* The tail ends at sqrt(66 ln 2), and the smallest radius is sqrt(2^-32): never 0, infinite or NaN. */
static void the_radius_stays_in_range(void **state)
{
    (void)state;
    float largest = klf_normal_radius(0), smallest = klf_normal_radius(UINT32_MAX);
    if (!(fabs((double)largest - 6.7637) < 1e-4))
        fail_msg("largest radius %.9g", (double)largest);
    if (!(fabs((double)smallest * 65536.0 - 1.0) < 1e-6))
        fail_msg("smallest radius %.9g", (double)smallest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_words),
        cmocka_unit_test(border_words),
        cmocka_unit_test(half_a_turn_changes_the_sign),
        cmocka_unit_test(the_radius_stays_in_range),
    };
    return cmocka_run_group_tests_name("normal", tests, NULL, NULL);
}
