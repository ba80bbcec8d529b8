#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's work in NumPy, tuned: buffers allocated once, everything after the GEMM in place (z - mu first, for which the bias
is shifted once), x^T x through the SYRK that numpy.matmul takes for a product of a matrix and its own transpose. Protocol and
options: peer.py.
"""
import ctypes
import re

import numpy as np

import peer


class Lane:
    def __init__(self, network, chunk, seed):
        self.network, self.rng = network, np.random.default_rng(seed)
        dtype, widest = network.dtype, max(network.width)
        self.scale = dtype(np.sqrt(network.q0))
        self.buffer = [np.empty(chunk * widest, dtype) for _ in range(2)]
        self.gram = {n: np.empty((n, n), dtype) for n in set(network.width[:-1])}
        self.q = np.empty(chunk, dtype)
        self.ones = np.ones(chunk, dtype)
        self.shifted_bias = [b - mean for b, mean in zip(network.bias, network.mean)]

    def view(self, layer, rows):
        width = self.network.width[layer]
        return self.buffer[layer % 2][:rows * width].reshape(rows, width)

    def run(self, rows, gram, totals):
        net, q = self.network, self.q[:rows]
        phi = self.view(0, rows)
        self.rng.standard_normal(out=phi, dtype=net.dtype)
        phi *= self.scale
        np.tanh(phi, out=phi)
        for layer in range(net.depth):
            if layer:
                z = self.view(layer, rows)
                np.matmul(phi, net.weight[layer].T, out=z)
                z += self.shifted_bias[layer]
                np.einsum("ij,ij->i", z, z, out=q)
                z += net.mean[layer]
                phi = np.tanh(z, out=z)
            f = self.ones[:rows] @ phi
            product = None
            if gram and layer + 1 < net.depth:
                product = np.matmul(phi.T, phi, out=self.gram[net.width[layer]])
            with totals.lock[layer]:
                totals.f[layer] += f
                if layer:
                    totals.q[layer] += q.sum(dtype=np.float64), np.square(q, dtype=np.float64).sum()
                if product is not None:
                    totals.gram[layer] += product


def blas_version():
    """The OpenBLAS that this process has loaded and the kernels it chose, by asking the library itself."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = sorted(set(re.findall(r"\S*(?:openblas|libblas)\S*\.so\S*", maps.read())))
    for path in paths:
        library = ctypes.CDLL(path)
        for suffix in ("", "64_"):
            for prefix in ("", "scipy_"):
                config = getattr(library, f"{prefix}openblas_get_config{suffix}", None)
                name = getattr(library, f"{prefix}openblas_get_corename{suffix}", None)
                if config and name:
                    config.restype = name.restype = ctypes.c_char_p
                    return f"{config().decode().split(' NO')[0]} with {name().decode()} kernels"
    return ", ".join(paths) or "unknown"


if __name__ == "__main__":
    args = peer.options(__doc__, chunk=2048).parse_args()
    network = peer.Network(args.network, args.precision, args.q0)
    peer.serve(peer.ChunkedPeer(network, args, Lane), {"blas": blas_version()})
