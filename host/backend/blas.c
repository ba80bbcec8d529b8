/* SPDX-License-Identifier: BSD-3-Clause */
/* OpenBLAS through dlopen. */
#define _GNU_SOURCE /* dladdr */
#include "backend/blas.h"
#include "backend/cpu_isa.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cblas.h is not needed to build klflow, so its numbers are repeated here. */
enum { ROW_MAJOR = 101, NO_TRANSPOSE = KLF_BLAS_PLAIN, TRANSPOSE = KLF_BLAS_TRANSPOSED, LOWER = 122 };

typedef void gemm_f32(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
typedef void gemm_f64(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
typedef void syrk_f32(int, int, int, int, int, float, const float *, int, float, float *, int);
typedef void syrk_f64(int, int, int, int, int, double, const double *, int, double, double *, int);

static const char soname[] = "libopenblas.so.0";

static struct {
    gemm_f32 *sgemm;
    gemm_f64 *dgemm;
    syrk_f32 *ssyrk;
    syrk_f64 *dsyrk;
    char      description[512];
} library;

static void sgemm_nt(size_t m, size_t n, size_t k, const float *a, const float *b, float *c)
{
    library.sgemm(ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, (int)m, (int)n, (int)k, 1.0F, a, (int)k, b, (int)k, 0.0F, c, (int)n);
}

static void dgemm_nt(size_t m, size_t n, size_t k, const double *a, const double *b, double *c)
{
    library.dgemm(ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, (int)m, (int)n, (int)k, 1.0, a, (int)k, b, (int)k, 0.0, c, (int)n);
}

static void sgemm(klf_blas_op a_op, klf_blas_op b_op, size_t m, size_t n, size_t k, const float *a, size_t a_ld, const float *b,
                  size_t b_ld, float beta, float *c, size_t c_ld)
{
    library.sgemm(ROW_MAJOR, (int)a_op, (int)b_op, (int)m, (int)n, (int)k, 1.0F, a, (int)a_ld, b, (int)b_ld, beta, c,
                  (int)c_ld);
}

static void dgemm(klf_blas_op a_op, klf_blas_op b_op, size_t m, size_t n, size_t k, const double *a, size_t a_ld,
                  const double *b, size_t b_ld, double beta, double *c, size_t c_ld)
{
    library.dgemm(ROW_MAJOR, (int)a_op, (int)b_op, (int)m, (int)n, (int)k, 1.0, a, (int)a_ld, b, (int)b_ld, beta, c, (int)c_ld);
}

static void ssyrk_tn(size_t n, size_t k, const float *a, float *c)
{
    library.ssyrk(ROW_MAJOR, LOWER, TRANSPOSE, (int)n, (int)k, 1.0F, a, (int)n, 0.0F, c, (int)n);
}

static void dsyrk_tn(size_t n, size_t k, const double *a, double *c)
{
    library.dsyrk(ROW_MAJOR, LOWER, TRANSPOSE, (int)n, (int)k, 1.0, a, (int)n, 0.0, c, (int)n);
}

/* Sets a variable for the time of loading, unless the user has; returns whether it did. */
static bool lend(const char *name, const char *value)
{
    return !getenv(name) && setenv(name, value, 0) == 0;
}

/* OpenBLAS 0.3.21 knows no CPU with AVX-512 that is younger than itself (Sapphire Rapids, Zen 4, Zen 5) and falls back to
 * kernels for AVX2 or even SSE3. SKYLAKEX is right for every CPU with AVX-512. One thread: klflow's workers are the threads. */
static void *load(bool *chose_core)
{
    bool threads = lend("OPENBLAS_NUM_THREADS", "1");
    *chose_core = klf_cpu_isa() == KLF_ISA_AVX512 && lend("OPENBLAS_CORETYPE", "SKYLAKEX");
    void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    if (threads)
        unsetenv("OPENBLAS_NUM_THREADS");
    if (*chose_core)
        unsetenv("OPENBLAS_CORETYPE");
    return handle;
}

/* POSIX lets dlsym's result be a function; ISO C wants the detour. */
static bool find(void *handle, const char *name, void *function_pointer)
{
    void *symbol = dlsym(handle, name);
    memcpy(function_pointer, &symbol, sizeof symbol);
    return symbol != NULL;
}

static void describe(void *handle, bool chose_core)
{
    Dl_info file;
    char *(*config)(void), *(*core)(void);
    void       *symbol = dlsym(handle, "cblas_sgemm");
    char       *path = dladdr(symbol, &file) ? realpath(file.dli_fname, NULL) : NULL;
    const char *version = find(handle, "openblas_get_config", &config) ? config() : "OpenBLAS"; /* "OpenBLAS 0.3.21 ..." */
    size_t      name = strcspn(version, " "), number = strcspn(version + name + (version[name] != '\0'), " ");
    snprintf(library.description, sizeof library.description, "%.*s (%s), %s kernels chosen by %s", (int)(name + 1 + number),
             version, path ? path : soname, find(handle, "openblas_get_corename", &core) ? core() : "unknown",
             chose_core                    ? "klflow for a CPU with AVX-512"
             : getenv("OPENBLAS_CORETYPE") ? "OPENBLAS_CORETYPE"
                                           : "itself");
    free(path);
}

static klf_status open_library(void)
{
    bool chose_core;
    void (*set_threads)(int);
    void *handle = load(&chose_core);
    if (!handle)
        return klf_fail(KLF_ERR_DEVICE, "OpenBLAS cannot be loaded (%s); on Debian: apt-get install libopenblas0-serial",
                        dlerror());
    if (!find(handle, "cblas_sgemm", &library.sgemm) || !find(handle, "cblas_dgemm", &library.dgemm) ||
        !find(handle, "cblas_ssyrk", &library.ssyrk) || !find(handle, "cblas_dsyrk", &library.dsyrk)) {
        dlclose(handle);
        return klf_fail(KLF_ERR_DEVICE, "%s has no CBLAS interface; on Debian: apt-get install libopenblas0-serial", soname);
    }
    if (find(handle, "openblas_set_num_threads", &set_threads)) /* the user may have asked for more */
        set_threads(1);
    describe(handle, chose_core);
    return KLF_OK;
}

klf_status klf_blas_open(const klf_blas **out)
{
    static const klf_blas blas = {sgemm_nt, dgemm_nt, sgemm, dgemm, ssyrk_tn, dsyrk_tn, library.description};
    static bool           is_open;
    klf_status            st = KLF_OK;
#pragma omp critical(klf_blas)
    if (!is_open) {
        st = open_library();
        is_open = st == KLF_OK;
    }
    *out = st == KLF_OK ? &blas : NULL;
    return st;
}
