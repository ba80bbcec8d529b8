#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's work the way the paper does it (section 3.2, appendix B, and how its authors' notebook is organised): Python loops
over neurons and samples for (B.8), over the neurons j of (B.6) and over the pairs j, k of (B.7), each with short NumPy vectors in
double. Written from that description; no code of the authors is used. Their Q always comes from f_jk (3.34), so "direct" and
"gram" are the same work here. Protocol and options: peer.py; n is meant to be about 1000.

The loops take minutes. Unless --full is given, --budget seconds are shared out: every loop over neurons (or over the rows of f_jk)
runs until its share is spent, and the time of all its turns is extrapolated; the answer then has "extrapolated": true. What the
loops computed is compared with NumPy's matrix products on the same samples, which also give the checksum.
"""
import math
import random
import time

import numpy as np

import peer

ROUNDING = 1e-11  # of double sums over some thousand terms of order 1, in two orders


class Authors:
    def __init__(self, network, options):
        self.network, self.full = network, options.full
        self.share = math.inf if options.full else options.budget / (3 * (network.depth - 1))
        self.rng = random.Random(options.seed)

    def facts(self):
        return {"chunk": None, "workers": 1, "extrapolated": not self.full}

    def loop(self, turns, body, exact):
        """Runs body(i) for i = 0, 1, ... while the share lasts; the seconds that all turns take. The results must be exact's rows."""
        start, results = time.perf_counter(), []
        while len(results) < turns and (not results or time.perf_counter() - start < self.share):
            results.append(body(len(results)))
        seconds = (time.perf_counter() - start) * turns / len(results)
        worst = np.abs(np.array(results) - exact[:len(results)]).max()
        if not worst < ROUNDING:
            raise ValueError(f"loops and matrix products differ by {worst:g}")
        return seconds

    def go(self, _gram, n):
        net = self.network
        totals = peer.Totals(net, gram=True)
        totals.n = n
        start = time.perf_counter()
        scale = math.sqrt(net.q0)
        phi = np.tanh(np.array([self.rng.gauss(0.0, scale) for _ in range(net.width[0] * n)])).reshape(net.width[0], n)
        seconds = time.perf_counter() - start
        try:
            for layer in range(1, net.depth):
                width, weight, bias = len(phi), net.weight[layer], net.bias[layer]
                totals.f[layer - 1], totals.gram[layer - 1] = phi.sum(axis=1), phi @ phi.T
                samples = phi.T

                def moments(j):
                    return [np.sum(product) / n for product in [phi[j] * phi[k] for k in range(width)]]

                def neuron(i):
                    return [np.tanh(np.sum(weight[i] * sample) + bias[i]) for sample in samples]

                z = weight @ phi + bias[:, None]
                q = np.square(z - net.mean[layer]).sum(axis=0)
                totals.q[layer] += q.sum(), np.square(q).sum()
                seconds += self.loop(width, lambda j: np.sum(phi[j]) / n, totals.f[layer - 1] / n)
                seconds += self.loop(width, moments, totals.gram[layer - 1] / n)
                seconds += self.loop(len(z), neuron, np.tanh(z))
                phi = np.tanh(z)
        except ValueError as error:
            return {"error": f"layer {layer}: {error}"}
        value, error = totals.checksum(net)
        return {"seconds": seconds, "n": n, "checksum": value, "checksum_stderr": error, "extrapolated": not self.full}


if __name__ == "__main__":
    parser = peer.options(__doc__, chunk=1)
    parser.add_argument("--full", action="store_true", help="run every loop to its end")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds to run and extrapolate from (default %(default)s)")
    args = parser.parse_args()
    peer.serve(Authors(peer.Network(args.network, "fp64", args.q0), args), {})
