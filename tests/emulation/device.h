/* SPDX-License-Identifier: BSD-3-Clause */
/* The emulated device: what its parts (memory, streams, graphs, properties, BLAS) know of each other. All of it is guarded by
 * one lock, which every function of the fake runtime takes through `call`; so kernels of all streams run one after another. */
#ifndef KLF_EMULATION_DEVICE_H
#define KLF_EMULATION_DEVICE_H

#include "emulation/control.h"

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

namespace klf_emulation
{

/* ---- settings (config.cpp): environment variables KLF_EMULATION_*, or what a test set through control.h ---- */

struct settings {
    int      devices, driver_version, multiprocessors, l2_bytes, major, minor;
    size_t   memory_bytes;
    uint64_t seed;
    bool     refuse_epilogue;
};
const settings &device_settings();

/* Random decisions of order. Seed 0 decides nothing at random. */
class random_order
{
  public:
    static random_order of_next_launch();
    bool                shuffles() const
    {
        return word != 0;
    }
    uint64_t below(uint64_t n); /* 0 without a seed */
    bool     coin()
    {
        return below(2) == 1;
    }

  private:
    uint64_t word = 0;
};

/* A permutation of 0 .. n-1 that takes no memory. */
class shuffled_range
{
  public:
    shuffled_range(uint64_t n, random_order &draws);
    uint64_t operator[](uint64_t i) const;

  private:
    uint64_t n, factor = 1, offset = 0;
};

/* ---- calls and errors (config.cpp) ---- */

/* Every function of the runtime starts with one: takes the lock, counts the call by name and says whether it is to fail, by
 * injection or because a kernel has failed before. */
class call
{
  public:
    explicit call(const char *name);
    cudaError_t refused() const
    {
        return refusal;
    }

  private:
    std::lock_guard<std::recursive_mutex> lock;
    cudaError_t                           refusal;
};

/* Remembers an error for cudaGetLastError of this thread and returns it. */
cudaError_t told(cudaError_t error);
/* A kernel or product failed while it ran: a line on stderr, and every later call fails with this error. */
void        fail_device(cudaError_t error, const char *format, ...) __attribute__((format(printf, 2, 3)));
cudaError_t device_error(); /* what it failed with, or cudaSuccess */
bool        device_failed();
cudaError_t last_error(bool forget);
/* Counts an operation that runs, "launch" or "gemm"; fails the device and returns true if a test wants that one to fail. */
bool fails_by_injection(const char *name);

/* Things that must be given back, counted by kind. */
enum class kind { device_memory, host_memory, stream, event, capture, graph, graph_exec, blas_handle, lt_object, n_kinds };
void count(kind what, int change);

/* Whether there is a driver and a card (properties.cpp). */
cudaError_t usable_device();

/* ---- memory (memory.cpp) ---- */

/* Whether [p, p + bytes) lies within one allocation on the device (or, where said, in pinned host memory). */
bool on_device(const void *p, size_t bytes);
bool on_device_or_pinned(const void *p, size_t bytes);
bool is_pinned(const void *p);
/* Compares the guard bytes of every allocation and fails the device if one was overwritten. */
void     check_guards();
uint64_t take_peak_bytes(); /* the most that was taken since the last time */

/* While one exists the device's memory may be touched; at other times AddressSanitizer reports whoever does. */
class device_access
{
  public:
    device_access();
    ~device_access();
};

/* ---- streams (stream.cpp) ---- */

/* Puts work into a stream, or into the graph that is being captured from it. Nothing runs before somebody waits. */
cudaError_t enqueue(cudaStream_t stream, std::function<void()> work);
/* Runs all that was put into a stream before now. */
cudaError_t run_stream(cudaStream_t stream);
void        run_all_streams();
bool        is_stream(cudaStream_t stream);
bool        is_capturing(cudaStream_t stream);
/* What a call that must not be made during a capture returns: cudaSuccess if none is under way. */
cudaError_t forbidden_by_capture();

} // namespace klf_emulation

/* Begins a function of the fake runtime: returns an injected or sticky error. */
#define KLF_EMULATION_CALL()                                                                                                   \
    const klf_emulation::call this_call(__func__);                                                                             \
    if (this_call.refused() != cudaSuccess)                                                                                    \
    return klf_emulation::told(this_call.refused())

#endif
