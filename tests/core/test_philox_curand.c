/* SPDX-License-Identifier: BSD-3-Clause */
/* klf_philox_words against cuRAND itself: its host generator, which needs no GPU, and its device header compiled for the host.
 * Exits 77 (skipped) where the build found no cuRAND. */
#include <stdio.h>

#ifndef HAVE_CURAND
int main(void)
{
    puts("skipped: this build found no cuRAND (CUDA toolkit) to compare with");
    return 77;
}
#else
#include "klflow/rng.h"

#include <curand.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Word j of the host generator: its blocks of four go round 65536 subsequences. */
static uint32_t host_generator_word(uint64_t seed, uint64_t j)
{
    uint64_t block = j / 4;
    uint32_t word;
    klf_philox_words(seed, block % 65536, 4 * (block / 65536) + j % 4, 1, &word);
    return word;
}

static void host_generator(void **state)
{
    (void)state;
    enum { n = 400000 };
    static const uint64_t seeds[] = {0, 42, UINT64_C(0x123456789abcdef0)};
    static const uint64_t offsets[] = {0, 5, (UINT64_C(1) << 34) + 3};
    unsigned int         *words = malloc(sizeof *words * n);
    assert_non_null(words);
    for (size_t c = 0; c < 3; c++) {
        curandGenerator_t generator;
        assert_int_equal(curandCreateGeneratorHost(&generator, CURAND_RNG_PSEUDO_PHILOX4_32_10), CURAND_STATUS_SUCCESS);
        assert_int_equal(curandSetPseudoRandomGeneratorSeed(generator, seeds[c]), CURAND_STATUS_SUCCESS);
        assert_int_equal(curandSetGeneratorOffset(generator, offsets[c]), CURAND_STATUS_SUCCESS);
        assert_int_equal(curandGenerate(generator, words, n), CURAND_STATUS_SUCCESS);
        assert_int_equal(curandDestroyGenerator(generator), CURAND_STATUS_SUCCESS);
        for (uint64_t i = 0; i < n; i++)
            assert_int_equal(words[i], host_generator_word(seeds[c], offsets[c] + i));
    }
    free(words);
}

#ifdef HAVE_CURAND_KERNEL
void curand_kernel_words(unsigned long long seed, unsigned long long subsequence, unsigned long long offset, size_t n,
                         unsigned int *words);

static void device_header(void **state)
{
    (void)state;
    enum { n = 37 };
    static const uint64_t seeds[] = {0, 1, 42, UINT32_MAX, UINT64_C(0x123456789abcdef0), UINT64_MAX};
    static const uint64_t subsequences[] = {
        0, 1, 65535, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(1) << 56, UINT64_C(0xfedcba9876543210), UINT64_MAX};
    static const uint64_t offsets[] = {0,
                                       1,
                                       2,
                                       3,
                                       4,
                                       17,
                                       UINT32_MAX,
                                       UINT64_C(1) << 32,
                                       (UINT64_C(1) << 34) - 1,
                                       (UINT64_C(1) << 34) + 3,
                                       (UINT64_C(1) << 63) + 1,
                                       UINT64_MAX - 40,
                                       UINT64_MAX};
    for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++)
        for (size_t q = 0; q < sizeof subsequences / sizeof *subsequences; q++)
            for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
                unsigned int theirs[n], ours[n];
                curand_kernel_words(seeds[s], subsequences[q], offsets[o], n, theirs);
                klf_philox_words(seeds[s], subsequences[q], offsets[o], n, ours);
                assert_memory_equal(ours, theirs, sizeof ours);
            }
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_generator),
#ifdef HAVE_CURAND_KERNEL
        cmocka_unit_test(device_header),
#endif
    };
    return cmocka_run_group_tests_name("philox against cuRAND", tests, NULL, NULL);
}
#endif
