/* SPDX-License-Identifier: BSD-3-Clause */
/* The infinite plane, against values of another method, relations that the exact results obey, and the forms of the paper where
 * those are good; and that they are not good everywhere. */
#include "klflow/ising2d.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "physics/ising1d_test.h"

static const double LN2 = 0.69314718055994530942;
static const double PI = 3.14159265358979323846;

static klf_ising2d_plane plane_at(double k)
{
    klf_ising2d_plane plane;
    klf_ising2d_plane_get(k, &plane);
    return plane;
}

static void relative(double value, double expected, double tolerance, const char *what)
{
    assert_close(value, expected, tolerance * fabs(expected), what);
}

/* From mpmath with 40 digits, at the double nearest to K: eta and its slope from complete elliptic integrals, ln Z by adaptive
 * quadrature, the correlations as Toeplitz determinants whose elements are integrals over the generating function, s_1 from
 * them by Callen's identity. */
static void test_values(void **state)
{
    (void)state;
    static const struct {
        double k, eta, one_minus_eta, lnz, entropy, ds_inf_dk, c_diag, c_2, s_1;
    } rows[] = {
        {1e-6, 1.00000000000166662e-6, 0.999998999999999998, 0.693147180560945309, 0.693147180558945309, 2.88539008179235363e-6,
         2.00000000000266649e-12, 1.00000000000533324e-12, 1.44269504088896328e-12},
        {0.05, 5.02090053101468337e-2, 0.949790994689853166, 0.695652400070666474, 0.69063149953965179, 0.146082598341649728,
         5.01675203507736319e-3, 2.5334650633973355e-3, 3.60675769287396367e-3},
        {0.2, 0.214114416620174042, 0.785885583379825958, 0.73453081227632605, 0.648885045628256428, 0.704411561694540204,
         8.4662154171761238e-2, 4.91316005881965417e-2, 5.77964032197784124e-2},
        {0.4, 0.553039601872895516, 0.446960398127104484, 0.879363820774948213, 0.436932139276631775, 3.10791986535477857,
         0.436080727299592716, 0.363651658586198745, 0.242009273890399668},
        {0.44, 0.701113480015710605, 0.298886519984289395, 0.928728540456888479, 0.311748678043063144, 9.47485735884670675,
         0.628409867165546597, 0.584630952300049184, 0.314614397476313986},
        {0.4406, 0.706121628787022825, 0.293878371212977175, 0.929572744079023038, 0.307338364791898536, 12.8134712517926507,
         0.635260103375309328, 0.593030598483384159, 0.316803411790665073},
        {0.4408, 0.708352940408194485, 0.291647059591805515, 0.929855645737128265, 0.305371693473263971, 12.3785055567982962,
         0.638338376518361143, 0.596842829565197775, 0.317754829232246651},
        {0.45, 0.756522902999151571, 0.243477097000848429, 0.943383773098793461, 0.26251316039955703, 5.15507939803846808,
         0.703004281824528633, 0.674422026057764557, 0.340018777565839133},
        {0.6, 0.954543088842037594, 4.54569111579624056e-2, 1.2101323882884129, 6.46806816779678259e-2, 0.75367677293047766,
         0.949948200038953204, 0.948925514995602664, 0.456547936305118806},
        {1.0, 0.998580102056125563, 1.41989794387443658e-3, 2.00034828370071028, 3.18807958845915379e-3, 3.37295820314170697e-2,
         0.99855360091535236, 0.998552593211412121, 0.497730908310478076},
        {3.0, 0.999999999848991835, 1.5100816524986716e-10, 6.00000000003775181, 9.4380080085297333e-10, 1.04573154735454152e-8,
         0.999999999848990907, 0.999999999848990907, 0.499999999319195314},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* a dozen roundings each; the correlations have 1 / AGM, up to 20 here, for a factor */
        const double      full = 2e-15, elliptic = 1e-14;
        klf_ising2d_plane plane = plane_at(rows[i].k);
        relative(plane.eta, rows[i].eta, full, "eta");
        relative(klf_ising2d_eta(rows[i].k), rows[i].eta, full, "eta alone");
        relative(plane.one_minus_eta, rows[i].one_minus_eta, full, "1 - eta");
        relative(klf_ising2d_one_minus_eta(rows[i].k), rows[i].one_minus_eta, full, "1 - eta alone");
        relative(plane.lnz, rows[i].lnz, full, "ln Z");
        relative(plane.entropy, rows[i].entropy, full, "entropy");
        relative(plane.ds_inf_dk, rows[i].ds_inf_dk, full, "ds_inf/dK");
        relative(plane.c_diag, rows[i].c_diag, elliptic, "<s00 s11>");
        relative(plane.c_2, rows[i].c_2, elliptic, "<s00 s20>");
        relative(plane.s_1, rows[i].s_1, elliptic, "s_1");
    }
}

/* What is known in closed form at K_c: eta = 1/sqrt 2, <s00 s11> = 2/pi, <s00 s20> = 1 - 4/pi^2, ln Z = ln 2 / 2 + 2 G / pi
 * with Catalan's constant. The double at hand is 2e-17 below K_c, where eta and its kin have a slope of 40. */
static void test_critical_point(void **state)
{
    (void)state;
    const double      CATALAN = 0.915965594177219015;
    double            k_c = klf_ising2d_k_c();
    klf_ising2d_plane plane = plane_at(k_c);
    relative(k_c, 0.5 * log(1.0 + sqrt(2.0)), 1e-15, "K_c");
    relative(plane.eta, sqrt(0.5), 3e-15, "eta");
    relative(plane.lnz, 0.5 * LN2 + 2.0 * CATALAN / PI, 1e-15, "ln Z");
    relative(plane.c_diag, 2.0 / PI, 2e-14, "<s00 s11>");
    relative(plane.c_2, 1.0 - 4.0 / (PI * PI), 2e-14, "<s00 s20>");
    relative(plane.s_inf, 1.0 - (plane.lnz - 2.0 * k_c * sqrt(0.5)) / LN2, 1e-14, "s_inf");
    assert_true(isinf(plane.ds_inf_dk) && plane.ds_inf_dk > 0.0 && isinf(plane.specific_heat));
    assert_true(isinf(plane_at(-k_c).ds_inf_dk) && plane_at(-k_c).ds_inf_dk < 0.0);
    assert_true(isfinite(plane_at(nextafter(k_c, 1.0)).ds_inf_dk) && isfinite(plane_at(nextafter(k_c, 0.0)).ds_inf_dk));
}

/* (2.48) as printed, by the midpoint rule, which converges as exp(-2 n |2 tanh^2 2K - 1|). */
static double eta_printed(double k, int n)
{
    double t = tanh(2.0 * k), sech2 = 1.0 - t * t, sum = 0.0;
    for (int i = 0; i < n; i++) {
        double phi = PI * (i + 0.5) / n, c2 = cos(phi) * cos(phi), root = sqrt(1.0 - 4.0 * t * t * sech2 * c2);
        sum += t / root * (1.0 - 2.0 * sech2 * c2 / (1.0 + root));
    }
    return sum / n;
}

static void test_printed_eta(void **state)
{
    (void)state;
    for (double k = 0.1; k < 1.5; k += 0.01)
        if (fabs(k - klf_ising2d_k_c()) > 0.05)
            assert_close(klf_ising2d_eta(k), eta_printed(k, 256), 1e-14, "eta by (2.48)");
    /* near K_c the rule is slow: this is not where to test with it */
    assert_true(fabs(eta_printed(0.44, 128) - klf_ising2d_eta(0.44)) > 1e-4);
    assert_close(klf_ising2d_eta(0.44), eta_printed(0.44, 1 << 15), 1e-13, "eta by (2.48) at 0.44");
}

/* The textbook form has the complete elliptic integral of modulus 2 sinh 2K / cosh^2 2K. If this fails, the arithmetic has
 * become better than IEEE double. */
static double eta_textbook(double k)
{
    double s = sinh(2.0 * k), c = cosh(2.0 * k), modulus = 2.0 * s / (c * c), t = tanh(2.0 * k);
    double a = 1.0, b = sqrt(1.0 - modulus * modulus);
    for (int i = 0; i < 40; i++) {
        double next = 0.5 * (a + b);
        b = sqrt(a * b);
        a = next;
    }
    return 0.5 / t * (1.0 + (2.0 * t * t - 1.0) / a);
}

static void test_why_the_textbook_form_is_not_used(void **state)
{
    (void)state;
    relative(eta_textbook(0.3), klf_ising2d_eta(0.3), 1e-13, "the two where both are good");
    assert_true(fabs(eta_textbook(1e-4) / klf_ising2d_eta(1e-4) - 1.0) > 1e-11);
    assert_true(fabs(eta_textbook(1e-6) / klf_ising2d_eta(1e-6) - 1.0) > 1e-7);
    relative(klf_ising2d_eta(1e-4), 1e-4 + 5e-12 / 3.0, 1e-14, "eta = K + 5/3 K^3 + ...");
    assert_true(isnan(eta_textbook(400.0))); /* sinh and cosh^2 overflow */
    assert_close(klf_ising2d_eta(400.0), 1.0, 0.0, "eta at K = 400");
    double naive = 1.0 - klf_ising2d_eta(6.0); /* 4 e^(-48) is below the last digit of 1 */
    relative(klf_ising2d_one_minus_eta(6.0), 4.0 * exp(-48.0), 1e-9, "1 - eta at K = 6");
    assert_true(naive == 0.0);
}

/* sinh 2K sinh 2K* = 1: ln Z(K) - ln sinh 2K = ln Z(K*), eta(K) = coth 2K - eta(K*) / sinh 2K. */
static void test_duality(void **state)
{
    (void)state;
    for (double k = 0.02; k < 2.0; k += 0.013) {
        double            dual = 0.5 * asinh(1.0 / sinh(2.0 * k));
        klf_ising2d_plane here = plane_at(k), there = plane_at(dual);
        assert_close(here.lnz - log(sinh(2.0 * k)), there.lnz, 1e-14, "ln Z of the dual");
        /* the dual is rounded, and eta has a slope of 2 to 40 */
        assert_close(here.eta, 1.0 / tanh(2.0 * k) - there.eta / sinh(2.0 * k), 1e-14 / k, "eta of the dual");
    }
}

/* (2.46) with its sign put right: d ln Z / dK = 2 eta; and ds_inf/dK. Central differences have errors of step^2 f''' / 6 and
 * rounding / step. */
static void test_slopes(void **state)
{
    (void)state;
    for (double k = 0.05; k < 1.5; k += 0.01) {
        double distance = fabs(k - klf_ising2d_k_c());
        if (distance < 0.02)
            continue;
        double step = 1e-5, tolerance = 1e-9 + 1e-10 / (distance * distance);
        double lnz = (plane_at(k + step).lnz - plane_at(k - step).lnz) / (2.0 * step);
        double s_inf = (plane_at(k + step).s_inf - plane_at(k - step).s_inf) / (2.0 * step);
        assert_close(lnz, 2.0 * klf_ising2d_eta(k), tolerance, "d ln Z / dK");
        assert_close(plane_at(k).ds_inf_dk, s_inf, tolerance, "ds_inf/dK");
        assert_close(plane_at(k).specific_heat, plane_at(k).ds_inf_dk * k * LN2, 1e-14, "specific heat");
    }
}

/* Onsager: C = -(8 K_c^2 / pi) ln |K - K_c| + const on both sides. */
static void test_divergence(void **state)
{
    (void)state;
    double k_c = klf_ising2d_k_c(), amplitude = 8.0 * k_c / (PI * LN2);
    for (int side = -1; side <= 1; side += 2)
        for (int decade = 5; decade <= 8; decade++) {
            double further = plane_at(k_c + side * pow(10.0, -decade)).ds_inf_dk;
            double nearer = plane_at(k_c + side * pow(10.0, -decade - 1)).ds_inf_dk;
            /* the next term is (K - K_c) ln |K - K_c|, and K_c +- 1e-9 is rounded by 3e-17 */
            assert_close(nearer - further, amplitude * log(10.0), 200.0 * pow(10.0, -decade) + 1e-6, "slope of a decade");
        }
}

static void test_small_and_large_k(void **state)
{
    (void)state;
    /* series by counting graphs: s_1 ln 2 = K^2 + 0 K^4 + O(K^6), s_inf ln 2 = K^2 + 5/2 K^4 + O(K^6) */
    for (double k = 1e-3; k < 0.03; k *= 1.3) {
        double            x = k * k;
        klf_ising2d_plane plane = plane_at(k);
        assert_close((plane.s_1 * LN2 / x - 1.0) / x, 0.0, 40.0 * x + 1e-15 / x, "K^4 of s_1");
        assert_close((plane.s_inf * LN2 / x - 1.0) / x, 2.5, 40.0 * x + 1e-15 / x, "K^4 of s_inf");
        assert_close(plane.p_4, 0.125 + 1.25 * x, 30.0 * x * x, "P4");
        assert_close(plane.p_2, 0.5 - 3.5 * x * x, 30.0 * x * x * x + 1e-15, "P2");
    }
    /* one spin against all others, then pairs and lone spins two bonds apart */
    for (double k = 1.0; k < 40.0; k *= 1.3) {
        double            e = exp(-8.0 * k);
        klf_ising2d_plane plane = plane_at(k);
        double            next = 30.0 * exp(-4.0 * k) * (1.0 + k) + 2e-15;
        relative(plane.entropy, (1.0 + 8.0 * k) * e, next, "entropy for large K");
        relative(plane.one_minus_eta, 4.0 * e, next, "1 - eta for large K");
        relative(plane.ds_inf_dk, 64.0 * k * e / LN2, next, "ds_inf/dK for large K");
        relative(plane.p_2, 4.0 * e, next, "P2 for large K");
        relative(plane.one_minus_s_inf, plane.entropy / LN2, 1e-15, "1 - s_inf");
    }
}

/* 0 <= s_1 <= 1/2, s_inf - 1/2 <= s_1 <= s_inf, both grow with |K|; probabilities are that. */
static void test_properties(void **state)
{
    (void)state;
    random_state random = {21};
    for (int i = 0; i < 20000; i++) {
        double k = i % 3 == 0 ? klf_ising2d_k_c() + uniform(&random, -1e-3, 1e-3) : pow(10.0, uniform(&random, -8.0, 3.0));
        klf_ising2d_plane plane = plane_at(k), more = plane_at(k * (1.0 + uniform(&random, 1e-6, 1.0))), minus = plane_at(-k);
        /* s_1 and s_inf part from K^4 on */
        double slack = 1e-15 + 1e-15 * plane.s_inf;
        assert_true(plane.s_1 >= 0.0 && plane.s_1 <= 0.5 && plane.s_inf >= 0.0 && plane.s_inf <= 1.0);
        assert_true(plane.s_1 <= plane.s_inf + slack && plane.s_1 >= plane.s_inf - 0.5 - slack);
        assert_true(more.s_1 >= plane.s_1 * (1.0 - 4e-15) && more.s_inf >= plane.s_inf * (1.0 - 4e-15));
        assert_true(more.one_minus_s_inf <= plane.one_minus_s_inf * (1.0 + 4e-15));
        assert_true(plane.p_4 >= 0.0 && plane.p_2 >= 0.0 && plane.p_4 + plane.p_2 <= 1.0 + 1e-15);
        /* correlations fall with distance, and Griffiths: <s00 s10>^2 <= <s00 s11>, <s00 s20> */
        assert_true(plane.c_2 <= plane.c_diag * (1.0 + 1e-14) && plane.c_diag <= plane.eta * (1.0 + 1e-14));
        assert_true(plane.eta * plane.eta <= plane.c_2 * (1.0 + 1e-14));
        assert_close(plane.s_inf + plane.one_minus_s_inf, 1.0, 5e-16, "s_inf and 1 less it");
        assert_close(minus.eta, -plane.eta, 0.0, "eta at -K");
        assert_close(minus.s_1, plane.s_1, 0.0, "s_1 at -K");
        assert_close(minus.ds_inf_dk, -plane.ds_inf_dk, 0.0, "slope at -K");
    }
}

static void test_extremes(void **state)
{
    (void)state;
    const double couplings[] = {0.0, -0.0, 5e-324, 1e-300, 1e-160, 1e-80, 1e-8, 89.0, 93.0, 178.0, 356.0, 1e3, 1e6, 1e300};
    for (size_t i = 0; i < COUNT(couplings); i++) {
        double            k = couplings[i];
        klf_ising2d_plane plane = plane_at(k);
        assert_true(isfinite(plane.lnz) && isfinite(plane.entropy) && isfinite(plane.p_4) && isfinite(plane.p_2));
        assert_true(isfinite(plane.c_diag) && isfinite(plane.c_2) && isfinite(plane.ds_inf_dk));
        assert_true(plane.s_1 >= 0.0 && plane.s_1 <= 0.5 && plane.s_inf >= 0.0 && plane.s_inf <= 1.0);
        if (k < 1e-7) {
            relative(plane.eta, k, 1e-15, "eta for tiny K");
            relative(plane.ds_inf_dk, 2.0 * k / LN2, 1e-15, "slope for tiny K");
            assert_close(plane.p_4, 0.125, 1e-13, "P4 for tiny K");
            assert_close(plane.p_2, 0.5, 1e-13, "P2 for tiny K");
        } else {
            relative(plane.lnz, 2.0 * k, 1e-15, "ln Z for huge K");
            assert_close(plane.s_1, 0.5, 0.0, "s_1 for huge K");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),      cmocka_unit_test(test_critical_point),
        cmocka_unit_test(test_printed_eta), cmocka_unit_test(test_why_the_textbook_form_is_not_used),
        cmocka_unit_test(test_duality),     cmocka_unit_test(test_slopes),
        cmocka_unit_test(test_divergence),  cmocka_unit_test(test_small_and_large_k),
        cmocka_unit_test(test_properties),  cmocka_unit_test(test_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
