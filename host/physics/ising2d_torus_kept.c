/* SPDX-License-Identifier: BSD-3-Clause */
/* The distribution of the kept spins of a torus,
 *
 *      P(y_1 .. y_M) = sum over z_1, z_c of F(y_2 .. y_c | y_1; z_1, z_c) F(y_M .. y_c | y_1; z_1, z_c)
 *
 * over the M kept rows. F are products of transfer matrices from row 1 to a row c opposite to it, on either side, with the kept
 * spins between them fixed and all others summed over; z are the hidden spins of those two rows. Equivalent y_1 are gone over
 * once. */
#include "physics/ising2d_torus_kept.h"

#include "core/memory.h"
#include "physics/ising2d_dots.h"
#include "physics/ising2d_halves.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

/* Multiplications, some minutes of two cores. */
static const double MAX_WORK = 2e12;

enum { LOG_WORK = 40 }; /* multiplications that a logarithm is worth */

/* One step beyond the first: what its distribution needs. */
typedef struct kept_rows {
    klf_ising2d_kept   kept;
    klf_ising2d_halves halves;
    size_t             threads, n_states;
    size_t             n_rows;     /* M */
    size_t             length[2];  /* transfers from row 1 to row c, on either side */
    size_t             n_inner[2]; /* states of the kept rows between them */
    double            *f[2];       /* [y_c][inner][z_1][z_c]; the same array if both sides are equally long */
    double            *path;       /* [threads][length[0] + 1][n_states] */
    double            *joint;      /* [threads][n_inner[0]][n_inner[1]] */
    const double     **vector;     /* [threads][n_inner[0] + n_inner[1]] */
} kept_rows;

static void set_shape(unsigned length, size_t height, size_t step, size_t threads, kept_rows *k)
{
    *k = (kept_rows){.threads = threads, .n_states = (size_t)1 << length};
    klf_ising2d_kept_get(length, step, &k->kept);
    k->n_rows = height / k->kept.row_stride;
    k->length[0] = (k->n_rows + 1) / 2;
    k->length[1] = k->n_rows - k->length[0];
}

/* ln2 of n_inner. */
static double inner_bits(const kept_rows *k, int side)
{
    return k->length[side] < 2 ? 0.0 : (double)k->kept.n_kept * (double)(k->length[side] - 1);
}

/* Bytes, and multiplications. */
static double cost_of(const kept_rows *k, double *work)
{
    const klf_ising2d_kept *kept = &k->kept;
    double hidden = (double)kept->n_hidden_states, rows = (double)kept->n_kept_states, states = (double)k->n_states;
    double inner[2] = {exp2(inner_bits(k, 0)), exp2(inner_bits(k, 1))};
    double f = inner[0] + (k->length[0] == k->length[1] ? 0.0 : inner[1]);
    double transfer = 2.0 * kept->length * kept->row_stride * states;
    *work = klf_ising2d_orbits_count(kept, 1, false) *
            (rows * inner[0] * inner[1] * (hidden * hidden + LOG_WORK) + f * hidden * transfer);
    return sizeof(double) *
           (f * rows * hidden * hidden + (double)k->threads * (inner[0] * inner[1] + (double)(k->length[0] + 1) * states));
}

klf_status klf_ising2d_torus_afford(unsigned length, size_t height, size_t step, size_t threads)
{
    kept_rows k;
    double    work, bytes, available = klf_memory_available();
    set_shape(length, height, step, threads, &k);
    bytes = cost_of(&k, &work);
    if (!(work <= MAX_WORK && bytes <= available))
        return klf_fail(KLF_ERR_USAGE,
                        "step %zu on a torus of %ux%zu takes %.1e multiplications and %.1e bytes; up to %.0e and %.1e can be "
                        "had: take a smaller torus or fewer steps",
                        step, length, height, work, bytes, MAX_WORK, available);
    return KLF_OK;
}

/* All kept rows between rows 1 and c, one after the other: the vector at the end goes to f. */
static void walk(const kept_rows *k, int side, size_t row, size_t inner, size_t z_1, double *path)
{
    size_t        n_states = k->n_states, n_hidden = k->kept.n_hidden_states, n_kept = k->kept.n_kept_states;
    const double *v = path + row * n_states;
    if (row == k->length[side]) {
        for (size_t y = 0; y < n_kept; y++)
            for (size_t z = 0; z < n_hidden; z++)
                k->f[side][((y * k->n_inner[side] + inner) * n_hidden + z_1) * n_hidden + z] = v[y * n_hidden + z];
        return;
    }
    for (size_t y = 0; y < n_kept; y++) {
        klf_ising2d_halves_add_row(&k->halves, v, y * n_hidden, n_hidden, path + (row + 1) * n_states);
        walk(k, side, row + 1, inner * n_kept + y, z_1, path);
    }
}

static void fill_side(const kept_rows *k, int side, size_t y_1)
{
    size_t n_states = k->n_states, n_hidden = k->kept.n_hidden_states;
#pragma omp parallel for num_threads((int)k->threads) schedule(dynamic) if (k->threads > 1)
    for (size_t z = 0; z < n_hidden; z++) {
        double *path = k->path + (size_t)omp_get_thread_num() * (k->length[0] + 1) * n_states;
        for (size_t x = 0; x < n_states; x++)
            path[x] = x == y_1 * n_hidden + z;
        if (k->length[side] == 0) {
            walk(k, side, 0, 0, z, path);
            continue;
        }
        klf_ising2d_halves_add_row(&k->halves, path, 0, n_states, path + n_states);
        walk(k, side, 1, 0, z, path);
    }
}

/* Sum over the rows between of r ln r - r + 1 for r = P / (equal probability of all). */
static double lack_of(const kept_rows *k, size_t y_c, double even)
{
    size_t         thread = (size_t)omp_get_thread_num();
    double        *joint = k->joint + thread * k->n_inner[0] * k->n_inner[1];
    const double **vector = k->vector + thread * (k->n_inner[0] + k->n_inner[1]);
    size_t         hidden = k->kept.n_hidden_states * k->kept.n_hidden_states, n = k->n_inner[0], m = k->n_inner[1];
    for (size_t i = 0; i < n; i++)
        vector[i] = k->f[0] + (y_c * n + i) * hidden;
    for (size_t i = 0; i < m; i++)
        vector[n + i] = k->f[1] + (y_c * m + i) * hidden;
    klf_ising2d_dots(hidden, n, vector, m, vector + n, m, joint);
    double total = 0.0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < m; j++) {
            double r = joint[i * m + j] / even;
            sum += r > 0.0 ? r * log(r) - r + 1.0 : 1.0;
        }
        total += sum;
    }
    return total;
}

/* Both sides filled from row 1, and the sum over all rows that follow it. */
static double lack_behind(const kept_rows *k, size_t y_1, double even, double *part)
{
    double total = 0.0;
    for (int side = 0; side < 2; side++)
        if (side == 0 || k->f[1] != k->f[0])
            fill_side(k, side, y_1);
    if (k->n_rows == 1) /* row c is row 1 */
        return lack_of(k, y_1, even);
#pragma omp parallel for num_threads((int)k->threads) schedule(dynamic) if (k->threads > 1)
    for (size_t y_c = 0; y_c < k->kept.n_kept_states; y_c++)
        part[y_c] = lack_of(k, y_c, even);
    for (size_t y_c = 0; y_c < k->kept.n_kept_states; y_c++)
        total += part[y_c];
    return total;
}

static klf_status get_arrays(kept_rows *k)
{
    size_t hidden = k->kept.n_hidden_states * k->kept.n_hidden_states;
    for (int side = 0; side < 2; side++) {
        k->n_inner[side] = (size_t)1 << (unsigned)inner_bits(k, side);
        k->f[side] = side == 1 && k->length[1] == k->length[0]
                         ? k->f[0]
                         : klf_memory_get(k->kept.n_kept_states * k->n_inner[side] * hidden * sizeof(double));
    }
    k->path = klf_memory_get(k->threads * (k->length[0] + 1) * k->n_states * sizeof *k->path);
    k->joint = klf_memory_get(k->threads * k->n_inner[0] * k->n_inner[1] * sizeof *k->joint);
    k->vector = malloc(k->threads * (k->n_inner[0] + k->n_inner[1]) * sizeof *k->vector);
    if (k->f[0] == NULL || k->f[1] == NULL || k->path == NULL || k->joint == NULL || k->vector == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the kept spins of a torus");
    return KLF_OK;
}

static void free_arrays(kept_rows *k)
{
    if (k->f[1] != k->f[0])
        free(k->f[1]);
    free(k->f[0]);
    free(k->path);
    free(k->joint);
    free(k->vector);
}

klf_status klf_ising2d_torus_kept(const klf_ising2d_ring_of_rows *ring, size_t step, double *deficit)
{
    klf_status         st = KLF_OK;
    klf_ising2d_orbits first = {0};
    kept_rows          k;
    double             total = 0.0, *part = NULL;
    set_shape(ring->rows->length, ring->height, step, ring->threads, &k);
    double n_spins = (double)k.kept.n_kept * (double)k.n_rows, even = ring->trace * exp2(-n_spins);
    KLF_TRY(klf_ising2d_halves_create(ring->rows, ring->scale, &k.kept, NULL, &k.halves));
    KLF_TRY(klf_ising2d_orbits_create(&k.kept, &k.halves.symmetries, 1, &first));
    KLF_TRY(get_arrays(&k));
    if ((part = malloc(k.kept.n_kept_states * sizeof *part)) == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the kept spins of a torus");
        goto done;
    }
    for (size_t i = 0; i < first.n; i++)
        total += first.size[i] * lack_behind(&k, first.representative[i], even, part);
    *deficit = total * exp2(-n_spins) / n_spins;
done:
    klf_ising2d_halves_destroy(&k.halves);
    klf_ising2d_orbits_destroy(&first);
    free_arrays(&k);
    free(part);
    return st;
}
