/* SPDX-License-Identifier: BSD-3-Clause */
/* A backend with a device of its own, as far as the orchestration sees: `ref`, with a given amount of device memory,
 * allocations that fail on demand and a size that one network may not fill. One at a time. */
#ifndef KLFLOW_TESTS_FAKE_DEVICE_H
#define KLFLOW_TESTS_FAKE_DEVICE_H

#include "klflow/backend.h"

#include <math.h>
#include <string.h>

typedef struct fake_device {
    double memory, fill_flops;
    size_t most_rows;     /* a lane of more fails */
    int    fail_models;   /* so many models fail */
    int    fail_forwards; /* so many calls of forward fail, from `forwards` 0 on */
    int    forwards;      /* before the failing ones */
} fake_device;

static fake_device        fake;
static const klf_backend *fake_ref;
static klf_backend        fake_backend;

static size_t fake_devices(klf_device *out, size_t max)
{
    if (max > 0)
        *out = (klf_device){.name = "fake", .usable = true};
    return 1;
}

static double fake_memory(const klf_context *ctx)
{
    (void)ctx;
    return fake.memory;
}

static double fake_fill_flops(const klf_context *ctx)
{
    (void)ctx;
    return fake.fill_flops;
}

static klf_status fake_model_create(klf_context *ctx, const klf_model_spec *spec, klf_model **out)
{
    *out = NULL;
    if (fake.fail_models > 0) {
        fake.fail_models--;
        return klf_fail(KLF_ERR_MEMORY, "fake: no memory for a model");
    }
    return fake_ref->model_create(ctx, spec, out);
}

static klf_status fake_lane_create(klf_model *model, size_t max_rows, klf_lane **out)
{
    *out = NULL;
    if (max_rows > fake.most_rows)
        return klf_fail(KLF_ERR_MEMORY, "fake: no memory for %zu rows", max_rows);
    return fake_ref->lane_create(model, max_rows, out);
}

static klf_status fake_forward(klf_lane *lane, size_t layer)
{
    bool fails = false;
#pragma omp critical(fake_forward)
    if (fake.forwards > 0) {
        fake.forwards--;
    } else if (fake.fail_forwards > 0) {
        fake.fail_forwards--;
        fails = true;
    }
    return fails ? klf_fail(KLF_ERR_MEMORY, "fake: no memory in the middle") : fake_ref->forward(lane, layer);
}

/* Sets everything back: endless memory, filled by anything. */
static inline const klf_backend *fake_reset(void)
{
    if (klf_backend_find("ref", &fake_ref) != KLF_OK)
        return NULL;
    fake = (fake_device){.memory = INFINITY, .most_rows = SIZE_MAX};
    memcpy(&fake_backend, fake_ref, sizeof fake_backend);
    fake_backend.devices = fake_devices;
    fake_backend.memory_available = fake_memory;
    fake_backend.fill_flops = fake_fill_flops;
    fake_backend.model_create = fake_model_create;
    fake_backend.lane_create = fake_lane_create;
    fake_backend.forward = fake_forward;
    return &fake_backend;
}

#endif
