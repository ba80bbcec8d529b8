#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benchmark's peers compute what they are timed for: against textbook loops in double on a small network, and both modes
against each other on the same samples. compare.py lists what is missing and notices a peer that computes something else.
"""
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "bench")
WIDTHS = (24, 24, 24, 24, 12, 5)
VAR_W, VAR_B, SAMPLES = 1.5, 0.05, 4000


def write_network(path):
    rng = np.random.default_rng(20240501)
    with h5py.File(path, "w") as f:
        f.attrs["var_w"], f.attrs["var_b"] = VAR_W, VAR_B
        for layer, (fan_in, width) in enumerate(zip((WIDTHS[0], *WIDTHS), WIDTHS)):
            f[f"W{layer}"] = rng.normal(0, np.sqrt(VAR_W / fan_in), (width, fan_in))
            f[f"B{layer}"] = rng.normal(0, np.sqrt(VAR_B), width)


def textbook(path, n):
    """Sum over layers of the mean of |z|^2 / N and its standard error."""
    rng, total = np.random.default_rng(7), []
    with h5py.File(path, "r") as f:
        w = [f[f"W{layer}"][()] for layer in range(len(WIDTHS))]
        b = [f[f"B{layer}"][()] for layer in range(len(WIDTHS))]
    for _ in range(n):
        z, value = rng.normal(0, np.sqrt(0.1 * VAR_W + VAR_B), WIDTHS[0]), 0.0
        for layer in range(1, len(WIDTHS)):
            z = w[layer] @ np.tanh(z) + b[layer]
            value += z @ z / len(z)
        total.append(value)
    return np.mean(total), np.std(total) / np.sqrt(n)


def textbook_training(path, steps):
    """Mean loss before each of some steps on the benchmark's invented examples, example by example in double."""
    with h5py.File(path, "r") as f:
        w = [f[f"W{layer}"][()] for layer in range(len(WIDTHS))]
        b = [f[f"B{layer}"][()] for layer in range(len(WIDTHS))]
    v_w, v_b, losses = [0 * a for a in w], [0 * a for a in b], []
    for step in range(steps):
        g_w, g_b, loss = [0 * a for a in w], [0 * a for a in b], 0.0
        for i in range(64 * step, 64 * step + 64):
            phi = [np.float32([(i * 131 + k * 37 + i * k) % 256 for k in range(WIDTHS[0])]) / np.float32(255)]
            for layer in range(len(WIDTHS)):
                phi.append(np.tanh(w[layer] @ phi[-1] + b[layer]))
            softmax = np.exp(phi[-1]) / np.exp(phi[-1]).sum()
            loss -= np.log(softmax[i * 7 % WIDTHS[-1]]) / 64
            delta = (softmax - np.eye(WIDTHS[-1])[i * 7 % WIDTHS[-1]]) / 64 * (1 - phi[-1] ** 2)
            for layer in reversed(range(len(WIDTHS))):
                g_w[layer] += np.outer(delta, phi[layer])
                g_b[layer] += delta
                delta = (w[layer].T @ delta) * (1 - phi[layer] ** 2)
        for layer in range(len(WIDTHS)):
            v_w[layer], v_b[layer] = 0.8 * v_w[layer] + g_w[layer], 0.8 * v_b[layer] + g_b[layer]
            w[layer], b[layer] = w[layer] - 0.005 * v_w[layer], b[layer] - 0.005 * v_b[layer]
        losses.append(loss)
    return losses


class Peers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.network = os.path.join(cls.folder.name, "network.h5")
        write_network(cls.network)
        cls.expected, cls.error = textbook(cls.network, SAMPLES)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def ask(self, script, options, lines):
        done = subprocess.run([sys.executable, os.path.join(TOOLS, script), "--network", self.network, *options], text=True,
                              input="".join(line + "\n" for line in lines), capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(answers), len(lines))
        return answers

    def check(self, script, *options, n=SAMPLES, rounding=2e-6):
        """rounding: relative, direct against gram; that of fp32 products summed over at most 24 terms and 4000 samples."""
        direct, = self.ask(script, options, [f"go direct {n}"])
        gram, = self.ask(script, options, [f"go gram {n}"])
        self.assertLess(abs(direct["checksum"] / gram["checksum"] - 1), rounding)
        # checksum_stderr is an upper bound; five of the combined errors never happen by chance, and the seeds are fixed.
        self.assertLess(abs(direct["checksum"] - self.expected), 5 * np.hypot(direct["checksum_stderr"], self.error))
        self.assertLess(direct["checksum_stderr"], 10 * self.error * np.sqrt(SAMPLES / n))
        self.assertGreater(direct["seconds"], 0)

    def test_a_folder_of_arrays_is_the_same_network(self):
        folder = os.path.join(self.folder.name, "arrays")
        subprocess.run([os.environ["KLFLOW"], "bench", "--network", self.network, "--write-arrays", folder], check=True)
        with h5py.File(self.network, "r") as f:
            for layer in range(len(WIDTHS)):
                for name in (f"W{layer}", f"B{layer}"):
                    array = np.load(os.path.join(folder, name + ".npy"))
                    self.assertEqual(array.dtype, np.float64)
                    np.testing.assert_array_equal(array, f[name][()])
        request = ["go gram 300"]
        from_file, = self.ask("peer_numpy.py", (), request)
        type(self).network, kept = folder, self.network
        self.addCleanup(setattr, type(self), "network", kept)
        from_folder, = self.ask("peer_numpy.py", (), request)
        self.assertEqual(from_folder["checksum"], from_file["checksum"])

    def test_numpy(self):
        self.check("peer_numpy.py", "--chunk", "333")
        self.check("peer_numpy.py", "--chunk", "100", "--workers", "3")
        self.check("peer_numpy.py", "--precision", "fp64", rounding=1e-12)

    def test_torch(self):
        if importlib.util.find_spec("torch") is None:
            self.skipTest("this python has no torch")
        self.check("peer_torch.py", "--chunk", "333")
        self.check("peer_torch.py", "--workers", "2", "--precision", "fp64", rounding=1e-12)

    def test_torch_on_a_device(self):
        """The passes for a GPU, on the CPU under another of its names."""
        if importlib.util.find_spec("torch") is None:
            self.skipTest("this python has no torch")
        import torch
        self.check("peer_torch.py", "--device", "cpu:0", "--chunk", "333")
        if hasattr(torch, "compile"):
            self.check("peer_torch.py", "--device", "cpu:0", "--chunk", "500", "--compile")
        done = self.compare("--device", "cpu:0", "--backend", "cpu", "--klflow", os.environ["KLFLOW"], "--precision", "fp64",
                            "--json", torch=sys.executable)
        self.assertEqual(done.returncode, 0, done.stderr)
        peers = json.loads(done.stdout)["peers"]
        for name, peer in peers.items():
            if not name.endswith("compiled"):
                self.assertIsNone(peer["missing"], name)
                self.assertGreater(peer["results"]["gram"]["peak_fraction"], 0, name)
        self.assertEqual(len([name for name in peers if name.startswith("torch")]), 2)

    def check_training(self, command, bar):
        requests = ["train 1 1", "train 2 3", "train 0 3"]
        done = subprocess.run(command, input="".join(line + "\n" for line in requests), text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        two, four, wrong = [json.loads(line) for line in done.stdout.splitlines()]
        expected = textbook_training(self.network, 4)  # one step is outside the clock
        self.assertLess(abs(two["loss"] / expected[1] - 1), bar)
        self.assertLess(abs(four["loss"] / expected[3] - 1), bar)
        self.assertGreater(abs(expected[3] / expected[1] - 1), 1e-4)  # or the bars would mean nothing
        self.assertIn("error", wrong)
        self.assertEqual((four["networks"], four["steps"]), (2, 3))
        self.assertGreater(four["seconds"], 0)

    def test_training_by_klflow(self):
        command = [os.environ["KLFLOW"], "bench", "--train", "--serve", "--threads", "2", "--network", self.network]
        self.check_training([*command, "--precision", "fp64"], 1e-13)
        self.check_training(command, 1e-6)

    def test_training_by_torch(self):
        if importlib.util.find_spec("torch") is None:
            self.skipTest("this python has no torch")
        for style in ("autograd", "hand"):
            command = [sys.executable, os.path.join(TOOLS, "peer_torch_train.py"), "--network", self.network, "--style", style]
            self.check_training([*command, "--precision", "fp64"], 1e-13)

    def test_compare_training(self):
        done = subprocess.run([sys.executable, os.path.join(TOOLS, "compare_train.py"), "--klflow", os.environ["KLFLOW"], "--network",
                               self.network, "--rounds", "2", "--steps", "2", "--torch", "/no/such/python"], text=True,
                              capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        row = next(line for line in done.stdout.splitlines() if line.startswith("klflow "))
        self.assertEqual(row.split()[2:4], ["1", "1"])
        self.assertIn("missing: no such interpreter", done.stdout)

    def test_authors(self):
        self.check("peer_authors.py", "--full", n=300)

    def test_a_wrong_request_is_answered_by_a_sentence(self):
        wrong, zero, right = self.ask("peer_numpy.py", (), ["go sideways 3", "go direct 0", "info"])
        self.assertIn("go sideways 3", wrong["error"])
        self.assertIn("error", zero)
        self.assertEqual(right["flops_per_sample"]["direct"], sum(2 * a * b for a, b in zip(WIDTHS, WIDTHS[1:])))

    def compare(self, *options, torch="/no/such/python"):
        return subprocess.run([sys.executable, os.path.join(TOOLS, "compare.py"), "--network", self.network, "--samples", "500",
                               "--rounds", "2", "--numpy", sys.executable, "--torch", torch, *options],
                              text=True, capture_output=True, check=False)

    def test_compare_lists_what_is_missing(self):
        done = self.compare("--klflow", "none")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("missing: no such interpreter", done.stdout)
        row = next(line for line in done.stdout.splitlines() if line.startswith("numpy, workers "))
        self.assertEqual(len(row.replace("numpy, workers", "").split()), 2 * 5, row)
        self.assertIn("missing: cannot start /no/such/klflow", self.compare("--klflow", "/no/such/klflow").stdout)

    def test_compare_notices_other_results(self):
        liar = os.path.join(self.folder.name, "klflow")
        with open(liar, "w", encoding="utf-8") as f:
            f.write(f"#!{sys.executable}\nimport sys\nfor line in sys.stdin:\n"
                    "    print('{\"gflops\": 1}' if line.startswith('peak') else"
                    " '{\"seconds\": 1, \"checksum\": 1, \"checksum_stderr\": 0}', flush=True)\n")
        os.chmod(liar, 0o755)
        done = self.compare("--klflow", liar, "--json")
        self.assertEqual(done.returncode, 70, done.stderr)
        self.assertIn("numpy and klflow disagree (direct)", done.stderr)
        self.assertGreater(json.loads(done.stdout)["peers"]["numpy"]["results"]["gram"]["peak_fraction"], 0)


if __name__ == "__main__":
    unittest.main()
