/* SPDX-License-Identifier: BSD-3-Clause */
/* What the CPU could do at best: the denominator of every fraction of peak that klflow reports. */
#ifndef KLFLOW_BACKEND_FMA_PEAK_H
#define KLFLOW_BACKEND_FMA_PEAK_H

#include "klflow/backend.h"

/* FLOP/s of `threads` threads at once, measured for `seconds` with the widest vectors that this CPU has; a multiply and an add
 * count as two. */
double klf_fma_peak(klf_precision precision, size_t threads, double seconds);

#endif
