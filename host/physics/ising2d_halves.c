/* SPDX-License-Identifier: BSD-3-Clause */
/* A symmetry g takes v_p to v_gp: v_gp(g row) = v_p(row). */
#include "physics/ising2d_halves.h"

#include "core/memory.h"

#include <stdlib.h>

void klf_ising2d_halves_destroy(klf_ising2d_halves *halves)
{
    for (unsigned i = 0; i < halves->n; i++) {
        if (i > 0)
            free(halves->level[i].vector);
        klf_ising2d_orbits_destroy(&halves->level[i].orbits);
    }
    klf_ising2d_symmetries_destroy(&halves->symmetries);
    free(halves->displacement);
    *halves = (klf_ising2d_halves){0};
}

klf_status klf_ising2d_halves_create(const klf_ising2d_rows *rows, double scale, const klf_ising2d_kept *kept,
                                     double *eigenvector, klf_ising2d_halves *out)
{
    klf_status st = KLF_OK;
    *out = (klf_ising2d_halves){.rows = rows, .kept = kept, .scale = scale};
    KLF_TRY(klf_ising2d_symmetries_create(kept, &out->symmetries));
    if (kept->displaced && (out->displacement = klf_ising2d_displacement(kept)) == NULL) {
        st = klf_fail(KLF_ERR_MEMORY, "no memory for the states of a row of %u spins", kept->length);
        goto done;
    }
    KLF_TRY(klf_ising2d_orbits_create(kept, &out->symmetries, 0, &out->level[0].orbits));
    out->level[0].vector = eigenvector;
    out->n = 1;
done:
    if (st != KLF_OK)
        klf_ising2d_halves_destroy(out);
    return st;
}

void klf_ising2d_halves_add_row(const klf_ising2d_halves *halves, const double *behind, size_t mask_from, size_t mask_length,
                                double *v)
{
    size_t n = halves->rows->n_states;
    for (size_t x = 0; x < n; x++) {
        size_t from = halves->displacement == NULL ? x : halves->displacement[x];
        v[x] = from - mask_from < mask_length ? behind[from] : 0.0;
    }
    klf_ising2d_rows_transfer(halves->rows, halves->scale, halves->kept->row_stride, 1, v);
}

klf_status klf_ising2d_halves_extend(klf_ising2d_halves *halves, size_t threads)
{
    klf_status              st = KLF_OK;
    klf_ising2d_half        next = {0};
    const klf_ising2d_half *last = &halves->level[halves->n - 1];
    const klf_ising2d_kept *kept = halves->kept;
    size_t                  n_states = halves->rows->n_states;
    KLF_TRY(klf_ising2d_orbits_create(kept, &halves->symmetries, halves->n, &next.orbits));
    next.vector = klf_memory_get(next.orbits.n * n_states * sizeof *next.vector);
    if (next.vector == NULL) {
        klf_ising2d_orbits_destroy(&next.orbits);
        return klf_fail(KLF_ERR_MEMORY, "no memory for %zu vectors of %zu states", next.orbits.n, n_states);
    }
#pragma omp parallel for num_threads((int)threads) schedule(dynamic) if (threads > 1)
    for (size_t i = 0; i < next.orbits.n; i++) {
        uint64_t p = next.orbits.representative[i];
        size_t   row = p & (kept->n_kept_states - 1), parent = last->orbits.class_of[p >> kept->n_kept];
        klf_ising2d_halves_add_row(halves, last->vector + parent * n_states, row * kept->n_hidden_states, kept->n_hidden_states,
                                   next.vector + i * n_states);
    }
    halves->level[halves->n++] = next;
done:
    return st;
}

void klf_ising2d_halves_read(const klf_ising2d_halves *halves, unsigned level, uint64_t p, size_t kept_state, double *out)
{
    const klf_ising2d_kept *kept = halves->kept;
    const klf_ising2d_half *half = &halves->level[level];
    size_t                  g = half->orbits.symmetry[p], n = kept->n_hidden_states;
    const uint32_t         *from = halves->symmetries.hidden_inverse + g * n;
    size_t                  kept_from = halves->symmetries.kept_inverse[g * kept->n_kept_states + kept_state];
    const double           *v = half->vector + half->orbits.class_of[p] * halves->rows->n_states + kept_from * n;
    for (size_t z = 0; z < n; z++)
        out[z] = v[from[z]];
}
