#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Files of klflow fit (the program is the environment variable KLFLOW): that they hold the numbers of its JSON, and that their
figures draw these."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools"))

import figures  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402  (the backend is chosen by now)

PROGRAM = os.environ["KLFLOW"]
VAR_W, SEEDS = (1.5, 2.0, 2.5, 3.0), (1, 2, 3)
STATUS = ["ok", "at_bound", "undetermined", "not_converged", "refused"]


class FitFigures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-plot-")
        self.addCleanup(folder.cleanup)
        self.addCleanup(plt.close, "all")
        self.folder = pathlib.Path(folder.name)
        self.path = self.folder / "fit.h5"

    def run_program(self, *arguments, code=0):
        result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60)
        self.assertEqual(result.returncode, code, result.stderr)
        return result.stdout

    def fit(self, *arguments, code=0):
        return [json.loads(line) for line in self.run_program("fit", *arguments, "-o", self.path, "--force", "--json", code=code).splitlines()]

    def networks(self, *options):
        path = self.folder / "kl.h5"
        self.run_program("kl", "--widths", "64,64,64,64,64,64,64,64,20,10", "--n-mc", 100, "--var-w", ",".join(map(str, VAR_W)), "--backend",
                         "ref", "--quiet", "--force", "-o", path, *options)
        return path

    def figure(self, select=None):
        with h5py.File(self.path) as file:
            return figures.draw_file(file, select or {})

    def check_numbers(self, group, fits, prefix=""):
        for key in (*fits[0]["parameters"], *(f"{name}_stderr" for name in fits[0]["parameters"])):
            np.testing.assert_array_equal(group[key][()].ravel(), [f[key] if f[key] is not None else np.nan for f in fits])
        for key in ("chi2", "dof", "residual_norm", "n_points", "steps"):
            np.testing.assert_array_equal(group[prefix + key][()].ravel(), [f.get(key, np.nan) for f in fits])
        np.testing.assert_array_equal(group[f"{prefix}covariance"][()].ravel(),
                                      [f["covariance"][0][1] if f.get("covariance", [[0, None]])[0][1] is not None else np.nan for f in fits])
        self.assertEqual([STATUS[i] for i in group[f"{prefix}status"][()].ravel()], [f["status"] for f in fits])

    def check_points(self, group, fits):
        for key in ("x", "y", "y_stderr", "y_fit"):
            rows = group[key][()].reshape(len(fits), -1)
            for row, fit in zip(rows, fits):
                self.assertEqual(row[:len(fit["x"])].tolist(), fit[key])
                self.assertTrue(np.isnan(row[len(fit["x"]):]).all())

    def test_a_sweep(self):
        fits = self.fit(self.networks("--seed", "1,2,3"))
        self.assertIn("whole", self.run_program("check", self.path))
        with h5py.File(self.path) as file:
            group = file["fit"]
            self.assertEqual(group["a"].shape, (4, 1, 1, 3, 1))
            self.assertEqual((group["var_w"][()].tolist(), group["seed"][()].tolist()), (list(VAR_W), list(SEEDS)))
            self.assertEqual((group.attrs["model"], group.attrs["errors"], group.attrs["reference_layer"]), ("plateau", "scaled", 0))
            self.check_numbers(group, fits[:12])
            self.check_numbers(group, fits[12:], "across_")
            self.check_points(group, fits[:12])
        with self.assertRaisesRegex(figures.BadRequest, "several var_w and seed"):
            self.figure()
        left, right = self.figure({"seed": "2"}).axes
        curves = [line for line in left.lines if len(line.get_xdata()) == 400]
        chosen = [f for f in fits[:12] if f["seed"] == 2]
        self.assertEqual(len(curves), len(VAR_W))
        for line, fit in zip(curves, chosen):
            np.testing.assert_allclose(np.interp(fit["x"], line.get_xdata(), line.get_ydata()), fit["y_fit"], atol=2e-3)
        for container, fit in zip(left.containers, chosen):
            self.assertEqual(container.lines[0].get_ydata().tolist(), fit["y"])
        self.assertEqual(right.containers[0].lines[0].get_ydata().tolist(), [f["a"] for f in chosen])
        self.assertEqual(len(self.figure({"var_w": "2"}).axes), 1)

    def test_ragged(self):
        """Networks of two depths, and a curve that cannot be fitted."""
        path = self.folder / "kl.h5"
        self.run_program("kl", "--depth", "4,9", "--n-mc", 20, "--quiet", "-o", path)
        fits = self.fit(path, code=65)
        self.assertEqual([len(f["x"]) for f in fits], [2, 7])
        self.assertEqual([f["status"] for f in fits], ["refused", "ok"])
        with h5py.File(self.path) as file:
            group = file["fit"]
            self.assertEqual(group["y"].shape, (1, 1, 2, 1, 1, 7))
            self.check_numbers(group, fits)
            self.assertEqual(group["y"][0, 0, 1, 0, 0].tolist(), fits[1]["y"])
            self.assertTrue(np.isnan(group["y_fit"][0, 0, 0]).all())
        self.assertEqual(len(self.figure().axes), 1)

    def test_points(self):
        table = self.folder / "t.csv"
        table.write_text("".join(f"{x},{0.7 * np.tanh(0.4 * x) + 0.01 * np.cos(5 * x)},0.01\n" for x in range(12)))
        fits = self.fit("--table", table, "--model", "tanh")
        self.assertIn("whole", self.run_program("check", self.path))
        with h5py.File(self.path) as file:
            self.check_numbers(file["fit"], fits)
            self.check_points(file["fit"], fits)
        main, below = self.figure().axes
        np.testing.assert_allclose(np.interp(fits[0]["x"], *main.lines[1].get_data()), fits[0]["y_fit"], atol=1e-3)
        np.testing.assert_allclose(below.containers[0].lines[0].get_ydata(), np.subtract(fits[0]["y"], fits[0]["y_fit"]))
        with self.assertRaisesRegex(figures.BadRequest, "one fit"):
            self.figure({"var_w": "1"})


if __name__ == "__main__":
    unittest.main()
