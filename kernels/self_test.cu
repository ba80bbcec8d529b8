// SPDX-License-Identifier: BSD-3-Clause
// One block that does a little of everything the kernels rely on, with known results: a binary without code for the device, or
// a device that computes wrongly, is found out before any work.
#include "element.h"
#include "launchers.h"
#include "philox.h"

// Word 4 t + i of thread t = 0 .. 7 is word 4 t + i of (seed 42, subsequence 0), and 32 + 4 t + i the bits of the normals that
// they make, both handed on through shared memory in reverse.
static __global__ void self_test_kernel(uint32_t *words)
{
    __shared__ uint32_t shared[KLF_SELF_TEST_WORDS];
    const unsigned      thread = threadIdx.x;
    if (thread < 8) {
        const uint4 block = klf_device_words(42, 0, thread);
        float       normal[4];
        klf_device_normals(42, 0, thread, normal);
        const uint32_t four[4] = {block.x, block.y, block.z, block.w};
        for (unsigned i = 0; i < 4; i++) {
            shared[KLF_SELF_TEST_WORDS - 1 - (4 * thread + i)] = four[i];
            shared[KLF_SELF_TEST_WORDS - 1 - (32 + 4 * thread + i)] = klf_float_bits(normal[i]);
        }
    }
    __syncthreads();
    words[thread] = shared[KLF_SELF_TEST_WORDS - 1 - thread];
}

extern "C" klf_status klf_cuda_self_test(cudaStream_t stream, uint32_t *words)
{
    KLF_LAUNCH(self_test_kernel, 1, KLF_SELF_TEST_WORDS, 0, stream, words);
    return KLF_OK;
}
