/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of fits share: points on a curve, with errors, with noise. Behind cmocka.h. */
#ifndef KLFLOW_TESTS_FIT_TEST_H
#define KLFLOW_TESTS_FIT_TEST_H

#include "klflow/fit.h"
#include "klflow/rng.h"

#include <math.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { A, B, N = 28 }; /* the two parameters; the layers of a network of depth 30 that are equally wide */

static inline void assert_close(double value, double expected, double tolerance, const char *what)
{
    if (!(fabs(value - expected) <= tolerance))
        fail_msg("%s: %.17g, expected %.17g within %.3g", what, value, expected, tolerance);
}

static inline void fit(const klf_fit_data *data, klf_fit *out)
{
    memset(out, 0xff, sizeof *out); /* NaN */
    if (klf_fit_curve(data, out) != KLF_OK)
        fail_msg("refused: %s", klf_last_error());
}

typedef struct sample {
    double x[N], y[N], error[N];
} sample;

/* N points on the curve, from `first` on in steps of `step`, with errors that differ from point to point. */
static inline sample on_curve(klf_fit_model model, const double *parameter, double first, double step)
{
    sample s;
    for (size_t i = 0; i < N; i++) {
        s.x[i] = first + step * (double)i;
        s.y[i] = klf_fit_value(model, parameter, s.x[i]);
        s.error[i] = 0.01 * (1.0 + 0.5 * sin((double)i));
    }
    return s;
}

static inline void add_noise(uint64_t seed, double factor, sample *s)
{
    float normal[N];
    klf_normals(seed, 0, 0, N, normal);
    for (size_t i = 0; i < N; i++)
        s->y[i] += factor * s->error[i] * (double)normal[i];
}

static inline klf_fit_data data_of(klf_fit_model model, klf_fit_errors errors, const sample *s)
{
    return (klf_fit_data){
        .model = model, .errors = errors, .n = N, .x = s->x, .y = s->y, .error = s->error, .held = {NAN, NAN}};
}

#endif
