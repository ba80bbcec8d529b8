// SPDX-License-Identifier: BSD-3-Clause
// The second level of the sums over samples: the tiles of a chunk, in double and in a fixed order, are added to the totals.
#include "element.h"
#include "tile.h"

// A block sums 32 columns: up to MOST_PARTS threads a column, a power of two, share the tiles, each an unbroken run of them, then
// one adds their sums.
enum { COLUMNS = 32, MOST_PARTS = 16, MOST_THREADS = COLUMNS * MOST_PARTS, TILES_OF_PART = 4 };

// The last block takes q instead: its threads stride over the tiles, and a tree adds what they found.
static __device__ void collect_q(const klf_collect_args &args)
{
    __shared__ double sums[2][MOST_THREADS];
    const unsigned    thread = threadIdx.x;
    double            sum = 0, sum2 = 0;
    for (size_t tile = thread; tile < args.tiles; tile += blockDim.x) {
        sum += args.q_tiles[2 * tile];
        sum2 += args.q_tiles[2 * tile + 1];
    }
    sums[0][thread] = sum;
    sums[1][thread] = sum2;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) {
            sums[0][thread] += sums[0][thread + half];
            sums[1][thread] += sums[1][thread + half];
        }
    }
    if (thread == 0) {
        args.q[0] += sums[0][0];
        args.q[1] += sums[1][0];
    }
}

template <typename real> static __device__ void collect_f(const klf_collect_args &args, size_t group)
{
    __shared__ double sums[MOST_PARTS][COLUMNS];
    const unsigned    parts = blockDim.x / COLUMNS, part = threadIdx.x / COLUMNS, within = threadIdx.x % COLUMNS;
    const size_t      column = group * COLUMNS + within;
    const size_t      begin = args.tiles * part / parts, end = args.tiles * (part + 1) / parts;
    const real       *tiles = static_cast<const real *>(args.f_tiles);
    double            sum = 0;
    if (column < args.stride) {
        for (size_t tile = begin; tile < end; tile++)
            sum += static_cast<double>(tiles[tile * args.stride + column]);
    }
    sums[part][within] = sum;
    __syncthreads();
    if (part == 0 && column < args.stride) {
        double chunk = 0;
        for (unsigned i = 0; i < parts; i++)
            chunk += sums[i][within];
        args.f[column] += chunk;
    }
    __syncthreads(); // before the next group overwrites
}

template <typename real> static __global__ void collect_kernel(const klf_collect_args args)
{
    const size_t groups = (args.stride + COLUMNS - 1) / COLUMNS, jobs = groups + (args.q_tiles ? 1 : 0);
    for (size_t job = blockIdx.x; job < jobs; job += gridDim.x) {
        if (job < groups)
            collect_f<real>(args, job);
        else
            collect_q(args);
    }
}

// Floor: f_tiles read once, a sixteenth of z; too little to matter but for the launch.
extern "C" klf_status klf_cuda_collect(cudaStream_t stream, klf_precision precision, const klf_collect_args *args)
{
    const unsigned blocks = klf_blocks(args->stride + (args->q_tiles ? COLUMNS : 0), COLUMNS);
    unsigned       parts = 1;
    while (parts < MOST_PARTS && parts * TILES_OF_PART < args->tiles)
        parts *= 2;
    if (precision == KLF_FP64)
        KLF_LAUNCH((collect_kernel<double>), blocks, parts * COLUMNS, 0, stream, *args);
    else
        KLF_LAUNCH((collect_kernel<float>), blocks, parts * COLUMNS, 0, stream, *args);
    return KLF_OK;
}
