#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Weight formats and the fast precisions, against model.py and against each other."""
import h5py
import numpy as np

import kl_case
from kl_case import KlCase, WIDTHS
from model import N_MC, draw_network, flow, measured_statistics, rounded

FORMATS = ("fp32", "tf32", "fp16", "bf16")
FAST = {"tf32": 2**-10, "fp16": 2**-10, "bf16": 2**-7}  # relative spacing


class Precision(KlCase):
    def network(self, *arguments, precision="fp64"):
        """The weights of a run, its biases, and its JSON."""
        path = self.folder / "net.h5"
        point = self.run_kl("--input", self.input + ":3", "--save-network", path, "--force", *arguments, precision=precision)[0]
        with h5py.File(path) as f:
            self.assertEqual(f.attrs["weight_format"], point["weight_format"])
            return [f[f"W{l}"][:] for l in range(len(WIDTHS))], [f[f"B{l}"][:] for l in range(len(WIDTHS))], point

    def test_weights_are_rounded_and_biases_are_not(self):
        drawn, biases, point = self.network()
        self.assertEqual(point["weight_format"], "fp64")
        for name in FORMATS:
            with self.subTest(name):
                weights, same, point = self.network("--weight-format", name)
                self.assertEqual(point["weight_format"], name)
                for l in range(len(WIDTHS)):
                    self.assertTrue(np.array_equal(weights[l], rounded(drawn[l], name)))
                    self.assertFalse(np.array_equal(weights[l], drawn[l]))
                    self.assertTrue(np.array_equal(biases[l], same[l]))

    def test_statistics_and_samples_are_those_of_the_rounded_network(self):
        """In double. Where klflow's normals, float32, and the exact ones of the model lie on two sides of half way, a weight
        differs by its spacing: some one of 2700, which is 1e-6 of Q in tf32."""
        layers = [(rounded(weight, "tf32"), bias) for weight, bias in draw_network(1, WIDTHS, self.images.shape[1])]
        expected = flow(layers, *measured_statistics(layers, 1, self.images[3]), sample_seed=1)
        self.compare(self.run_kl("--input", self.input + ":3", "--weight-format", "tf32")[0], expected, rtol=1e-5)

    def test_one_network_in_every_precision(self):
        """A fast precision rounds its network, which fp64 then runs too: the same to the last bit but for the samples."""
        for name, spacing in FAST.items():
            with self.subTest(name):
                weights, _, fast = self.network(precision=name)
                same, _, exact = self.network("--weight-format", name)
                self.assertEqual((fast["weight_format"], exact["weight_format"]), (name, name))
                for l in range(len(WIDTHS)):
                    self.assertTrue(np.array_equal(weights[l], same[l]))
                self.assertEqual((fast["mean"], fast["var"]), (exact["mean"], exact["var"]))
                q, q_exact = np.array(fast["Q_direct"]), np.array(exact["Q_direct"])
                self.assertFalse(np.array_equal(q, q_exact))
                self.assertTrue(np.all(np.abs(q / q_exact - 1) < 2 * spacing / np.sqrt(N_MC)), q / q_exact - 1)

    def test_fast_precisions_on_both_backends(self):
        """Two correct programs round a z that differs in the 7th digit to different neighbours now and then, and so all that
        comes after: 2 spacings a sample."""
        for name, spacing in FAST.items():
            layers = [(rounded(weight, name), bias) for weight, bias in draw_network(1, WIDTHS, self.images.shape[1])]
            expected = flow(layers, *measured_statistics(layers, 1, self.images[3]), sample_seed=1,
                            activate=lambda z: rounded(np.tanh(z), name))
            for backend in ("ref", "cpu"):
                with self.subTest(name, backend=backend):
                    point = self.run_kl("--input", self.input + ":3", "--backend", backend, precision=name)[0]
                    self.compare(point, expected, rtol=2 * spacing / np.sqrt(N_MC))

    def test_activations_of_one_sample(self):
        for name in FAST:
            for backend in ("ref", "cpu"):
                with self.subTest(name, backend=backend):
                    path = self.folder / "one.h5"
                    self.run_kl("--backend", backend, "--n-mc", 1, "--save-f-j", "-o", path, "--force", precision=name)
                    with h5py.File(path) as f:
                        phi = f["kl/f_j"][:].ravel()
                        facts = f["provenance"].attrs
                        self.assertEqual((facts["precision"], facts["weight_format"]), (name, name))
                    phi = phi[np.isfinite(phi)]
                    self.assertEqual(len(phi), sum(WIDTHS))
                    self.assertTrue(np.array_equal(phi, rounded(phi, name)))

    def test_bias_bounds(self):
        """Beside the error, growing with the roundoff; the bound of KL is that of Q over twice the variance."""
        before = 0
        for name in ("fp64", "fp32", "tf32", "bf16"):
            with self.subTest(name):
                point = self.run_kl("--input", self.input + ":3", precision=name)[0]
                bound = np.array(point["Q_bias_bound"])
                self.assertEqual(bound[0], 0)
                self.assertTrue(np.all(bound[1:] > before))
                self.assertTrue(np.allclose(point["kl_bias_bound"], bound / (2 * np.array(point["var"])), rtol=1e-12))
                self.assertTrue(np.all(bound[1:] / np.array(point["Q_direct"][1:]) < {"fp64": 1e-13, "fp32": 1e-5}.get(name, 1e-2)))
                before = bound[1:]

    def test_auto(self):
        for n_mc, chosen in ((200, "fp32"), (10**6, "fp32")):
            point = self.run_kl("--n-mc", n_mc, precision="auto")[0]
            self.assertEqual((point["precision"], point["precision_requested"], point["weight_format"]), (chosen, "auto", "fp64"))
        path = self.folder / "auto.h5"
        point = self.run_kl("--backend", "ref", "-o", path, precision="auto")[0]
        self.assertEqual((point["precision"], point["precision_requested"]), ("fp64", "auto"))
        with h5py.File(path) as f:
            facts = f["provenance"].attrs
            self.assertEqual((facts["precision"], facts["precision_requested"]), ("fp64", "auto"))
            self.assertIn("precision: auto", f["provenance/config_text"][()].decode())

    def test_a_loaded_network_is_rounded_only_where_that_is_asked_for(self):
        drawn, _, _ = self.network()
        source = self.folder / "drawn.h5"
        (self.folder / "net.h5").rename(source)
        for name in FAST:
            with self.subTest(name):
                _, _, kept = self.network("--network", source, precision=name)
                self.assertEqual(kept["weight_format"], "fp64")
                weights, _, point = self.network("--network", source, "--weight-format", name)
                self.assertEqual(point["weight_format"], name)
                self.assertTrue(np.array_equal(weights[1], rounded(drawn[1], name)))
        (self.folder / "net.h5").rename(source)  # bf16, and the file says so
        _, _, again = self.network("--network", source, precision="fp32")
        self.assertEqual(again["weight_format"], "bf16")


if __name__ == "__main__":
    kl_case.main()
