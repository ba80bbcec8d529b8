/* SPDX-License-Identifier: BSD-3-Clause */
/* Independent chains x = a x + b in vector registers. Compiled with -ffp-contract=fast, so that each step is one FMA where the
 * instruction set has it; KLF_VECTOR_BYTES comes from the build. */
#include "backend/fma_chains.h"
#include "backend/cpu_isa.h"

/* Two units with a latency of four or five cycles need ten chains; twelve and two constants fit into 16 registers. */
enum { CHAINS = 12, UNROLLED = 8 };

/* The store to a volatile keeps the compiler from dropping the work; 1 - 2^-10 and 2^-10 keep every chain near 1. */
#define RUN(name, type)                                                                                                        \
    static double name(size_t steps)                                                                                           \
    {                                                                                                                          \
        typedef type vector __attribute__((vector_size(KLF_VECTOR_BYTES)));                                                    \
        vector       x[CHAINS], a = {0}, b = {0};                                                                              \
        a += (type)0x1p0 - (type)0x1p-10;                                                                                      \
        b += (type)0x1p-10;                                                                                                    \
        for (int c = 0; c < CHAINS; c++)                                                                                       \
            x[c] = b + (type)c;                                                                                                \
        for (size_t i = 0; i < steps; i += UNROLLED)                                                                           \
            _Pragma("GCC unroll 8") for (int u = 0; u < UNROLLED; u++)                                                         \
                _Pragma("GCC unroll 12") for (int c = 0; c < CHAINS; c++) x[c] = x[c] * a + b;                                 \
        for (int c = 1; c < CHAINS; c++)                                                                                       \
            x[0] += x[c];                                                                                                      \
        volatile type sink = x[0][0];                                                                                          \
        (void)sink;                                                                                                            \
        size_t lanes = KLF_VECTOR_BYTES / sizeof(type), done = (steps + UNROLLED - 1) / UNROLLED * UNROLLED;                   \
        return (double)(2 * CHAINS * lanes * done);                                                                            \
    }

RUN(run_f32, float)
RUN(run_f64, double)

const klf_fma_chains KLF_VARIANT_OF(klf_fma_chains) = {run_f32, run_f64};
