/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests may ask of the emulated device, through the symbol klf_emulation_control of klflow-cuda-emulated.so. The settings
 * can also be made by environment variables, read when the module is loaded:
 *
 *   KLF_EMULATION_DEVICES=1             how many there are; 0 is a machine with a driver and no card
 *   KLF_EMULATION_DRIVER=13000          version of the driver; 0 is none
 *   KLF_EMULATION_CAPABILITY=8.0        compute capability
 *   KLF_EMULATION_MEMORY=4294967296     bytes of device memory
 *   KLF_EMULATION_L2=41943040           bytes of the second-level cache
 *   KLF_EMULATION_MULTIPROCESSORS=108
 *   KLF_EMULATION_SEED=0                order of threads, blocks and streams; 0 is the natural one, as late as possible
 *   KLF_EMULATION_REFUSE_EPILOGUE=0     1: cublasLt has no algorithm with a bias
 *   KLF_EMULATION_FAIL=cudaMalloc:3=2   the third call of cudaMalloc returns error 2; "launch", "gemm": as they run; several
 *                                       with commas
 *   KLF_EMULATION_STRICT=0              1: a program that ends with something not given back ends with status 70 */
#ifndef KLF_EMULATION_CONTROL_H
#define KLF_EMULATION_CONTROL_H

#include <stdint.h>

#define KLF_EMULATION_CONTROL_SYMBOL "klf_emulation_control"

typedef struct klf_emulation_control_table {
    /* Sets one of the above by its name in lower case, "seed" or "fail"; NULL: what the environment says. Forgets an error of
     * the device and starts counting calls anew. Returns 0 if there is no such name. */
    int (*set)(const char *name, const char *value);
    /* Objects not given back: allocations, streams, events, graphs, handles. `what` names the kinds, for messages. */
    int (*alive)(const char **what);
    /* How often a function of the runtime was called, by name; "launch" counts kernels that ran. */
    long (*calls)(const char *name);
    /* Most bytes of device memory that were taken at a time since the last call. */
    uint64_t (*peak_bytes)(void);
} klf_emulation_control_table;

#endif
