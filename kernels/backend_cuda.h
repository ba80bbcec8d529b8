/* SPDX-License-Identifier: BSD-3-Clause */
/* The backend's table: what the module exports, and what a static link takes. */
#ifndef KLFLOW_KERNELS_BACKEND_CUDA_H
#define KLFLOW_KERNELS_BACKEND_CUDA_H

#include "klflow/backend.h"

extern const klf_backend klf_backend_cuda;

#endif
