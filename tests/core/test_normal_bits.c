/* SPDX-License-Identifier: BSD-3-Clause */
/* The same bits from every build: 4e6 normals have one hash, whatever optimisation, instruction set, contraction, compiler,
 * kernel or number of threads made them. NORMAL_BUILDS lists the builds of normal_fill.c (tests/core/rng.cmake). */
#include "klflow/rng.h"

#include "core/rng_tile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { rows = 4096, width = 1000, total = rows * width };

/* FNV-1a, 64 bits, of the words in order. Part of the format "klflow-1": a change makes every stored seed mean other draws. */
static const uint64_t golden = UINT64_C(0xe33e902e79eab47a);

static uint64_t hash(const float *normals)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < total; i++) {
        union {
            float    f;
            uint32_t bits;
        } value = {normals[i]};
        h = (h ^ value.bits) * UINT64_C(0x100000001b3);
    }
    return h;
}

static void expect_golden(const char *what, const float *normals)
{
    uint64_t h = hash(normals);
    print_message("%-24s %016llx\n", what, (unsigned long long)h);
    assert_true(h == golden);
}

#define BUILD(name) void name(size_t n, const uint32_t *words, float *normals);
NORMAL_BUILDS
#undef BUILD

static void every_build(void **state)
{
    static const struct {
        const char *name;
        void (*fill)(size_t n, const uint32_t *words, float *normals);
    } builds[] = {
#define BUILD(name) {#name, name},
        NORMAL_BUILDS
#undef BUILD
    };
    float    *normals = *state;
    uint32_t *words = malloc(sizeof(uint32_t) * total);
    assert_non_null(words);
    for (size_t r = 0; r < rows; r++)
        klf_philox_words(42, r, 0, width, words + r * width);
    for (size_t b = 0; b < sizeof builds / sizeof builds[0]; b++) {
        builds[b].fill(total, words, normals);
        expect_golden(builds[b].name, normals);
    }
    free(words);
}

static void every_kernel(void **state)
{
    float                *normals = *state;
    size_t                count;
    const klf_rng_kernel *kernels = klf_rng_kernels(&count);
    for (size_t k = 0; k < count; k++) {
        for (size_t r = 0; r < rows; r++)
            klf_normals_by(&kernels[k], 42, r, 0, width, normals + r * width);
        expect_golden(kernels[k].name, normals);
    }
}

static void every_number_of_threads(void **state)
{
    float *normals = *state;
    for (int threads = 1; threads <= 2; threads++) {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t r = 0; r < rows; r++)
            klf_normals(42, r, 0, width, normals + r * width);
        expect_golden(threads == 1 ? "1 thread" : "2 threads", normals);
    }
}

static int allocate(void **state)
{
    return (*state = malloc(sizeof(float) * total)) == NULL;
}

static int release(void **state)
{
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_build),
        cmocka_unit_test(every_kernel),
        cmocka_unit_test(every_number_of_threads),
    };
    return cmocka_run_group_tests_name("normal bits", tests, allocate, release);
}
