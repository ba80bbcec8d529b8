/* SPDX-License-Identifier: BSD-3-Clause */
/* The devices of this machine, and which of them the binary has code for. */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef KLF_CUDA_BINARIES
#error "the build says what code it makes: -DKLF_CUDA_BINARIES=\"sm_80, sm_90, compute_90 (PTX)\""
#endif
static const char binaries[] = KLF_CUDA_BINARIES;

const char *klf_cuda_binaries(void)
{
    return binaries;
}

/* Machine code (sm_80) runs on its own major version from its minor version up; portable code (compute_80) on anything from its
 * version up, for which the driver compiles it. Code for the features of one version (90a) runs on that version alone. */
static bool covers(const char *binary, int capability)
{
    const bool portable = strncmp(binary, "compute_", 8) == 0;
    char      *end;
    const int  version = (int)strtol(binary + strcspn(binary, "0123456789"), &end, 10);
    if (*end >= 'a' && *end <= 'z')
        return capability == version;
    return capability >= version && (portable || capability / 10 == version / 10);
}

bool klf_cuda_has_code_for(int capability)
{
    for (const char *at = binaries; *at; at += strspn(at, ", ")) {
        if (covers(at, capability))
            return true;
        at += strcspn(at, ",");
    }
    return false;
}

/* "GPU-xxxxxxxx-xxxx-...", as nvidia-smi prints it. */
static void write_uuid(const char *bytes, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "GPU");
    for (int i = 0; i < 16 && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%02x", i == 0 || i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                                 (unsigned)(unsigned char)bytes[i]);
}

/* Free memory is known to a context only, and making one may fail where the device is taken: then it stays 0. */
static void describe_device(int number, klf_device *out)
{
    struct cudaDeviceProp properties;
    size_t                available = 0, total = 0;
    *out = (klf_device){0};
    if (cudaGetDeviceProperties(&properties, number) != cudaSuccess)
        return;
    snprintf(out->name, sizeof out->name, "%.127s", properties.name);
    write_uuid(properties.uuid.bytes, out->uuid, sizeof out->uuid);
    snprintf(out->capability, sizeof out->capability, "%d.%d", properties.major, properties.minor);
    out->memory_bytes = (double)properties.totalGlobalMem;
    out->usable = klf_cuda_has_code_for(10 * properties.major + properties.minor);
    snprintf(out->binaries, sizeof out->binaries, "%s", binaries);
    if (cudaSetDevice(number) == cudaSuccess && cudaMemGetInfo(&available, &total) == cudaSuccess)
        out->memory_free = (double)available;
}

size_t klf_cuda_devices(klf_device *out, size_t max)
{
    int count = 0, current = 0;
    if (cudaGetDeviceCount(&count) != cudaSuccess || count < 0) /* context.c says why */
        count = 0;
    if (count > 0)
        cudaGetDevice(&current);
    for (int i = 0; i < count && (size_t)i < max; i++)
        describe_device(i, &out[i]);
    if (count > 0)
        cudaSetDevice(current);
    cudaGetLastError();
    return (size_t)count;
}
