/* SPDX-License-Identifier: BSD-3-Clause */
/* A loop over klf_normal2 under the name NORMAL_FILL, compiled with many flags and compilers by tests/core/rng.cmake. */
#include "klflow/normal.h"

#include <stddef.h>

void NORMAL_FILL(size_t n, const uint32_t *words, float *normals);

void NORMAL_FILL(size_t n, const uint32_t *words, float *normals)
{
    for (size_t i = 0; i < n; i += 2)
        klf_normal2(words[i], words[i + 1], &normals[i], &normals[i + 1]);
}
