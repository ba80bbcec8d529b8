# SPDX-License-Identifier: BSD-3-Clause
"""What every peer of the benchmark shares: the work, the worker threads and the line protocol.

The work: n samples z^0 ~ N(0, q0) through a stored network, for every layer l >= 1 the sums of |z^l - mu_l|^2 and its square and
f_j; in mode "gram" also f_jk of the layer below. Sums over chunks are kept in double, as klflow does. The target means mu_l are
those of the theory (0), but they are subtracted like any others: an image gives every layer a mean of its own.

Protocol, one JSON object a line on stdout for each line on stdin (klflow bench --serve speaks it too):
    info            {"versions": {...}, "environment": {...}, "flops_per_sample": {"direct": ..., "gram": ...}, ...}
    go direct N     {"seconds": s, "cpu_seconds": (optional) of all threads, "n": N, "checksum": c, "checksum_stderr": e}
    go gram N       the same with f_jk; the checksum then comes from f_j and f_jk by (3.34)
    peak            {"gflops": g}, the FMA peak at the same precision and threads (klflow only)
Anything else, and any failure, is answered by {"error": sentence}.
The checksum is the sum over layers of Q_l / N_l, its error an upper bound. It is computed after the clock has stopped, and so are
W^T W and the allocation of the totals before it starts. A peer ends when stdin does.
"""
import argparse
import json
import os
import sys
import threading
import time

import numpy as np

ENVIRONMENT = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "ATEN_CPU_CAPABILITY",
               "ONEDNN_MAX_CPU_ISA", "LD_LIBRARY_PATH")


def read_network(path):
    """[(W, b), ...] in double, var_w and var_b: of a file written by klflow kl --save-network, or of a folder written by klflow
    bench --write-arrays, which needs no HDF5."""
    if os.path.isdir(path):
        def array(name):
            return np.load(os.path.join(path, name + ".npy"))
        depth = sum(name.startswith("W") for name in os.listdir(path))
        return [(array(f"W{l}"), array(f"B{l}")) for l in range(depth)], *array("variances")
    import h5py
    with h5py.File(path, "r") as f:
        depth = sum(name.startswith("W") and name[1:].isdigit() for name in f)
        return [(f[f"W{l}"][()], f[f"B{l}"][()]) for l in range(depth)], f.attrs["var_w"], f.attrs["var_b"]


class Network:
    """Weights [out, in] and biases of a stored network, in the peer's precision."""

    def __init__(self, path, precision, q0=None):
        layers, var_w, var_b = read_network(path)
        dtype = np.float64 if precision == "fp64" else np.float32
        self.weight = [np.ascontiguousarray(w, dtype) for w, _ in layers]
        self.bias = [np.ascontiguousarray(b, dtype) for _, b in layers]
        # The default of klflow kl without an input.
        self.q0 = float(q0) if q0 is not None else 0.1 * float(var_w) + float(var_b)
        self.dtype, self.depth = dtype, len(layers)
        self.width = [len(b) for b in self.bias]
        self.mean = [dtype(0)] * self.depth

    def flops_per_sample(self):
        """Multiplications and additions of the GEMMs; the Gram counts N^2, the half that its symmetry leaves."""
        direct = sum(2 * self.width[l] * self.width[l - 1] for l in range(1, self.depth))
        return {"direct": direct, "gram": direct + sum(n * n for n in self.width[:-1])}


class Totals:
    """Sums over all samples, in double. One lock a layer: workers add their chunks in any order."""

    def __init__(self, network, gram):
        self.n = 0
        self.q = np.zeros((network.depth, 2))
        self.f = [np.zeros(n) for n in network.width]
        self.gram = [np.zeros((n, n)) for n in network.width[:-1]] if gram else None
        self.lock = [threading.Lock() for _ in network.width]

    def checksum(self, network):
        """Sum over layers of Q_l / N_l by (3.34) if there is a Gram, else from |z - mu|^2, and an upper bound of its error."""
        value = error = 0.0
        for l in range(1, network.depth):
            mean, square = self.q[l] / self.n
            error += np.sqrt(max(square - mean * mean, 0) / self.n) / network.width[l]
            if self.gram is not None:
                w, b = network.weight[l].astype(np.float64), network.bias[l].astype(np.float64) - network.mean[l]
                mean = np.sum((w @ (self.gram[l - 1] / self.n)) * w) + 2 * (w.T @ b) @ (self.f[l - 1] / self.n) + b @ b
            value += mean / network.width[l]
        return value, error


class ChunkedPeer:
    """A peer that pushes chunks of samples through the network, one lane (set of buffers) a worker thread."""

    def __init__(self, network, options, make_lane):
        self.network = network
        self.chunk, self.workers = options.chunk, options.workers
        self.lanes = [make_lane(network, options.chunk, options.seed + i) for i in range(options.workers)]

    def facts(self):
        return {"chunk": self.chunk, "workers": self.workers}

    def go(self, gram, n):
        totals = Totals(self.network, gram)
        # Chunks of nearly equal size, as many for each worker.
        count = -(-n // (self.chunk * self.workers)) * self.workers
        rows = [(i + 1) * n // count - i * n // count for i in range(count)]

        def work(lane, mine):
            for size in mine:
                if size:
                    lane.run(size, gram, totals)

        threads = [threading.Thread(target=work, args=(lane, rows[i::self.workers])) for i, lane in enumerate(self.lanes)]
        start, cpu = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        totals.n = n
        value, error = totals.checksum(self.network)
        return {"seconds": seconds, "cpu_seconds": cpu, "n": n, "checksum": value, "checksum_stderr": error}


def options(description, chunk, precisions=("fp32", "fp64")):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--network", required=True, help="file written by klflow kl --save-network, or folder "
                        "written by klflow bench --write-arrays")
    parser.add_argument("--precision", choices=precisions, default="fp32")
    parser.add_argument("--q0", type=float, help="variance of the reference layer (default 0.1 var_w + var_b)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="threads that each take their own chunks; the threads inside the "
                        "libraries are those of the environment (OMP_NUM_THREADS ...)")
    parser.add_argument("--chunk", type=int, default=chunk, help=f"rows of a chunk (default {chunk or 'the fastest of some'})")
    return parser


def serve(peer, versions):
    """Answers the lines of stdin until it closes."""
    versions = {"python": sys.version.split()[0], "numpy": np.__version__, **versions}
    for line in sys.stdin:
        words = line.split()
        if words == ["info"]:
            answer = {"versions": versions, "environment": {k: os.environ[k] for k in ENVIRONMENT if k in os.environ},
                      "flops_per_sample": peer.network.flops_per_sample(), **peer.facts()}
        elif len(words) == 3 and words[0] == "go" and words[1] in ("direct", "gram") and words[2].isdigit() and int(words[2]):
            answer = peer.go(words[1] == "gram", int(words[2]))
        else:
            answer = {"error": f"unknown request '{line.strip()}'; known: info, go direct N, go gram N"}
        print(json.dumps(answer), flush=True)
