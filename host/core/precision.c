/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and facts of precisions and number formats. */
#include "klflow/precision.h"

#include <assert.h>
#include <string.h>

const char *klf_precision_name(klf_precision precision)
{
    static const char *const names[] = {"fp64", "fp32", "tf32x3", "tf32", "fp16", "bf16"};
    static_assert(sizeof names / sizeof names[0] == KLF_N_PRECISIONS, "a name for each");
    return names[precision];
}

const char *klf_format_name(klf_format format)
{
    static const char *const names[] = {"fp64", "fp32", "tf32", "fp16", "bf16"};
    static_assert(sizeof names / sizeof names[0] == KLF_N_FORMATS, "a name for each");
    return names[format];
}

bool klf_format_find(const char *name, klf_format *format)
{
    for (int f = 0; f < KLF_N_FORMATS; f++)
        if (strcmp(klf_format_name((klf_format)f), name) == 0) {
            *format = (klf_format)f;
            return true;
        }
    return false;
}

klf_format klf_precision_format(klf_precision precision)
{
    static const klf_format formats[] = {KLF_FORMAT_FP64, KLF_FORMAT_FP32, KLF_FORMAT_TF32,
                                         KLF_FORMAT_TF32, KLF_FORMAT_FP16, KLF_FORMAT_BF16};
    static_assert(sizeof formats / sizeof formats[0] == KLF_N_PRECISIONS, "a format for each");
    return formats[precision];
}

klf_format klf_precision_phi_format(klf_precision precision)
{
    return precision == KLF_TF32X3 ? KLF_FORMAT_FP32 : klf_precision_format(precision);
}

double klf_format_roundoff(klf_format format)
{
    static const double roundoffs[] = {0x1p-53, 0x1p-24, 0x1p-11, 0x1p-11, 0x1p-8};
    static_assert(sizeof roundoffs / sizeof roundoffs[0] == KLF_N_FORMATS, "a value for each");
    return roundoffs[format];
}
