/* SPDX-License-Identifier: BSD-3-Clause */
/* klflow/rounding.h against the definition of rounding to nearest even in exact arithmetic (ldexp and nearbyint in double) and,
 * where the compiler has a half-precision type, against its conversions. Every value of fp16, bf16 and tf32 with what lies
 * around it, and floats all over the range. */
#include "klflow/rounding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#ifdef __FLT16_MAX__
__extension__ typedef _Float16 half;
#endif

typedef struct format {
    klf_format format;
    int        digits;   /* of the significand, the leading one included */
    int        smallest; /* exponent of the smallest normal number */
    double     largest;
} format;

static const format formats[] = {
    {KLF_FORMAT_TF32, 11, -126, 0x1.ffcp127},
    {KLF_FORMAT_FP16, 11, -14, 65504.0},
    {KLF_FORMAT_BF16, 8, -126, 0x1.fep127},
};
enum { N_FORMATS = sizeof formats / sizeof formats[0] };

/* x to the nearest multiple of the spacing that the format has there; half way to the even one. Exact but for nearbyint. */
static double exact(const format *f, float x)
{
    int exponent;
    if (isnan(x) || isinf(x) || x == 0.0f)
        return (double)x;
    frexp((double)x, &exponent); /* |x| in [2^(exponent - 1), 2^exponent) */
    int          lowest = f->smallest - (f->digits - 1);
    int          spacing = exponent - f->digits > lowest ? exponent - f->digits : lowest;
    const double rounded = ldexp(nearbyint(ldexp((double)x, -spacing)), spacing);
    return fabs(rounded) > f->largest ? copysign(INFINITY, (double)x) : rounded;
}

static void check(const format *f, float x)
{
    const float  got = klf_round_float(f->format, x);
    const double want = exact(f, x);
    const bool   same = isnan(want) ? isnan(got) : (double)got == want && !signbit(got) == !signbit(want);
    if (!same)
        fail_msg("%s of %a (%08x) is %a, expected %a", klf_format_name(f->format), (double)x, klf_float_bits(x), (double)got,
                 want);
#ifdef __FLT16_MAX__
    if (f->format == KLF_FORMAT_FP16) {
        const half converted = (half)x;
        uint16_t   bits;
        memcpy(&bits, &converted, sizeof bits);
        if (isnan(x) ? (klf_fp16_bits(x) & 0x7fffu) <= 0x7c00u : klf_fp16_bits(x) != bits)
            fail_msg("fp16 of %a is %04x, the compiler's %04x", (double)x, klf_fp16_bits(x), bits);
    }
#endif
}

/* A float, its neighbours and its opposite. */
static void check_around(const format *f, float x)
{
    const float near[] = {nextafterf(x, -INFINITY), x, nextafterf(x, INFINITY)};
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++) {
        check(f, near[i]);
        check(f, -near[i]);
    }
}

/* Every value of each format, every tie between it and the next one, and both neighbours of both. tf32 has the most, 2^18 of
 * each sign; that of the others is a subset of the floats that end in as many zero bits. */
static void every_value_and_every_tie(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMATS; i++) {
        const format *f = &formats[i];
        const int     dropped = 24 - f->digits;
        for (uint32_t bits = 0; bits < 0x7f800000u; bits += 1u << dropped) {
            check_around(f, klf_bits_float(bits));
            check_around(f, klf_bits_float(bits + (1u << (dropped - 1))));
        }
    }
    /* fp16's subnormals are spaced by 2^-24, wider than what the loop above steps by */
    for (int k = 0; k <= 4096; k++)
        check_around(&formats[1], ldexpf((float)k, -26)); /* quarters: values, ties, and between */
}

static void floats_all_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMATS; i++)
        for (uint64_t bits = 0; bits < UINT64_C(1) << 32; bits += 2039) /* a prime: every pattern of lower bits */
            check(&formats[i], klf_bits_float((uint32_t)bits));
}

static void special_values(void **state)
{
    (void)state;
    static const uint32_t bits[] = {0x00000001u, 0x007fffffu, 0x00800000u, 0x7f7fffffu, 0x7f800000u,
                                    0x7f800001u, 0x7fbfffffu, 0x7fc00000u, 0x7fffffffu};
    for (size_t i = 0; i < N_FORMATS; i++)
        for (size_t k = 0; k < sizeof bits / sizeof bits[0]; k++) {
            check(&formats[i], klf_bits_float(bits[k]));
            check(&formats[i], klf_bits_float(bits[k] | 0x80000000u));
        }
    assert_true(klf_round_float(KLF_FORMAT_FP16, 65519.996f) == 65504.0f);
    assert_true(isinf(klf_round_float(KLF_FORMAT_FP16, 65520.0f)));
    assert_true(klf_round_float(KLF_FORMAT_FP32, 0x1.000002p0f) == 0x1.000002p0f);
    assert_true(klf_round_float(KLF_FORMAT_FP64, 0x1.000002p0f) == 0x1.000002p0f);
}

/* The 2^16 patterns of both 16-bit formats decoded, and back to the same pattern. */
static void sixteen_bit_patterns(void **state)
{
    (void)state;
    for (uint32_t k = 0; k < 0x10000u; k++) {
        const uint16_t bits = (uint16_t)k;
        const int      exponent = (int)(k >> 10 & 31u), mantissa = (int)(k & 1023u);
        double         want = exponent == 0 ? ldexp(mantissa, -24) : ldexp(1024 + mantissa, exponent - 25);
        if (exponent == 31)
            want = mantissa ? (double)NAN : (double)INFINITY;
        const float got = klf_fp16_value(bits);
        if (isnan(want) ? !isnan(got) : fabs((double)got) != want || !signbit(got) != !(k & 0x8000u))
            fail_msg("fp16 pattern %04x is %a, expected %a", k, (double)got, want);
        if (!isnan(want))
            assert_int_equal(klf_fp16_bits(got), bits);
        const float bf16 = klf_bf16_value(bits);
        assert_int_equal(klf_float_bits(bf16), k << 16);
        if (!isnan(bf16))
            assert_int_equal(klf_bf16_bits(bf16), bits);
    }
}

/* How far two parts carry: 2^-22 of the float in tf32 and fp16, 2^-16 in bf16 (a half of the lower part's last place; its sign
 * gives one bit more). fp16's lower part is scaled, or it would be subnormal where weights are. */
static void two_parts(void **state)
{
    (void)state;
    static const double bars[N_FORMATS] = {0x1p-23, 0x1p-23, 0x1p-17};
    for (size_t i = 0; i < N_FORMATS; i++)
        for (uint64_t k = 0; k < 2000000; k++) {
            const float x = klf_bits_float((uint32_t)(0x3a000000u + k * 53u)); /* 5e-4 to 2.6 */
            float       upper, lower;
            klf_split_float(formats[i].format, x, &upper, &lower);
            assert_true(klf_round_float(formats[i].format, upper) == upper);
            assert_true(klf_round_float(formats[i].format, lower) == lower);
            const double sum = (double)upper + (double)lower * klf_split_scale(formats[i].format);
            if (!(fabs(sum - (double)x) <= bars[i] * (double)x))
                fail_msg("%s: parts %a and %a of %a", klf_format_name(formats[i].format), (double)upper, (double)lower,
                         (double)x);
            assert_true((double)klf_two_parts_float(formats[i].format, x) == sum);
            klf_split_float(formats[i].format, upper, &upper, &lower);
            assert_true(lower == 0.0f);
        }
    float upper, lower;
    klf_split_float(KLF_FORMAT_FP16, 1e6f, &upper, &lower); /* visibly infinite rather than NaN */
    assert_true(isinf(upper) && lower == 0.0f);
}

static void names_and_facts(void **state)
{
    (void)state;
    static const struct {
        const char *name, *format, *phi;
    } expected[KLF_N_PRECISIONS] = {{"fp64", "fp64", "fp64"}, {"fp32", "fp32", "fp32"}, {"tf32x3", "tf32", "fp32"},
                                    {"tf32", "tf32", "tf32"}, {"fp16", "fp16", "fp16"}, {"bf16", "bf16", "bf16"}};
    for (int p = 0; p < KLF_N_PRECISIONS; p++) {
        assert_string_equal(klf_precision_name((klf_precision)p), expected[p].name);
        assert_string_equal(klf_format_name(klf_precision_format((klf_precision)p)), expected[p].format);
        assert_string_equal(klf_format_name(klf_precision_phi_format((klf_precision)p)), expected[p].phi);
    }
    for (size_t i = 0; i < N_FORMATS; i++) { /* half the spacing above 1 */
        const double u = klf_format_roundoff(formats[i].format);
        assert_true(u == ldexp(1.0, -formats[i].digits));
        assert_true(klf_round_float(formats[i].format, (float)(1.0 + u)) == 1.0f);
        assert_true((double)klf_round_float(formats[i].format, (float)(1.0 + 1.25 * u)) == 1.0 + 2.0 * u);
    }
    assert_true(klf_format_roundoff(KLF_FORMAT_FP64) == 0x1p-53 && klf_format_roundoff(KLF_FORMAT_FP32) == 0x1p-24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_and_every_tie), cmocka_unit_test(floats_all_over), cmocka_unit_test(special_values),
        cmocka_unit_test(sixteen_bit_patterns),      cmocka_unit_test(two_parts),       cmocka_unit_test(names_and_facts),
    };
    return cmocka_run_group_tests_name("rounding", tests, NULL, NULL);
}
