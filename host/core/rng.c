/* SPDX-License-Identifier: BSD-3-Clause */
/* Philox words by Random123 and normals by klflow/normal.h, a tile of counters at a time so that the compiler vectorises the
 * whole chain. The one loop is compiled for each instruction set and chosen at run time; without FMA hardware fmaf is a
 * library call, slow and with the same bits. */
#include "klflow/rng.h"

#include "core/rng_kernels.h"
#include "klflow/normal.h"

#include <Random123/philox.h>
#include <string.h>

/* cuRAND's layout of key and counter. */
static inline philox4x32_ctr_t block_words(uint64_t seed, uint64_t subsequence, uint64_t block)
{
    philox4x32_ctr_t counter = {
        {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)subsequence, (uint32_t)(subsequence >> 32)}};
    philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    return philox4x32(counter, key);
}

void klf_philox_words(uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n, uint32_t *words)
{
    uint64_t block = offset / 4;
    size_t   skip = offset % 4;
    for (size_t done = 0; done < n; block++, skip = 0) {
        philox4x32_ctr_t w = block_words(seed, subsequence, block);
        for (size_t i = skip; i < 4 && done < n; i++)
            words[done++] = w.v[i];
    }
}

__attribute__((always_inline)) static inline void tile(uint64_t seed, uint64_t subsequence, uint64_t first_block,
                                                       float *normals)
{
    uint32_t w[4][KLF_RNG_TILE];
    float    z[4][KLF_RNG_TILE];
    for (uint32_t i = 0; i < KLF_RNG_TILE; i++) {
        philox4x32_ctr_t v = block_words(seed, subsequence, first_block + i);
        w[0][i] = v.v[0];
        w[1][i] = v.v[1];
        w[2][i] = v.v[2];
        w[3][i] = v.v[3];
    }
    for (uint32_t i = 0; i < KLF_RNG_TILE; i++)
        klf_normal2(w[0][i], w[1][i], &z[0][i], &z[1][i]);
    for (uint32_t i = 0; i < KLF_RNG_TILE; i++)
        klf_normal2(w[2][i], w[3][i], &z[2][i], &z[3][i]);
    for (uint32_t i = 0; i < KLF_RNG_TILE; i++)
        for (uint32_t k = 0; k < 4; k++)
            normals[4 * i + k] = z[k][i];
}

#if defined(__x86_64__)
__attribute__((target("avx512f,avx512dq,fma"))) static void tile_avx512(uint64_t seed, uint64_t sub, uint64_t block, float *out)
{
    tile(seed, sub, block, out);
}
static int has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
}

__attribute__((target("avx2,fma"))) static void tile_avx2(uint64_t seed, uint64_t sub, uint64_t block, float *out)
{
    tile(seed, sub, block, out);
}
static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

static void tile_portable(uint64_t seed, uint64_t sub, uint64_t block, float *out)
{
    tile(seed, sub, block, out);
}
static int always(void)
{
    return 1;
}

static const klf_rng_kernel kernels[] = {
#if defined(__x86_64__)
    {"avx512", has_avx512, tile_avx512},
    {"avx2", has_avx2, tile_avx2},
#endif
    {"portable", always, tile_portable},
};

const klf_rng_kernel *klf_rng_kernels(size_t *count)
{
    *count = sizeof kernels / sizeof kernels[0];
    return kernels;
}

void klf_normals_by(const klf_rng_kernel *kernel, uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n,
                    float *normals)
{
    enum { tile_normals = 4 * KLF_RNG_TILE };
    uint64_t block = offset / 4;
    size_t   skip = offset % 4;
    for (size_t done = 0; done < n; block += KLF_RNG_TILE, skip = 0) {
        size_t wanted = n - done;
        if (skip == 0 && wanted >= tile_normals) {
            kernel->normals(seed, subsequence, block, normals + done);
            done += tile_normals;
            continue;
        }
        float  buffer[tile_normals];
        size_t part = wanted < tile_normals - skip ? wanted : tile_normals - skip;
        kernel->normals(seed, subsequence, block, buffer);
        memcpy(normals + done, buffer + skip, part * sizeof *normals);
        done += part;
    }
}

void klf_normals(uint64_t seed, uint64_t subsequence, uint64_t offset, size_t n, float *normals)
{
    const klf_rng_kernel *kernel = kernels;
    while (!kernel->supported())
        kernel++;
    klf_normals_by(kernel, seed, subsequence, offset, n, normals);
}
