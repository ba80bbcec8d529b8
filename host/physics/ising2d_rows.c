/* SPDX-License-Identifier: BSD-3-Clause */
/* V is a product of 2 x 2 matrices, one a bit, so it takes L 2^L operations and no memory. Low bits are coupled in blocks that
 * stay in the cache, high ones in strips that do: two sweeps over a long vector instead of one a bit. */
#include "physics/ising2d_rows.h"

#include "core/memory.h"

#include <math.h>
#include <stdlib.h>

enum {
    BLOCK_BITS = 12,  /* 32 KiB, within a first-level cache */
    STRIP_BITS = 4,   /* columns of a strip: two cache lines */
    SHARED_BITS = 16, /* shorter vectors are not worth a second thread: it would wait more than work */
};

static unsigned count_ones(size_t x)
{
    unsigned n = 0;
    for (; x != 0; x &= x - 1)
        n++;
    return n;
}

unsigned klf_ising2d_broken_bonds(size_t state, unsigned length)
{
    size_t next = (state >> 1) | ((state & 1) << (length - 1));
    return count_ones(state ^ next);
}

klf_status klf_ising2d_rows_create(double k, unsigned length, const unsigned *bit_of_site, klf_ising2d_rows *out)
{
    *out = (klf_ising2d_rows){.length = length, .n_states = (size_t)1 << length, .misaligned = exp(-2.0 * k)};
    out->half = klf_memory_get(out->n_states * sizeof *out->half);
    if (out->half == NULL)
        return klf_fail(KLF_ERR_MEMORY, "no memory for the %zu states of a row of %u spins", out->n_states, length);
    double weight[KLF_ISING2D_MAX_LENGTH + 1];
    for (unsigned n = 0; n <= length; n++)
        weight[n] = exp(-k * n);
    for (size_t x = 0; x < out->n_states; x++) {
        size_t by_site = bit_of_site == NULL ? x : 0;
        if (bit_of_site != NULL)
            for (unsigned i = 0; i < length; i++)
                by_site |= ((x >> bit_of_site[i]) & 1) << i;
        out->half[x] = weight[klf_ising2d_broken_bonds(by_site, length)];
    }
    return KLF_OK;
}

void klf_ising2d_rows_destroy(klf_ising2d_rows *rows)
{
    free(rows->half);
    *rows = (klf_ising2d_rows){0};
}

/* [1, q; q, 1] on `width` pairs of neighbours that are `distance` apart. */
static void couple_pairs(double q, size_t width, size_t distance, double *v)
{
#pragma omp simd
    for (size_t i = 0; i < width; i++) {
        double a = v[i], b = v[i + distance];
        v[i] = a + q * b;
        v[i + distance] = b + q * a;
    }
}

static void couple_block(double q, unsigned from, unsigned to, double *v)
{
    for (unsigned bit = from; bit < to; bit++) {
        size_t distance = (size_t)1 << bit;
        for (size_t start = 0; start < (size_t)1 << to; start += 2 * distance)
            couple_pairs(q, distance, distance, v + start);
    }
}

/* Bits from BLOCK_BITS on, for the columns of one strip. */
static void couple_strip(double q, unsigned from, unsigned length, double *v)
{
    size_t rows = (size_t)1 << (length - BLOCK_BITS), columns = (size_t)1 << BLOCK_BITS;
    for (unsigned bit = from; bit < length; bit++) {
        size_t distance = (size_t)1 << (bit - BLOCK_BITS);
        for (size_t row = 0; row < rows; row++)
            if ((row & distance) == 0)
                couple_pairs(q, (size_t)1 << STRIP_BITS, distance * columns, v + row * columns);
    }
}

void klf_ising2d_rows_couple(const klf_ising2d_rows *rows, unsigned from, size_t threads, double *v)
{
    double   q = rows->misaligned;
    unsigned length = rows->length, low = length < BLOCK_BITS ? length : BLOCK_BITS, high = from > low ? from : low;
    size_t   blocks = rows->n_states >> low, strips = (size_t)1 << (BLOCK_BITS - STRIP_BITS);
#pragma omp parallel for num_threads((int)threads) schedule(static) if (threads > 1 && length >= SHARED_BITS)
    for (size_t i = 0; i < blocks; i++)
        couple_block(q, from, low, v + (i << low));
    if (length <= BLOCK_BITS)
        return;
#pragma omp parallel for num_threads((int)threads) schedule(static) if (threads > 1 && length >= SHARED_BITS)
    for (size_t i = 0; i < strips; i++)
        couple_strip(q, high, length, v + (i << STRIP_BITS));
}

static void multiply(const double *half, double scale, unsigned times, size_t n, size_t threads, double *v)
{
#pragma omp parallel for num_threads((int)threads) schedule(static) if (threads > 1 && n >> SHARED_BITS > 0)
    for (size_t i = 0; i < n; i++)
        v[i] *= times == 1 ? scale * half[i] : scale * half[i] * half[i];
}

void klf_ising2d_rows_transfer(const klf_ising2d_rows *rows, double scale, unsigned n, size_t threads, double *v)
{
    for (unsigned i = 0; i < n; i++) {
        multiply(rows->half, scale, i == 0 ? 1 : 2, rows->n_states, threads, v);
        klf_ising2d_rows_couple(rows, 0, threads, v);
    }
    if (n > 0)
        multiply(rows->half, 1.0, 1, rows->n_states, threads, v);
}
