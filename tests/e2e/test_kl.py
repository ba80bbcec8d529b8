#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""From the seed to the JSON: every kind of input and of layer statistics, one network and one input at a time, against
model.py."""
import h5py
import numpy as np

import kl_case
from kl_case import KlCase, WIDTHS
from model import VAR_B, VAR_W, draw_network, flow, gaussian_input, measured_statistics, theory_statistics


class OnePoint(KlCase):
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

    def test_gaussian_input(self):
        layers = draw_network(3, WIDTHS, 784)
        expected = flow(layers, *measured_statistics(layers, 3, gaussian_input(3, 0.11, 784)), sample_seed=3)
        self.compare(self.run_kl("--seed", 3, "--gaussian-input", 0.11)[0], expected)

    def test_dataset(self):
        layers = draw_network(1, WIDTHS, self.images.shape[1])
        expected = flow(layers, *measured_statistics(layers, 1, self.images[1:4]), sample_seed=1)
        result = self.run_kl("--statistics", "dataset", "--dataset", self.input + ":1-3")[0]
        self.compare(result, expected)
        self.assertEqual((result["input"], result["q0"]), (self.input + ":1-3", None))

    def test_theory_from_a_later_reference_layer(self):
        layers = draw_network(2, WIDTHS, 784)
        expected = flow(layers, *theory_statistics(0.3, len(WIDTHS)), sample_seed=2, reference=1, theory=True)
        result = self.run_kl("--seed", 2, "--q0", 0.3, "--statistics", "theory", "--reference-layer", 1)[0]
        self.assertEqual(result["layer"], [1, 2])
        self.compare(result, expected)

    def test_theory_starts_at_the_mean_square_of_the_input(self):
        image = self.images[4]
        for x, source in ((image, ["--input", self.input + ":4"]), (gaussian_input(2, 0.7, 784), ["--gaussian-input", 0.7])):
            with self.subTest(source):
                layers = draw_network(2, WIDTHS, len(x))
                statistics = theory_statistics(VAR_W * np.mean(x**2) + VAR_B, len(WIDTHS))
                self.compare(self.run_kl("--seed", 2, "--statistics", "theory", *source)[0],
                             flow(layers, *statistics, sample_seed=2, theory=True))


class NetworkFiles(KlCase):
    def test_the_same_network_again(self):
        file = self.folder / "network.h5"
        drawn = self.run_kl("--input", self.input + ":0", "--save-network", file)[0]
        loaded = self.run_kl("--input", self.input + ":0", "--network", file)[0]
        self.assertEqual({**drawn, "wall_s": 0}, {**loaded, "wall_s": 0})

    def test_a_seed_of_its_own_beside_a_network(self):
        """The weights stay those of the file; all that is drawn in the run itself comes from the seed."""
        file = self.folder / "network.h5"
        self.run_kl("--seed", 4, "--save-network", file)
        result = self.run_kl("--network", file, "--seed", 9, "--q0", 0.3)[0]
        layers = draw_network(4, WIDTHS, 784)
        self.compare(result, flow(layers, *measured_statistics(layers, 9, q0=0.3), sample_seed=9))
        self.assertEqual((result["seed"], result["sample_seed"]), (9, 9))

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


if __name__ == "__main__":
    kl_case.main()
