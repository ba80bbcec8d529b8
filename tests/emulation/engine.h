/* SPDX-License-Identifier: BSD-3-Clause */
/* How an emulated kernel meets the block that it runs in: what launch.h, compiled into every .cu file, and block.cpp share.
 * One block runs at a time, one thread of it at a time; a thread that waits at a barrier or in a shuffle is set aside with its
 * stack (fiber.h) until the others arrive. */
#ifndef KLF_EMULATION_ENGINE_H
#define KLF_EMULATION_ENGINE_H

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace klf_emulation
{

struct fiber;

enum { WARP = 32, MAX_BLOCK = 1024, MAX_EXCHANGE = 16 /* bytes of the widest type that lanes exchange */ };

enum class waiting { none, block, warp };

struct thread_state {
    uint3         index;
    unsigned      rank; /* within the block */
    bool          exited;
    waiting       waits;
    fiber        *stack;  /* while it waits */
    unsigned      mask;   /* lanes that this exchange is among */
    unsigned      source; /* the lane whose value is wanted */
    unsigned      ballot; /* the lanes whose predicate holds */
    unsigned char value[MAX_EXCHANGE], result[MAX_EXCHANGE];
};

struct block_state {
    uint3 index;
    dim3  block, grid;
    void *dynamic_shared;
    int   count; /* of true predicates at the last barrier */
};

extern thread_state *current;
extern block_state   block;

/* __syncthreads and its relatives: how many threads came with a true predicate. */
int sync_block(bool predicate);
/* Gives lanes of `mask` each other's values: result = that of lane `source`, and which lanes' predicates hold. */
unsigned exchange(unsigned mask, const void *value, size_t bytes, unsigned source, bool predicate, void *result);

struct launch_spec {
    const char           *name;
    const void           *kernel;
    dim3                  grid, block;
    size_t                shared_bytes;
    cudaStream_t          stream;
    std::function<void()> thread; /* one thread of the kernel, its arguments bound */
};

/* What <<<>>> does: checks the limits of the card and puts the kernel into the stream. `pointers` are those among the kernel's
 * arguments; they must lie in memory that the device can reach. Errors are told by cudaGetLastError. */
void launch(const launch_spec &spec, const void *const *pointers, size_t n_pointers);

/* Runs all blocks, in an order that the seed decides. Returns false, with a line on stderr, if threads wait for ever. */
bool run_grid(const launch_spec &spec);

} // namespace klf_emulation
#endif
