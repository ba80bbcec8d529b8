// SPDX-License-Identifier: BSD-3-Clause
// Memory of the emulated device and pinned memory of the host: each allocation a block of its own on the heap, filled with
// 0xff, which is NaN in every format. AddressSanitizer sees accesses beyond a block, and accesses by the host between kernels;
// without it guard bytes around each block tell who wrote there, and reading them gives NaN.
#include "emulation/device.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace klf_emulation
{

namespace
{

struct allocation {
    size_t bytes;
    bool   pinned; // host memory
};

#ifdef __SANITIZE_ADDRESS__
enum { GUARD = 0 };
#else
enum { GUARD = 256 };
#endif
enum { ALIGNMENT = 256, FILL = 0xff, END = 1 << 20 };

std::map<uintptr_t, allocation> allocations; // by address
size_t                          bytes_taken, peak_bytes;
int                             access_depth;

const std::pair<const uintptr_t, allocation> *find(const void *p, size_t bytes)
{
    const uintptr_t address = reinterpret_cast<uintptr_t>(p);
    auto            after = allocations.upper_bound(address);
    if (after == allocations.begin())
        return nullptr;
    --after;
    const uintptr_t offset = address - after->first;
    if (offset >= after->second.bytes || bytes > after->second.bytes - offset)
        return nullptr;
    return &*after;
}

// Lets AddressSanitizer report whoever touches the memory, or stop doing so.
void close_to_host(uintptr_t address, const allocation &a, bool closed)
{
#ifdef __SANITIZE_ADDRESS__
    const bool   large = a.bytes > 2 * END;
    const size_t begin_bytes = large ? size_t{END} : a.bytes, tail_bytes = large ? END + a.bytes % 8 : 0;
    void *const begin = reinterpret_cast<void *>(address), *const tail = reinterpret_cast<void *>(address + a.bytes -
                                                                                                  tail_bytes);
    if (a.pinned)
        return;
    (closed ? __asan_poison_memory_region : __asan_unpoison_memory_region)(begin, begin_bytes);
    (closed ? __asan_poison_memory_region : __asan_unpoison_memory_region)(tail, tail_bytes);
#else
    (void)address;
    (void)a;
    (void)closed;
#endif
}

void *allocate(size_t bytes, bool pinned)
{
    void *block = nullptr;
    if (posix_memalign(&block, ALIGNMENT, bytes + 2 * GUARD) != 0)
        return nullptr;
    const size_t whole = bytes + 2 * GUARD;
    std::memset(block, FILL, whole > 2 * END ? size_t{END} : whole);
    if (whole > 2 * END)
        std::memset(static_cast<char *>(block) + whole - END, FILL, END);
    const uintptr_t address = reinterpret_cast<uintptr_t>(block) + GUARD;
    const auto      at = allocations.insert({address, {bytes, pinned}}).first;
    if (access_depth == 0)
        close_to_host(address, at->second, true);
    count(pinned ? kind::host_memory : kind::device_memory, 1);
    return reinterpret_cast<void *>(address);
}

void check_guard(uintptr_t address, const allocation &a)
{
    const unsigned char *before = reinterpret_cast<const unsigned char *>(address) - GUARD;
    const unsigned char *after = reinterpret_cast<const unsigned char *>(address) + a.bytes;
    for (size_t i = 0; i < GUARD; i++)
        if (before[i] != FILL || after[i] != FILL) {
            fail_device(cudaErrorIllegalAddress, "something wrote beyond an allocation of %zu bytes, %s it", a.bytes,
                        after[i] != FILL ? "behind" : "before");
            return;
        }
}

cudaError_t release(void *p, bool pinned)
{
    const auto at = allocations.find(reinterpret_cast<uintptr_t>(p));
    if (at == allocations.end() || at->second.pinned != pinned)
        return cudaErrorInvalidValue;
    check_guard(at->first, at->second);
    if (!pinned)
        bytes_taken -= at->second.bytes;
    count(pinned ? kind::host_memory : kind::device_memory, -1);
    close_to_host(at->first, at->second, false);
    std::free(reinterpret_cast<void *>(at->first - GUARD));
    allocations.erase(at);
    return cudaSuccess;
}

// Which way a copy goes must be so; cudaMemcpyDefault is decided by where the pointers lie.
bool fits(const void *dst, const void *src, size_t bytes, cudaMemcpyKind *direction)
{
    const auto *to = find(dst, 1), *from = find(src, 1);
    const bool  to_device = to && !to->second.pinned, from_device = from && !from->second.pinned;
    if ((to && !find(dst, bytes)) || (from && !find(src, bytes)))
        return false;
    const cudaMemcpyKind real = to_device ? (from_device ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                                          : (from_device ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
    if (*direction == cudaMemcpyDefault)
        *direction = real;
    return *direction == real;
}

} // namespace

bool on_device_or_pinned(const void *p, size_t bytes)
{
    return find(p, bytes) != nullptr;
}

bool on_device(const void *p, size_t bytes)
{
    const auto *at = find(p, bytes);
    return at && !at->second.pinned;
}

bool is_pinned(const void *p)
{
    const auto *at = find(p, 1);
    return at && at->second.pinned;
}

void check_guards()
{
    for (const auto &a : allocations)
        check_guard(a.first, a.second);
}

uint64_t take_peak_bytes()
{
    const size_t peak = peak_bytes;
    peak_bytes = bytes_taken;
    return peak;
}

device_access::device_access()
{
    if (access_depth++ == 0)
        for (const auto &a : allocations)
            close_to_host(a.first, a.second, false);
}

device_access::~device_access()
{
    if (--access_depth == 0)
        for (const auto &a : allocations)
            close_to_host(a.first, a.second, true);
}

} // namespace klf_emulation

using namespace klf_emulation;

cudaError_t cudaMalloc(void **out, size_t bytes)
{
    KLF_EMULATION_CALL();
    const cudaError_t forbidden = forbidden_by_capture();
    if (forbidden != cudaSuccess)
        return told(forbidden);
    *out = nullptr;
    if (usable_device() != cudaSuccess)
        return told(usable_device());
    if (bytes == 0)
        return cudaSuccess;
    if (bytes > device_settings().memory_bytes || bytes_taken > device_settings().memory_bytes - bytes)
        return told(cudaErrorMemoryAllocation);
    if (!(*out = allocate(bytes, false)))
        return told(cudaErrorMemoryAllocation);
    bytes_taken += bytes;
    peak_bytes = bytes_taken > peak_bytes ? bytes_taken : peak_bytes;
    return cudaSuccess;
}

// Waits for the device, as the real one does. Memory is given back even after a kernel has failed.
cudaError_t cudaFree(void *p)
{
    const call this_call(__func__);
    run_all_streams();
    const cudaError_t freed = p ? release(p, false) : cudaSuccess;
    return told(this_call.refused() != cudaSuccess ? this_call.refused() : freed);
}

cudaError_t cudaMallocHost(void **out, size_t bytes)
{
    KLF_EMULATION_CALL();
    if (usable_device() != cudaSuccess)
        return told(usable_device());
    *out = bytes == 0 ? nullptr : allocate(bytes, true);
    return *out || bytes == 0 ? cudaSuccess : told(cudaErrorMemoryAllocation);
}

cudaError_t cudaHostAlloc(void **out, size_t bytes, unsigned)
{
    return cudaMallocHost(out, bytes);
}

cudaError_t cudaFreeHost(void *p)
{
    const call this_call(__func__);
    run_all_streams();
    const cudaError_t freed = p ? release(p, true) : cudaSuccess;
    return told(this_call.refused() != cudaSuccess ? this_call.refused() : freed);
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total)
{
    KLF_EMULATION_CALL();
    *total = device_settings().memory_bytes;
    *free_bytes = *total > bytes_taken ? *total - bytes_taken : 0;
    return cudaSuccess;
}

// From pageable memory of the host the real one copies to a place of its own before it returns; to pageable memory it returns
// when all is done. Pinned memory it reads and writes whenever the stream comes to it.
cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t bytes, cudaMemcpyKind direction, cudaStream_t stream)
{
    KLF_EMULATION_CALL();
    if (bytes == 0)
        return cudaSuccess;
    if (!fits(dst, src, bytes, &direction))
        return told(cudaErrorInvalidValue);
    const bool capturing = is_capturing(stream);
    if (direction == cudaMemcpyHostToDevice && !is_pinned(src) && !capturing) {
        const unsigned char             *from = static_cast<const unsigned char *>(src);
        const std::vector<unsigned char> staged(from, from + bytes);
        return told(enqueue(stream, [dst, staged] { std::memcpy(dst, staged.data(), staged.size()); }));
    }
    const cudaError_t error = enqueue(stream, [dst, src, bytes] { std::memmove(dst, src, bytes); });
    if (error == cudaSuccess && direction == cudaMemcpyDeviceToHost && !is_pinned(dst) && !capturing)
        return told(run_stream(stream));
    return told(error);
}

cudaError_t cudaMemcpy(void *dst, const void *src, size_t bytes, cudaMemcpyKind direction)
{
    KLF_EMULATION_CALL();
    cudaError_t error = forbidden_by_capture();
    if (error == cudaSuccess)
        error = cudaMemcpyAsync(dst, src, bytes, direction, nullptr);
    return told(error == cudaSuccess ? run_stream(nullptr) : error);
}

cudaError_t cudaMemcpy2DAsync(void *dst, size_t dst_pitch, const void *src, size_t src_pitch, size_t width, size_t height,
                              cudaMemcpyKind direction, cudaStream_t stream)
{
    KLF_EMULATION_CALL();
    if (width > dst_pitch || width > src_pitch)
        return told(cudaErrorInvalidPitchValue);
    for (size_t row = 0; row < height; row++) {
        const cudaError_t error = cudaMemcpyAsync(static_cast<char *>(dst) + row * dst_pitch,
                                                  static_cast<const char *>(src) + row * src_pitch, width, direction, stream);
        if (error != cudaSuccess)
            return error;
    }
    return cudaSuccess;
}

cudaError_t cudaMemcpy2D(void *dst, size_t dst_pitch, const void *src, size_t src_pitch, size_t width, size_t height,
                         cudaMemcpyKind direction)
{
    const cudaError_t error = cudaMemcpy2DAsync(dst, dst_pitch, src, src_pitch, width, height, direction, nullptr);
    return error == cudaSuccess ? cudaStreamSynchronize(nullptr) : error;
}

cudaError_t cudaMemsetAsync(void *p, int value, size_t bytes, cudaStream_t stream)
{
    KLF_EMULATION_CALL();
    if (bytes == 0)
        return cudaSuccess;
    if (!on_device(p, bytes))
        return told(cudaErrorInvalidValue);
    return told(enqueue(stream, [p, value, bytes] { std::memset(p, value, bytes); }));
}

// The host does not wait for it.
cudaError_t cudaMemset(void *p, int value, size_t bytes)
{
    KLF_EMULATION_CALL();
    return cudaMemsetAsync(p, value, bytes, nullptr);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *out, const void *p)
{
    KLF_EMULATION_CALL();
    *out = {};
    out->type = on_device(p, 1) ? cudaMemoryTypeDevice : is_pinned(p) ? cudaMemoryTypeHost : cudaMemoryTypeUnregistered;
    out->devicePointer = out->type == cudaMemoryTypeUnregistered ? nullptr : const_cast<void *>(p);
    out->hostPointer = out->type == cudaMemoryTypeHost ? const_cast<void *>(p) : nullptr;
    return cudaSuccess;
}
