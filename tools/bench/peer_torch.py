#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's work in PyTorch, tuned. On the CPU: inference mode, buffers allocated once, addmm(out=) with the bias inside
(shifted by mu, since z - mu is wanted first), mu and tanh in place, reductions with out=. PyTorch has no SYRK, so x^T x is a full
product. On a device, eager or compiled: torch_device.py. Protocol and options: peer.py.
"""
import re

import numpy as np
import torch

import peer


class Lane:
    def __init__(self, network, chunk, seed):
        self.network = network
        self.dtype = {np.float32: torch.float32, np.float64: torch.float64}[network.dtype]
        self.generator = torch.Generator().manual_seed(seed)
        self.weight = [torch.from_numpy(w).t() for w in network.weight]
        self.shifted_bias = [torch.from_numpy(b - mean) for b, mean in zip(network.bias, network.mean)]
        self.mean = [float(mean) for mean in network.mean]
        self.buffer = [torch.empty(chunk * max(network.width), dtype=self.dtype) for _ in range(2)]
        self.gram = {n: torch.empty(n, n, dtype=self.dtype) for n in set(network.width[:-1])}
        self.f = {n: torch.empty(n, dtype=self.dtype) for n in set(network.width)}
        self.norm = torch.empty(chunk, dtype=self.dtype)
        self.scale = float(np.sqrt(network.q0))

    def view(self, layer, rows):
        width = self.network.width[layer]
        return self.buffer[layer % 2][:rows * width].view(rows, width)

    # The mode is a property of the thread, so every worker enters it.
    @torch.inference_mode()
    def run(self, rows, gram, totals):
        net, norm = self.network, self.norm[:rows]
        phi = self.view(0, rows).normal_(0, self.scale, generator=self.generator).tanh_()
        for layer in range(net.depth):
            width = net.width[layer]
            if layer:
                z = torch.addmm(self.shifted_bias[layer], phi, self.weight[layer], out=self.view(layer, rows))
                torch.linalg.vector_norm(z, dim=1, out=norm)
                phi = z.add_(self.mean[layer]).tanh_()
            f = torch.sum(phi, 0, out=self.f[width])
            product = None
            if gram and layer + 1 < net.depth:
                product = torch.mm(phi.t(), phi, out=self.gram[width])
            with totals.lock[layer]:
                torch.from_numpy(totals.f[layer]).add_(f)
                if layer:
                    q = norm.double().square_()
                    totals.q[layer] += q.sum().item(), q.square_().sum().item()
                if product is not None:
                    torch.from_numpy(totals.gram[layer]).add_(product)


def arguments():
    parser = peer.options(__doc__, chunk=None, precisions=("fp32", "fp64", "tf32", "fp16", "bf16"))
    parser.add_argument("--device", default="cpu", help="cpu, or cuda for a GPU (default %(default)s)")
    parser.add_argument("--compile", action="store_true", help="with torch.compile; on a device")
    args = parser.parse_args()
    on_host = args.device == "cpu" and not args.compile
    if on_host and args.precision not in ("fp32", "fp64"):
        parser.error(f"{args.precision} needs --device cuda")
    if not on_host and args.workers != 1:
        parser.error("--workers is for the CPU")
    if args.chunk is None:
        args.chunk = 2048 if on_host else 16384 if args.compile else 0
    return args, on_host


if __name__ == "__main__":
    args, on_host = arguments()
    network = peer.Network(args.network, args.precision, args.q0)
    versions = {"torch": torch.__version__}
    if on_host:
        build = re.split(r"[\n,]", torch.__config__.show())
        versions["torch build"] = "; ".join(part.split("settings:")[-1].strip(" -") for part in build
                                            if re.search("BLAS_INFO|Math Kernel Library|MKL-DNN|CPU capability", part))
        served = peer.ChunkedPeer(network, args, Lane)
    else:
        from torch_device import DevicePeer
        versions["cuda"] = torch.version.cuda
        served = DevicePeer(network, args)
    peer.serve(served, versions)
