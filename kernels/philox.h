/* SPDX-License-Identifier: BSD-3-Clause */
/* Words and normals on the device: a block of Philox4x32-10 is four words of a subsequence, in klflow/rng.h's layout, which is
 * cuRAND's. For .cu files, after launch.h. */
#ifndef KLFLOW_KERNELS_PHILOX_H
#define KLFLOW_KERNELS_PHILOX_H

#include "klflow/normal.h"

#include <curand_kernel.h>
#include <stdint.h>

/* Words 4 block .. 4 block + 3. */
static __device__ inline uint4 klf_device_words(uint64_t seed, uint64_t subsequence, uint64_t block)
{
    const uint4 counter = make_uint4(static_cast<unsigned>(block), static_cast<unsigned>(block >> 32),
                                     static_cast<unsigned>(subsequence), static_cast<unsigned>(subsequence >> 32));
    return curand_Philox4x32_10(counter, make_uint2(static_cast<unsigned>(seed), static_cast<unsigned>(seed >> 32)));
}

/* Normals 4 block .. 4 block + 3. */
static __device__ inline void klf_device_normals(uint64_t seed, uint64_t subsequence, uint64_t block, float normal[4])
{
    const uint4 words = klf_device_words(seed, subsequence, block);
    klf_normal2(words.x, words.y, &normal[0], &normal[1]);
    klf_normal2(words.z, words.w, &normal[2], &normal[3]);
}

#endif
