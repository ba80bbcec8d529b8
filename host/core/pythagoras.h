/* SPDX-License-Identifier: BSD-3-Clause */
/* sqrt(x^2 + y^2) without overflow and underflow on the way. hypot would do, but that of glibc 2.35 and later is a new symbol,
 * so that a program built there starts on no older system; cabs is the same function under its old name. */
#ifndef KLFLOW_CORE_PYTHAGORAS_H
#define KLFLOW_CORE_PYTHAGORAS_H

#include <complex.h>

static inline double klf_pythagoras(double x, double y)
{
    return cabs(x + y * I);
}

#endif
