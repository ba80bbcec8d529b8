/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of the emulation share: calls that must succeed, device memory from host arrays, settings. */
#ifndef KLF_EMULATION_TEST_H
#define KLF_EMULATION_TEST_H

#include "emulation/control.h"

#include <cuda_runtime_api.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

extern const klf_emulation_control_table klf_emulation_control;

static inline void must(cudaError_t error)
{
    if (error != cudaSuccess)
        fail_msg("%s", cudaGetErrorName(error));
}

static inline void *on_device(const void *host, size_t bytes)
{
    void *device = NULL;
    must(cudaMalloc(&device, bytes));
    if (host)
        must(cudaMemcpy(device, host, bytes, cudaMemcpyHostToDevice));
    return device;
}

static inline void to_host(void *host, const void *device, size_t bytes)
{
    must(cudaMemcpy(host, device, bytes, cudaMemcpyDeviceToHost));
}

static inline cudaStream_t new_stream(void)
{
    cudaStream_t stream = NULL;
    must(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

static inline void set(const char *name, const char *value)
{
    assert_true(klf_emulation_control.set(name, value));
}

/* After every test: all given back, and the settings as they were. */
static inline int nothing_left(void **state)
{
    const char              *what = "";
    static const char *const names[] = {"devices", "driver", "memory", "seed", "fail", "refuse_epilogue"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        klf_emulation_control.set(names[i], NULL);
    if (klf_emulation_control.alive(&what) == 0)
        return 0;
    print_error("not given back: %s\n", what);
    return -1;
}

#endif
