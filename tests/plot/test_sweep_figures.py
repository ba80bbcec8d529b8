#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The figures of sweeps over closed formulas, on files that the program (environment variable KLFLOW) writes: that the curves are
the numbers of the file, which kind of figure a file gets, --select, and that no legend lies on a curve."""
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


def solid(axes):
    """The curves, but not lines across the panel and markers alone."""
    return [line for line in axes.lines if line.get_linestyle() == "-" and len(line.get_xdata()) > 2]


class SweepFigures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-plot-")
        self.addCleanup(folder.cleanup)
        self.addCleanup(plt.close, "all")
        self.path = pathlib.Path(folder.name) / "result.h5"

    def write(self, *arguments):
        subprocess.run([PROGRAM, *arguments, "-o", str(self.path), "--quiet", "--force"], check=True, capture_output=True, timeout=60)

    def figure(self, *arguments, select=None):
        self.write(*arguments)
        with h5py.File(self.path) as file:
            return figures.draw_file(file, select or {})

    def values(self, name):
        with h5py.File(self.path) as file:
            return next(file[group][name][()] for group in ("ising1d", "ising2d", "meanfield") if group in file)

    def check_legends(self, figure):
        """A legend in a panel is off its curves."""
        figure.draw_without_rendering()
        for axes in figure.axes:
            legend = axes.get_legend()
            if legend is None:
                continue
            box = legend.get_window_extent()
            for line in axes.lines:
                points = axes.transData.transform(np.column_stack([line.get_xdata(), line.get_ydata()]))
                inside = (points > box.min).all(axis=1) & (points < box.max).all(axis=1)
                self.assertFalse(inside.any(), f"{line.get_label()} runs through the legend")

    def test_few_couplings_are_flows(self):
        # Given out of order: the colours go by size.
        figure = self.figure("ising1d", "--coupling", "2,0.5,1", "--steps", "9")
        left, right = figure.axes
        order = np.argsort(self.values("coupling"))
        for axes, name in ((left, "s"), (right, "s_unnormalized")):
            curves = solid(axes)
            self.assertEqual(len(curves), 3)
            for line, values in zip(curves, self.values(name)[order]):
                np.testing.assert_array_equal(line.get_xdata(), range(10))
                np.testing.assert_array_equal(line.get_ydata(), values)
        self.assertEqual([text.get_text() for text in figure.legends[0].get_texts()],
                         ["$K = 0.5$", "$K = 1$", "$K = 2$", "limit, exact"])

    def test_of_the_lattice_both_estimators_are_drawn(self):
        figure = self.figure("ising2d", "--coupling", "0.3,0.5", "--steps", "6")
        for axes, name in zip(figure.axes, ("s", "s_consistent")):
            for line, values in zip(solid(axes), self.values(name), strict=True):
                np.testing.assert_array_equal(line.get_ydata(), values)
            rings = [line for line in axes.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1]
            self.assertEqual([line.get_ydata()[0] for line in rings], list(self.values("s_1")))
        self.assertEqual(len(figure.axes[1].collections), 2)  # the bounds

    def test_exact_steps_from_cylinders_are_rings(self):
        figure = self.figure("ising2d", "--coupling", "0.3,1", "--steps", "6", "--cylinder", "8")
        rings = [line for line in figure.axes[0].lines if line.get_marker() == "o" and line.get_linestyle() == "None"]
        for line, s, error in zip(rings, self.values("s_extrapolated"), self.values("s_extrapolated_stderr"), strict=True):
            self.assertGreaterEqual(len(line.get_xdata()), 2)
            for step, value in zip(line.get_xdata(), line.get_ydata(), strict=True):
                self.assertEqual(value, s[step])
                self.assertLess(error[step], 0.005)

    def test_many_couplings_are_an_asymptote(self):
        for command, fit in (("ising1d", "s_inf_fit_error"), ("ising2d", None)):
            figure = self.figure(command, "--coupling", "0.01:0.44:44", "--steps", "12")
            main, below = figure.axes
            np.testing.assert_array_equal(solid(main)[0].get_ydata(), self.values("s_inf"))
            dots = next(line for line in main.lines if line.get_linestyle() == "None")
            np.testing.assert_array_equal(dots.get_ydata(), self.values("s")[:, -1])
            if fit:
                np.testing.assert_array_equal(below.lines[-1].get_ydata(), self.values(fit))
            self.check_legends(figure)
            plt.close(figure)

    def test_the_mean_field_is_drawn_by_its_shape(self):
        figure = self.figure("meanfield", "--var-w", "0.5:4:36", "--var-b", "0:0.4:21")
        maps = figure.axes[:2]
        for axes, name in zip(maps, ("xi_c", "xi_q")):
            drawn = axes.collections[0].get_array()
            self.assertFalse(np.ma.getmaskarray(drawn).any())  # A point without a colour is a hole; (1, 0) has infinite depths.
            np.testing.assert_array_equal(np.minimum(drawn.ravel(), 1e9), np.minimum(self.values(name).T.ravel(), 1e9))
            np.testing.assert_array_equal(axes.lines[-1].get_xdata(), self.values("critical_var_w"))
        along = self.figure("meanfield", "--var-w", "0.5:4:36", "--var-b", "0.05")
        for line, name in zip(along.axes[0].lines, ("xi_c", "xi_q")):
            np.testing.assert_array_equal(line.get_ydata(), self.values(name)[:, 0])
        self.assertAlmostEqual(along.axes[0].lines[2].get_xdata()[0], 1.760954639606739, delta=1e-13)
        self.check_legends(along)
        curves = self.figure("meanfield", "--var-w", "1,2", "--var-b", "0.05,0.1", "--layers", "9")
        for line, values in zip(solid(curves.axes[0]), self.values("kl_per_neuron").reshape(4, 9), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), values)
        with self.assertRaisesRegex(figures.BadRequest, "one point without a curve"):
            self.figure("meanfield", "--var-w", "1", "--var-b", "0.05")

    def test_select_draws_one(self):
        figure = self.figure("ising1d", "--coupling", "0.1:2:20", select={"coupling": "0.3"})
        curve, = solid(figure.axes[0])
        np.testing.assert_array_equal(curve.get_ydata(), self.values("s")[2])

    def test_what_cannot_be_drawn_is_said(self):
        with self.assertRaisesRegex(figures.BadRequest, "no coupling = 3 in the file, which has 0.5, 1"):
            self.figure("ising1d", "--coupling", "0.5,1", select={"coupling": "3"})
        with self.assertRaisesRegex(figures.BadRequest, "no axis 'var_w'"):
            self.figure("ising2d", "--coupling", "0.5,1", select={"var_w": "3"})
        with self.assertRaisesRegex(figures.BadData, "no fit to the limit to draw"):
            self.figure("ising1d", "--coupling", "0.1:2:20", "--field", "0.1")
        with self.assertRaisesRegex(figures.BadData, "has s alone"):
            self.figure("ising2d", "--coupling", "0.1:2:20", "--s-only")

    def test_odd_files_are_drawn_nevertheless(self):
        for arguments in (["ising1d", "--coupling", "-0.5", "--steps", "0"], ["ising1d", "--coupling", "0,1e6", "--steps", "60"],
                          ["ising1d", "--coupling", "-3:3:50"], ["ising2d", "--coupling", "0", "--steps", "1"],
                          ["ising2d", "--coupling", "-1:1:41"], ["ising2d", "--coupling", "0.3,0.5", "--scheme", "naive"],
                          ["ising2d", "--coupling", "0.3", "--scheme", "wilson"], ["ising1d", "--coupling", "0.5,1", "--s-only"],
                          ["ising1d", "--coupling", "0.5,1", "--field", "0.2"],
                          ["meanfield", "--var-w", "0.5,1", "--var-b", "0,0.1"], ["meanfield", "--var-w", "1", "--var-b", "0,1e-9"],
                          ["meanfield", "--var-w", "0.9", "--var-b", "0.1", "--layers", "1", "--convention", "samples"]):
            with self.subTest(arguments):
                figure = self.figure(*arguments)
                figure.draw_without_rendering()
                plt.close(figure)


if __name__ == "__main__":
    unittest.main()
