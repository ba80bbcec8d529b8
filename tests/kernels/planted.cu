/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel that uses local memory, and one whose tanh fast-math would make an approximation: what the gates must notice. Part of no
 * build; check_kernels.py compiles it. */
extern "C" __global__ void local_memory(float *x, int i)
{
    float copy[64];
    for (int k = 0; k < 64; k++)
        copy[k] = x[k] * x[k];
    for (int k = 0; k < i; k++)
        copy[(k * i) & 63] += copy[(i - k) & 63];
    x[0] = copy[i & 63];
}

extern "C" __global__ void approximate(float *x)
{
    x[0] = tanhf(x[0]);
}
