/* SPDX-License-Identifier: BSD-3-Clause */
/* A symmetry is x -> shift +- x on the sites of a ring, with or without a flip of all spins. */
#include "physics/ising2d_orbits.h"

#include "core/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct symmetry {
    unsigned shift;
    bool     reflect, flip;
} symmetry;

void klf_ising2d_kept_get(unsigned length, size_t step, klf_ising2d_kept *out)
{
    unsigned row_stride = 1u << (step / 2), column_stride = 1u << ((step + 1) / 2), n_kept = length / column_stride;
    *out = (klf_ising2d_kept){.length = length,
                              .n_kept = n_kept,
                              .row_stride = row_stride,
                              .column_stride = column_stride,
                              .displaced = step % 2 == 1,
                              .n_kept_states = (size_t)1 << n_kept,
                              .n_hidden_states = (size_t)1 << (length - n_kept)};
    unsigned hidden = 0;
    for (unsigned i = 0; i < length; i++)
        out->bit_of_site[i] = i % column_stride == 0 ? length - n_kept + i / column_stride : hidden++;
}

size_t klf_ising2d_kept_order(const klf_ising2d_kept *kept, size_t by_site)
{
    size_t x = 0;
    for (unsigned i = 0; i < kept->length; i++)
        x |= ((by_site >> i) & 1) << kept->bit_of_site[i];
    return x;
}

static unsigned image_of(const klf_ising2d_kept *kept, symmetry g, unsigned site)
{
    return (g.shift + (g.reflect ? kept->length - site : site)) % kept->length;
}

/* Bits from..to of a state, moved as their sites are. The symmetry does not mix them with others. */
static void fill_table(const klf_ising2d_kept *kept, symmetry g, unsigned from, unsigned to, uint32_t *image, uint32_t *inverse)
{
    unsigned goes_to[KLF_ISING2D_MAX_LENGTH] = {0};
    for (unsigned i = 0; i < kept->length; i++)
        if (kept->bit_of_site[i] >= from && kept->bit_of_site[i] < to)
            goes_to[kept->bit_of_site[i] - from] = kept->bit_of_site[image_of(kept, g, i)] - from;
    uint32_t n = (uint32_t)1 << (to - from);
    for (uint32_t x = 0; x < n; x++) {
        uint32_t y = g.flip ? n - 1 : 0;
        for (unsigned bit = 0; bit < to - from; bit++)
            y ^= ((x >> bit) & 1) << goes_to[bit];
        if (image != NULL)
            image[x] = y;
        inverse[y] = x;
    }
}

uint32_t *klf_ising2d_displacement(const klf_ising2d_kept *kept)
{
    uint32_t *from = klf_memory_get(((size_t)1 << kept->length) * sizeof *from);
    if (from != NULL)
        fill_table(kept, (symmetry){.shift = kept->column_stride / 2}, 0, kept->length, NULL, from);
    return from;
}

static size_t list_symmetries(const klf_ising2d_kept *kept, symmetry *list)
{
    size_t n = 0;
    for (unsigned shift = 0; shift < kept->length; shift += kept->column_stride)
        for (int reflect = 0; reflect <= !kept->displaced; reflect++)
            for (int flip = 0; flip < 2; flip++)
                list[n++] = (symmetry){shift, reflect, flip};
    return n;
}

void klf_ising2d_symmetries_destroy(klf_ising2d_symmetries *symmetries)
{
    free(symmetries->kept);
    free(symmetries->kept_inverse);
    free(symmetries->hidden_inverse);
    *symmetries = (klf_ising2d_symmetries){0};
}

klf_status klf_ising2d_symmetries_create(const klf_ising2d_kept *kept, klf_ising2d_symmetries *out)
{
    symmetry list[4 * KLF_ISING2D_MAX_LENGTH];
    *out = (klf_ising2d_symmetries){.n = list_symmetries(kept, list)};
    out->kept = malloc(out->n * kept->n_kept_states * sizeof *out->kept);
    out->kept_inverse = malloc(out->n * kept->n_kept_states * sizeof *out->kept_inverse);
    out->hidden_inverse = malloc(out->n * kept->n_hidden_states * sizeof *out->hidden_inverse);
    if (out->kept == NULL || out->kept_inverse == NULL || out->hidden_inverse == NULL) {
        klf_ising2d_symmetries_destroy(out);
        return klf_fail(KLF_ERR_MEMORY, "no memory for the symmetries of a row of %u spins", kept->length);
    }
    unsigned n_hidden = kept->length - kept->n_kept;
    for (size_t i = 0; i < out->n; i++) {
        fill_table(kept, list[i], n_hidden, kept->length, out->kept + i * kept->n_kept_states,
                   out->kept_inverse + i * kept->n_kept_states);
        fill_table(kept, list[i], 0, n_hidden, NULL, out->hidden_inverse + i * kept->n_hidden_states);
    }
    return KLF_OK;
}

void klf_ising2d_orbits_destroy(klf_ising2d_orbits *orbits)
{
    free(orbits->representative);
    free(orbits->size);
    free(orbits->class_of);
    free(orbits->symmetry);
    *orbits = (klf_ising2d_orbits){0};
}

static uint64_t move_sequence(const klf_ising2d_kept *kept, const uint32_t *image, unsigned n_rows, uint64_t sequence)
{
    uint64_t moved = 0;
    for (unsigned row = 0; row < n_rows; row++) {
        unsigned at = row * kept->n_kept;
        moved |= (uint64_t)image[(sequence >> at) & (kept->n_kept_states - 1)] << at;
    }
    return moved;
}

klf_status klf_ising2d_orbits_create(const klf_ising2d_kept *kept, const klf_ising2d_symmetries *symmetries, unsigned n_rows,
                                     klf_ising2d_orbits *out)
{
    uint64_t n = (uint64_t)1 << (n_rows * kept->n_kept);
    size_t   room = (size_t)klf_ising2d_orbits_count(kept, n_rows, false);
    *out = (klf_ising2d_orbits){.representative = malloc(room * sizeof *out->representative),
                                .size = calloc(room, sizeof *out->size),
                                .class_of = malloc(n * sizeof *out->class_of),
                                .symmetry = malloc(n * sizeof *out->symmetry)};
    if (out->representative == NULL || out->size == NULL || out->class_of == NULL || out->symmetry == NULL) {
        klf_ising2d_orbits_destroy(out);
        return klf_fail(KLF_ERR_MEMORY, "no memory for the states of %u kept rows of %u spins", n_rows, kept->n_kept);
    }
    memset(out->class_of, 0xff, n * sizeof *out->class_of);
    for (uint64_t x = 0; x < n; x++) {
        if (out->class_of[x] != UINT32_MAX)
            continue;
        out->representative[out->n] = x;
        for (size_t g = 0; g < symmetries->n; g++) {
            uint64_t y = move_sequence(kept, symmetries->kept + g * kept->n_kept_states, n_rows, x);
            if (out->class_of[y] == UINT32_MAX) {
                out->class_of[y] = (uint32_t)out->n;
                out->symmetry[y] = (uint8_t)g;
                out->size[out->n]++;
            }
        }
        out->n++;
    }
    return KLF_OK;
}

/* Cycles of the sites in question; a flip leaves no sequence alone unless all of them are even. */
static double unmoved(const klf_ising2d_kept *kept, symmetry g, unsigned n_rows, unsigned stride)
{
    bool     seen[KLF_ISING2D_MAX_LENGTH] = {false};
    unsigned cycles = 0;
    for (unsigned i = 0; i < kept->length; i += stride) {
        unsigned length = 0;
        for (unsigned site = i; !seen[site]; site = image_of(kept, g, site), length++)
            seen[site] = true;
        if (g.flip && length % 2 == 1)
            return 0.0;
        cycles += length > 0;
    }
    return ldexp(1.0, (int)(cycles * n_rows));
}

double klf_ising2d_orbits_count(const klf_ising2d_kept *kept, unsigned n_rows, bool whole_row)
{
    symmetry list[4 * KLF_ISING2D_MAX_LENGTH];
    size_t   n = list_symmetries(kept, list);
    double   sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum += n_rows == 0 ? 1.0 : unmoved(kept, list[i], n_rows, whole_row ? 1 : kept->column_stride);
    return round(sum / (double)n);
}
