#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""From the seed to the JSON and the result file, against a second program that shares no code with klflow: Philox, Box-Muller,
networks, layer statistics, Q by both estimators, KL and mean field, written here from docs/theory.md in plain NumPy.

Normals follow the exact formula, while klflow's are float32: they differ by up to 2.5e-7 r each (klflow/normal.h). Over hundreds
of weights and samples that leaves 1e-7 of a mean and some 1e-6 of an error bar. Run as test_kl.py PROGRAM [unittest options]."""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

PROGRAM = None
SAMPLES, WEIGHTS, BIASES, GAUSSIAN_INPUT, START = range(5)  # streams of klflow/rng.h
PIXELS = (7, 6)
WIDTHS, N_MC, VAR_W, VAR_B = [33, 31, 10], 200, 1.5, 0.05
SCATTERED = ["mean", "var", "kl", "kl_per_neuron", "Q_direct", "Q_gram"]


# ---- random numbers ----

def philox(seed, subsequence, n_blocks):
    """Philox4x32-10 (Salmon et al. 2011): blocks 0 .. n_blocks-1 of a subsequence as 32-bit words held in uint64."""
    low, high = np.uint64(0xFFFFFFFF), np.uint64(32)
    c0 = np.arange(n_blocks, dtype=np.uint64)
    c1 = np.zeros_like(c0)
    c2, c3 = c1 + np.uint64(subsequence & 0xFFFFFFFF), c1 + np.uint64(subsequence >> 32)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1 = (p1 >> high) ^ c1 ^ np.uint64(k0), p1 & low
        c2, c3 = (p0 >> high) ^ c3 ^ np.uint64(k1), p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).ravel()


def normals(seed, stream, index, n):
    words = philox(seed, stream << 56 | index, n // 4 + 1)
    u, v = (words[0::2] + 0.5) / 2**32, (words[1::2] + 0.5) / 2**32
    radius = np.sqrt(-2 * np.log(u))
    pairs = np.stack([radius * np.sin(2 * np.pi * v), radius * np.cos(2 * np.pi * v)], axis=1)
    return pairs.ravel()[:n]


# ---- the computation ----

def draw_network(seed, widths, input_width):
    layers, fan_in = [], input_width
    for l, width in enumerate(widths):
        rows = [normals(seed, WEIGHTS, l << 32 | row, fan_in) for row in range(width)]
        layers.append((np.sqrt(VAR_W / fan_in) * np.array(rows), np.sqrt(VAR_B) * normals(seed, BIASES, l, width)))
        fan_in = width
    return layers


def mean_tanh2(mean, var):
    z = np.linspace(-10, 10, 20001)
    weight = np.exp(-z**2 / 2)
    return np.sum(weight * np.tanh(mean + np.sqrt(var) * z) ** 2) / np.sum(weight)


def next_variance(q):
    return VAR_W * mean_tanh2(0, q) + VAR_B


def theory_statistics(q):
    return np.zeros(3), np.array([q, next_variance(q), next_variance(next_variance(q))])


def measured_statistics(layers, seed, images=None, q0=None):
    """Pooled over neurons and images; without an image over one draw z^0 ~ N(0, q0), while layer 0 is N(0, q0) exactly."""
    mean, var = [], []
    for l, (weight, bias) in enumerate(layers):
        if l > 0:
            z = np.tanh(z) @ weight.T + bias
        else:
            z = np.sqrt(q0) * normals(seed, START, 0, len(bias)) if images is None else images @ weight.T + bias
        mean.append(np.mean(z))
        var.append(np.var(z))
    if images is None:
        mean[0], var[0] = 0, q0
    return np.array(mean), np.array(var)


def mean_field(widths, mean, var, theory):
    curve, second_moment = [0], mean**2 + var
    target = var if theory else second_moment
    for l in range(1, len(widths)):
        second_moment = VAR_W * (mean_tanh2(mean, var) if l == 1 else mean_tanh2(0, second_moment)) + VAR_B
        target = next_variance(target)
        curve.append(-widths[0] / 2 * np.log(2 * np.pi * np.e * var) + widths[l] / 2 * np.log(2 * np.pi * target)
                     + widths[l] * second_moment / (2 * target))
    return np.array(curve) / widths[0]


def flow(layers, mean, var, sample_seed, reference=0, theory=False):
    """What `klflow kl --json` prints of one network and one input."""
    layers, mean, var = layers[reference:], mean[reference:], var[reference:]
    width = np.array([len(bias) for _, bias in layers])
    z = mean[0] + np.sqrt(var[0]) * np.array([normals(sample_seed, SAMPLES, s, width[0]) for s in range(N_MC)])
    q_direct, q_gram, q_stderr = [width[0] * var[0]], [width[0] * var[0]], [0.0]
    for (weight, bias), mu in list(zip(layers, mean))[1:]:
        phi = np.tanh(z)
        f_j, f_jk = np.mean(phi, axis=0), phi.T @ phi / N_MC
        q_gram.append(np.sum(f_jk * (weight.T @ weight)) + 2 * f_j @ weight.T @ (bias - mu) + np.sum((bias - mu) ** 2))
        z = phi @ weight.T + bias
        squares = np.sum((z - mu) ** 2, axis=1)
        q_direct.append(np.mean(squares))
        q_stderr.append(np.std(squares, ddof=1) / np.sqrt(N_MC))
    entropy = width / 2 * np.log(2 * np.pi * np.e * var)
    kl = -entropy[0] + width / 2 * np.log(2 * np.pi * var) + np.array(q_direct) / (2 * var)
    kl[0] = 0
    return {"width": width, "mean": mean, "var": var, "Q_direct": np.array(q_direct), "Q_gram": np.array(q_gram),
            "Q_stderr": np.array(q_stderr), "kl": kl, "kl_stderr": np.array(q_stderr) / (2 * var),
            "kl_per_neuron": kl / width[0], "entropy_target": entropy, "entropy_reference": entropy[0],
            "kl_meanfield_per_neuron": mean_field(width, mean[0], var[0], theory)}


def average(parts, over, independent):
    result = {name: np.mean([p[name] for p in parts], axis=0) for name in parts[0]}
    for name in SCATTERED:
        result[name + over] = np.std([p[name] for p in parts], axis=0, ddof=1)
    if independent:
        for name in ("Q_stderr", "kl_stderr"):
            result[name] = np.sqrt(np.sum([p[name] ** 2 for p in parts], axis=0)) / len(parts)
    return result


# ---- the program ----

class KlTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        pixels = np.random.default_rng(7).integers(0, 256, size=(5, *PIXELS), dtype=np.uint8)
        (self.folder / "images").write_bytes(struct.pack(">4I", 2051, *pixels.shape) + pixels.tobytes())
        self.images = pixels.reshape(5, -1) / 255
        self.input = f"mnist:{self.folder}/images"

    def run_kl(self, *arguments, precision="fp64"):
        """One dictionary a point."""
        command = [PROGRAM, "kl", "--json", "--quiet", "--n-mc", str(N_MC), "--precision", precision, *map(str, arguments)]
        if "--network" not in arguments:
            command += ["--widths", ",".join(map(str, WIDTHS))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return [json.loads(line, parse_constant=self.fail) for line in done.stdout.splitlines()]

    def compare(self, result, expected, rtol=3e-6):
        """KL is a difference of entropies and means one of samples: their error is measured on what they are differences of."""
        for name, values in expected.items():
            size = np.abs(values)
            if name.startswith("kl") and "stderr" not in name:
                size = size + expected["entropy_reference"]
            if name.startswith("mean"):
                size = size + np.sqrt(expected["var"])
            error = np.abs(np.array(result[name], dtype=float) - values)
            self.assertTrue(np.all(error <= rtol * size), f"{name}: {result[name]}, expected {values}")

    def test_image(self):
        layers = draw_network(1, WIDTHS, self.images.shape[1])
        expected = flow(layers, *measured_statistics(layers, 1, self.images[3]), sample_seed=1)
        for precision in ("fp64", "fp32"):
            with self.subTest(precision=precision):
                self.compare(self.run_kl("--input", self.input + ":3", precision=precision)[0], expected)

    def test_default_input_and_the_largest_seeds(self):
        seed = 2**64 - 1
        layers = draw_network(seed, WIDTHS, 784)
        expected = flow(layers, *measured_statistics(layers, seed, q0=0.1 * VAR_W + VAR_B), sample_seed=seed - 1)
        self.compare(self.run_kl("--seed", seed, "--sample-seed", seed - 1)[0], expected)

    def test_theory_from_a_later_reference_layer(self):
        layers = draw_network(2, WIDTHS, 784)
        expected = flow(layers, *theory_statistics(0.3), sample_seed=2, reference=1, theory=True)
        result = self.run_kl("--seed", 2, "--q0", 0.3, "--statistics", "theory", "--reference-layer", 1)[0]
        self.assertEqual(result["layer"], [1, 2])
        self.compare(result, expected)

    def test_gaussian_input(self):
        x = normals(3, GAUSSIAN_INPUT, 0, 784)
        x *= np.sqrt(0.11 / np.mean(x**2))
        layers = draw_network(3, WIDTHS, 784)
        expected = flow(layers, *measured_statistics(layers, 3, x), sample_seed=3)
        self.compare(self.run_kl("--seed", 3, "--gaussian-input", 0.11)[0], expected)

    def test_dataset(self):
        layers = draw_network(1, WIDTHS, self.images.shape[1])
        expected = flow(layers, *measured_statistics(layers, 1, self.images[1:4]), sample_seed=1)
        result = self.run_kl("--statistics", "dataset", "--dataset", self.input + ":1-3")[0]
        self.compare(result, expected)
        self.assertEqual((result["input"], result["q0"]), (self.input + ":1-3", None))

    def test_network_of_unknown_variances(self):
        layers = draw_network(1, WIDTHS, self.images.shape[1])
        with h5py.File(self.folder / "bare.h5", "w") as file:
            for l, (weight, bias) in enumerate(layers):
                file[f"W{l}"], file[f"B{l}"] = weight, bias
        for images, source in ((self.images[2], ["--input", self.input + ":2"]),
                               (self.images, ["--statistics", "dataset", "--dataset", self.input])):
            result = self.run_kl("--network", self.folder / "bare.h5", *source)[0]
            expected = flow(layers, *measured_statistics(layers, 1, images), sample_seed=1)
            self.assertEqual(result["kl_meanfield_per_neuron"], 3 * [None])
            del expected["kl_meanfield_per_neuron"]
            self.compare(result, expected)

    def test_range_of_images_and_ensemble(self):
        networks = []
        for seed in (4, 5):
            layers = draw_network(seed, WIDTHS, self.images.shape[1])
            parts = [flow(layers, *measured_statistics(layers, seed, x), sample_seed=seed) for x in self.images]
            networks.append(average(parts, "_input_std", independent=False))
        range_of_images = ["--input", self.input + ":0-4", "--seed", 4]
        self.compare(self.run_kl(*range_of_images)[0], networks[0])
        self.compare(self.run_kl(*range_of_images, "--ensemble", 2)[0], average(networks, "_ensemble_std", independent=True))

    def test_network_file(self):
        file = self.folder / "network.h5"
        drawn = self.run_kl("--input", self.input + ":0", "--save-network", file)[0]
        loaded = self.run_kl("--input", self.input + ":0", "--network", file)[0]
        self.assertEqual({**drawn, "wall_s": 0}, {**loaded, "wall_s": 0})

    def test_file_holds_what_json_says(self):
        file = self.folder / "result.h5"
        points = self.run_kl("--var-w", "0,1.5", "--var-b", "0,0.05", "--q0", 0.2, "--seed", f"1,{2**64 - 1}", "-o", file)
        with h5py.File(file) as opened:
            kl = opened["kl"]
            axes = [list(kl[name]) for name in ("var_w", "var_b", "depth", "seed")]
            for point in points:
                at = tuple(axis.index(point[name]) for axis, name in zip(axes, ("var_w", "var_b", "depth", "seed"))) + (0,)
                self.assertEqual(kl["status"][at], point["status"] == "degenerate")
                self.assertEqual(list(kl["layer_status"][at]), [status == "degenerate" for status in point["layer_status"]])
                for name in ("width", "width_changed", "mean", "var", "kl", "kl_stderr", "kl_per_neuron", "Q_direct", "Q_gram",
                             "Q_stderr", "entropy_target", "kl_meanfield_per_neuron", "entropy_reference", "sample_seed"):
                    np.testing.assert_array_equal(kl[name][at], np.array(point[name], dtype=kl[name].dtype), name)
        self.assertEqual([point["status"] for point in points].count("degenerate"), 2)  # no weights and no biases


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
