/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels of cpu_openblas.c for one element type. No include guard: included once a type, with REAL, NAME, GEMM_NT and
 * SYRK_TN defined; undefines them at the end. */

static size_t NAME(padded_width)(size_t width)
{
    return width; /* no padding */
}

static size_t NAME(phi_bytes)(size_t width, size_t rows)
{
    return rows * width * sizeof(REAL);
}

static size_t NAME(weight_bytes)(size_t width, size_t fan_in)
{
    return width * fan_in * sizeof(REAL);
}

static size_t NAME(bias_bytes)(size_t width)
{
    return width * sizeof(REAL);
}

static size_t NAME(gram_bytes)(size_t width)
{
    return width * width * sizeof(REAL);
}

static void NAME(pack)(const klf_layer *source, klf_cpu_layer *layer)
{
    REAL *weight = layer->weight, *bias = layer->bias;
    for (size_t i = 0; i < source->width * source->fan_in; i++)
        weight[i] = NAME(weight)(layer->format, source->weight[i]);
    for (size_t j = 0; j < source->width; j++)
        bias[j] = (REAL)source->bias[j];
}

static void NAME(put_row)(void *phi, size_t width, size_t row, const double *x)
{
    for (size_t j = 0; j < width; j++)
        ((REAL *)phi)[row * width + j] = (REAL)x[j];
}

static void NAME(get_row)(const void *phi, size_t width, size_t row, double *x)
{
    for (size_t j = 0; j < width; j++)
        x[j] = (double)((const REAL *)phi)[row * width + j];
}

static void NAME(draw)(const klf_cpu_layer *layer, uint64_t seed, uint64_t first, size_t rows, float *normals, void *phi,
                       klf_cpu_sums *sums)
{
    const klf_cpu_element *e = element();
    sums->q_sum = sums->q_sum2 = 0;
    memset(sums->f, 0, layer->width * sizeof *sums->f);
    for (size_t row = 0; row < rows; row++) {
        klf_normals(seed, klf_subsequence(KLF_STREAM_SAMPLES, first + row), 0, layer->width, normals);
        REAL *target = (REAL *)phi + row * layer->width;
        e->NAME(activate)(layer->width, normals, layer->mean, sqrt(layer->var), target, sums->f);
        NAME(round_row)(layer->format, layer->width, target, sums->f);
    }
}

static void NAME(forward)(const klf_cpu_layer *layer, const void *in, size_t rows, void *phi, klf_cpu_sums *sums)
{
    const klf_cpu_element *e = element();
    size_t                 width = layer->width;
    sums->q_sum = sums->q_sum2 = 0;
    memset(sums->f, 0, width * sizeof *sums->f);
    for (size_t first = 0; first < rows; first += BLOCK_ROWS) {
        size_t n = rows - first < BLOCK_ROWS ? rows - first : BLOCK_ROWS;
        REAL  *block = (REAL *)phi + first * width;
        blas()->GEMM_NT(n, width, layer->fan_in, (const REAL *)in + first * layer->fan_in, layer->weight, block);
        for (size_t row = 0; row < n; row++) {
            REAL  *target = block + row * width;
            double excess = e->NAME(finish)(width, layer->bias, layer->mean, target, sums->f) - layer->shift;
            NAME(round_row)(layer->format, width, target, sums->f);
            sums->q_sum += excess;
            sums->q_sum2 += excess * excess;
        }
    }
}

static void NAME(gram)(const void *phi, size_t width, size_t rows, void *gram)
{
    blas()->SYRK_TN(width, rows, phi, gram);
}

static void NAME(gram_add)(const void *gram, size_t width, double *total)
{
    for (size_t j = 0; j < width; j++)
        for (size_t k = 0; k <= j; k++)
            *total++ += (double)((const REAL *)gram)[j * width + k];
}

#undef REAL
#undef NAME
#undef GEMM_NT
#undef SYRK_TN
