/* SPDX-License-Identifier: BSD-3-Clause */
/* Kept rows are a function of a Markov chain, the rows of the cylinder. With a rows p on one side of a kept row y and b rows q
 * on the other,
 *
 *      P(p, y, q) = sum over the hidden spins z of v_p(y, z) v_q(y, z)
 *
 * as T is symmetric. The entropy of the last row of q given the others falls to the entropy rate as the block grows; with a
 * whole row, decimated spins included, for p it rises to it (Cover and Thomas, theorem 4.5.1). Equivalent p are gone over once.
 */
#include "physics/ising2d_blocks.h"

#include "core/memory.h"
#include "physics/ising2d_dots.h"
#include "physics/ising2d_halves.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum {
    BATCH = 32, /* p at a time: each vector that is read for a q serves all of them */
    SMALLEST_BATCH = 4,
    BATCH_BITS = 23,     /* of the numbers of a batch: 64 MiB a thread, unless the smallest has more */
    TILE = 16,           /* q at a time */
    LOG_WORK = 40,       /* multiplications that a logarithm is worth */
    MAX_JOINT_BITS = 18, /* of q: 64 MiB a thread for the joint probabilities of a batch with one y */
};

/* Multiplications that one length of blocks may take: ten seconds of two cores. Three kept rows are always taken, whatever they
 * cost: two say nothing about convergence. */
static const double MAX_WORK = 1e11, MAX_STORED_BYTES = 0x1p30;

/* In nats a kept spin. Blocks grow until their next rows will change their entropy by less, all together, or the bounds are as
 * close. */
static const double CONVERGED = 1e-10;

/* A p: a stored vector, or one to be made from the vector of the rows behind it. */
typedef struct outer {
    const double *vector;
    size_t        mask_from, mask_length; /* length 0: stored */
    double        size;                   /* how many are equivalent */
} outer;

typedef struct sums {
    double deficit, probability;
} sums;

typedef struct workspace {
    double *vector; /* [batch][n_states], unless all are stored */
    double *tile;   /* [TILE][n_hidden_states] */
    double *joint;  /* [batch][kept states ^ max(b, 1)] */
} workspace;

static size_t batch_size(size_t n_states)
{
    size_t n = ((size_t)1 << BATCH_BITS) / n_states;
    return n > BATCH ? BATCH : n < SMALLEST_BATCH ? SMALLEST_BATCH : n;
}

static double work_of(const klf_ising2d_kept *kept, unsigned a, unsigned b, bool whole_row)
{
    double outer_count = klf_ising2d_orbits_count(kept, a, whole_row), inner = ldexp(1.0, (int)(kept->n_kept * (b + 1)));
    double transfer = ldexp(2.0 * kept->length * kept->row_stride, (int)kept->length);
    return outer_count * (inner * (double)(kept->n_hidden_states + LOG_WORK) + transfer);
}

static double stored_bytes(const klf_ising2d_kept *kept, unsigned depth)
{
    double vectors = 0.0;
    for (unsigned d = 1; d <= depth; d++)
        vectors += klf_ising2d_orbits_count(kept, d, false);
    return vectors * ldexp(sizeof(double), (int)kept->length);
}

/* Numbers of a workspace, of its three arrays. */
static void workspace_sizes(const klf_ising2d_kept *kept, unsigned b, size_t *sizes)
{
    size_t n_states = kept->n_kept_states * kept->n_hidden_states, batch = batch_size(n_states);
    sizes[0] = batch * n_states;
    sizes[1] = TILE * kept->n_hidden_states;
    sizes[2] = BATCH * ((size_t)1 << (kept->n_kept * (b > 0 ? b : 1)));
}

static bool affordable(const klf_ising2d_kept *kept, unsigned a, unsigned b, bool whole_row)
{
    return work_of(kept, a, b, whole_row) <= MAX_WORK && stored_bytes(kept, b) <= MAX_STORED_BYTES &&
           kept->n_kept * b <= MAX_JOINT_BITS;
}

void klf_ising2d_blocks_plan_get(const klf_ising2d_kept *kept, bool bounds, size_t threads, klf_ising2d_blocks_plan *out)
{
    *out = (klf_ising2d_blocks_plan){.max_rows = 3};
    for (unsigned m = 4; m <= KLF_ISING2D_MAX_BLOCK_ROWS; m++) {
        unsigned b = (m - 1) / 2;
        if (!affordable(kept, m - 1 - b, b, false))
            break;
        out->max_rows = m;
    }
    unsigned depth = (out->max_rows - 1) / 2;
    out->lower = bounds && affordable(kept, 1, 0, true);
    while (out->lower && out->lower_depth + 1 < KLF_ISING2D_MAX_HALF && affordable(kept, 1, out->lower_depth + 1, true))
        out->lower_depth++;
    depth = depth > out->lower_depth ? depth : out->lower_depth;
    size_t sizes[3];
    workspace_sizes(kept, depth, sizes);
    out->bytes = stored_bytes(kept, depth) + (double)threads * (double)(sizes[0] + sizes[1] + sizes[2]) * sizeof(double);
}

/* Sum over hi of P(hi, lo) ln [P(hi, lo) n_hi / P(lo)]: what the entropy of hi, given lo, lacks to ln n_hi. As all terms
 * r ln r - r + 1 are positive, nothing cancels. */
static sums lack(const double *joint, size_t n_hi, size_t n_lo)
{
    sums s = {0};
    for (size_t lo = 0; lo < n_lo; lo++) {
        double marginal = 0.0, terms = 0.0;
        for (size_t hi = 0; hi < n_hi; hi++)
            marginal += joint[hi * n_lo + lo];
        double even = marginal / (double)n_hi;
        if (!(even > 0.0))
            continue;
        for (size_t hi = 0; hi < n_hi; hi++) {
            double r = joint[hi * n_lo + lo] / even;
            terms += r > 0.0 ? r * log(r) - r + 1.0 : 1.0;
        }
        s.deficit += even * terms;
        s.probability += marginal;
    }
    return s;
}

/* The joint probabilities of n outer parts, one middle row and all inner parts. */
static void joint_of_middle(const klf_ising2d_halves *halves, unsigned b, size_t y, size_t n, const double *const *vector,
                            double *tile, size_t stride, double *joint)
{
    size_t n_hidden = halves->kept->n_hidden_states, n_inner = (size_t)1 << (halves->kept->n_kept * b);
    for (size_t q = 0; q < n_inner; q += TILE) {
        const double *read[TILE], *at_y[BATCH];
        size_t        n_read = n_inner - q < TILE ? n_inner - q : TILE;
        for (size_t i = 0; i < n_read; i++) {
            klf_ising2d_halves_read(halves, b, q + i, y, tile + i * n_hidden);
            read[i] = tile + i * n_hidden;
        }
        for (size_t i = 0; i < n; i++)
            at_y[i] = vector[i] + y * n_hidden;
        klf_ising2d_dots(n_hidden, n, at_y, n_read, read, stride, joint + q);
    }
}

static sums batch_sums(const klf_ising2d_halves *halves, unsigned b, size_t n, const outer *p, const workspace *w)
{
    const klf_ising2d_kept *kept = halves->kept;
    size_t                  n_kept = kept->n_kept_states, n_inner = (size_t)1 << (kept->n_kept * b);
    const double           *vector[BATCH];
    sums                    total = {0};
    for (size_t i = 0; i < n; i++) {
        double *made = w->vector + i * halves->rows->n_states;
        vector[i] = p[i].mask_length == 0 ? p[i].vector : made;
        if (p[i].mask_length > 0)
            klf_ising2d_halves_add_row(halves, p[i].vector, p[i].mask_from, p[i].mask_length, made);
    }
    for (size_t y = 0; y < n_kept; y++) {
        /* Without inner rows the middle one is the last: its states side by side take their place. */
        if (b == 0)
            joint_of_middle(halves, b, y, n, vector, w->tile, n_kept, w->joint + y);
        else
            joint_of_middle(halves, b, y, n, vector, w->tile, n_inner, w->joint);
        if (b == 0 && y + 1 < n_kept)
            continue;
        for (size_t i = 0; i < n; i++) {
            sums s = b == 0 ? lack(w->joint + i * n_kept, n_kept, 1) : lack(w->joint + i * n_inner, n_kept, n_inner / n_kept);
            total.deficit += p[i].size * s.deficit;
            total.probability += p[i].size * s.probability;
        }
    }
    return total;
}

static void free_workspaces(workspace *w, size_t threads)
{
    for (size_t i = 0; w != NULL && i < threads; i++) {
        free(w[i].vector);
        free(w[i].tile);
        free(w[i].joint);
    }
    free(w);
}

static workspace *get_workspaces(const klf_ising2d_kept *kept, unsigned b, size_t threads)
{
    size_t     sizes[3];
    workspace *w = calloc(threads, sizeof *w);
    workspace_sizes(kept, b, sizes);
    for (size_t i = 0; w != NULL && i < threads; i++) {
        w[i] = (workspace){.vector = klf_memory_get(sizes[0] * sizeof(double)),
                           .tile = klf_memory_get(sizes[1] * sizeof(double)),
                           .joint = klf_memory_get(sizes[2] * sizeof(double))};
        if (w[i].vector == NULL || w[i].tile == NULL || w[i].joint == NULL) {
            free_workspaces(w, threads);
            return NULL;
        }
    }
    return w;
}

/* The sums of the batches are added in their order, whoever computed them. */
static klf_status sum_blocks(const klf_ising2d_halves *halves, unsigned b, size_t n, const outer *p, size_t threads,
                             double *deficit)
{
    klf_status st = KLF_OK;
    size_t     most = batch_size(halves->rows->n_states), even = (n + threads - 1) / threads, batch = even < most ? even : most;
    size_t     n_batches = (n + batch - 1) / batch;
    sums      *part = malloc(n_batches * sizeof *part), total = {0};
    workspace *work = get_workspaces(halves->kept, b, threads);
    if (part == NULL || work == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for blocks of kept rows");
        goto done;
    }
#pragma omp parallel for num_threads((int)threads) schedule(dynamic) if (threads > 1)
    for (size_t i = 0; i < n_batches; i++) {
        size_t first = i * batch;
        part[i] = batch_sums(halves, b, n - first < batch ? n - first : batch, p + first, &work[omp_get_thread_num()]);
    }
    for (size_t i = 0; i < n_batches; i++) {
        total.deficit += part[i].deficit;
        total.probability += part[i].probability;
    }
    *deficit = total.deficit / total.probability;
done:
    free(part);
    free_workspaces(work, threads);
    return st;
}

/* Blocks of m kept rows: what the last lacks given the others. */
static klf_status kept_rows(klf_ising2d_halves *halves, unsigned m, size_t threads, double *deficit)
{
    klf_status         st = KLF_OK;
    klf_ising2d_orbits longer = {0};
    unsigned           b = (m - 1) / 2, a = m - 1 - b;
    size_t             n_states = halves->rows->n_states, n_hidden = halves->kept->n_hidden_states;
    outer             *p = NULL;
    while (halves->n <= b)
        KLF_TRY(klf_ising2d_halves_extend(halves, threads));
    const klf_ising2d_half *stored = &halves->level[b];
    if (a > b)
        KLF_TRY(klf_ising2d_orbits_create(halves->kept, &halves->symmetries, a, &longer));
    const klf_ising2d_orbits *orbits = a > b ? &longer : &stored->orbits;
    if ((p = malloc(orbits->n * sizeof *p)) == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for %zu classes of kept rows", orbits->n);
        goto done;
    }
    for (size_t i = 0; i < orbits->n; i++) {
        uint64_t code = orbits->representative[i];
        size_t   row = code & (halves->kept->n_kept_states - 1);
        size_t   from = a > b ? stored->orbits.class_of[code >> halves->kept->n_kept] : i;
        p[i] = (outer){.vector = stored->vector + from * n_states,
                       .mask_from = a > b ? row * n_hidden : 0,
                       .mask_length = a > b ? n_hidden : 0,
                       .size = orbits->size[i]};
    }
    st = sum_blocks(halves, b, orbits->n, p, threads, deficit);
done:
    klf_ising2d_orbits_destroy(&longer);
    free(p);
    return st;
}

/* How many states are equivalent to x, or 0 if one of them is smaller. */
static double class_size(const klf_ising2d_halves *halves, size_t x)
{
    const klf_ising2d_kept       *kept = halves->kept;
    const klf_ising2d_symmetries *g = &halves->symmetries;
    size_t                        y = x / kept->n_hidden_states, z = x % kept->n_hidden_states, unmoved = 0;
    for (size_t i = 0; i < g->n; i++) {
        size_t image = g->kept_inverse[i * kept->n_kept_states + y] * kept->n_hidden_states +
                       g->hidden_inverse[i * kept->n_hidden_states + z];
        if (image < x)
            return 0.0;
        unmoved += image == x;
    }
    return (double)g->n / (double)unmoved;
}

/* Blocks of a whole row and b + 1 kept ones. */
static klf_status behind_whole_row(const klf_ising2d_halves *halves, unsigned b, size_t threads, double *deficit)
{
    klf_status st = KLF_OK;
    size_t     n = 0;
    outer     *p = malloc((size_t)klf_ising2d_orbits_count(halves->kept, 1, true) * sizeof *p);
    if (p == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the %zu states of a row", halves->rows->n_states);
    for (size_t x = 0; x < halves->rows->n_states; x++) {
        double size = class_size(halves, x);
        if (size > 0.0)
            p[n++] = (outer){.vector = halves->level[0].vector, .mask_from = x, .mask_length = 1, .size = size};
    }
    st = sum_blocks(halves, b, n, p, threads, deficit);
    free(p);
    return st;
}

/* What further rows will change, of deficits that converge geometrically. From the difference of blocks of one row and two
 * nothing follows. */
static double remainder_of(const double *deficit, unsigned m)
{
    double now = fabs(deficit[m - 1] - deficit[m - 2]), before = m < 4 ? 0.0 : fabs(deficit[m - 2] - deficit[m - 3]);
    return now < before ? now * now / (before - now) : now;
}

klf_status klf_ising2d_blocks_get(const klf_ising2d_rows *rows, double scale, const klf_ising2d_kept *kept, double *eigenvector,
                                  const klf_ising2d_blocks_plan *plan, size_t threads, klf_ising2d_blocks *out)
{
    klf_status         st = KLF_OK;
    klf_ising2d_halves halves = {0};
    double             n_kept = (double)kept->n_kept;
    *out = (klf_ising2d_blocks){.largest = NAN};
    KLF_TRY(klf_ising2d_halves_create(rows, scale, kept, eigenvector, &halves));
    for (unsigned m = 1; m <= plan->max_rows; m++) {
        KLF_TRY(kept_rows(&halves, m, threads, &out->deficit[m - 1]));
        out->n_rows = m;
        if (m >= 3 && remainder_of(out->deficit, m) < CONVERGED * n_kept)
            break;
    }
    for (unsigned b = 0; plan->lower && b <= plan->lower_depth; b++) {
        if (b < plan->lower_depth && work_of(kept, 1, b, true) > MAX_WORK / 100.0)
            continue; /* better to spend that on the next one alone */
        while (halves.n <= b)
            KLF_TRY(klf_ising2d_halves_extend(&halves, threads));
        KLF_TRY(behind_whole_row(&halves, b, threads, &out->largest));
        out->largest_rows = b + 2;
        if (out->largest - out->deficit[out->n_rows - 1] < CONVERGED * n_kept)
            break;
    }
done:
    klf_ising2d_halves_destroy(&halves);
    return st;
}
