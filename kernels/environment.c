/* SPDX-License-Identifier: BSD-3-Clause */
/* The variables are read once, when the backend is opened, as the libraries do. A precision that one of them would change is
 * refused: a file that says fp32 has been computed in fp32. NVIDIA_TF32_OVERRIDE=0, which turns tf32 into fp32, only makes
 * results better than they claim and is told, no more. */
#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_on(const char *value)
{
    return value && *value && strcmp(value, "0") != 0;
}

void klf_cuda_environment_read(klf_cuda_environment *out)
{
    static const char *const names[] = {"NVIDIA_TF32_OVERRIDE", "CUBLAS_EMULATE_SINGLE_PRECISION",
                                        "CUBLAS_EMULATE_DOUBLE_PRECISION", "CUBLAS_EMULATION_STRATEGY",
                                        "CUBLAS_FIXEDPOINT_EMULATION_MANTISSA_BIT_COUNT"};
    size_t                   used = 0;
    *out = (klf_cuda_environment){.forces_tf32 = is_on(getenv(names[0])),
                                  .emulates_single = is_on(getenv(names[1])),
                                  .emulates_double = is_on(getenv(names[2]))};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value && used < sizeof out->text)
            used += (size_t)snprintf(out->text + used, sizeof out->text - used, "%s%s=%.16s", used ? " " : "", names[i], value);
    }
}

klf_status klf_cuda_environment_check(const klf_cuda_environment *environment, klf_precision precision)
{
    if (precision == KLF_FP32 && environment->forces_tf32)
        return klf_fail(KLF_ERR_DEVICE, "backend cuda: NVIDIA_TF32_OVERRIDE turns fp32 into tf32; unset it, or ask for "
                                        "--precision tf32");
    if (precision == KLF_FP32 && environment->emulates_single)
        return klf_fail(KLF_ERR_DEVICE,
                        "backend cuda: CUBLAS_EMULATE_SINGLE_PRECISION replaces fp32 by an emulation; unset it");
    if (precision == KLF_FP64 && environment->emulates_double)
        return klf_fail(KLF_ERR_DEVICE,
                        "backend cuda: CUBLAS_EMULATE_DOUBLE_PRECISION replaces fp64 by an emulation; unset it");
    return KLF_OK;
}
