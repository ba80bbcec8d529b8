/* SPDX-License-Identifier: BSD-3-Clause */
/* What a .cu file needs to be compiled as plain C++ and run by the emulation: it stands for nvcc's keywords, built-in variables
 * and intrinsics, and for the launch. The types are those of the toolkit's own headers.
 *
 * Static shared memory: without the sanitizers it is thread-local, a kind of variable that nothing else in the module may
 * have, so that the engine can find all of it and fill it with NaN before each block; under AddressSanitizer, which does not
 * guard thread-local variables, it is an ordinary static one with red zones. */
#ifndef KLF_EMULATION_LAUNCH_H
#define KLF_EMULATION_LAUNCH_H

#include "emulation/engine.h"

#ifndef QUALIFIERS
#define QUALIFIERS static inline /* of curand_kernel.h */
#endif
#include <curand_kernel.h> /* declares blockDim and threadIdx: before they become macros */

#include <cmath>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#undef __shared__
#ifdef __SANITIZE_ADDRESS__
#define __shared__ static
#else
#define __shared__ static thread_local
#endif
#ifndef __launch_bounds__
#define __launch_bounds__(...)
#endif

#define threadIdx (klf_emulation::current->index)
#define blockIdx (klf_emulation::block.index)
#define blockDim (klf_emulation::block.block)
#define gridDim (klf_emulation::block.grid)
#define warpSize 32

#define KLF_EMULATION_DYN_SHARED(type, name) type *name = static_cast<type *>(klf_emulation::block.dynamic_shared)
#define KLF_EMULATION_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                                   \
    klf_emulation::launch_kernel(#kernel, kernel, grid, block, shared_bytes, stream, __VA_ARGS__)

namespace klf_emulation
{

template <typename T> const void *pointer_of(const T &)
{
    return nullptr;
}
template <typename T> const void *pointer_of(T *const &p)
{
    return const_cast<const void *>(static_cast<const volatile void *>(p));
}

template <typename... P, typename... A>
void launch_kernel(const char *name, void (*kernel)(P...), dim3 grid, dim3 threads, size_t shared_bytes, cudaStream_t stream,
                   A &&...args)
{
    std::tuple<P...> bound(std::forward<A>(args)...);
    launch_spec      spec{name, reinterpret_cast<const void *>(kernel), grid, threads, shared_bytes, stream, {}};
    spec.thread = [kernel, bound] { std::apply(kernel, bound); };
    std::apply(
        [&spec](const P &...p) {
            const void *pointers[sizeof...(P) + 1] = {pointer_of(p)..., nullptr};
            launch(spec, pointers, sizeof...(P));
        },
        bound);
}

template <typename T> T shuffle(unsigned mask, T value, unsigned source)
{
    static_assert(sizeof(T) <= MAX_EXCHANGE && std::is_trivially_copyable<T>::value, "a type that lanes can exchange");
    T result;
    exchange(mask, &value, sizeof value, source, false, &result);
    return result;
}

inline unsigned lane()
{
    return current->rank % WARP;
}

/* A lane beyond the segment of `width` lanes reads its own value, as on the card. */
inline unsigned within(unsigned source, bool inside)
{
    return inside ? source : lane();
}

template <typename T, typename F> T atomic_change(T *at, F change)
{
    const T old = *at;
    *at = change(old);
    return old;
}

} // namespace klf_emulation

inline void __syncthreads()
{
    klf_emulation::sync_block(false);
}
inline int __syncthreads_count(int predicate)
{
    return klf_emulation::sync_block(predicate != 0);
}
inline int __syncthreads_or(int predicate)
{
    return klf_emulation::sync_block(predicate != 0) > 0;
}
inline int __syncthreads_and(int predicate)
{
    return klf_emulation::sync_block(predicate == 0) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu)
{
    klf_emulation::exchange(mask, nullptr, 0, klf_emulation::lane(), false, nullptr);
}
inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    return klf_emulation::exchange(mask, nullptr, 0, klf_emulation::lane(), predicate != 0, nullptr);
}
inline int __any_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, predicate) != 0;
}
inline int __all_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, !predicate) == 0;
}

template <typename T> T __shfl_sync(unsigned mask, T value, int source, int width = 32)
{
    const unsigned w = static_cast<unsigned>(width), lane = klf_emulation::lane();
    return klf_emulation::shuffle(mask, value, lane / w * w + static_cast<unsigned>(source) % w);
}
template <typename T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    const unsigned lane = klf_emulation::lane();
    return klf_emulation::shuffle(mask, value,
                                  klf_emulation::within(lane - delta, lane % static_cast<unsigned>(width) >= delta));
}
template <typename T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    const unsigned w = static_cast<unsigned>(width), lane = klf_emulation::lane();
    return klf_emulation::shuffle(mask, value, klf_emulation::within(lane + delta, lane % w + delta < w));
}
template <typename T> T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32)
{
    const unsigned w = static_cast<unsigned>(width), lane = klf_emulation::lane(),
                   source = lane ^ static_cast<unsigned>(lane_mask);
    return klf_emulation::shuffle(mask, value, klf_emulation::within(source, source / w <= lane / w));
}

/* One thread runs at a time and is never interrupted, so plain memory operations are atomic and in order. */
template <typename T> T atomicAdd(T *at, T value)
{
    return klf_emulation::atomic_change(at, [value](T old) { return static_cast<T>(old + value); });
}
template <typename T> T atomicMax(T *at, T value)
{
    return klf_emulation::atomic_change(at, [value](T old) { return old < value ? value : old; });
}
template <typename T> T atomicMin(T *at, T value)
{
    return klf_emulation::atomic_change(at, [value](T old) { return value < old ? value : old; });
}
template <typename T> T atomicOr(T *at, T value)
{
    return klf_emulation::atomic_change(at, [value](T old) { return old | value; });
}
template <typename T> T atomicExch(T *at, T value)
{
    return klf_emulation::atomic_change(at, [value](T) { return value; });
}
template <typename T> T atomicCAS(T *at, T expected, T value)
{
    return klf_emulation::atomic_change(at, [expected, value](T old) { return old == expected ? value : old; });
}
inline unsigned atomicInc(unsigned *at, unsigned limit)
{
    return klf_emulation::atomic_change(at, [limit](unsigned old) { return old >= limit ? 0u : old + 1u; });
}
inline void __threadfence()
{
}
inline void __threadfence_block()
{
}
inline void __threadfence_system()
{
}

template <typename T> T __ldg(const T *p)
{
    return *p;
}
template <typename T> T __ldcs(const T *p)
{
    return *p;
}
template <typename T> T __ldcg(const T *p)
{
    return *p;
}
template <typename T> void __stcs(T *p, T value)
{
    *p = value;
}
template <typename T> void __stcg(T *p, T value)
{
    *p = value;
}

inline float __fmaf_rn(float a, float b, float c)
{
    return std::fma(a, b, c);
}
inline float __fmul_rn(float a, float b)
{
    return a * b;
}
inline float __fadd_rn(float a, float b)
{
    return a + b;
}
inline float __fsub_rn(float a, float b)
{
    return a - b;
}
inline float __fdiv_rn(float a, float b)
{
    return a / b;
}
inline float __fsqrt_rn(float a)
{
    return std::sqrt(a);
}
inline double __fma_rn(double a, double b, double c)
{
    return std::fma(a, b, c);
}
inline double __dmul_rn(double a, double b)
{
    return a * b;
}
inline double __dadd_rn(double a, double b)
{
    return a + b;
}
inline float __double2float_rn(double a)
{
    return static_cast<float>(a);
}
inline unsigned __float_as_uint(float f)
{
    unsigned bits;
    std::memcpy(&bits, &f, sizeof bits);
    return bits;
}
inline float __uint_as_float(unsigned bits)
{
    float f;
    std::memcpy(&f, &bits, sizeof f);
    return f;
}
inline int __float_as_int(float f)
{
    return static_cast<int>(__float_as_uint(f));
}
inline float __int_as_float(int bits)
{
    return __uint_as_float(static_cast<unsigned>(bits));
}
inline int __popc(unsigned bits)
{
    return __builtin_popcount(bits);
}
inline int __clz(int bits)
{
    return bits == 0 ? 32 : __builtin_clz(static_cast<unsigned>(bits));
}

#endif
