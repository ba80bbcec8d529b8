/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of the backend. */
#include "backend_cuda.h"
#include "state.h"

/* The emulated build of the tests has another. */
#ifndef KLF_CUDA_BACKEND_NAME
#define KLF_CUDA_BACKEND_NAME "cuda"
#endif

static bool supports(klf_precision precision)
{
    return (unsigned)precision < KLF_N_PRECISIONS;
}

const klf_backend klf_backend_cuda = {
    .name = KLF_CUDA_BACKEND_NAME,
    .supports = supports,
    .open = klf_cuda_open,
    .close = klf_cuda_close,
    .describe = klf_cuda_describe,
    .devices = klf_cuda_devices,
    .memory_available = klf_cuda_memory_available,
    .preferred_chunk = klf_cuda_preferred_chunk,
    .preferred_lanes = klf_cuda_preferred_lanes,
    .model_bytes = klf_cuda_model_bytes,
    .lane_bytes = klf_cuda_lane_bytes,
    .fill_flops = klf_cuda_fill_flops,
    .model_create = klf_cuda_model_create,
    .model_destroy = klf_cuda_model_destroy,
    .lane_create = klf_cuda_lane_create,
    .lane_destroy = klf_cuda_lane_destroy,
    .draw = klf_cuda_lane_draw,
    .forward = klf_cuda_lane_forward,
    .gram = klf_cuda_lane_gram,
    .collect = klf_cuda_lane_collect,
    .finish = klf_cuda_lane_finish,
    .phi = klf_cuda_phi,
    .totals = klf_cuda_totals,
    .second_moment = klf_cuda_second_moment,
    .save = klf_cuda_save,
    .restore = klf_cuda_restore,
    .gram_q = klf_cuda_gram_q,
    .gemm_rate = klf_cuda_gemm_rate,
    .random_bits = klf_cuda_random_bits,
};
