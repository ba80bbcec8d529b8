#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow plot (tools/plot.py) on made-up result files: what is drawn, what the legend says of the band, equal files for equal
results, exit codes, and that nothing half-written is left."""
import contextlib
import io
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest
from types import SimpleNamespace
from unittest import mock

import h5py
import numpy as np
from matplotlib.patches import Rectangle

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = os.path.join(HERE, "..", "..", "tools")
sys.path[:0] = [HERE, TOOLS]

import figures  # noqa: E402
import plot  # noqa: E402
from make_result import write_result  # noqa: E402


class Plot(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.result = self.path("result.h5")

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_plot(self, *arguments):
        """In this process, which saves the loading of matplotlib."""
        with mock.patch.object(sys, "argv", ["plot.py", *arguments]), contextlib.redirect_stderr(io.StringIO()) as stderr:
            return SimpleNamespace(returncode=plot.main(), stderr=stderr.getvalue())

    def run_apart(self, *arguments, **options):
        return subprocess.run([sys.executable, os.path.join(TOOLS, "plot.py"), *arguments], capture_output=True, text=True, check=False,
                              **options)

    def refused(self, code, pattern, *arguments, **options):
        """The program ends with this code and one sentence, and leaves no file that was not there."""
        before = sorted(os.listdir(self.folder))
        done = (self.run_apart if options else self.run_plot)(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, r"\Aklflow plot: .*" + pattern + r".*\n\Z")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def figure(self, select=None, **options):
        write_result(self.result, **options)
        with h5py.File(self.result) as file:
            self.addCleanup(figures.kl_flow.plt.close, "all")
            return figures.draw_file(file, select or {})

    def values(self, name):
        """The curves of a sweep, one a row."""
        with h5py.File(self.result) as file:
            return file["kl/" + name][()].reshape(-1, file["kl/layer"].size)

    def kl(self):
        return self.values("kl_per_neuron")

    def test_draws_the_numbers_of_the_file(self):
        main, strip = self.figure().axes
        solid = [line for line in main.lines if line.get_linestyle() == "-" and len(line.get_xdata())]
        for line, values in zip(solid, self.kl(), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), range(28))
            np.testing.assert_array_equal(line.get_ydata(), values[:28])
        # The drop is in the strip below, whole and inside its limits; the main panel keeps its height for the other layers.
        hollow = [line for line in strip.lines if line.get_linestyle() == "None"]
        for line, values in zip(hollow, self.kl(), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), values[28:])
            self.assertGreater(min(line.get_ydata()), strip.get_ylim()[0])
        self.assertLess(main.get_ylim()[1] - main.get_ylim()[0], 1.2 * self.kl()[:, :28].max())

    def test_dashed_lines_are_mean_field(self):
        main = self.figure().axes[0]
        dashed = [line for line in main.lines if line.get_linestyle() == "--"]
        for line, values in zip(dashed, self.values("kl_meanfield_per_neuron"), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), range(28))
            np.testing.assert_array_equal(line.get_ydata(), values[:28])

    def check_bands(self, main, errors):
        """Each band is a polygon: there along the lower edge, back along the upper one. fill_between repeats the ends."""
        for band, kl, error in zip(main.collections, self.kl(), errors, strict=True):
            path, = band.get_paths()
            layer = np.unique(path.vertices[:, 0]).astype(int)
            edges = np.concatenate([np.stack([layer, (kl + sign * error)[layer]], axis=1) for sign in (-1, 1)])
            np.testing.assert_allclose(np.unique(path.vertices, axis=0), np.unique(edges, axis=0), rtol=0, atol=1e-15)
            self.assertGreaterEqual(layer.size, 28)

    def test_the_band_of_one_network_is_the_error_of_sampling(self):
        for widths in ("wide", "taper"):  # N is the width of the reference layer, also where the layer has another.
            main = self.figure(widths=widths).axes[0]
            self.check_bands(main, self.values("kl_stderr") / 784)

    def test_the_band_of_an_ensemble_is_its_scatter(self):
        main = self.figure(ensemble=8).axes[0]
        self.check_bands(main, self.values("kl_per_neuron_ensemble_std"))

    def test_of_a_sweep_of_images_and_ranges_each_has_its_band(self):
        main = self.figure(var_w=(1.5,), input=("mnist:a:1", "mnist:a:0-9", "mnist:a:2"), n_images=(1, 10, 1)).axes[0]
        errors = self.values("kl_stderr") / 784
        errors[1] = self.values("kl_per_neuron_input_std")[1]
        self.check_bands(main, errors)
        self.assertIn("s.d. over 10 images (of one: MC s.e. ", self.texts_of_result())

    def test_the_ground_of_the_drop_is_no_band(self):
        figure = self.figure()
        main, strip = figure.axes
        for axes in (main, strip):
            ground, = axes.patches
            np.testing.assert_allclose(ground.get_extents().intervalx, axes.transData.transform([(27.5, 0), (29.5, 0)])[:, 0])
            self.assertTrue(ground.get_hatch())
        legend, = figure.legends
        named = [patch for patch in legend.findobj(Rectangle) if patch.get_hatch() == ground.get_hatch()]
        band = [patch for patch in legend.findobj(Rectangle) if patch.get_alpha() == figures.kl_flow.BAND_ALPHA]
        self.assertEqual((len(named), len(band)), (1, 1))
        self.assertFalse(band[0].get_hatch())
        self.assertEqual(named[0].get_facecolor()[3], 0)

    def test_the_strip_is_named_and_its_ticks_are_off_the_frame(self):
        for options in ({}, {"var_w": (1.5,)}, {"var_w": (9.0, 30.0)}, {"var_w": (1.5,), "depth": (8, 12)}):
            strip = self.figure(**options).axes[1]
            self.assertIn("all layers", [text.get_text() for text in strip.texts])
            low, high = strip.get_ylim()
            ticks = (strip.get_yticks() - low) / (high - low)
            self.assertEqual(len(ticks), 2)
            self.assertTrue(np.all((ticks > 0.1) & (ticks < 0.9)), ticks)
            self.assertGreater(np.ptp(ticks), 0.25, options)

    def test_no_legend_lies_on_a_curve_or_band(self):
        images = [f"mnist:train-images-idx3-ubyte.gz:{i}" for i in range(8)]
        for options in ({}, {"ensemble": 8}, {"var_w": (2.0, 2.1, 2.3), "input": ("mnist:a:0-2",), "n_images": (3,)},
                        {"var_w": (1.5,), "input": images}, {"var_w": (1.5,), "seed": range(2**64 - 8, 2**64)},
                        {"widths": "taper"}):
            figure = self.figure(**options)
            figure.draw_without_rendering()
            main = figure.axes[0]
            legend, = main.findobj(figures.kl_flow.Legend)
            self.assertFalse(figures.kl_flow.covers(legend.get_window_extent(), main), options)

    def test_networks_of_any_depth_stay_visible(self):
        main = self.figure(var_w=(1.5,), depth=(10, 20, 30)).axes[0]
        self.assertEqual([len(line.get_xdata()) for line in main.lines if line.get_linestyle() == "-"], [28, 18, 8])

    def test_many_seeds_are_counted_not_scaled(self):
        self.assertEqual(len(self.figure(var_w=(1.5,), seed=range(20)).axes), 2)
        self.assertIn("20 seeds", self.texts_of_result())

    def test_a_second_axis_makes_panels(self):
        figure = self.figure(var_b=(0.05, 0.2), depth=(15, 30))
        self.assertEqual(len(figure.axes), 2 * 4)
        self.assertEqual(len(self.figure({"depth": "30", "var_b": "0.2"}, var_b=(0.05, 0.2), depth=(15, 30)).axes), 2)

    def test_shrinking_widths_stay_in_one_panel(self):
        main, = self.figure(widths="taper").axes
        self.assertLess(main.get_ylim()[0], np.nanmin(self.kl()))

    def entries(self, **options):
        """What the legend of the colours says."""
        legend, = self.figure(**options).axes[0].findobj(figures.kl_flow.Legend)
        return [text.get_text() for text in legend.get_texts()]

    def test_whole_numbers_are_exact(self):
        seeds = (20000000, 20000001, 2**64 - 2, 2**64 - 1)
        self.assertEqual(self.entries(var_w=(1.5,), seed=seeds), [f"$\\mathrm{{seed}} = {seed}$" for seed in seeds])
        for i, seed in enumerate(seeds):
            main = self.figure({"seed": str(seed)}, var_w=(1.5,), seed=seeds).axes[0]
            solid, = (line for line in main.lines if line.get_linestyle() == "-")
            with h5py.File(self.result) as file:
                np.testing.assert_array_equal(solid.get_ydata(), file["kl/kl_per_neuron"][0, 0, 0, i, 0, :28])
        for wrong in ("18446744073709551614.5", "18446744073709551617", "nan", "many"):
            self.refused(64, f"no seed = {wrong} in the file", self.result, "--select", f"seed={wrong}")
        self.assertEqual(len(self.figure({"seed": "2e7"}, seed=seeds, var_b=(0.05, 0.2)).axes), 2 * 2)

    def test_reals_get_the_digits_that_tell_them_apart(self):
        self.assertEqual(self.entries(var_w=(1.5, 0.1 + 0.2)), [r"$\sigma_w^2 = 1.5$", r"$\sigma_w^2 = 0.3$"])
        self.assertEqual(self.entries(var_w=(1.7649992, 1.764999)), [r"$\sigma_w^2 = 1.7649992$", r"$\sigma_w^2 = 1.764999$"])

    def test_inputs_are_named_as_briefly_as_tells_them_apart(self):
        for inputs, names in (
                (("mnist:/a/train-images-idx3-ubyte.gz:12", "idx:t10k-images.idx3-ubyte:0-9"),
                 ["train-images:12", "t10k-images:0-9"]),
                (("mnist:/data/a/images.gz:7", "mnist:/data/b/images.gz:7"), ["a/images:7", "b/images:7"]),
                (("mnist:/a/images.gz:7", "mnist:/a/images:7"), ["mnist:/a/images.gz:7", "mnist:/a/images:7"]),
                (("mnist:images-of-every-kind-there-ever-was:7", "mnist:$a$:7"), ["images-of-ev\u2026re-ever-was:7", r"\$a\$:7"])):
            self.assertEqual(self.entries(var_w=(1.5,), input=inputs), names)

    def texts(self, **options):
        write_result(self.result, **options)
        return self.texts_of_result()

    def texts_of_result(self):
        """What stands in the picture: matplotlib notes the text of every outline in the SVG."""
        done = self.run_plot(self.result, "--force", "-o", self.path("a.svg"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(self.path("a.svg"), encoding="utf-8") as svg:
            return " ".join(re.findall("<!-- (.*?) -->", svg.read()))

    def test_the_legend_says_which_band_is_drawn(self):
        self.assertIn("MC s.e., one network", self.texts())
        ensemble = self.texts(ensemble=8)
        self.assertIn("s.d. over 8 networks", ensemble)
        self.assertNotIn("s.e.", ensemble)
        self.assertIn("unphysical drop", ensemble)
        self.assertIn("s.d. over 3 to 7 images", self.texts(input=("mnist:a:0-2", "mnist:a:0-6"), n_images=(3, 7)))
        self.assertIn("no error: one sample", self.texts(stderr=np.nan))

    def test_the_bound_in_the_legend_is_one(self):
        for stderr, bound in ((0.00031, "0.0004"), (0.0003, "0.0003"), (0.00039, "0.0004"), (0.00096, "0.001"),
                              (1.2e-7, r"2\times 10^{-7}")):
            said = [text.get_text() for text in self.figure(stderr=stderr, var_w=(1.5,)).legends[0].get_texts()]
            self.assertIn(rf"$\pm 1$ MC s.e., one network (≤ ${bound}$)", said)

    def test_an_unknown_var_w_has_no_number(self):
        write_result(self.result, var_w=(1.5,))
        with h5py.File(self.result, "a") as file:
            file["kl/var_w"][0] = np.nan
        self.assertNotIn("nan", self.texts_of_result())

    def test_layers_without_a_density_are_gaps_and_said_to_be(self):
        write_result(self.result)
        self.assertNotIn("zero variance", self.texts_of_result())
        with h5py.File(self.result, "a") as file:
            file["kl/kl_per_neuron"][0, 0, 0, 0, 0, 29] = np.nan
        self.assertIn("zero variance", self.texts_of_result())

    def test_writes_every_kind_and_equal_files_for_equal_results(self):
        write_result(self.result)
        pictures = {kind: self.path("b." + kind) for kind in ("png", "svg", "pdf")}
        contents = []
        for _ in range(2):
            done = self.run_apart(self.result, "--force", *(word for path in pictures.values() for word in ("-o", path)))
            self.assertEqual(done.returncode, 0, done.stderr)
            contents.append({})
            for kind, path in pictures.items():
                with open(path, "rb") as file:
                    contents[-1][kind] = file.read()
        self.assertEqual(contents[0], contents[1])
        for kind, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
            self.assertTrue(contents[0][kind].startswith(magic))

    def test_default_name_and_no_overwriting(self):
        write_result(self.result)
        self.assertEqual(self.run_plot(self.result).returncode, 0)
        self.assertTrue(os.path.exists(self.path("result.png")))
        self.refused(73, "exists; --force", self.result)
        self.assertEqual(self.run_plot(self.result, "--force").returncode, 0)

    def test_wrong_options(self):
        write_result(self.result)
        self.refused(64, "which result file")
        self.refused(64, "'--froce'; did you mean --force", self.result, "--froce")
        self.refused(64, "does not end in", self.result, "-o", self.path("a.jpg"))
        self.refused(64, "no axis 'width'", self.result, "--select", "width=1")
        self.refused(64, "no var_w = 9 in the file", self.result, "--select", "var_w=9")
        write_result(self.result, seed=range(20))
        self.refused(64, "20 panels.*--select seed=0", self.result)

    def test_wrong_files(self):
        self.refused(66, "No such file", self.path("none.h5"))
        with open(self.path("text.h5"), "w", encoding="utf-8") as file:
            file.write("not HDF5\n")
        self.refused(65, "text.h5 is not a whole result file", self.path("text.h5"))
        write_result(self.result, schema="klflow-else")
        self.refused(65, "schema 'klflow-else'", self.result)
        write_result(self.result)
        with h5py.File(self.result, "a") as file:
            del file["kl/kl_per_neuron"]
        self.refused(65, "kl_per_neuron", self.result)
        write_result(self.result)
        os.truncate(self.result, os.path.getsize(self.result) // 2)
        self.refused(65, "not a whole result file", self.result)

    @unittest.skipUnless("KLFLOW" in os.environ, "needs the program, in $KLFLOW")
    def test_draws_what_the_program_writes(self):
        klflow = os.environ["KLFLOW"]
        for arguments in (["--var-w", "1.5,2.5", "--depth", "4,5"], ["--widths", "32,32,16", "--ensemble", "3"]):
            subprocess.run([klflow, "kl", "--n-mc", "20", "--quiet", "--force", "-o", self.result, *arguments], check=True,
                           stdout=subprocess.DEVNULL)
            done = subprocess.run([klflow, "plot", self.result, "--force"], capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertGreater(os.path.getsize(self.path("result.png")), 10000)
            os.remove(self.path("result.png"))

    def test_output_that_cannot_be_written(self):
        write_result(self.result)
        self.refused(73, "no folder", self.result, "-o", self.path("none/a.png"))
        # A file may not grow beyond 1000 bytes: like a full disk.
        self.refused(74, "could not be written", self.result,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)))


if __name__ == "__main__":
    unittest.main()
