/* SPDX-License-Identifier: BSD-3-Clause */
/* The backend's context: the first visible device (CUDA_VISIBLE_DEVICES chooses), tested before any work. Whatever keeps it
 * from being used is said in one sentence, with the versions of the driver and of the runtime, and with what to do. */
#include "check.h"
#include "klflow/normal.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>

/* Of cuBLAS, a stream: what NVIDIA recommends for Hopper and later, and before it. */
enum { WORKSPACE_HOPPER = 32 << 20, WORKSPACE = 8 << 20 };

static const char device_0_advice[] = "use --backend cpu or auto, or run where there is one";

typedef struct version_text {
    char text[16];
} version_text;

static version_text version_of(int number)
{
    version_text v;
    snprintf(v.text, sizeof v.text, "%d.%d", number / 1000 % 1000, number % 1000 / 10);
    return v;
}

/* No driver, a stub of one, no device, or a driver that does not work: all mean that there is no GPU to be used. */
static klf_status find_device(int *driver, int *runtime)
{
    int         count = 0;
    cudaError_t error;
    *driver = *runtime = 0;
    cudaRuntimeGetVersion(runtime);
    if (cudaDriverGetVersion(driver) != cudaSuccess || *driver == 0)
        return klf_fail(KLF_ERR_DEVICE, "backend cuda: there is no NVIDIA driver (the CUDA runtime is %s); %s",
                        version_of(*runtime).text, device_0_advice);
    error = cudaGetDeviceCount(&count);
    if (error == cudaErrorInsufficientDriver) {
        cudaGetLastError();
        return klf_fail(
            KLF_ERR_DEVICE,
            "backend cuda: the NVIDIA driver supports CUDA %s, this build needs %s; update the driver, or take a build "
            "for an older CUDA",
            version_of(*driver).text, version_of(*runtime).text);
    }
    if (error == cudaErrorStubLibrary) {
        cudaGetLastError();
        return klf_fail(KLF_ERR_DEVICE,
                        "backend cuda: the CUDA driver library found is the toolkit's stub (driver %s, runtime %s); take its "
                        "folder out of LD_LIBRARY_PATH, or start the container with its GPU",
                        version_of(*driver).text, version_of(*runtime).text);
    }
    if (error != cudaSuccess || count <= 0) {
        cudaGetLastError();
        return klf_fail(KLF_ERR_DEVICE, "backend cuda: no usable GPU (%s; driver %s, runtime %s); %s",
                        error == cudaSuccess ? "none is visible" : cudaGetErrorName(error), version_of(*driver).text,
                        version_of(*runtime).text, device_0_advice);
    }
    return KLF_OK;
}

static klf_status check_architecture(const klf_context *ctx, const char *name, int driver, int runtime)
{
    if (klf_cuda_has_code_for(ctx->capability))
        return KLF_OK;
    return klf_fail(
        KLF_ERR_DEVICE,
        "backend cuda: %s has compute capability %d.%d, and this build has code for %s only (driver %s, runtime %s); "
        "build with -DKLFLOW_CUDA_ARCHITECTURES=%d",
        name, ctx->capability / 10, ctx->capability % 10, klf_cuda_binaries(), version_of(driver).text,
        version_of(runtime).text, ctx->capability);
}

/* What the kernel of self_test.cu must leave: the first 32 words are those of Philox4x32-10 for seed 42 (the first eight are
 * the ones that its documentation of ours gives), the rest the normals that they make, here by the CPU. */
static klf_status check_words(const uint32_t *words)
{
    static const uint32_t known[8] = {0x9ceaf053, 0x77f5493b, 0x12bf50ad, 0x5742b3d7,
                                      0xfcdb2127, 0x53ba6cfd, 0x838f5a6e, 0x744e06fb};
    enum { HALF = KLF_SELF_TEST_WORDS / 2 };
    bool right = true;
    for (int i = 0; i < 8; i++)
        right = right && words[i] == known[i];
    for (int i = 0; i < HALF; i += 2) {
        float n0, n1;
        klf_normal2(words[i], words[i + 1], &n0, &n1);
        right = right && words[HALF + i] == klf_float_bits(n0) && words[HALF + i + 1] == klf_float_bits(n1);
    }
    return right
               ? KLF_OK
               : klf_fail(KLF_ERR_DEVICE, "backend cuda: the self-test gave wrong numbers; the device or the binary's code for "
                                          "it is not to be trusted, use --backend cpu");
}

static klf_status self_test(klf_context *ctx)
{
    klf_status st = KLF_OK;
    uint32_t   words[KLF_SELF_TEST_WORDS] = {0};
    KLF_TRY(klf_cuda_self_test(ctx->stream, ctx->workspace));
    KLF_TRY(KLF_CUDA(cudaMemcpyAsync(words, ctx->workspace, sizeof words, cudaMemcpyDeviceToHost, ctx->stream)));
    KLF_TRY(KLF_CUDA(cudaStreamSynchronize(ctx->stream)));
    KLF_TRY(check_words(words));
done:
    return st;
}

static klf_status create_blas(klf_context *ctx)
{
    klf_status st = KLF_OK;
    KLF_TRY(KLF_BLAS(cublasLtCreate(&ctx->lt)));
    KLF_TRY(KLF_BLAS(cublasCreate(&ctx->blas)));
    KLF_TRY(KLF_BLAS(cublasSetStream(ctx->blas, ctx->stream))); /* resets the workspace, so it comes first */
    KLF_TRY(KLF_BLAS(cublasSetWorkspace(ctx->blas, ctx->workspace, ctx->workspace_bytes)));
    KLF_TRY(KLF_BLAS(cublasSetAtomicsMode(ctx->blas, CUBLAS_ATOMICS_NOT_ALLOWED)));
done:
    return st;
}

static klf_status read_device(klf_context *ctx, struct cudaDeviceProp *properties)
{
    klf_status st = KLF_OK;
    int        cache = 0;
    KLF_TRY(KLF_CUDA(cudaSetDevice(0)));
    KLF_TRY(KLF_CUDA(cudaGetDeviceProperties(properties, 0)));
    KLF_TRY(KLF_CUDA(cudaDeviceGetAttribute(&cache, cudaDevAttrL2CacheSize, 0)));
    KLF_TRY(KLF_CUDA(cudaDeviceGetAttribute(&ctx->multiprocessors, cudaDevAttrMultiProcessorCount, 0)));
    ctx->cache_bytes = (size_t)cache;
    ctx->capability = 10 * properties->major + properties->minor;
    ctx->workspace_bytes = ctx->capability >= 90 ? WORKSPACE_HOPPER : WORKSPACE;
done:
    return st;
}

static klf_status write_description(klf_context *ctx, const char *name, int driver, int runtime)
{
    klf_status st = KLF_OK;
    int        blas = 0;
    KLF_TRY(KLF_BLAS(cublasGetVersion(ctx->blas, &blas)));
    snprintf(ctx->description, sizeof ctx->description,
             "%.255s, compute capability %d.%d, %d multiprocessors, %.0f MB of cache; driver %s, runtime %s, cuBLAS %d.%d.%d; "
             "fp32 products "
             "without tensor cores, tf32 products of rounded inputs; environment: %s",
             name, ctx->capability / 10, ctx->capability % 10, ctx->multiprocessors, (double)ctx->cache_bytes * 0x1p-20,
             version_of(driver).text, version_of(runtime).text, blas / 10000, blas / 100 % 100, blas % 100,
             ctx->environment.text[0] ? ctx->environment.text : "nothing that changes products");
done:
    return st;
}

void klf_cuda_close(klf_context *ctx)
{
    if (!ctx)
        return;
    if (ctx->blas)
        cublasDestroy(ctx->blas);
    if (ctx->lt)
        cublasLtDestroy(ctx->lt);
    if (ctx->workspace)
        cudaFree(ctx->workspace);
    if (ctx->stream)
        cudaStreamDestroy(ctx->stream);
    if (ctx->has_mutex)
        pthread_mutex_destroy(&ctx->mutex);
    free(ctx);
}

/* What is taken here is a few MB, of whatever run: smaller chunks would not help. */
static klf_status fail_full(const klf_context *ctx)
{
    return klf_fail(
        KLF_ERR_MEMORY,
        "backend cuda: the device has no memory left, not even the %zu MB and what cuBLAS needs to start; other "
        "programs hold it (nvidia-smi lists them): wait for them, choose another device with CUDA_VISIBLE_DEVICES, or "
        "take --backend cpu",
        ctx->workspace_bytes >> 20);
}

klf_status klf_cuda_open(klf_context **out)
{
    klf_status            st = KLF_OK;
    int                   driver, runtime;
    struct cudaDeviceProp properties;
    klf_context          *ctx = NULL;
    *out = NULL;
    KLF_TRY(find_device(&driver, &runtime));
    if (!(ctx = calloc(1, sizeof *ctx))) {
        st = klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for %zu bytes", sizeof *ctx);
        goto done;
    }
    klf_cuda_environment_read(&ctx->environment);
    ctx->has_mutex = pthread_mutex_init(&ctx->mutex, NULL) == 0;
    KLF_TRY(read_device(ctx, &properties));
    KLF_TRY(check_architecture(ctx, properties.name, driver, runtime));
    KLF_TRY(KLF_CUDA(cudaStreamCreateWithFlags(&ctx->stream, cudaStreamNonBlocking)));
    KLF_TRY(KLF_CUDA(cudaMalloc(&ctx->workspace, ctx->workspace_bytes)));
    KLF_TRY(self_test(ctx));
    KLF_TRY(create_blas(ctx));
    KLF_TRY(write_description(ctx, properties.name, driver, runtime));
    *out = ctx;
    ctx = NULL;
done:
    if (st == KLF_ERR_MEMORY && ctx)
        st = fail_full(ctx);
    klf_cuda_close(ctx);
    return st;
}

const char *klf_cuda_describe(const klf_context *ctx)
{
    return ctx->description;
}

/* A sixteenth stays for what cuBLAS takes for each of its handles and the driver for code. */
double klf_cuda_memory_available(const klf_context *ctx)
{
    size_t available = 0, total = 0;
    (void)ctx;
    return cudaMemGetInfo(&available, &total) == cudaSuccess ? (double)(available - available / 16) : 0.0;
}
