// SPDX-License-Identifier: BSD-3-Clause
// The one pass over a layer between two products: (z - mu)^2 of each sample, phi = tanh(z) rounded and stored for the next
// product, and the sums of both over tiles of rows (launchers.h has the reduction tree).
#include "element.h"
#include "tile.h"

// Rows whose loads are under way together.
enum { BATCH = 4 };

// Sum over a warp, the same on every lane; the order is that of a butterfly.
static __device__ inline double warp_sum(double value)
{
    for (int distance = KLF_WARP / 2; distance > 0; distance /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, distance);
    return value;
}

template <klf_precision PRECISION> static __global__ void pass_kernel(const klf_pass_args args)
{
    typedef typename klf_element<PRECISION>::real real;
    KLF_DYN_SHARED(real, square);            // [KLF_TILE_ROWS][threads]: of z - mu, each thread's columns
    __shared__ double excess[KLF_TILE_ROWS]; // q_s - shift

    const int    threads = static_cast<int>(blockDim.x), thread = static_cast<int>(threadIdx.x);
    const int    lane = thread % KLF_WARP, warp = thread / KLF_WARP, warps = threads / KLF_WARP;
    const size_t tiles = klf_device_tiles(args.rows);
    const real   mean = static_cast<real>(args.mean);
    for (size_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const size_t first = tile * KLF_TILE_ROWS;
        const int    rows = klf_rows_of_tile(args.rows, first);
        for (int row = 0; row < rows; row++)
            square[row * threads + thread] = 0;

        for (size_t column = 4 * threadIdx.x; column < args.stride; column += 4 * blockDim.x) {
            real f[4] = {0, 0, 0, 0}, bias[4] = {0, 0, 0, 0};
            if (args.bias)
                load4(static_cast<const real *>(args.bias) + column, bias);
            for (int batch = 0; batch < rows; batch += BATCH) {
                real z[BATCH][4];
                KLF_UNROLL
                for (int i = 0; i < BATCH; i++) { // the last row again rather than one too many
                    const int row = batch + i < rows ? batch + i : rows - 1;
                    load4(static_cast<const real *>(args.z) + (first + static_cast<size_t>(row)) * args.stride + column, z[i]);
                }
                KLF_UNROLL
                for (int i = 0; i < BATCH; i++) {
                    if (batch + i >= rows)
                        break;
                    const size_t at = (first + static_cast<size_t>(batch + i)) * args.stride + column;
                    real         sum = 0;
                    KLF_UNROLL
                    for (int j = 0; j < 4; j++) {
                        const real pre = z[i][j] + bias[j], d = pre - mean;
                        sum += column + static_cast<size_t>(j) < args.width ? d * d : real(0);
                        z[i][j] = hyperbolic_tangent(pre); // 0 in the padding, where pre is 0
                    }
                    square[(batch + i) * threads + thread] += sum;
                    klf_element<PRECISION>::put4(args.phi, args.phi_lower, at, z[i]);
                    KLF_UNROLL
                    for (int j = 0; j < 4; j++)
                        f[j] += z[i][j];
                }
            }
            store4(static_cast<real *>(args.f_tiles) + tile * args.stride + column, f);
        }

        __syncthreads();
        for (int row = warp; row < rows; row += warps) {
            double sum = 0;
            for (int t = lane; t < threads; t += KLF_WARP)
                sum += static_cast<double>(square[row * threads + t]);
            sum = warp_sum(sum);
            if (lane == 0)
                excess[row] = sum - args.shift;
        }
        __syncthreads();
        if (thread == 0) {
            double sum = 0, sum2 = 0;
            for (int row = 0; row < rows; row++) {
                sum += excess[row];
                sum2 += excess[row] * excess[row];
            }
            args.q_tiles[2 * tile] = sum;
            args.q_tiles[2 * tile + 1] = sum2;
        }
    }
}

template <klf_precision PRECISION> static klf_status pass(cudaStream_t stream, const klf_pass_args *args)
{
    const unsigned threads = klf_tile_threads(args->stride);
    const size_t   shared_bytes = KLF_TILE_ROWS * threads * sizeof(typename klf_element<PRECISION>::real);
    KLF_LAUNCH((pass_kernel<PRECISION>), klf_blocks(klf_tiles(args->rows), 1), threads, shared_bytes, stream, *args);
    return KLF_OK;
}

// Floor: z read and phi written once: 16, 8 + 4 (tf32x3), 8 or 4 + 2 bytes an element, and a sixteenth of the former for f.
// In the second-level cache if the chunk is as chunk.c makes it. A layer takes three launches (product, pass, collect), two
// more with its second moment (product, gram_sum), and one more for each product that a split adds.
extern "C" klf_status klf_cuda_pass(cudaStream_t stream, klf_precision precision, const klf_pass_args *args)
{
    KLF_FOR_PRECISION(precision, pass, stream, args)
}
