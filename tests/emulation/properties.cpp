// SPDX-License-Identifier: BSD-3-Clause
// What the emulated device is: versions, properties, limits, names of errors; and the launch, which enforces the limits.
#include "emulation/device.h"
#include "emulation/engine.h"

#include <cstdio>
#include <cstring>
#include <map>

namespace klf_emulation
{

enum {
    SHARED_DEFAULT = 48 * 1024, // without cudaFuncSetAttribute
    SHARED_MOST = 227 * 1024,
    GRID_YZ_MOST = 65535
};

static std::map<const void *, size_t> &shared_limits()
{
    static std::map<const void *, size_t> limits;
    return limits;
}

cudaError_t usable_device()
{
    if (device_settings().driver_version == 0)
        return cudaErrorInsufficientDriver;
    return device_settings().devices > 0 ? cudaSuccess : cudaErrorNoDevice;
}

static bool within_limits(const dim3 &grid, const dim3 &block)
{
    return grid.x > 0 && grid.x <= 0x7fffffffu && grid.y > 0 && grid.y <= GRID_YZ_MOST && grid.z > 0 &&
           grid.z <= GRID_YZ_MOST && block.x > 0 && block.x <= 1024 && block.y > 0 && block.y <= 1024 && block.z > 0 &&
           block.z <= 64 && uint64_t{block.x} * block.y * block.z <= MAX_BLOCK;
}

void launch(const launch_spec &spec, const void *const *pointers, size_t n_pointers)
{
    const call this_call("cudaLaunchKernel");
    if (this_call.refused() != cudaSuccess) {
        told(this_call.refused());
        return;
    }
    const auto   own = shared_limits().find(spec.kernel);
    const size_t most_shared = own == shared_limits().end() ? size_t{SHARED_DEFAULT} : own->second;
    if (usable_device() != cudaSuccess)
        told(usable_device());
    else if (!within_limits(spec.grid, spec.block))
        told(cudaErrorInvalidConfiguration);
    else if (spec.shared_bytes > most_shared)
        told(cudaErrorInvalidValue);
    else {
        const void *foreign = nullptr;
        for (size_t i = 0; i < n_pointers; i++)
            if (pointers[i] && !on_device_or_pinned(pointers[i], 1))
                foreign = pointers[i];
        told(enqueue(spec.stream, [spec, foreign] {
            if (fails_by_injection("launch"))
                return;
            if (foreign)
                fail_device(cudaErrorIllegalAddress, "kernel %s was given a pointer to memory that is not the device's",
                            spec.name);
            else if (!run_grid(spec))
                fail_device(cudaErrorLaunchFailure, "kernel %s did not end", spec.name);
        }));
    }
}

} // namespace klf_emulation

using namespace klf_emulation;

cudaError_t cudaGetDeviceCount(int *n)
{
    KLF_EMULATION_CALL();
    const cudaError_t error = usable_device();
    if (error == cudaSuccess)
        *n = device_settings().devices;
    return told(error);
}

cudaError_t cudaDriverGetVersion(int *version)
{
    KLF_EMULATION_CALL();
    *version = device_settings().driver_version;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    KLF_EMULATION_CALL();
    *version = CUDART_VERSION;
    return cudaSuccess;
}

static cudaError_t check_device(int device)
{
    const cudaError_t error = usable_device();
    if (error != cudaSuccess)
        return error;
    return device >= 0 && device < device_settings().devices ? cudaSuccess : cudaErrorInvalidDevice;
}

static int chosen_device;

cudaError_t cudaSetDevice(int device)
{
    KLF_EMULATION_CALL();
    const cudaError_t error = check_device(device);
    if (error == cudaSuccess)
        chosen_device = device;
    return told(error);
}

cudaError_t cudaGetDevice(int *device)
{
    KLF_EMULATION_CALL();
    *device = chosen_device;
    return told(usable_device());
}

// A macro of the headers of CUDA 12 gives the function another name.
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *out, int device)
{
    KLF_EMULATION_CALL();
    const cudaError_t error = check_device(device);
    if (error != cudaSuccess)
        return told(error);
    const settings &set = device_settings();
    *out = {};
    std::snprintf(out->name, sizeof out->name, "Emulated device %d", device);
    for (size_t i = 0; i < sizeof out->uuid.bytes; i++)
        out->uuid.bytes[i] = static_cast<char>(0x10 * device + static_cast<int>(i));
    out->totalGlobalMem = set.memory_bytes;
    out->sharedMemPerBlock = SHARED_DEFAULT;
    out->sharedMemPerBlockOptin = SHARED_MOST;
    out->sharedMemPerMultiprocessor = 228 * 1024;
    out->regsPerBlock = out->regsPerMultiprocessor = 65536;
    out->warpSize = WARP;
    out->maxThreadsPerBlock = MAX_BLOCK;
    out->maxThreadsPerMultiProcessor = 2048;
    out->maxThreadsDim[0] = out->maxThreadsDim[1] = 1024;
    out->maxThreadsDim[2] = 64;
    out->maxGridSize[0] = 0x7fffffff;
    out->maxGridSize[1] = out->maxGridSize[2] = GRID_YZ_MOST;
    out->multiProcessorCount = set.multiprocessors;
    out->l2CacheSize = set.l2_bytes;
    out->major = set.major;
    out->minor = set.minor;
    out->unifiedAddressing = 1;
    out->concurrentKernels = 1;
    out->asyncEngineCount = 2;
    out->pciBusID = device;
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device)
{
    KLF_EMULATION_CALL();
    const cudaError_t error = check_device(device);
    const settings   &set = device_settings();
    if (error != cudaSuccess)
        return told(error);
    switch (attribute) {
    case cudaDevAttrComputeCapabilityMajor: *value = set.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = set.minor; break;
    case cudaDevAttrMultiProcessorCount: *value = set.multiprocessors; break;
    case cudaDevAttrL2CacheSize: *value = set.l2_bytes; break;
    case cudaDevAttrMaxThreadsPerBlock: *value = MAX_BLOCK; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *value = 2048; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *value = SHARED_DEFAULT; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = SHARED_MOST; break;
    case cudaDevAttrMaxGridDimX: *value = 0x7fffffff; break;
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ: *value = GRID_YZ_MOST; break;
    case cudaDevAttrWarpSize: *value = WARP; break;
    case cudaDevAttrMemoryPoolsSupported: *value = 0; break;
    case cudaDevAttrConcurrentKernels: *value = 1; break;
    case cudaDevAttrClockRate: *value = 1755000; break;
    default: return told(cudaErrorInvalidValue);
    }
    return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char *out, int length, int device)
{
    KLF_EMULATION_CALL();
    const cudaError_t error = check_device(device);
    if (error == cudaSuccess)
        std::snprintf(out, static_cast<size_t>(length), "0000:%02x:00.0", device);
    return told(error);
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest)
{
    KLF_EMULATION_CALL();
    *least = 0;
    *greatest = -5;
    return cudaSuccess;
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *out, const void *)
{
    KLF_EMULATION_CALL();
    *out = {};
    out->maxThreadsPerBlock = MAX_BLOCK;
    out->maxDynamicSharedSizeBytes = SHARED_DEFAULT;
    out->binaryVersion = out->ptxVersion = 10 * device_settings().major + device_settings().minor;
    return told(usable_device());
}

cudaError_t cudaFuncSetAttribute(const void *kernel, cudaFuncAttribute attribute, int value)
{
    KLF_EMULATION_CALL();
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize)
        return cudaSuccess;
    if (value < 0 || value > SHARED_MOST)
        return told(cudaErrorInvalidValue);
    shared_limits()[kernel] = static_cast<size_t>(value);
    return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *n, const void *, int block, size_t)
{
    KLF_EMULATION_CALL();
    *n = block > 0 ? 2048 / block : 0;
    return cudaSuccess;
}

cudaError_t cudaGetLastError()
{
    const call this_call(__func__);
    return last_error(true);
}

cudaError_t cudaPeekAtLastError()
{
    const call this_call(__func__);
    return last_error(false);
}

const char *cudaGetErrorName(cudaError_t error)
{
    switch (error) {
    case cudaSuccess: return "cudaSuccess";
    case cudaErrorInvalidValue: return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation: return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration: return "cudaErrorInvalidConfiguration";
    case cudaErrorInsufficientDriver: return "cudaErrorInsufficientDriver";
    case cudaErrorNoDevice: return "cudaErrorNoDevice";
    case cudaErrorInvalidDevice: return "cudaErrorInvalidDevice";
    case cudaErrorInvalidResourceHandle: return "cudaErrorInvalidResourceHandle";
    case cudaErrorNotReady: return "cudaErrorNotReady";
    case cudaErrorIllegalAddress: return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure: return "cudaErrorLaunchFailure";
    case cudaErrorNoKernelImageForDevice: return "cudaErrorNoKernelImageForDevice";
    case cudaErrorStreamCaptureUnsupported: return "cudaErrorStreamCaptureUnsupported";
    case cudaErrorStreamCaptureInvalidated: return "cudaErrorStreamCaptureInvalidated";
    case cudaErrorStreamCaptureIsolation: return "cudaErrorStreamCaptureIsolation";
    case cudaErrorStreamCaptureImplicit: return "cudaErrorStreamCaptureImplicit";
    default: return "an error that the emulation has no name for";
    }
}

const char *cudaGetErrorString(cudaError_t error)
{
    switch (error) {
    case cudaErrorMemoryAllocation: return "out of memory";
    case cudaErrorInsufficientDriver: return "CUDA driver version is insufficient for CUDA runtime version";
    case cudaErrorNoDevice: return "no CUDA-capable device is detected";
    case cudaErrorIllegalAddress: return "an illegal memory access was encountered";
    default: return cudaGetErrorName(error);
    }
}

cudaError_t cudaDeviceReset()
{
    KLF_EMULATION_CALL();
    run_all_streams();
    return cudaSuccess;
}
