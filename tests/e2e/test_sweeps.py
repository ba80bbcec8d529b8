#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Sweeps: the order of the points, each of them what a run of its own gives, and all of them in the result file."""
import itertools

import h5py
import numpy as np

import kl_case
from kl_case import KlCase, PER_LAYER, write_images


class Sweeps(KlCase):
    def compare_file(self, kl, at, point):
        """What the file holds at an index of the grid is what JSON says of the point, and nothing is behind its last layer."""
        n = len(point["layer"])
        self.assertEqual(kl["status"][at], point["status"] == "degenerate")
        self.assertEqual(list(kl["layer_status"][at][:n]), [status == "degenerate" for status in point["layer_status"]])
        for name in ("entropy_reference", "sample_seed", "n_images", "ensemble", "q0"):
            np.testing.assert_array_equal(kl[name][at], np.array(point[name], dtype=kl[name].dtype), name)
        for name in ("width", "width_changed", *PER_LAYER):
            np.testing.assert_array_equal(kl[name][at][:n], np.array(point[name], dtype=kl[name].dtype), name)
        self.assertTrue(np.all(kl["layer_status"][at][n:] == 2))
        self.assertTrue(np.all(kl["width"][at][n:] == -1))
        for name in PER_LAYER:
            self.assertTrue(np.all(np.isnan(kl[name][at][n:])), name)

    def test_file_holds_what_json_says(self):
        file = self.folder / "result.h5"
        points = self.run_kl("--var-w", "0,1.5", "--var-b", "0,0.05", "--q0", 0.2, "--seed", f"1,{2**64 - 1}", "-o", file)
        with h5py.File(file) as opened:
            kl = opened["kl"]
            names = ("var_w", "var_b", "depth", "seed")
            axes = [list(kl[name]) for name in names]
            for point in points:
                self.compare_file(kl, tuple(axis.index(point[name]) for axis, name in zip(axes, names)) + (0,), point)
        self.assertEqual([point["status"] for point in points].count("degenerate"), 2)  # no weights and no biases

    def test_depths(self):
        file, grid = self.folder / "result.h5", list(itertools.product((3, 5), (1, 2)))
        widths = {3: [784, 397, 10], 5: [784, 590, 397, 203, 10]}  # 784 - 774 l / (depth - 1), halves up
        settings = ["--architecture", "taper", "--n-mc", 5, "--estimator", "direct"]
        points = self.run_kl("--depth", "3,5", "--seed", "1,2", *settings, "-o", file)
        self.assertEqual([(point["depth"], point["seed"]) for point in points], grid)
        with h5py.File(file) as opened:
            kl = opened["kl"]
            self.assertEqual((list(kl["depth"]), list(kl["seed"]), list(kl["layer"])), ([3, 5], [1, 2], [0, 1, 2, 3, 4]))
            self.assertEqual(list(kl["input"].asstr()), ["q0=0.1*var_w+var_b"])  # one label for points of different q0
            for index, ((depth, seed), point) in enumerate(zip(grid, points)):
                with self.subTest(depth=depth, seed=seed):
                    self.assertEqual((point["layer"], point["width"]), (list(range(depth)), widths[depth]))
                    alone = self.run_kl("--depth", depth, "--seed", seed, *settings)[0]
                    self.compare_runs(point, alone)
                    self.compare_file(kl, (0, 0, *divmod(index, 2), 0), point)

    def test_inputs(self):
        pixels = np.random.default_rng(8).integers(0, 256, size=(2, 3, 4), dtype=np.uint8)
        write_images(self.folder / "small", pixels)
        inputs = [self.input + ":0", self.input + ":1-3", f"mnist:{self.folder}/small:1"]
        file, n_images = self.folder / "result.h5", [1, 3, 1]
        points = self.run_kl(*[word for name in inputs for word in ("--input", name)], "-o", file)
        self.assertEqual([point["input"] for point in points], inputs)
        self.assertEqual([point["n_images"] for point in points], n_images)
        with h5py.File(file) as opened:
            kl = opened["kl"]
            self.assertEqual(list(kl["input"].asstr()), inputs)
            for index, (name, point) in enumerate(zip(inputs, points)):
                with self.subTest(name):
                    self.compare_runs(point, self.run_kl("--input", name)[0])
                    at = (0, 0, 0, 0, index)
                    self.compare_file(kl, at, point)
                    scatter = np.array(point.get("kl_input_std", 3 * [None]), dtype=float)
                    np.testing.assert_array_equal(kl["kl_input_std"][at], scatter)
                    self.assertEqual("kl_input_std" in point, n_images[index] > 1)


if __name__ == "__main__":
    kl_case.main()
