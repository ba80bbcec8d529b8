/* SPDX-License-Identifier: BSD-3-Clause */
/* Philox words and normals of klflow/rng.h: published vectors, every offset and length against a word at a time, every vector
 * kernel and thread count against every other, and no draw shared between streams. */
#include "klflow/rng.h"

#include "core/rng_tile.h"
#include "klflow/normal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t seeds[] = {0, 42, UINT32_MAX, UINT64_C(0x123456789abcdef0), UINT64_MAX};
static const uint64_t subsequences[] = {0, 3, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(0xfedcba9876543210)};
static const uint64_t offsets[] = {
    0, 1, 2, 3, 5, 63, UINT32_MAX, (UINT64_C(1) << 34) - 2, (UINT64_C(1) << 34) + 3, (UINT64_C(1) << 63) + 1, UINT64_MAX};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The first eight words of four subsequences of seed 42, and a block whose counter uses high words, as cuRAND gives them. */
static void words_equal_curand_vectors(void **state)
{
    (void)state;
    static const uint32_t expected[4][8] = {
        {0x9ceaf053, 0x77f5493b, 0x12bf50ad, 0x5742b3d7, 0xfcdb2127, 0x53ba6cfd, 0x838f5a6e, 0x744e06fb},
        {0x02933769, 0x2051e913, 0x3b68b038, 0xb62c409c, 0x20ff9139, 0xfdd21d94, 0x1b0af4ec, 0x39c6bd08},
        {0x65fe70a6, 0x852e5866, 0x6bef1d5a, 0xb11de8b5, 0x8fe60f5c, 0xe22cac8b, 0xc387c0fb, 0xaa23aa8d},
        {0x0a51a6b2, 0x72148a91, 0xb918c659, 0x99205bc7, 0x85a8df3c, 0x1d91b19b, 0xa9b1302c, 0x3faa46e6},
    };
    static const uint32_t high[4] = {0x45aa051d, 0x46af9750, 0xa21a3b08, 0xdd12a7ed};
    uint32_t              words[8];
    for (uint64_t s = 0; s < 4; s++) {
        klf_philox_words(42, s, 0, 8, words);
        assert_memory_equal(words, expected[s], sizeof words);
    }
    klf_philox_words(42, UINT64_C(1) << 32, UINT64_C(1) << 34, 4, words);
    assert_memory_equal(words, high, sizeof high);
}

static void words_do_not_depend_on_the_call(void **state)
{
    (void)state;
    for (size_t o = 0; o < COUNT(offsets); o++) {
        uint32_t together[9];
        klf_philox_words(seeds[3], subsequences[4], offsets[o], COUNT(together), together);
        for (uint64_t i = 0; i < COUNT(together) && offsets[o] + i >= i; i++) {
            uint32_t alone;
            klf_philox_words(seeds[3], subsequences[4], offsets[o] + i, 1, &alone);
            assert_int_equal(alone, together[i]);
        }
    }
}

/* Element e by the definition in rng.h, from single words. */
static float normal_alone(uint64_t seed, uint64_t subsequence, uint64_t element)
{
    uint32_t pair[2];
    float    n[2];
    klf_philox_words(seed, subsequence, element - element % 2, 2, pair);
    klf_normal2(pair[0], pair[1], &n[0], &n[1]);
    return n[element % 2];
}

static void every_kernel_gives_the_normals_one_by_one(void **state)
{
    (void)state;
    static const size_t   lengths[] = {0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 130, 784};
    size_t                n_kernels;
    const klf_rng_kernel *kernels = klf_rng_kernels(&n_kernels);
    for (size_t k = 0; k < n_kernels; k++) {
        print_message("kernel %s\n", kernels[k].name);
        for (size_t c = 0; c < COUNT(offsets) * COUNT(lengths); c++) {
            uint64_t seed = seeds[c % COUNT(seeds)], subsequence = subsequences[c / 3 % COUNT(subsequences)];
            uint64_t offset = offsets[c % COUNT(offsets)];
            size_t   n = lengths[c / COUNT(offsets)];
            float    normals[785];
            normals[n] = 99.0f; /* must survive */
            klf_normals_by(&kernels[k], seed, subsequence, offset, n, normals);
            for (size_t i = 0; i < n && offset + i >= i; i++) {
                float alone = normal_alone(seed, subsequence, offset + i);
                assert_memory_equal(&normals[i], &alone, sizeof alone);
            }
            assert_true(normals[n] == 99.0f);
        }
    }
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { samples = 200, width = 784 };
    float *by_threads[2];
    for (int t = 0; t < 2; t++) {
        float *z = by_threads[t] = malloc(sizeof(float) * samples * width);
        assert_non_null(z);
#pragma omp parallel for num_threads(t + 1) schedule(dynamic)
        for (size_t s = 0; s < samples; s++)
            klf_normals(42, klf_subsequence(KLF_STREAM_SAMPLES, s), 0, width, z + s * width);
    }
    assert_memory_equal(by_threads[0], by_threads[1], sizeof(float) * samples * width);
    free(by_threads[0]);
    free(by_threads[1]);
}

typedef struct block {
    uint32_t words[4];
} block;

static int compare_blocks(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(block));
}

/* Philox is a bijection of the counter under one key, so two draws of a seed share a block only if their counters are equal,
 * which klf_subsequence must rule out. Across seeds blocks of 128 bits repeat by chance with probability 1e-27 here. */
static void streams_indices_and_seeds_share_no_block(void **state)
{
    (void)state;
    enum { samples = 100000, rows = 20000, n = samples + 3 * rows + 2 + 2 * samples };
    block *blocks = malloc(n * sizeof *blocks);
    size_t at = 0;
    assert_non_null(blocks);
#define FIRST_BLOCK(seed, stream, index) klf_philox_words(seed, klf_subsequence(stream, index), 0, 4, blocks[at++].words)
    for (uint64_t i = 0; i < samples; i++)
        FIRST_BLOCK(42, KLF_STREAM_SAMPLES, i);
    for (uint64_t i = 0; i < rows; i++)
        FIRST_BLOCK(42, KLF_STREAM_WEIGHTS, i / 784 << 32 | i % 784);
    for (uint64_t i = 0; i < rows; i++)
        FIRST_BLOCK(42, KLF_STREAM_BIASES, i);
    for (uint64_t i = 0; i < rows; i++) /* the last samples that an index can name */
        FIRST_BLOCK(42, KLF_STREAM_SAMPLES, (UINT64_C(1) << 56) - 1 - i);
    FIRST_BLOCK(42, KLF_STREAM_INPUT, 0);
    FIRST_BLOCK(42, KLF_STREAM_START, 0);
    for (uint64_t i = 0; i < samples; i++)
        FIRST_BLOCK(43, KLF_STREAM_SAMPLES, i);
    for (uint64_t i = 0; i < samples; i++)
        FIRST_BLOCK(42 + (UINT64_C(1) << 32), KLF_STREAM_SAMPLES, i);
#undef FIRST_BLOCK
    assert_int_equal(at, n);
    qsort(blocks, n, sizeof *blocks, compare_blocks);
    for (size_t i = 1; i < n; i++)
        assert_int_not_equal(compare_blocks(&blocks[i - 1], &blocks[i]), 0);
    free(blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_equal_curand_vectors),
        cmocka_unit_test(words_do_not_depend_on_the_call),
        cmocka_unit_test(every_kernel_gives_the_normals_one_by_one),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(streams_indices_and_seeds_share_no_block),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
