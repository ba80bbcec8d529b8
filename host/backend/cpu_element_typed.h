/* SPDX-License-Identifier: BSD-3-Clause */
/* The loops of cpu_element.c for one element type. No include guard: included once a type, with REAL, NAME, TANH and FMA
 * defined; undefines them at the end. */

static void NAME(activate)(size_t width, const float *restrict normals, double mean, double sd, REAL *restrict phi,
                           double *restrict phi_sum)
{
    REAL m = (REAL)mean, s = (REAL)sd;
    for (size_t j = 0; j < width; j++) {
        phi[j] = TANH(FMA(s, (REAL)normals[j], m));
        phi_sum[j] += (double)phi[j];
    }
}

/* The sum over one row may stay in its type: vector lanes share its terms, and sums over rows are double. */
static double NAME(finish)(size_t width, const REAL *restrict bias, double mean, REAL *restrict row, double *restrict phi_sum)
{
    REAL m = (REAL)mean, q = 0;
#pragma omp simd reduction(+ : q)
    for (size_t j = 0; j < width; j++) {
        REAL z = row[j] + bias[j], d = z - m;
        q += d * d;
        row[j] = TANH(z);
        phi_sum[j] += (double)row[j];
    }
    return (double)q;
}

static void NAME(output)(size_t width, const REAL *restrict bias, REAL *restrict row)
{
    for (size_t j = 0; j < width; j++)
        row[j] = TANH(row[j] + bias[j]);
}

static void NAME(slope)(size_t n, const REAL *restrict phi, REAL *restrict delta)
{
    for (size_t i = 0; i < n; i++)
        delta[i] *= 1 - phi[i] * phi[i];
}

static void NAME(step)(size_t n, double rate, double decay, REAL *restrict velocity, REAL *restrict weight)
{
    const REAL r = (REAL)rate, d = (REAL)decay;
    for (size_t i = 0; i < n; i++) {
        velocity[i] += d * weight[i];
        weight[i] -= r * velocity[i];
    }
}

#undef REAL
#undef NAME
#undef TANH
#undef FMA
