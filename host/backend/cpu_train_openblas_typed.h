/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernels of cpu_train_openblas.c for one element type. No include guard: included once a type, with REAL, NAME and GEMM
 * defined; undefines them at the end. */

static size_t NAME(phi_bytes)(size_t width, size_t max_rows)
{
    return width * max_rows * sizeof(REAL);
}

static size_t NAME(delta_bytes)(size_t width, size_t max_rows)
{
    return width * max_rows * sizeof(REAL);
}

static size_t NAME(weight_bytes)(size_t width, size_t fan_in)
{
    return width * fan_in * sizeof(REAL);
}

static size_t NAME(bias_bytes)(size_t width)
{
    return width * sizeof(REAL);
}

static void NAME(pack)(const klf_layer *source, void *weight, void *bias)
{
    for (size_t i = 0; i < source->width * source->fan_in; i++)
        ((REAL *)weight)[i] = (REAL)source->weight[i];
    for (size_t j = 0; j < source->width; j++)
        ((REAL *)bias)[j] = (REAL)source->bias[j];
}

static void NAME(unpack)(const void *weight, const void *bias, klf_layer *target)
{
    for (size_t i = 0; i < target->width * target->fan_in; i++)
        target->weight[i] = (double)((const REAL *)weight)[i];
    for (size_t j = 0; j < target->width; j++)
        target->bias[j] = (double)((const REAL *)bias)[j];
}

static void NAME(put_row)(void *phi, size_t width, size_t max_rows, size_t row, const float *x)
{
    (void)max_rows;
    for (size_t j = 0; j < width; j++)
        ((REAL *)phi)[row * width + j] = (REAL)x[j];
}

static void NAME(get_row)(const void *phi, size_t width, size_t max_rows, size_t row, double *x)
{
    (void)max_rows;
    for (size_t j = 0; j < width; j++)
        x[j] = (double)((const REAL *)phi)[row * width + j];
}

static void NAME(put_delta)(void *delta, size_t width, size_t max_rows, size_t row, const double *x)
{
    (void)max_rows;
    for (size_t j = 0; j < width; j++)
        ((REAL *)delta)[row * width + j] = (REAL)x[j];
}

static void NAME(forward)(const klf_cpu_map *map, const void *in, size_t rows, size_t part, size_t parts)
{
    const size_t width = map->width, fan_in = map->fan_in, step = block_columns(width);
    for (size_t j = part * step; j < width; j += parts * step) {
        const size_t n = columns_of(width, j);
        REAL        *phi = (REAL *)map->phi + j;
        blas()->GEMM(KLF_BLAS_PLAIN, KLF_BLAS_TRANSPOSED, rows, n, fan_in, in, fan_in, (const REAL *)map->weight + j * fan_in,
                     fan_in, 0, phi, width);
        for (size_t row = 0; row < rows; row++)
            element()->NAME(output)(n, (const REAL *)map->bias + j, phi + row * width);
    }
}

static void NAME(step_bias)(const klf_cpu_map *map, const klf_sgd *sgd, const REAL *delta, size_t rows)
{
    REAL      *velocity = map->bias_velocity;
    const REAL momentum = (REAL)sgd->momentum;
    for (size_t j = 0; j < map->width; j++) {
        REAL sum = 0;
        for (size_t row = 0; row < rows; row++)
            sum += delta[row * map->width + j];
        velocity[j] = momentum * velocity[j] + sum;
    }
    element()->NAME(step)(map->width, sgd->learning_rate, sgd->weight_decay, velocity, map->bias);
}

static void NAME(backward)(const klf_cpu_map *map, const klf_sgd *sgd, const void *in, const void *delta, void *below,
                           size_t rows, size_t part, size_t parts)
{
    const size_t width = map->width, fan_in = map->fan_in, step = block_columns(fan_in);
    for (size_t k = part * step; k < fan_in; k += parts * step) {
        const size_t n = columns_of(fan_in, k);
        const REAL  *phi = (const REAL *)in + k;
        REAL        *weight = (REAL *)map->weight + k, *velocity = (REAL *)map->weight_velocity + k;
        if (below) {
            REAL *target = (REAL *)below + k;
            blas()->GEMM(KLF_BLAS_PLAIN, KLF_BLAS_PLAIN, rows, n, width, delta, width, weight, fan_in, 0, target, fan_in);
            for (size_t row = 0; row < rows; row++)
                element()->NAME(slope)(n, phi + row * fan_in, target + row * fan_in);
        }
        blas()->GEMM(KLF_BLAS_TRANSPOSED, KLF_BLAS_PLAIN, width, n, rows, delta, width, phi, fan_in, (REAL)sgd->momentum,
                     velocity, fan_in);
        for (size_t j = 0; j < width; j++)
            element()->NAME(step)(n, sgd->learning_rate, sgd->weight_decay, velocity + j * fan_in, weight + j * fan_in);
    }
    if (part == parts - 1)
        NAME(step_bias)(map, sgd, delta, rows);
}

#undef REAL
#undef NAME
#undef GEMM
