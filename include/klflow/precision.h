/* SPDX-License-Identifier: BSD-3-Clause */
/** Precisions of a Monte Carlo pass, and the number formats that its matrix products take in.
 *
 *  A precision says how z = W phi + b is computed; sums over samples are double in all of them. The products of the fast ones
 *  (tf32, fp16, bf16) take inputs of few mantissa bits and add in fp32. phi is then rounded to nearest; W is used as it is
 *  where the format can hold it (klf_format, "weight format" of a network) and as the sum of two parts otherwise, so that
 *  rounding never replaces the network by another one. tf32x3 splits phi and W and has the accuracy of fp32.
 */
#ifndef KLFLOW_PRECISION_H
#define KLFLOW_PRECISION_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/** From slow and accurate to fast, but for bf16, which is as fast as fp16 and less accurate. */
typedef enum klf_precision { KLF_FP64, KLF_FP32, KLF_TF32X3, KLF_TF32, KLF_FP16, KLF_BF16, KLF_N_PRECISIONS } klf_precision;

/** What a number is rounded to. Mantissa bits, the leading one included: 53, 24, 11, 11, 8. */
typedef enum klf_format {
    KLF_FORMAT_FP64,
    KLF_FORMAT_FP32,
    KLF_FORMAT_TF32,
    KLF_FORMAT_FP16,
    KLF_FORMAT_BF16,
    KLF_N_FORMATS
} klf_format;

/** "fp64", "fp32", "tf32x3", "tf32", "fp16", "bf16" */
const char *klf_precision_name(klf_precision precision);
/** "fp64", "fp32", "tf32", "fp16", "bf16" */
const char *klf_format_name(klf_format format);

/** The format of a name; false, and *format untouched, if there is none. */
bool klf_format_find(const char *name, klf_format *format);

/** The format of what a precision's matrix products take in: tf32 for tf32x3. */
klf_format klf_precision_format(klf_precision precision);

/** The format that phi is rounded to before it is multiplied: that of the products, but fp32, that is not at all, for tf32x3,
 *  which takes phi in two parts. */
klf_format klf_precision_phi_format(klf_precision precision);

/** Largest relative error of rounding a normal number to nearest: 2^-53, 2^-24, 2^-11, 2^-11, 2^-8. */
double klf_format_roundoff(klf_format format);

#ifdef __cplusplus
}
#endif
#endif
