/* SPDX-License-Identifier: BSD-3-Clause */
/* Words by Random123, a block at a time; normals in tiles by the fastest kernel that the CPU supports (rng_tile.c). */
#include "klflow/rng.h"

#include "core/rng_tile.h"

#include <Random123/philox.h>
#include <string.h>

void klf_philox_words(uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n, uint32_t *words)
{
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    uint64_t               block = offset / 4;
    size_t                 first = offset % 4;
    for (size_t done = 0; done < n; block++, first = 0) {
        const philox4x32_ctr_t counter = {
            {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)subsequence, (uint32_t)(subsequence >> 32)}};
        const philox4x32_ctr_t out = philox4x32(counter, key);
        for (size_t i = first; i < 4 && done < n; i++)
            words[done++] = out.v[i];
    }
}

const klf_rng_kernel *klf_rng_kernels(size_t *count)
{
    static const klf_rng_kernel kernels[] = {
#ifdef __x86_64__
        {"avx512", klf_tiles_avx512},
        {"avx2", klf_tiles_avx2},
#endif
        {"portable", klf_tiles_portable},
    };
    size_t first = 0;
#ifdef __x86_64__
    if (!__builtin_cpu_supports("avx512f"))
        first = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 2;
#endif
    *count = sizeof kernels / sizeof kernels[0] - first;
    return kernels + first;
}

void klf_normals_by(const klf_rng_kernel *kernel, uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n,
                    float *normals)
{
    uint64_t block = offset / 4;
    size_t   skip = offset % 4;
    while (n > 0) {
        size_t whole = skip == 0 ? n / KLF_TILE_NORMALS : 0;
        size_t part = whole * KLF_TILE_NORMALS;
        if (whole > 0) {
            kernel->tiles(seed, subsequence, block, whole, normals);
        } else { /* the ragged first or last tile */
            float tile[KLF_TILE_NORMALS];
            part = n < KLF_TILE_NORMALS - skip ? n : KLF_TILE_NORMALS - skip;
            kernel->tiles(seed, subsequence, block, 1, tile);
            memcpy(normals, tile + skip, part * sizeof *normals);
        }
        block += (skip + part) / 4;
        skip = 0;
        normals += part;
        n -= part;
    }
}

void klf_normals(uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n, float *normals)
{
    size_t count;
    klf_normals_by(klf_rng_kernels(&count), seed, subsequence, offset, n, normals);
}
