/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU's vector instructions, as the compiler's run-time library reports them (it asks the operating system too). */
#include "backend/cpu_isa.h"

klf_isa klf_cpu_isa(void)
{
#ifdef __x86_64__
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return KLF_ISA_BASELINE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        return KLF_ISA_AVX512;
    return KLF_ISA_AVX2;
#else
    return KLF_ISA_BASELINE;
#endif
}

const char *klf_isa_name(klf_isa isa)
{
    static const char *const names[] = {"baseline", "AVX2", "AVX-512"};
    return names[isa];
}
