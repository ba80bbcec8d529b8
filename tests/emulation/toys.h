/* SPDX-License-Identifier: BSD-3-Clause */
/* Small kernels to try the emulation with, right ones and, by `fault`, ones with a mistake planted. */
#ifndef KLF_EMULATION_TOYS_H
#define KLF_EMULATION_TOYS_H

#include <cuda_runtime_api.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum toy_fault {
    TOY_RIGHT,
    TOY_NO_BARRIER,       /* shared memory is read before the others have written */
    TOY_BARRIER_IN_BRANCH /* half of the block never gets there */
} toy_fault;

enum { TOY_BLOCK = 256 };

/* out[i] = factor in[i], a grid-stride loop of `blocks` blocks. */
void toy_scale(size_t n, double factor, const double *in, double *out, unsigned blocks, cudaStream_t stream);
/* out[0] = sum of x[0 .. n-1] in a fixed order: shuffles within warps, static shared memory between them, partial sums in
 * partial[blocks], summed by a second kernel. */
void toy_sum(size_t n, const double *x, double *partial, unsigned blocks, double *out, toy_fault fault, cudaStream_t stream);
/* x[0 .. TOY_BLOCK-1] turned round through dynamic shared memory, by one block. */
void toy_reverse(double *x, size_t shared_bytes, toy_fault fault, cudaStream_t stream);
/* counts[0] += 1 by every thread of a grid of this shape, and counts[1 + lane] by lanes that hold an odd ballot. */
void toy_count(dim3 grid, dim3 block, unsigned *counts, cudaStream_t stream);
/* Words of cuRAND's Philox: words[s][i], word i of subsequence s. */
void toy_words(uint64_t seed, unsigned n_subsequences, unsigned n_words, unsigned *words, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
