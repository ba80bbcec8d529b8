/* SPDX-License-Identifier: BSD-3-Clause */
/* The products of a layer, z = W phi + b, by cuBLASLt.
 *
 * Every product is row-major [rows][stride] for us and column-major for cuBLAS: z (stride x rows) = W^T (stride_in x stride,
 * transposed) phi (stride_in x rows). The algorithm is what the library's heuristic names first for the shape, chosen once,
 * when a lane is made, and again for the last chunk, which may be shorter. The bias rides on the last product where cuBLASLt
 * offers that for the type; elsewhere the pass adds it.
 *
 * Split weights and activations make a product of each pair of parts but the two lower ones, the smallest first. */
#include "check.h"
#include "state.h"

#include <stdlib.h>

const klf_cuda_types *klf_cuda_types_of(klf_precision precision)
{
    static const klf_cuda_types types[] = {
        [KLF_FP64] = {"fp64", 8, 8, CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F, false, false, 1.0},
        [KLF_FP32] = {"fp32", 4, 4, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC, false, false, 1.0},
        [KLF_TF32X3] = {"tf32x3", 4, 4, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, true, true, 1.0},
        [KLF_TF32] = {"tf32", 4, 4, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, true, false, 1.0},
        [KLF_FP16] = {"fp16", 2, 4, CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F, true, false, 0x1p-11},
        [KLF_BF16] = {"bf16", 2, 4, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, true, false, 1.0},
    };
    return &types[precision];
}

/* Scalars of a product in the type that its precision wants. */
typedef union scalar {
    double as_double;
    float  as_float;
} scalar;

static scalar scalar_of(const klf_model *model, double value)
{
    scalar s;
    if (model->types->out == CUDA_R_64F)
        s.as_double = value;
    else
        s.as_float = (float)value;
    return s;
}

struct klf_cuda_product {
    size_t                 stride, stride_in;
    bool                   adds, bias; /* to what z holds; the epilogue */
    cublasLtMatmulDesc_t   description;
    cublasLtMatrixLayout_t weight, phi, z;
    cublasLtMatmulAlgo_t   algorithm;
};

static void product_release(klf_cuda_product *p)
{
    if (p->description)
        cublasLtMatmulDescDestroy(p->description);
    if (p->weight)
        cublasLtMatrixLayoutDestroy(p->weight);
    if (p->phi)
        cublasLtMatrixLayoutDestroy(p->phi);
    if (p->z)
        cublasLtMatrixLayoutDestroy(p->z);
    *p = (klf_cuda_product){0};
}

/* Asks for an algorithm; *found is false where the library has none for this product. */
static klf_status find_algorithm(klf_lane *lane, klf_cuda_product *p, bool *found)
{
    klf_status                      st = KLF_OK;
    cublasLtMatmulPreference_t      preference = NULL;
    cublasLtMatmulHeuristicResult_t result;
    int                             count = 0;
    *found = false;
    KLF_TRY(KLF_BLAS(cublasLtMatmulPreferenceCreate(&preference)));
    KLF_TRY(KLF_BLAS(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                          &lane->model->ctx->workspace_bytes,
                                                          sizeof lane->model->ctx->workspace_bytes)));
    cublasStatus_t answer = cublasLtMatmulAlgoGetHeuristic(lane->model->ctx->lt, p->description, p->weight, p->phi, p->z, p->z,
                                                           preference, 1, &result, &count);
    if (answer == CUBLAS_STATUS_NOT_SUPPORTED || answer == CUBLAS_STATUS_INVALID_VALUE || /* documented for both */
        (answer == CUBLAS_STATUS_SUCCESS && count == 0))
        goto done;
    KLF_TRY(klf_cublas_check(answer, "cublasLtMatmulAlgoGetHeuristic", __FILE__, __LINE__));
    KLF_TRY(KLF_BLAS(result.state));
    p->algorithm = result.algo;
    *found = true;
done:
    if (preference)
        cublasLtMatmulPreferenceDestroy(preference);
    return st;
}

/* p->stride, stride_in, adds and bias say what is wanted.  example: a layer's bias, for its alignment. */
static klf_status product_create(klf_lane *lane, size_t rows, const void *example, klf_cuda_product *p, bool *found)
{
    klf_status               st = KLF_OK;
    const klf_cuda_types    *types = lane->model->types;
    const cublasOperation_t  transposed = CUBLAS_OP_T;
    const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
    KLF_TRY(KLF_BLAS(cublasLtMatmulDescCreate(&p->description, types->compute, types->out)));
    KLF_TRY(
        KLF_BLAS(cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed)));
    if (p->bias) {
        KLF_TRY(KLF_BLAS(
            cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue)));
        KLF_TRY(KLF_BLAS(
            cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &example, sizeof example)));
    }
    KLF_TRY(KLF_BLAS(cublasLtMatrixLayoutCreate(&p->weight, types->in, p->stride_in, p->stride, (int64_t)p->stride_in)));
    KLF_TRY(KLF_BLAS(cublasLtMatrixLayoutCreate(&p->phi, types->in, p->stride_in, rows, (int64_t)p->stride_in)));
    KLF_TRY(KLF_BLAS(cublasLtMatrixLayoutCreate(&p->z, types->out, p->stride, rows, (int64_t)p->stride)));
    KLF_TRY(find_algorithm(lane, p, found));
done:
    if (st != KLF_OK || !*found)
        product_release(p);
    return st;
}

/* The product among those made so far, else a new one. */
static klf_status product_get(klf_lane *lane, klf_cuda_products *all, const klf_cuda_product *wanted, const void *example,
                              size_t *index, bool *found)
{
    for (size_t i = 0; i < all->count; i++) {
        const klf_cuda_product *p = &all->product[i];
        if (p->stride == wanted->stride && p->stride_in == wanted->stride_in && p->adds == wanted->adds &&
            p->bias == wanted->bias) {
            *index = i;
            *found = true;
            return KLF_OK;
        }
    }
    *index = all->count;
    all->product[all->count] = *wanted;
    klf_status st = product_create(lane, all->rows, example, &all->product[all->count], found);
    if (st == KLF_OK && *found)
        all->count++;
    return st;
}

/* Which products a layer takes: lower x upper parts first, upper x upper last, the bias with it. */
static klf_status plan_layer(klf_lane *lane, klf_cuda_products *all, size_t l)
{
    const klf_model        *model = lane->model;
    const klf_cuda_layer   *layer = &model->layer[l];
    struct klf_cuda_recipe *recipe = &all->recipe[l];
    klf_status              st = KLF_OK;
    klf_cuda_product        wanted = {.stride = layer->stride, .stride_in = model->layer[l - 1].stride};
    bool                    found = false;
    if (layer->two_parts)
        recipe->step[recipe->count++].lower_weight = true;
    if (model->types->splits_phi)
        recipe->step[recipe->count++].lower_phi = true;
    recipe->count++;
    for (int i = 0; i < recipe->count; i++) {
        wanted.adds = i > 0;
        wanted.bias = i == recipe->count - 1;
        KLF_TRY(product_get(lane, all, &wanted, layer->bias, &recipe->step[i].product, &found));
        if (!found && wanted.bias) {
            recipe->bias_in_pass = true;
            wanted.bias = false;
            KLF_TRY(product_get(lane, all, &wanted, NULL, &recipe->step[i].product, &found));
        }
        if (!found)
            return klf_fail(
                KLF_ERR_DEVICE,
                "backend cuda: cuBLASLt has no algorithm for a %s product of %zu x %zu and %zu samples on this device; "
                "take another --precision",
                model->types->name, wanted.stride, wanted.stride_in, all->rows);
    }
done:
    return st;
}

void klf_cuda_products_destroy(klf_cuda_products *products)
{
    for (size_t i = 0; i < products->count; i++)
        product_release(&products->product[i]);
    free(products->product);
    free(products->recipe);
    *products = (klf_cuda_products){0};
}

klf_status klf_cuda_products_create(klf_lane *lane, size_t rows, klf_cuda_products *out)
{
    const klf_model *model = lane->model;
    klf_status       st = KLF_OK;
    *out = (klf_cuda_products){.rows = rows};
    out->product = calloc(4 * model->depth, sizeof *out->product); /* each step of a layer, and the one tried in vain */
    out->recipe = calloc(model->depth, sizeof *out->recipe);
    if (!out->product || !out->recipe)
        st = klf_fail(KLF_ERR_MEMORY, "backend cuda: no memory for the products of %zu layers", model->depth);
    for (size_t l = model->spec.reference_layer + 1; st == KLF_OK && l < model->depth; l++)
        st = plan_layer(lane, out, l);
    if (st != KLF_OK)
        klf_cuda_products_destroy(out);
    return st;
}

klf_status klf_cuda_multiply(klf_lane *lane, const klf_cuda_products *products, size_t l)
{
    const klf_model              *model = lane->model;
    const klf_cuda_layer         *layer = &model->layer[l];
    const struct klf_cuda_recipe *recipe = &products->recipe[l];
    klf_status                    st = KLF_OK;
    for (int i = 0; i < recipe->count; i++) {
        const struct klf_cuda_step *step = &recipe->step[i];
        const klf_cuda_product     *p = &products->product[step->product];
        const scalar                alpha = scalar_of(model, step->lower_weight ? model->types->lower_scale : 1.0);
        const scalar                beta = scalar_of(model, p->adds ? 1.0 : 0.0);
        if (p->bias)
            KLF_TRY(KLF_BLAS(cublasLtMatmulDescSetAttribute(p->description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &layer->bias,
                                                            sizeof layer->bias)));
        KLF_TRY(
            KLF_BLAS(cublasLtMatmul(model->ctx->lt, p->description, &alpha, step->lower_weight ? layer->lower : layer->weight,
                                    p->weight, step->lower_phi ? lane->phi_lower : lane->phi, p->phi, &beta, lane->z, p->z,
                                    lane->z, p->z, &p->algorithm, lane->workspace, model->ctx->workspace_bytes, lane->stream)));
    }
done:
    return st;
}
