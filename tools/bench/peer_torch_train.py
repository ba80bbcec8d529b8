#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Training steps in PyTorch, tuned, as a peer of `klflow bench --train --serve`: the same network, examples and rule.

--style autograd: modules, cross entropy, torch.optim.SGD with all tensors in one call (foreach) where it is faster.
--style compiled: the same through torch.compile, forward and backward.
--style hand: the formulas written out, every product with out= into buffers made once, the momentum as beta of the gradient's product.

Protocol, one JSON object a line for each line on stdin:
    info                    {"versions": {...}, "environment": {...}}
    train NETWORKS STEPS    {"seconds": s, "cpu_seconds": of all threads, "networks": .., "steps": .., "loss": of the last step}
NETWORKS learn side by side, one thread of the program each. One step is outside the clock.
"""
import argparse
import json
import os
import sys
import threading
import time

import numpy as np
import torch

import peer

BATCH, BATCHES, RATE, MOMENTUM = 64, 10, 0.005, 0.8


def invented_examples(width, n_classes):
    """What host/run/bench_train.c invents."""
    i, k = np.arange(BATCH * BATCHES)[:, None], np.arange(width)[None, :]
    return ((i * 131 + k * 37 + i * k) % 256).astype(np.float32) / np.float32(255), i[:, 0] * 7 % n_classes


class Autograd:
    def __init__(self, layers, dtype, compiled):
        parts = []
        for w, b in layers:
            linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=dtype)
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w))
                linear.bias.copy_(torch.from_numpy(b))
            parts += [linear, torch.nn.Tanh()]
        model, loss = torch.nn.Sequential(*parts), torch.nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, foreach=True)
        self.forward = lambda x, label: loss(model(x), label)
        if compiled:
            self.forward = torch.compile(self.forward)

    def step(self, x, label):
        self.optimizer.zero_grad(set_to_none=True)
        value = self.forward(x, label)
        value.backward()
        self.optimizer.step()
        return value.item()


class ByHand:
    def __init__(self, layers, dtype):
        self.weight = [torch.tensor(w, dtype=dtype) for w, _ in layers]
        self.bias = [torch.tensor(b, dtype=dtype) for _, b in layers]
        self.v_weight = [torch.zeros_like(w) for w in self.weight]
        self.v_bias = [torch.zeros_like(b) for b in self.bias]
        self.phi = [torch.empty(BATCH, len(b), dtype=dtype) for b in self.bias]
        self.delta = [torch.empty(BATCH, len(b), dtype=dtype) for b in self.bias]
        self.rows = torch.arange(BATCH)

    @torch.inference_mode()
    def step(self, x, label):
        below = [x] + self.phi[:-1]
        for w, b, phi_in, phi in zip(self.weight, self.bias, below, self.phi):
            torch.addmm(b, phi_in, w.t(), out=phi).tanh_()
        y, delta = self.phi[-1], self.delta[-1]
        logarithm = torch.log_softmax(y, 1)
        value = -logarithm[self.rows, label].mean().item()
        torch.exp(logarithm, out=delta)
        delta[self.rows, label] -= 1
        delta.mul_(1 - y * y).div_(BATCH)
        for layer in reversed(range(len(self.weight))):
            w, delta, phi_in = self.weight[layer], self.delta[layer], below[layer]
            if layer:
                torch.mm(delta, w, out=self.delta[layer - 1])
                self.delta[layer - 1].sub_(self.delta[layer - 1] * phi_in.square())
            self.v_weight[layer].addmm_(delta.t(), phi_in, beta=MOMENTUM)
            self.v_bias[layer].mul_(MOMENTUM).add_(delta.sum(0))
            w.add_(self.v_weight[layer], alpha=-RATE)
            self.bias[layer].add_(self.v_bias[layer], alpha=-RATE)
        return value


class Service:
    def __init__(self, args):
        self.layers, _, _ = peer.read_network(args.network)
        self.dtype = {"fp32": torch.float32, "fp64": torch.float64}[args.precision]
        x, label = invented_examples(self.layers[0][0].shape[1], len(self.layers[-1][1]))
        self.x, self.label = torch.from_numpy(x).to(self.dtype), torch.from_numpy(label)
        self.style = args.style

    def network(self):
        return ByHand(self.layers, self.dtype) if self.style == "hand" else Autograd(self.layers, self.dtype, self.style == "compiled")

    def train(self, networks, steps):
        models, losses = [self.network() for _ in range(networks)], [0.0] * networks

        def work(i, first, count):
            for n in range(first, first + count):
                rows = slice(n % BATCHES * BATCH, n % BATCHES * BATCH + BATCH)
                losses[i] = models[i].step(self.x[rows], self.label[rows])

        for i in range(networks):
            work(i, 0, 1)
        threads = [threading.Thread(target=work, args=(i, 1, steps)) for i in range(networks)]
        start, cpu = time.perf_counter(), time.process_time()
        if networks == 1:
            work(0, 1, steps)
        else:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu, "networks": networks,
                "steps": steps, "loss": losses[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--network", required=True, help="network file")
    parser.add_argument("--precision", choices=("fp32", "fp64"), default="fp32")
    parser.add_argument("--style", choices=("autograd", "compiled", "hand"), default="autograd")
    service = Service(parser.parse_args())
    for line in sys.stdin:
        words = line.split()
        if words == ["info"]:
            answer = {"versions": {"python": sys.version.split()[0], "torch": torch.__version__},
                      "environment": {k: os.environ[k] for k in peer.ENVIRONMENT if k in os.environ}}
        elif len(words) == 3 and words[0] == "train" and all(word.isdigit() and int(word) for word in words[1:]):
            answer = service.train(int(words[1]), int(words[2]))
        else:
            answer = {"error": f"unknown request '{line.strip()}'; known: info, train NETWORKS STEPS"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
