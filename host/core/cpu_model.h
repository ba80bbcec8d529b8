/* SPDX-License-Identifier: BSD-3-Clause */
/* The name of this machine's CPU. */
#ifndef KLFLOW_CORE_CPU_MODEL_H
#define KLFLOW_CORE_CPU_MODEL_H

enum { KLF_CPU_MODEL_SIZE = 128 };

/* "model name" of the first processor in /proc/cpuinfo; "unknown" where that does not tell. */
void klf_cpu_model(char model[KLF_CPU_MODEL_SIZE]);

#endif
