/* SPDX-License-Identifier: BSD-3-Clause */
/* An infinite cylinder from the leading eigenvector of its transfer matrix: its energy and entropy, s^(1) from the spins around
 * a decimated one, and s^(n) = [ln 2 - entropy - 2^-n (ln 2 - entropy of the kept spins)] / ln 2, whose last entropy
 * ising2d_blocks.c brackets. */
#include "klflow/ising2d_lattice.h"

#include "core/memory.h"
#include "klflow/ising1d.h"
#include "physics/ising2d_blocks.h"

#include <math.h>
#include <stdlib.h>

static const double LN2 = 0.69314718055994530942;

/* A state has a number of 32 bits. Beyond, an hour would not do either. */
enum { MAX_CIRCUMFERENCE = 30, MAX_ITERATIONS = 5000 };

/* Rounding of everything behind a value of s; measured errors are ten times smaller. */
static const double ROUNDING = 1e-14;

typedef struct row_state {
    klf_ising2d_rows rows;
    double          *v, *other; /* normalised eigenvector; as long */
    double           eigenvalue;
} row_state;

size_t klf_ising2d_cylinder_steps(size_t circumference)
{
    size_t n = 0;
    for (; circumference != 0 && circumference % 2 == 0; circumference /= 2)
        n += 2;
    return n;
}

double klf_ising2d_cylinder_bytes(size_t circumference, size_t n_steps, size_t threads)
{
    double states = ldexp(sizeof(double), (int)circumference), most = 0.0;
    if (circumference > MAX_CIRCUMFERENCE)
        return 6.0 * states;
    for (size_t n = 2; n <= n_steps; n++) {
        klf_ising2d_kept        kept;
        klf_ising2d_blocks_plan plan;
        klf_ising2d_kept_get((unsigned)circumference, n, &kept);
        klf_ising2d_blocks_plan_get(&kept, true, threads, &plan);
        most = fmax(most, plan.bytes + (kept.displaced ? 2.5 : 2.0) * states);
    }
    return 3.0 * states + most;
}

klf_status klf_ising2d_cylinder_check(size_t circumference, size_t n_steps, size_t threads)
{
    if (circumference < 2 || circumference % 2 != 0)
        return klf_fail(KLF_ERR_USAGE, "a cylinder of circumference %zu has no checkerboard: it must be even", circumference);
    if (n_steps > klf_ising2d_cylinder_steps(circumference))
        return klf_fail(KLF_ERR_USAGE, "a circumference of %zu allows %zu steps, not %zu", circumference,
                        klf_ising2d_cylinder_steps(circumference), n_steps);
    double bytes = klf_ising2d_cylinder_bytes(circumference, n_steps, threads), available = klf_memory_available();
    if (bytes > available)
        return klf_fail(
            KLF_ERR_USAGE,
            "a cylinder of circumference %zu takes %.2e bytes of memory for %zu step%s, and %.2e are available: take a "
            "smaller one%s",
            circumference, bytes, n_steps, n_steps == 1 ? "" : "s", available, n_steps > 1 ? " or fewer steps" : "");
    if (circumference > MAX_CIRCUMFERENCE)
        return klf_fail(KLF_ERR_USAGE, "a circumference can be up to %d, not %zu, which would take %.2e bytes of memory",
                        MAX_CIRCUMFERENCE, circumference, bytes);
    return KLF_OK;
}

/* Sums over up to 2^30 states are taken in long double, lest their roundings add up. */
static double norm_of(const double *v, size_t n)
{
    long double sum = 0.0L;
    for (size_t x = 0; x < n; x++)
        sum += v[x] * v[x];
    return (double)sqrtl(sum);
}

/* Power iteration from the vector of ones: it has all symmetries, and among symmetric vectors the gap of T stays open in both
 * phases. Goes on while the residual falls, to the level of rounding. */
static void find_eigenvector(row_state *r, size_t threads, klf_ising2d_cylinder *out)
{
    size_t n = r->rows.n_states;
    double scale = 1.0 / sqrt((double)n), last = INFINITY;
    for (size_t x = 0; x < n; x++)
        r->v[x] = scale;
    for (size_t i = 1; i <= MAX_ITERATIONS; i++) {
        for (size_t x = 0; x < n; x++)
            r->other[x] = r->v[x];
        klf_ising2d_rows_transfer(&r->rows, 1.0, 1, threads, r->other);
        double lambda = norm_of(r->other, n), sum = 0.0;
#pragma omp simd reduction(+ : sum)
        for (size_t x = 0; x < n; x++) {
            double next = r->other[x] / lambda;
            sum += (next - r->v[x]) * (next - r->v[x]);
            r->v[x] = next;
        }
        r->eigenvalue = lambda;
        out->power_iterations = i;
        out->residual = sqrt(sum);
        out->converged = out->residual < ROUNDING;
        if (out->converged && out->residual >= last)
            break;
        last = out->residual;
    }
}

/* ln Z, correlations and entropy. What neighbours lack to full correlation is twice the probability of a broken bond. */
static void thermodynamics(const row_state *r, size_t threads, double k, klf_ising2d_cylinder *out)
{
    size_t      n = r->rows.n_states;
    unsigned    length = r->rows.length;
    long double broken_within = 0.0L, broken_between = 0.0L;
    for (size_t x = 0; x < n; x++) {
        broken_within += r->v[x] * r->v[x] * klf_ising2d_broken_bonds(x, length);
        r->other[x] = r->rows.half[x] * r->v[x];
    }
    /* Between rows, all sites being alike, that of site 0: its factor of V is replaced by the part that turns the spin. */
    klf_ising2d_rows_couple(&r->rows, 1, threads, r->other);
    for (size_t x = 0; x < n; x++)
        broken_between += r->rows.half[x] * r->v[x] * r->other[x ^ 1];
    double across = (double)broken_within / length, along = (double)broken_between * r->rows.misaligned / r->eigenvalue;
    double ln_eigenvalue = log(r->eigenvalue) / length;
    out->lnz_per_site = 2.0 * k + ln_eigenvalue;
    out->entropy_per_site = ln_eigenvalue + 2.0 * k * (across + along);
    out->eta = 1.0 - (across + along);
    out->s_inf = fmax(0.0, 1.0 - out->entropy_per_site / LN2);
}

/* A decimated spin between neighbours that add up to h has the entropy of a spin in a field K h, and g(K h) = ln 2 - that. */
static double first_step(const row_state *r, size_t threads, double k)
{
    size_t      n = r->rows.n_states, up = 1, left = (size_t)1 << (r->rows.length - 1), right = 2 % n;
    long double p[3] = {0}; /* that the neighbours add up to 0, 2 or 4 in magnitude */
    if (r->rows.length == 2)
        right = left;
    for (size_t x = 0; x < n; x++)
        r->other[x] = x & up ? 0.0 : r->v[x];
    klf_ising2d_rows_transfer(&r->rows, 1.0 / r->eigenvalue, 1, threads, r->other);
    for (size_t x = 0; x < n; x++) { /* other: weight of x with site 0 of the next row up; and of its mirror image, down */
        int    within = ((x & left) != 0 ? -1 : 1) + ((x & right) != 0 ? -1 : 1);
        double next_up = r->other[x], next_down = r->other[n - 1 - x];
        p[abs(within + 2) / 2] += next_up * next_up;
        p[abs(within - 2) / 2] += next_down * next_down;
        p[abs(within) / 2] += 2.0 * next_up * next_down;
    }
    long double total = p[0] + p[1] + p[2];
    return (double)((p[2] * klf_ising1d_s_inf(4.0 * k) + p[1] * klf_ising1d_s_inf(2.0 * k)) / (2.0L * total));
}

/* How much the differences shrink with one row more; of blocks that are too short, that of a smaller cylinder. Upper bounds
 * approach s geometrically from the third on: the first differences, between blocks of one row or two, see other things than
 * later ones. */
static double ratio_of(const klf_ising2d_cylinder_step *step, const klf_ising2d_cylinder_step *smaller)
{
    size_t m = step->n_rows;
    if (m < 4)
        return smaller != NULL ? smaller->ratio : NAN;
    return (step->upper[m - 2] - step->upper[m - 1]) / (step->upper[m - 3] - step->upper[m - 2]);
}

static void estimate(const klf_ising2d_cylinder_step *smaller, double limit, klf_ising2d_cylinder_step *out)
{
    size_t m = out->n_rows;
    double last = out->upper[m - 2] - out->upper[m - 1], rest = 0.0;
    out->ratio = ratio_of(out, smaller);
    out->s_stderr = fabs(last) / 4.0;
    if (last > ROUNDING && out->ratio > 0.0 && out->ratio < 0.25) {
        rest = last * out->ratio / (1.0 - out->ratio);
        out->s_stderr = rest / 2.0;
    }
    out->s_stderr += ROUNDING;
    out->s = fmin(fmax(out->upper[m - 1] - rest, 0.0), limit);
    if (out->s < out->lower)
        out->s = out->lower;
}

static klf_status later_step(const row_state *r, double k, size_t n, bool bounds, size_t threads,
                             const klf_ising2d_cylinder_step *smaller, double s_inf, klf_ising2d_cylinder_step *out)
{
    klf_status              st = KLF_OK;
    klf_ising2d_rows        rows = {0};
    klf_ising2d_kept        kept;
    klf_ising2d_blocks_plan plan;
    klf_ising2d_blocks      blocks;
    double                 *v = NULL, remaining = ldexp(1.0, -(int)n);
    klf_ising2d_kept_get(r->rows.length, n, &kept);
    klf_ising2d_blocks_plan_get(&kept, bounds, threads, &plan);
    KLF_TRY(klf_ising2d_rows_create(k, r->rows.length, kept.bit_of_site, &rows));
    if ((v = klf_memory_get(rows.n_states * sizeof *v)) == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the %zu states of a row", rows.n_states);
        goto done;
    }
    for (size_t x = 0; x < rows.n_states; x++)
        v[klf_ising2d_kept_order(&kept, x)] = r->v[x];
    KLF_TRY(klf_ising2d_blocks_get(&rows, 1.0 / r->eigenvalue, &kept, v, &plan, threads, &blocks));
    double a_spin = remaining / (LN2 * kept.n_kept);
    out->n_rows = blocks.n_rows;
    for (size_t m = 0; m < blocks.n_rows; m++)
        out->upper[m] = s_inf - a_spin * blocks.deficit[m];
    out->lower = s_inf - a_spin * blocks.largest;
    out->lower_rows = blocks.largest_rows;
    estimate(smaller, 1.0 - remaining, out);
done:
    klf_ising2d_rows_destroy(&rows);
    free(v);
    return st;
}

klf_status klf_ising2d_cylinder_get(double k, size_t circumference, size_t n_steps, bool bounds, size_t threads,
                                    const klf_ising2d_cylinder *smaller, klf_ising2d_cylinder *out)
{
    klf_status st = KLF_OK;
    row_state  r = {0};
    k = fabs(k);
    KLF_TRY(klf_ising2d_cylinder_check(circumference, n_steps, threads));
    *out = (klf_ising2d_cylinder){.circumference = circumference, .n_steps = n_steps};
    KLF_TRY(klf_ising2d_rows_create(k, (unsigned)circumference, NULL, &r.rows));
    r.v = klf_memory_get(r.rows.n_states * sizeof *r.v);
    r.other = klf_memory_get(r.rows.n_states * sizeof *r.other);
    if (r.v == NULL || r.other == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the %zu states of a row", r.rows.n_states);
        goto done;
    }
    find_eigenvector(&r, threads, out);
    thermodynamics(&r, threads, k, out);
    for (size_t n = 0; n <= n_steps; n++) {
        klf_ising2d_cylinder_step *step = &out->step[n];
        step->lower = NAN;
        if (n == 1) {
            step->s = first_step(&r, threads, k);
            step->s_stderr = ROUNDING;
        } else if (n > 1)
            KLF_TRY(later_step(&r, k, n, bounds, threads, smaller != NULL && n <= smaller->n_steps ? &smaller->step[n] : NULL,
                               out->s_inf, step));
    }
done:
    klf_ising2d_rows_destroy(&r.rows);
    free(r.v);
    free(r.other);
    return st;
}
