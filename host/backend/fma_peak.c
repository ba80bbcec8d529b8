/* SPDX-License-Identifier: BSD-3-Clause */
/* Measures the FMA peak: every thread runs the chains until its time is over; their rates add up. */
#include "backend/fma_peak.h"
#include "backend/cpu_isa.h"
#include "backend/fma_chains.h"

#include <omp.h>

double klf_fma_peak(klf_precision precision, size_t threads, double seconds)
{
    enum { STEPS = 100000 }; /* some 0.2 ms between two looks at the clock */
    static const klf_fma_chains *const variants[] = KLF_BY_ISA(&klf_fma_chains);
    const klf_fma_chains              *chains = variants[klf_cpu_isa()];
    double (*run)(size_t) = precision == KLF_FP64 ? chains->run_f64 : chains->run_f32;
    double rate = 0.0;
#pragma omp parallel num_threads((int)threads) reduction(+ : rate)
    {
        double flop = 0.0, start, elapsed;
#pragma omp barrier
        start = omp_get_wtime();
        do {
            flop += run(STEPS);
            elapsed = omp_get_wtime() - start;
        } while (elapsed < seconds);
        rate += flop / elapsed;
    }
    return rate;
}
