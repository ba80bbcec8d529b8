# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's work in PyTorch on a device: everything stays there, sums over chunks too, and the clock stops when the device has
finished. Eager: buffers allocated once, addmm(out=) with the bias inside, mu and tanh in place. Compiled: the step of a layer as
plain expressions under torch.compile, which fuses what comes behind the products. Formats: fp32, tf32 (PyTorch's switch, which
cuts the inputs of a product off), fp16 and bf16 (weights, activations and products in that format, sums in fp32), fp64.

Chunks are of one size, so that one compiled function serves all of them; with --chunk 0 it is the fastest of CHUNKS.
"""
import time

import numpy as np
import torch

import peer

CHUNKS = (4096, 8192, 16384, 32768)
TRIAL_SECONDS = 5  # after so long no larger chunk is tried
FORMATS = {"fp32": torch.float32, "tf32": torch.float32, "fp64": torch.float64, "fp16": torch.float16, "bf16": torch.bfloat16}


def wide(x):
    """Sums of narrow formats are taken in fp32."""
    return torch.promote_types(x.dtype, torch.float32)


def step(phi, weight, shifted_bias, mean):
    """phi of the next layer, its sum over the chunk, and the sums of |z - mu|^2 and its square."""
    z = torch.addmm(shifted_bias, phi, weight)
    q = torch.square(z.to(wide(z))).sum(1).double()
    phi = torch.tanh(z + mean)
    return phi, phi.sum(0, dtype=wide(phi)), q.sum(), torch.square(q).sum()


class DevicePeer:
    def __init__(self, network, options):
        self.network, self.device, self.chunk = network, torch.device(options.device), options.chunk
        self.dtype = FORMATS[options.precision]
        torch.backends.cuda.matmul.allow_tf32 = options.precision == "tf32"
        self.step = torch.compile(step, dynamic=False) if options.compile else None
        self.generator = torch.Generator(self.device).manual_seed(options.seed)
        self.scale = float(np.sqrt(network.q0))
        self.weight = [self.upload(w).t() for w in network.weight]
        self.shifted_bias = [self.upload(b - mean) for b, mean in zip(network.bias, network.mean)]
        self.mean = [self.upload(np.asarray(mean)) for mean in network.mean]
        self.buffers = {}
        if not self.chunk:
            self.chunk = self.fastest_chunk()

    def upload(self, x):
        return torch.from_numpy(np.ascontiguousarray(x)).to(self.device, self.dtype)

    def facts(self):
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "CPU"
        return {"chunk": self.chunk, "workers": 1, "device": name, "compiled": self.step is not None}

    def synchronise(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def fastest_chunk(self):
        """Two passes a size, of which the shorter one counts: the first may still load kernels."""
        started, seconds = time.perf_counter(), {}
        for self.chunk in CHUNKS:
            try:
                seconds[self.chunk] = min(self.go(True, 2 * self.chunk)["seconds"] for _ in range(2)) / self.chunk
            except torch.cuda.OutOfMemoryError:
                break
            if time.perf_counter() - started > TRIAL_SECONDS:
                break
        self.buffers.clear()
        return min(seconds, key=seconds.get, default=CHUNKS[0])

    def buffer(self, key, *shape, dtype=None):
        """The one buffer of that name; made when first used."""
        if key not in self.buffers or self.buffers[key].shape != shape:
            self.buffers[key] = torch.empty(shape, dtype=dtype or self.dtype, device=self.device)
        return self.buffers[key]

    def eager_step(self, layer, phi):
        z = torch.addmm(self.shifted_bias[layer], phi, self.weight[layer],
                        out=self.buffer(("z", layer % 2), len(phi), self.network.width[layer]))
        norm = torch.linalg.vector_norm(z, dim=1, dtype=wide(z), out=self.buffer("norm", len(phi), dtype=wide(z)))
        q = norm.double().square_()
        phi = z.add_(self.mean[layer]).tanh_()
        return phi, torch.sum(phi, 0, dtype=wide(phi)), q.sum(), q.square_().sum()

    @torch.inference_mode()
    def run_chunk(self, rows, q, f, gram):
        net = self.network
        phi = self.buffer("first", rows, net.width[0]).normal_(0, self.scale, generator=self.generator).tanh_()
        f[0] += torch.sum(phi, 0, dtype=wide(phi))
        for layer in range(1, net.depth):
            if gram is not None:
                gram[layer - 1] += torch.mm(phi.t(), phi)
            if self.step:
                phi, f_sum, q_sum, q_sum2 = self.step(phi, self.weight[layer], self.shifted_bias[layer], self.mean[layer])
            else:
                phi, f_sum, q_sum, q_sum2 = self.eager_step(layer, phi)
            f[layer] += f_sum
            q[layer, 0] += q_sum
            q[layer, 1] += q_sum2

    def go(self, with_gram, n):
        net = self.network
        count = -(-n // self.chunk)
        rows = -(-n // count)

        def zeros(*shape):
            return torch.zeros(shape, dtype=torch.float64, device=self.device)

        q, f = zeros(net.depth, 2), [zeros(width) for width in net.width]
        gram = [zeros(width, width) for width in net.width[:-1]] if with_gram else None
        self.synchronise()
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(count):
            self.run_chunk(rows, q, f, gram)
        self.synchronise()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu

        totals = peer.Totals(net, with_gram)
        totals.n, totals.q, totals.f = count * rows, q.cpu().numpy(), [x.cpu().numpy() for x in f]
        if with_gram:
            totals.gram = [x.cpu().numpy() for x in gram]
        value, error = totals.checksum(net)
        return {"seconds": seconds, "cpu_seconds": cpu, "n": totals.n, "checksum": float(value), "checksum_stderr": float(error)}
