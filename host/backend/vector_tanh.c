/* SPDX-License-Identifier: BSD-3-Clause */
/* libmvec's tanh of a whole vector, looked for when the program starts: glibc has it since 2.35, and a program that is linked
 * to it does not start on an older one. Only in builds with KLFLOW_LIBMVEC=load, and once for each length of vector: the
 * functions have the names that the compiler calls. Where libmvec lacks them, tanh is called element by element. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

typedef float  vec_f32 __attribute__((vector_size(KLF_VECTOR_BYTES)));
typedef double vec_f64 __attribute__((vector_size(KLF_VECTOR_BYTES)));

#if KLF_VECTOR_BYTES == 64
#define TANH_F32 _ZGVeN16v_tanhf
#define TANH_F64 _ZGVeN8v_tanh
#elif KLF_VECTOR_BYTES == 32
#define TANH_F32 _ZGVdN8v_tanhf
#define TANH_F64 _ZGVdN4v_tanh
#else
#define TANH_F32 _ZGVbN4v_tanhf
#define TANH_F64 _ZGVbN2v_tanh
#endif
#define STRING_OF(x) #x
#define NAME_OF(x) STRING_OF(x)

vec_f32 TANH_F32(vec_f32 x);
vec_f64 TANH_F64(vec_f64 x);

static vec_f32 one_by_one_f32(vec_f32 x)
{
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        x[i] = tanhf(x[i]);
    return x;
}

static vec_f64 one_by_one_f64(vec_f64 x)
{
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++)
        x[i] = tanh(x[i]);
    return x;
}

static vec_f32 (*chosen_f32)(vec_f32) = one_by_one_f32;
static vec_f64 (*chosen_f64)(vec_f64) = one_by_one_f64;

__attribute__((constructor)) static void choose(void)
{
    void *library = dlopen("libmvec.so.1", RTLD_NOW | RTLD_LOCAL);
    void *f32 = library != NULL ? dlsym(library, NAME_OF(TANH_F32)) : NULL;
    void *f64 = library != NULL ? dlsym(library, NAME_OF(TANH_F64)) : NULL;
    if (f32 != NULL && f64 != NULL) {
        memcpy(&chosen_f32, &f32, sizeof f32);
        memcpy(&chosen_f64, &f64, sizeof f64);
    }
}

vec_f32 TANH_F32(vec_f32 x)
{
    return chosen_f32(x);
}

vec_f64 TANH_F64(vec_f64 x)
{
    return chosen_f64(x);
}
