/* SPDX-License-Identifier: BSD-3-Clause */
/* Which vector instructions this CPU has, and how code that was compiled several times is chosen by it. All knowledge of the
 * architecture that the build has is here. */
#ifndef KLFLOW_BACKEND_CPU_ISA_H
#define KLFLOW_BACKEND_CPU_ISA_H

typedef enum klf_isa {
    KLF_ISA_BASELINE, /* what the compiler targets by default */
    KLF_ISA_AVX2,     /* x86-64 with AVX2 and FMA */
    KLF_ISA_AVX512,   /* x86-64 with AVX-512 F, DQ, BW, VL as well */
} klf_isa;

klf_isa     klf_cpu_isa(void);
const char *klf_isa_name(klf_isa isa); /* "baseline", "AVX2", "AVX-512" */

/* The variants of a symbol, indexed by klf_isa; CMakeLists.txt compiles the same ones. */
#ifdef __x86_64__
#define KLF_BY_ISA(symbol)                                                                                                     \
    {                                                                                                                          \
        symbol##_baseline, symbol##_avx2, symbol##_avx512                                                                      \
    }
#define KLF_X86_ONLY(x) (x)
#else
#define KLF_BY_ISA(symbol)                                                                                                     \
    {                                                                                                                          \
        symbol##_baseline                                                                                                      \
    }
#define KLF_X86_ONLY(x) 0
#endif

/* In a file that is compiled once for each instruction set: the name of a symbol of this compilation. */
#define KLF_VARIANT_OF(symbol) KLF_PASTE_(symbol, KLF_VARIANT)
#define KLF_PASTE_(symbol, variant) KLF_PASTE__(symbol, variant)
#define KLF_PASTE__(symbol, variant) symbol##_##variant

#endif
