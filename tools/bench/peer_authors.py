#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's work the way the paper describes it (section 3.2 and appendix B): Python loops over samples, over the neurons j
of (B.6) and over the pairs j, k of (B.7). Written from that description; no code of the authors is used. Their Q always comes from
f_jk (3.34), so "direct" and "gram" are the same work here. Protocol and options: peer.py; n is meant to be about 1000.

The loops take minutes. Unless --full is given, --budget seconds are shared out: the first rows of every layer's f_jk (and as many
f_j) are run and the time of all of them is extrapolated; the answer then has "extrapolated": true and the number of pairs that
were run. The loops over samples are always run to their end. The checksum comes from NumPy's matrix products on the same samples,
and the f_jk of the loops are compared with those.
"""
import time

import numpy as np

import peer


class Authors:
    def __init__(self, network, options):
        self.network, self.full, self.budget = network, options.full, options.budget
        self.rng = np.random.default_rng(options.seed)

    def facts(self):
        return {"chunk": None, "workers": 1, "extrapolated": not self.full}

    def forward(self, z, layer):
        """One sample at a time, as (B.8) is written."""
        w, b = self.network.weight[layer], self.network.bias[layer]
        return np.array([w @ phi + b for phi in np.tanh(z)])

    def loops(self, phi, share):
        """f_j and the first `share` of the rows of f_jk, pair by pair; returns the rows, their number and the seconds."""
        n, width = phi.shape
        start = time.perf_counter()
        f = [sum(phi[s, j] for s in range(n)) / n for j in range(max(1, int(share * width)))]
        seconds_f = (time.perf_counter() - start) * width / len(f)
        rows = max(1, int(share * width))
        f_jk = np.empty((rows, width))
        start = time.perf_counter()
        for j in range(rows):
            for k in range(width):
                f_jk[j, k] = np.mean(phi[:, j] * phi[:, k])
        return f_jk, seconds_f + (time.perf_counter() - start) * width / rows

    def go(self, _gram, n):
        net = self.network
        totals = peer.Totals(net, gram=True)
        totals.n = n
        share, seconds, pairs = 1.0 if self.full else self.share(n), 0.0, 0
        start = time.perf_counter()
        z = self.rng.standard_normal((n, net.width[0])).astype(net.dtype) * np.sqrt(net.q0, dtype=net.dtype)
        seconds += time.perf_counter() - start
        for layer in range(net.depth - 1):
            phi = np.tanh(z)
            f_jk, spent = self.loops(phi, share)
            pairs += f_jk.size
            start = time.perf_counter()
            z = self.forward(z, layer + 1)
            seconds += spent + time.perf_counter() - start
            totals.f[layer] += phi.sum(axis=0, dtype=np.float64)
            totals.gram[layer] += phi.T @ phi
            worst = np.abs(f_jk - totals.gram[layer][:len(f_jk)] / n).max()
            if not worst < 1e-4:  # Both sum n fp32 products of size <= 1: rounding stays far below.
                return {"error": f"f_jk of layer {layer} from loops and from a matrix product differ by {worst:g}"}
            q = np.einsum("ij,ij->i", z, z, dtype=np.float64)
            totals.q[layer + 1] += q.sum(), np.square(q).sum()
        value, error = totals.checksum(net)
        return {"seconds": seconds, "n": n, "checksum": value, "checksum_stderr": error, "extrapolated": not self.full,
                "pairs_run": pairs, "pairs": sum(w * w for w in net.width[:-1])}

    def share(self, n):
        """The part of the rows that fits into the budget, from the time of a few pairs."""
        column = np.ones(n, self.network.dtype)
        start = time.perf_counter()
        for _ in range(200):
            np.mean(column * column)
        pair = (time.perf_counter() - start) / 200
        return min(1.0, self.budget / (pair * sum(w * w for w in self.network.width[:-1])))


if __name__ == "__main__":
    parser = peer.options(__doc__, chunk=1)
    parser.add_argument("--full", action="store_true", help="run every loop to its end")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds to run and extrapolate from (default %(default)s)")
    args = parser.parse_args()
    peer.serve(Authors(peer.Network(args.network, args.precision, args.q0), args), {})
