/* SPDX-License-Identifier: BSD-3-Clause */
/* Environment variables by which the libraries change the precision of products behind the program's back. */
#ifndef KLFLOW_KERNELS_ENVIRONMENT_H
#define KLFLOW_KERNELS_ENVIRONMENT_H

#include "klflow/precision.h"
#include "klflow/status.h"

#include <stdbool.h>

typedef struct klf_cuda_environment {
    bool forces_tf32;     /* NVIDIA_TF32_OVERRIDE=1 */
    bool emulates_single; /* CUBLAS_EMULATE_SINGLE_PRECISION=1 */
    bool emulates_double; /* CUBLAS_EMULATE_DOUBLE_PRECISION=1 */
    char text[320];       /* those that are set, "NAME=value NAME=value"; "" if none is */
} klf_cuda_environment;

void klf_cuda_environment_read(klf_cuda_environment *out);

/* KLF_ERR_DEVICE where a variable would replace the arithmetic of a precision by another one. */
klf_status klf_cuda_environment_check(const klf_cuda_environment *environment, klf_precision precision);

#endif
