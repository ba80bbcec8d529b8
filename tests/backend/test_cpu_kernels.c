/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cpu backend is put together from: the choice of a kernel set, the element-wise loops of every instruction set, the
 * product in double, the FMA peak. */
#include "backend/backends.h"
#include "backend/blas.h"
#include "backend/cpu_dgemm.h"
#include "backend/cpu_element.h"
#include "backend/cpu_isa.h"
#include "backend/cpu_kernels.h"
#include "backend/fma_chains.h"
#include "backend/fma_peak.h"
#include "klflow/rounding.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MAX_WIDTH = 70 };

/* In [-1, 1], the same in every run. */
static double value(size_t i)
{
    return (double)(i * 2654435761U % 2001) / 1000.0 - 1.0;
}

static void check(double got, double want, double tolerance, const char *what, size_t i)
{
    if (!(fabs(got - want) <= tolerance))
        fail_msg("%s[%zu]: got %.17g, want %.17g +- %g", what, i, got, want, tolerance);
}

static const char *description(const char *kernels, klf_context **ctx)
{
    kernels ? setenv("KLFLOW_CPU_KERNELS", kernels, 1) : unsetenv("KLFLOW_CPU_KERNELS");
    if (klf_backend_cpu.open(ctx) != KLF_OK) {
        print_message("%s\n", klf_last_error());
        skip();
    }
    return klf_backend_cpu.describe(*ctx);
}

static void test_choice(void **state)
{
    (void)state;
    klf_context *ctx = NULL;
    const char  *expected = klf_cpu_isa() == KLF_ISA_AVX512 ? "tiles-avx512" : "openblas";
    assert_memory_equal(description(NULL, &ctx), expected, strlen(expected));
    assert_null(strstr(klf_backend_cpu.describe(ctx), "KLFLOW_CPU_KERNELS"));
    klf_backend_cpu.close(ctx);

    const char *text = description("openblas", &ctx);
    assert_memory_equal(text, "openblas: OpenBLAS ", strlen("openblas: OpenBLAS "));
    assert_non_null(strstr(text, "(KLFLOW_CPU_KERNELS)"));
    assert_non_null(strstr(text, klf_isa_name(klf_cpu_isa())));
    if (klf_cpu_isa() == KLF_ISA_AVX512 && !getenv("OPENBLAS_CORETYPE"))
        assert_non_null(strstr(text, "SkylakeX")); /* its own choice would be half as fast */
    klf_backend_cpu.close(ctx);
}

/* What is set for the time of loading must not reach child processes. */
static void test_environment_is_given_back(void **state)
{
    (void)state;
    const klf_blas *blas = NULL;
    bool            core = getenv("OPENBLAS_CORETYPE") != NULL, threads = getenv("OPENBLAS_NUM_THREADS") != NULL;
    if (klf_blas_open(&blas) != KLF_OK)
        skip();
    assert_int_equal(getenv("OPENBLAS_CORETYPE") != NULL, core);
    assert_int_equal(getenv("OPENBLAS_NUM_THREADS") != NULL, threads);
}

static void test_unknown_kernels(void **state)
{
    (void)state;
    klf_context *ctx = NULL;
    assert_int_equal(setenv("KLFLOW_CPU_KERNELS", "fastest", 1), 0);
    assert_int_equal(klf_backend_cpu.open(&ctx), KLF_ERR_DEVICE);
    assert_null(ctx);
    assert_string_equal(klf_last_error(), "backend cpu: KLFLOW_CPU_KERNELS is 'fastest'; expected tiles-avx512 or openblas");
}

/* fp32: tanh of libmvec is good to 1.4 ulp, and the argument carries the rounding of a sum: together below 4 x 6e-8. */
static void check_element_f32(const klf_cpu_element *element, size_t width)
{
    float  normals[MAX_WIDTH] = {0}, bias[MAX_WIDTH] = {0}, row[MAX_WIDTH] = {0}, phi[MAX_WIDTH];
    double sum[MAX_WIDTH] = {0}, q = 0.0;
    for (size_t j = 0; j < width; j++) {
        normals[j] = (float)(3.0 * value(j));
        bias[j] = (float)value(j + 100);
        row[j] = (float)(2.0 * value(j + 200));
        sum[j] = 1.0;
        double d = (double)row[j] + (double)bias[j] - 0.1;
        q += d * d;
    }
    element->activate_f32(width, normals, 0.1, 1.2, phi, sum);
    for (size_t j = 0; j < width; j++) {
        check((double)phi[j], tanh(0.1 + 1.2 * (double)normals[j]), 2.4e-7, "phi", j);
        check(sum[j], 1.0 + (double)phi[j], 0.0, "sum of phi", j);
        phi[j] = row[j];
    }
    check(element->finish_f32(width, bias, 0.1, row, sum), q, 1e-6 * q, "q", width); /* 70 terms in single precision */
    for (size_t j = 0; j < width; j++)
        check((double)row[j], tanh((double)phi[j] + (double)bias[j]), 2.4e-7, "finished phi", j);
}

static void check_element_f64(const klf_cpu_element *element, size_t width)
{
    float  normals[MAX_WIDTH] = {0};
    double bias[MAX_WIDTH] = {0}, row[MAX_WIDTH] = {0}, sum[MAX_WIDTH] = {0}, phi[MAX_WIDTH], q = 0.0;
    for (size_t j = 0; j < width; j++) {
        normals[j] = (float)(3.0 * value(j));
        bias[j] = value(j + 100);
        row[j] = 2.0 * value(j + 200);
        sum[j] = 1.0;
        double d = row[j] + bias[j] - 0.1;
        q += d * d;
    }
    element->activate_f64(width, normals, 0.1, 1.2, phi, sum);
    for (size_t j = 0; j < width; j++) {
        check(phi[j], tanh(0.1 + 1.2 * (double)normals[j]), 1e-15, "phi", j);
        check(sum[j], 1.0 + phi[j], 0.0, "sum of phi", j);
        phi[j] = row[j];
    }
    check(element->finish_f64(width, bias, 0.1, row, sum), q, 1e-14 * q, "q", width);
    for (size_t j = 0; j < width; j++)
        check(row[j], tanh(phi[j] + bias[j]), 1e-15, "finished phi", j);
}

static void check_element_rounding(const klf_cpu_element *element, size_t width)
{
    for (int format = KLF_FORMAT_TF32; format < KLF_N_FORMATS; format++) {
        float  row[MAX_WIDTH], before[MAX_WIDTH];
        double sum[MAX_WIDTH];
        for (size_t j = 0; j < width; j++) {
            before[j] = row[j] = j % 9 == 8 ? NAN : (float)(value(j + 300) * pow(10.0, -(double)(j % 8)));
            sum[j] = 1.0 + (double)row[j];
        }
        element->round_f32((klf_format)format, width, row, sum);
        for (size_t j = 0; j < width; j++) {
            if (isnan(before[j])) {
                assert_true(isnan(row[j]));
                continue;
            }
            check((double)row[j], (double)klf_round_float((klf_format)format, before[j]), 0.0, "rounded", j);
            check(sum[j], 1.0 + (double)row[j], 1e-15, "sum of rounded", j);
        }
    }
}

/* Every variant that this CPU can run, not only the one that it would get. */
static void test_element_variants(void **state)
{
    (void)state;
    static const klf_cpu_element *const variants[] = KLF_BY_ISA(&klf_cpu_element);
    static const size_t                 widths[] = {1, 7, 8, 9, 31, 32, 33, MAX_WIDTH};
    for (size_t isa = 0; isa < COUNT(variants) && isa <= (size_t)klf_cpu_isa(); isa++)
        for (size_t i = 0; i < COUNT(widths); i++) {
            check_element_f32(variants[isa], widths[i]);
            check_element_f64(variants[isa], widths[i]);
            check_element_rounding(variants[isa], widths[i]);
        }
}

static void check_product(const char *kernels, size_t m, size_t n, size_t k)
{
    klf_context *ctx = NULL;
    (void)description(kernels, &ctx);
    klf_backend_cpu.close(ctx);
    double *a = malloc(m * k * sizeof *a), *b = malloc(n * k * sizeof *b), *c = malloc(m * n * sizeof *c);
    assert_true(a && b && c);
    for (size_t i = 0; i < m * k; i++)
        a[i] = value(i);
    for (size_t i = 0; i < n * k; i++)
        b[i] = value(i + 12345);
    memset(c, 0xff, m * n * sizeof *c);
    assert_int_equal(klf_cpu_dgemm_nt(m, n, k, a, b, c), KLF_OK);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j++) {
            double want = 0.0;
            for (size_t l = 0; l < k; l++)
                want += a[i * k + l] * b[j * k + l];
            check(c[i * n + j], want, 1e-13, "c", i * n + j); /* up to 100 terms below 1, summed in another order */
        }
    free(a);
    free(b);
    free(c);
}

static void check_products(const char *kernels)
{
    check_product(kernels, 1, 1, 1);
    check_product(kernels, 7, 33, 100);
    check_product(kernels, 300, 25, 9);
    check_product(kernels, 129, 100, 31);
}

static void test_dgemm_tiles(void **state)
{
    (void)state;
    check_products("tiles-avx512");
}

static void test_dgemm_openblas(void **state)
{
    (void)state;
    check_products("openblas");
}

/* The totals of a long run are far larger than what a chunk adds: 2^25 + 1 is the first whole number beyond what a float holds.
 */
static void check_gram_total(const klf_cpu_kernels *kernels, klf_precision precision)
{
    enum { WIDTH = 33, SIZE = WIDTH * (WIDTH + 1) / 2 };
    size_t bytes = kernels->gram_bytes(WIDTH);
    double total[SIZE], *gram = malloc(bytes);
    assert_non_null(gram);
    for (size_t i = 0; i < bytes / sizeof(float) && precision == KLF_FP32; i++)
        ((float *)gram)[i] = 0.5f;
    for (size_t i = 0; i < bytes / sizeof(double) && precision == KLF_FP64; i++)
        gram[i] = 0.5;
    for (size_t i = 0; i < SIZE; i++)
        total[i] = 33554433.0 + (double)i;
    kernels->gram_add(gram, WIDTH, total);
    for (size_t i = 0; i < SIZE; i++)
        check(total[i], 33554433.5 + (double)i, 0.0, "total", i);
    free(gram);
}

static void test_gram_totals_are_double(void **state)
{
    (void)state;
    for (int precision = KLF_FP64; precision <= KLF_FP32; precision++) {
        check_gram_total(&klf_cpu_openblas[precision], (klf_precision)precision);
        if (klf_cpu_isa() == KLF_ISA_AVX512)
            KLF_X86_ONLY(check_gram_total(&klf_cpu_tiles_avx512[precision], (klf_precision)precision));
    }
}

static void test_fma_peak(void **state)
{
    (void)state;
    static const klf_fma_chains *const variants[] = KLF_BY_ISA(&klf_fma_chains);
    static const size_t                vector_bytes[] = {16, 32, 64};
    for (size_t isa = 0; isa < COUNT(variants) && isa <= (size_t)klf_cpu_isa(); isa++) {
        size_t lanes = vector_bytes[isa] / sizeof(float), flop = 800 * 12 * lanes * 2; /* steps, chains, lanes, FMA */
        check(variants[isa]->run_f32(800), (double)flop, 0.0, "fp32 FLOP", isa);
        check(variants[isa]->run_f64(800), (double)flop / 2.0, 0.0, "fp64 FLOP", isa);
    }
    /* A bar that an emulated or sanitised build passes too. */
    assert_true(klf_fma_peak(KLF_FP32, 2, 0.01) > 1e6);
    assert_true(klf_fma_peak(KLF_FP64, 1, 0.01) > 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_environment_is_given_back),
        cmocka_unit_test(test_unknown_kernels),
        cmocka_unit_test(test_element_variants),
        cmocka_unit_test(test_dgemm_tiles),
        cmocka_unit_test(test_dgemm_openblas),
        cmocka_unit_test(test_gram_totals_are_double),
        cmocka_unit_test(test_fma_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
