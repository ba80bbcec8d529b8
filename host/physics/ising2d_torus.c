/* SPDX-License-Identifier: BSD-3-Clause */
/* A torus by transfer matrices along its longer side. Energy, ln Z and s^(1) come from the spins around one site, those of
 * later steps from the distribution of the kept spins: s^(n) ln 2 = (ln 2 - entropy) - 2^-n (ln 2 - entropy of the kept spins),
 * entropies a spin. */
#include "klflow/ising2d_lattice.h"

#include "core/memory.h"
#include "klflow/ising1d.h"
#include "physics/ising2d_orbits.h"
#include "physics/ising2d_torus_kept.h"
#include "physics/ising2d_toruses.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

static const double LN2 = 0.69314718055994530942;

/* The trace is over 2^width rows. */
enum { MAX_WIDTH = 14, MAX_HEIGHT = 1024 };

size_t klf_ising2d_torus_steps(size_t width, size_t height)
{
    size_t n = 0;
    for (; width != 0 && height != 0 && width % 2 == 0 && height % 2 == 0; width /= 2, height /= 2)
        n += 2;
    return n;
}

klf_status klf_ising2d_check_torus(size_t width, size_t height, size_t n_steps)
{
    if (width < 2 || height < 2 || width % 2 != 0 || height % 2 != 0)
        return klf_fail(KLF_ERR_USAGE, "a torus of %zux%zu has no checkerboard: both sides must be even", width, height);
    if (n_steps > klf_ising2d_torus_steps(width, height))
        return klf_fail(KLF_ERR_USAGE, "a torus of %zux%zu can be decimated %zu times, not %zu", width, height,
                        klf_ising2d_torus_steps(width, height), n_steps);
    return KLF_OK;
}

typedef struct torus {
    double           k;
    unsigned         length; /* of a row */
    size_t           height, threads;
    double           scale;       /* of a transfer, so that powers stay in range */
    double           trace;       /* of (scale T)^height */
    double           broken[2];   /* probability of a broken bond within a row, between rows */
    double           sum_of_4[3]; /* that the neighbours of a site add up to 0, +-2, +-4 */
    klf_ising2d_rows rows;
} torus;

/* The reciprocal of T's largest eigenvalue, roughly. */
static double rough_scale(const klf_ising2d_rows *rows, double *v)
{
    double scale = 1.0;
    for (size_t x = 0; x < rows->n_states; x++)
        v[x] = 1.0;
    for (int i = 0; i < 20; i++) {
        double largest = 0.0;
        klf_ising2d_rows_transfer(rows, scale, 1, 1, v);
        for (size_t x = 0; x < rows->n_states; x++)
            largest = fmax(largest, v[x]);
        scale /= largest;
        for (size_t x = 0; x < rows->n_states; x++)
            v[x] /= largest;
    }
    return scale;
}

/* Unnormalised probabilities of row b, with the spins above and below its site 0 being up or down: [above][below]. v has room
 * for three vectors. */
static void around_row(const torus *t, size_t b, double *v, double out[2][2])
{
    size_t  n = t->rows.n_states;
    double *next = v, *far[2] = {v + n, v + 2 * n};
    for (size_t x = 0; x < n; x++)
        next[x] = x == b;
    klf_ising2d_rows_transfer(&t->rows, t->scale, 1, 1, next);
    for (int below = 0; below < 2; below++) {
        for (size_t x = 0; x < n; x++)
            far[below][x] = (int)(x & 1) == below ? next[x] : 0.0;
        klf_ising2d_rows_transfer(&t->rows, t->scale, (unsigned)t->height - 2, 1, far[below]);
        out[0][below] = out[1][below] = 0.0;
        for (size_t x = 0; x < n; x++)
            out[x & 1][below] += next[x] * far[below][x];
    }
}

static int spin(size_t bit)
{
    return bit == 0 ? 1 : -1;
}

/* Rows b and their mirror images are alike: those with the last spin up are gone over. */
static klf_status look_around(torus *t)
{
    size_t  n = t->rows.n_states, half = n / 2;
    double *v = klf_memory_get(3 * t->threads * n * sizeof *v), *trace_of = malloc(4 * half * sizeof *trace_of);
    if (v == NULL || trace_of == NULL) {
        free(v);
        free(trace_of);
        return klf_fail(KLF_ERR_MEMORY, "no memory for the %zu states of a row", n);
    }
    t->scale = rough_scale(&t->rows, v);
#pragma omp parallel for num_threads((int)t->threads) schedule(dynamic) if (t->threads > 1)
    for (size_t b = 0; b < half; b++) {
        double p[2][2];
        around_row(t, b, v + 3 * n * (size_t)omp_get_thread_num(), p);
        for (int i = 0; i < 4; i++)
            trace_of[4 * b + (size_t)i] = p[i / 2][i % 2];
    }
    long double trace = 0.0L, broken[2] = {0}, sum_of_4[3] = {0};
    for (size_t b = 0; b < half; b++)
        for (size_t i = 0; i < 4; i++) {
            double p = trace_of[4 * b + i];
            int    sum = spin(i & 2) + spin(i & 1) + spin(b & (t->length == 2 ? 2 : n / 2)) + spin(b & 2);
            trace += p;
            broken[0] += p * klf_ising2d_broken_bonds(b, t->length);
            broken[1] += i / 2 != (b & 1) ? p : 0.0;
            sum_of_4[abs(sum) / 2] += p;
        }
    t->trace = 2.0 * (double)trace;
    t->broken[0] = (double)(broken[0] / trace / t->length);
    t->broken[1] = (double)(broken[1] / trace);
    for (int i = 0; i < 3; i++)
        t->sum_of_4[i] = (double)(sum_of_4[i] / trace);
    free(v);
    free(trace_of);
    return KLF_OK;
}

static size_t shorter_of(size_t width, size_t height)
{
    return width < height ? width : height;
}

klf_status klf_ising2d_torus_check(size_t width, size_t height, size_t n_steps, size_t threads)
{
    klf_status st = KLF_OK;
    size_t     length = shorter_of(width, height), rows = width > height ? width : height;
    KLF_TRY(klf_ising2d_check_torus(width, height, n_steps));
    if (length > MAX_WIDTH)
        return klf_fail(KLF_ERR_USAGE,
                        "the shorter side of a torus can be up to %d, not %zu: 2^%zu rows of spins are gone over", MAX_WIDTH,
                        length, length);
    if (rows > MAX_HEIGHT)
        return klf_fail(KLF_ERR_USAGE, "the longer side of a torus can be up to %d, not %zu", MAX_HEIGHT, rows);
    for (size_t n = 2; n <= n_steps; n++)
        KLF_TRY(klf_ising2d_torus_afford((unsigned)length, rows, n, threads));
done:
    return st;
}

static klf_status later_step(const torus *t, size_t n, double deficit_before, double *s)
{
    klf_status       st = KLF_OK;
    klf_ising2d_rows rows = {0};
    klf_ising2d_kept kept;
    double           deficit = 0.0, remaining = ldexp(1.0, -(int)n);
    klf_ising2d_kept_get(t->length, n, &kept);
    KLF_TRY(klf_ising2d_rows_create(t->k, t->length, kept.bit_of_site, &rows));
    klf_ising2d_ring_of_rows ring = {
        .rows = &rows, .height = t->height, .threads = t->threads, .scale = t->scale, .trace = t->trace};
    KLF_TRY(klf_ising2d_torus_kept(&ring, n, &deficit));
    *s = fmin(fmax((deficit_before - remaining * deficit) / LN2, 0.0), 1.0 - remaining);
done:
    klf_ising2d_rows_destroy(&rows);
    return st;
}

klf_status klf_ising2d_torus(double k, size_t width, size_t height, size_t n_steps, size_t threads, double *s)
{
    klf_status st = KLF_OK;
    torus      t = {.k = fabs(k), .height = width > height ? width : height, .threads = threads};
    KLF_TRY(klf_ising2d_torus_check(width, height, n_steps, threads));
    t.length = (unsigned)shorter_of(width, height);
    KLF_TRY(klf_ising2d_rows_create(t.k, t.length, NULL, &t.rows));
    KLF_TRY(look_around(&t));
    double n_sites = (double)t.length * (double)t.height, lnz = log(t.trace) / n_sites - log(t.scale) / t.length;
    double deficit = LN2 - (lnz + 2.0 * t.k * (t.broken[0] + t.broken[1])); /* ln Z relative to aligned spins */
    for (size_t n = 0; n <= n_steps; n++) {
        if (n == 0)
            s[0] = 0.0;
        else if (n == 1) /* a decimated spin is in the field of its neighbours, K times their sum */
            s[1] = (t.sum_of_4[2] * klf_ising1d_s_inf(4.0 * t.k) + t.sum_of_4[1] * klf_ising1d_s_inf(2.0 * t.k)) / 2.0;
        else
            KLF_TRY(later_step(&t, n, deficit, &s[n]));
    }
done:
    klf_ising2d_rows_destroy(&t.rows);
    return st;
}
