#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Means and scatter over images and over networks, and which draws they share, against model.py."""
import kl_case
from kl_case import KlCase, WIDTHS
from model import average, draw_network, flow, gaussian_input, measured_statistics

SEEDS = (4, 5)


class Averages(KlCase):
    def test_range_of_images_and_ensemble(self):
        networks = []
        for seed in SEEDS:
            layers = draw_network(seed, WIDTHS, self.images.shape[1])
            parts = [flow(layers, *measured_statistics(layers, seed, x), sample_seed=seed) for x in self.images]
            networks.append(average(parts, "_input_std", independent=False))
        range_of_images = ["--input", self.input + ":0-4", "--seed", SEEDS[0]]
        self.compare(self.run_kl(*range_of_images)[0], networks[0])
        self.compare(self.run_kl(*range_of_images, "--ensemble", len(SEEDS))[0],
                     average(networks, "_ensemble_std", independent=True))

    def test_a_gaussian_input_is_that_of_the_point(self):
        x, networks = gaussian_input(SEEDS[0], 0.4, 784), []
        for seed in SEEDS:
            layers = draw_network(seed, WIDTHS, 784)
            networks.append(flow(layers, *measured_statistics(layers, seed, x), sample_seed=seed))
        result = self.run_kl("--seed", SEEDS[0], "--gaussian-input", 0.4, "--ensemble", len(SEEDS))[0]
        self.compare(result, average(networks, "_ensemble_std", independent=True))

    def test_errors_of_common_samples_are_averaged(self):
        networks = []
        for seed in SEEDS:
            layers = draw_network(seed, WIDTHS, 784)
            networks.append(flow(layers, *measured_statistics(layers, seed, q0=0.2), sample_seed=17))
        result = self.run_kl("--seed", SEEDS[0], "--q0", 0.2, "--ensemble", len(SEEDS), "--sample-seed", 17)[0]
        self.compare(result, average(networks, "_ensemble_std", independent=False))
        self.assertEqual((result["seed"], result["sample_seed"], result["ensemble"]), (SEEDS[0], 17, len(SEEDS)))


if __name__ == "__main__":
    kl_case.main()
