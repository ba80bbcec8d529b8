/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of the backends in this build; everybody else asks klf_backend_find for one by name. */
#ifndef KLFLOW_BACKEND_BACKENDS_H
#define KLFLOW_BACKEND_BACKENDS_H

#include "klflow/backend.h"

extern const klf_backend klf_backend_ref; /* textbook loops in double: the oracle */
extern const klf_backend klf_backend_cpu; /* vectorised, fp32 and fp64 */
#ifdef KLF_CUDA_LINKED
extern const klf_backend klf_backend_cuda; /* otherwise a module: module_load.h */
#endif

/* What --backend takes, NULL-terminated: what help and messages list, and what they leave out (backends of test builds). */
extern const char *const klf_backend_choices[], *const klf_backend_unlisted[];

#endif
