/* SPDX-License-Identifier: BSD-3-Clause */
/** Stateless random numbers, keyed by meaning.
 *
 *  Philox4x32-10 with cuRAND's layout: key = (lo(seed), hi(seed)); word p of a subsequence is word p % 4 of the block with
 *  counter (lo(p/4), hi(p/4), lo(subsequence), hi(subsequence)). A draw depends on (seed, stream, index, element) only: never
 *  on chunks, threads, ranks or restarts.
 *
 *      float z[784];                                          // normals of Monte Carlo sample 17
 *      klf_normals(seed, klf_subsequence(KLF_STREAM_SAMPLES, 17), 0, 784, z);
 */
#ifndef KLFLOW_RNG_H
#define KLFLOW_RNG_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a draw is for. The numbers are part of the file format ("klflow-1"): never reuse or renumber one. */
typedef enum klf_stream {
    KLF_STREAM_SAMPLES = 0, /**< Monte Carlo samples of the reference layer; index = sample, element = neuron */
    KLF_STREAM_WEIGHTS = 1, /**< weights; index = layer << 32 | row, element = column */
    KLF_STREAM_BIASES = 2,  /**< biases; index = layer, element = row */
    KLF_STREAM_INPUT = 3,   /**< synthetic Gaussian input; index = 0, element = pixel */
    KLF_STREAM_START = 4,   /**< the one draw z^0 ~ N(0, q0) behind "input" statistics; index = 0, element = neuron */
    KLF_STREAM_ORDER = 5,   /**< the order of training examples; index = epoch, two words a place (klf_train_order) */
} klf_stream;

/** The 64-bit subsequence of a stream: its tag in the top 8 bits, the index (< 2^56) below. */
static inline uint64_t klf_subsequence(klf_stream stream, uint64_t index)
{
    return (uint64_t)stream << 56 | index;
}

/** Words offset .. offset + n - 1 of a subsequence, equal to cuRAND's curandStatePhilox4_32_10_t.  words [n], overwritten. */
void klf_philox_words(uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n, uint32_t *words);

/** Standard normals offset .. offset + n - 1 of a subsequence: element e comes from words e - e % 2 and e - e % 2 + 1 by
 *  klf_normal2 (klflow/normal.h). The same bits on every machine, compiler and thread count.  normals [n], overwritten. */
void klf_normals(uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n, float *normals);

#ifdef __cplusplus
}
#endif
#endif
