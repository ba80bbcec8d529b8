/* SPDX-License-Identifier: BSD-3-Clause */
/* Philox4x32-10 and the draws made of it, word by word. */
#include "reference/draw_textbook.h"

#include <math.h>

/* Stream tags of the documented layout: the subsequence is tag * 2^56 + index. */
enum { SAMPLES = 0, WEIGHTS = 1, BIASES = 2, TAG_SHIFT = 56, LAYER_SHIFT = 32 };

static void philox4x32_10(uint32_t counter[4], uint32_t key[2])
{
    for (int round = 0; round < 10; round++) {
        const uint64_t product0 = UINT64_C(0xD2511F53) * counter[0];
        const uint64_t product1 = UINT64_C(0xCD9E8D57) * counter[2];
        const uint32_t next[4] = {(uint32_t)(product1 >> 32) ^ counter[1] ^ key[0], (uint32_t)product1,
                                  (uint32_t)(product0 >> 32) ^ counter[3] ^ key[1], (uint32_t)product0};
        for (int i = 0; i < 4; i++)
            counter[i] = next[i];
        key[0] += 0x9E3779B9; /* golden ratio */
        key[1] += 0xBB67AE85; /* sqrt(3) - 1 */
    }
}

uint32_t tb_word(uint64_t seed, uint64_t subsequence, uint64_t p)
{
    const uint64_t block = p / 4;
    uint32_t       key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)subsequence, (uint32_t)(subsequence >> 32)};
    philox4x32_10(counter, key);
    return counter[p % 4];
}

void tb_normals(uint64_t seed, unsigned tag, uint64_t index, size_t n, double *normals)
{
    const long double two_pi = 6.283185307179586476925286766559L;
    const uint64_t    subsequence = ((uint64_t)tag << TAG_SHIFT) + index;
    for (size_t e = 0; e < n; e++) {
        const long double u = (tb_word(seed, subsequence, e - e % 2) + 0.5L) / 4294967296.0L;
        const long double v = (tb_word(seed, subsequence, e - e % 2 + 1) + 0.5L) / 4294967296.0L;
        const long double r = sqrtl(-2.0L * logl(u));
        normals[e] = (double)(r * (e % 2 == 0 ? sinl(two_pi * v) : cosl(two_pi * v)));
    }
}

void tb_draw_layer(uint64_t seed, size_t layer, size_t fan_in, size_t width, double var_w, double var_b, double *weight,
                   double *bias)
{
    for (size_t i = 0; i < width; i++) {
        double *row = weight + i * fan_in;
        tb_normals(seed, WEIGHTS, ((uint64_t)layer << LAYER_SHIFT) + i, fan_in, row);
        for (size_t j = 0; j < fan_in; j++)
            row[j] *= sqrt(var_w / (double)fan_in);
    }
    tb_normals(seed, BIASES, layer, width, bias);
    for (size_t i = 0; i < width; i++)
        bias[i] *= sqrt(var_b);
}

void tb_draw_samples(uint64_t sample_seed, double mean, double var, size_t n, size_t width, double *z)
{
    for (size_t s = 0; s < n; s++) {
        tb_normals(sample_seed, SAMPLES, s, width, z + s * width);
        for (size_t i = 0; i < width; i++)
            z[s * width + i] = mean + sqrt(var) * z[s * width + i];
    }
}
