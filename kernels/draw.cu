// SPDX-License-Identifier: BSD-3-Clause
// Samples of the reference layer, activated: words from cuRAND's Philox keyed as klflow/rng.h says, normals by klf_normal2, so
// that both have the CPU's bits whatever the grid.
#include "element.h"
#include "philox.h"
#include "tile.h"

static __global__ void set_first_kernel(uint64_t first, uint64_t *first_sample)
{
    *first_sample = first;
}

// One Philox block makes the four normals of the four neighbouring neurons of a thread.
template <klf_precision PRECISION> static __global__ void draw_kernel(const klf_draw_args args)
{
    typedef typename klf_element<PRECISION>::real real;
    const size_t   tiles = klf_device_tiles(args.rows);
    const uint64_t sample = args.subsequence + *args.first_sample;
    const real     mean = static_cast<real>(args.mean), sd = static_cast<real>(args.sd);
    for (size_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
        const size_t first = tile * KLF_TILE_ROWS;
        const int    rows = klf_rows_of_tile(args.rows, first);
        for (size_t column = 4 * threadIdx.x; column < args.stride; column += 4 * blockDim.x) {
            real f[4] = {0, 0, 0, 0};
            for (int row = 0; row < rows; row++) {
                const size_t at = (first + static_cast<size_t>(row)) * args.stride + column;
                float        normal[4];
                real         phi[4];
                klf_device_normals(args.seed, sample + first + static_cast<size_t>(row), column / 4, normal);
                KLF_UNROLL
                for (int i = 0; i < 4; i++) {
                    const real z = multiply_add(sd, static_cast<real>(normal[i]), mean);
                    phi[i] = column + static_cast<size_t>(i) < args.width ? hyperbolic_tangent(z) : real(0);
                }
                klf_element<PRECISION>::put4(args.phi, args.phi_lower, at, phi);
                KLF_UNROLL
                for (int i = 0; i < 4; i++)
                    f[i] += phi[i];
            }
            store4(static_cast<real *>(args.f_tiles) + tile * args.stride + column, f);
        }
    }
}

template <klf_precision PRECISION> static klf_status draw(cudaStream_t stream, const klf_draw_args *args)
{
    KLF_LAUNCH((draw_kernel<PRECISION>), klf_blocks(klf_tiles(args->rows), 1), klf_tile_threads(args->stride), 0, stream,
               *args);
    return KLF_OK;
}

extern "C" klf_status klf_cuda_set_first(cudaStream_t stream, uint64_t first, uint64_t *first_sample)
{
    KLF_LAUNCH(set_first_kernel, 1, 1, 0, stream, first, first_sample);
    return KLF_OK;
}

// Floor: phi is written once, phi bytes an element; some 60 instructions an element make it bound by arithmetic, not memory.
// One layer of many.
extern "C" klf_status klf_cuda_draw(cudaStream_t stream, klf_precision precision, const klf_draw_args *args)
{
    KLF_FOR_PRECISION(precision, draw, stream, args)
}
