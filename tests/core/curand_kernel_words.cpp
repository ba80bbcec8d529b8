// SPDX-License-Identifier: BSD-3-Clause
// Words of cuRAND's device generator, whose header also compiles for the host once its functions are plain inline ones.
#define QUALIFIERS static inline
#include <cuda_runtime.h>
#include <curand_kernel.h>

extern "C" void curand_kernel_words(unsigned long long seed, unsigned long long subsequence, unsigned long long offset,
                                    size_t n, unsigned int *words)
{
    curandStatePhilox4_32_10_t state;
    curand_init(seed, subsequence, offset, &state);
    for (size_t i = 0; i < n; i++)
        words[i] = curand(&state);
}
