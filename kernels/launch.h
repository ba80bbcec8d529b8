/* SPDX-License-Identifier: BSD-3-Clause */
/* How kernels are launched: through KLF_LAUNCH, never by bare brackets, so that no launch goes unchecked and so that the
 * emulation of the tests can stand in for the device. First include of every .cu. */
#ifndef KLFLOW_KERNELS_LAUNCH_H
#define KLFLOW_KERNELS_LAUNCH_H

#ifdef KLF_EMULATION
#include "emulation/launch.h"
#define KLF_LAUNCH_RAW(kernel, grid, block, shared, stream, ...)                                                               \
    KLF_EMULATION_LAUNCH(kernel, grid, block, shared, stream, __VA_ARGS__)
#define KLF_DYN_SHARED(type, name) KLF_EMULATION_DYN_SHARED(type, name)
#define KLF_UNROLL
#else
#include <cuda_runtime.h>
#define KLF_LAUNCH_RAW(kernel, grid, block, shared, stream, ...) kernel<<<grid, block, shared, stream>>>(__VA_ARGS__)
#define KLF_DYN_SHARED(type, name)                                                                                             \
    extern __shared__ __align__(16) unsigned char name##_bytes[];                                                              \
    type                                         *name = reinterpret_cast<type *>(name##_bytes)
#define KLF_UNROLL _Pragma("unroll")
#endif

#include "check.h"

#include <stddef.h>
#include <stdint.h>

/* Launches on a stream, then asks whether the launch was accepted, in release builds too; returns from the launcher if not.
 * What a kernel does wrong while it runs is told by the next wait for its stream. A template goes in parentheses. */
#define KLF_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                                             \
    do {                                                                                                                       \
        KLF_LAUNCH_RAW(kernel, grid, block, shared_bytes, stream, __VA_ARGS__);                                                \
        const klf_status launch_status = klf_cuda_launched(#kernel, __FILE__, __LINE__);                                       \
        if (launch_status != KLF_OK)                                                                                           \
            return launch_status;                                                                                              \
    } while (0)

/* Kernels stride over their grid with 64-bit indices, so fewer blocks than there is work are always right; more than this many
 * would not be faster. The emulation takes few, so that its tests see the strides. */
#ifdef KLF_EMULATION
enum { KLF_MOST_BLOCKS = 24 };
#else
enum { KLF_MOST_BLOCKS = 1 << 20 };
#endif

/* The 1-D grid for `items` pieces of work, `per_block` of them a block. At least one block: an empty grid is an error. */
static inline unsigned klf_blocks(size_t items, size_t per_block)
{
    const size_t blocks = items / per_block + (items % per_block != 0);
    return blocks == 0 ? 1u : blocks < KLF_MOST_BLOCKS ? (unsigned)blocks : (unsigned)KLF_MOST_BLOCKS;
}

#endif
