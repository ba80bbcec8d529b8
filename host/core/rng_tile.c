/* SPDX-License-Identifier: BSD-3-Clause */
/* Tiles of normals, written for the vectoriser and compiled once for each instruction set under the name KLF_TILES (see
 * CMakeLists.txt). Philox keeps each word in the low half of a 64-bit lane, because a product of two words fills a lane and
 * the next product reads low halves only: what piles up in the high halves is never looked at, and nothing is packed, unpacked
 * or masked between rounds. */
#include "core/rng_tile.h"

#include "klflow/normal.h"

#include <Random123/philox.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 8
#define MUL_LOW(a, b) ((lanes)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#elif defined(__AVX2__)
#include <immintrin.h>
#define LANES 4
#define MUL_LOW(a, b) ((lanes)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#else
#define LANES 2
#define MUL_LOW(a, b) (((a)&UINT32_MAX) * (b))
#endif

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES)));

enum { ROUNDS = philox4x32_rounds };

/* Words k of the tile's blocks to w[k]. */
static inline void tile_words(lanes keys[ROUNDS][2], uint64_t subsequence, uint64_t first_block, uint32_t w[4][KLF_TILE_BLOCKS])
{
    const lanes multiplier0 = (lanes){0} + PHILOX_M4x32_0, multiplier1 = (lanes){0} + PHILOX_M4x32_1;
    for (size_t i = 0; i < KLF_TILE_BLOCKS; i += LANES) {
        lanes c0;
        for (size_t l = 0; l < LANES; l++)
            c0[l] = first_block + i + l;
        lanes c1 = c0 >> 32, c2 = (lanes){0} + subsequence, c3 = c2 >> 32;
        for (size_t r = 0; r < ROUNDS; r++) {
            lanes p0 = MUL_LOW(c0, multiplier0), p1 = MUL_LOW(c2, multiplier1);
            c0 = p1 >> 32 ^ c1 ^ keys[r][0];
            c1 = p1;
            c2 = p0 >> 32 ^ c3 ^ keys[r][1];
            c3 = p0;
        }
        const words out[4] = {__builtin_convertvector(c0, words), __builtin_convertvector(c1, words),
                              __builtin_convertvector(c2, words), __builtin_convertvector(c3, words)};
        for (size_t k = 0; k < 4; k++)
            memcpy(&w[k][i], &out[k], sizeof out[k]);
    }
}

void KLF_TILES(uint64_t seed, uint64_t subsequence, uint64_t first_block, size_t n_tiles, float *normals)
{
    lanes keys[ROUNDS][2] = {{(lanes){0} + seed, (lanes){0} + (seed >> 32)}};
    for (size_t r = 1; r < ROUNDS; r++) {
        keys[r][0] = keys[r - 1][0] + PHILOX_W32_0;
        keys[r][1] = keys[r - 1][1] + PHILOX_W32_1;
    }
    for (size_t t = 0; t < n_tiles; t++, normals += KLF_TILE_NORMALS) {
        uint32_t w[4][KLF_TILE_BLOCKS];
        tile_words(keys, subsequence, first_block + t * KLF_TILE_BLOCKS, w);
        for (size_t i = 0; i < KLF_TILE_BLOCKS; i++) {
            klf_normal2(w[0][i], w[1][i], &normals[4 * i], &normals[4 * i + 1]);
            klf_normal2(w[2][i], w[3][i], &normals[4 * i + 2], &normals[4 * i + 3]);
        }
    }
}
