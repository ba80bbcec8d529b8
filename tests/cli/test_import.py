#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow import and export against files that h5py writes and reads as the paper's notebooks do: every dataset by name, numbers
in single precision, scalars beside them."""
import json
import pathlib
import unittest

import h5py
import numpy

from program import Case, run

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
DOCS = GOLDEN.parent.parent / "docs"
USAGE, DATA, NOINPUT, CREATE = 64, 65, 66, 73
WIDTHS = [9] * 10 + [7, 5]  # twelve layers: as text, W10 comes before W2


def parameters(path, var_weight=1.5, widths=WIDTHS, fan_in=8):
    """What the notebooks write of a network."""
    rng = numpy.random.default_rng(3)
    with h5py.File(path, "w") as f:
        f.create_dataset("var_weight", data=var_weight)
        f.create_dataset("var_bias", data=0.05)
        f.create_dataset("depth", data=len(widths))
        for layer, width in enumerate(widths):
            scale = numpy.sqrt(var_weight / fan_in)
            f.create_dataset(f"W{layer}", data=(scale * rng.standard_normal((width, fan_in))).astype(numpy.float32))
            f.create_dataset(f"B{layer}", data=(0.05**0.5 * rng.standard_normal(width)).astype(numpy.float32))
            fan_in = width


def content(path):
    with h5py.File(path) as f:
        return {key: numpy.array(f[key]) for key in f.keys()}


class ImportTest(Case):
    def setUp(self):
        super().setUp()
        self.theirs, self.ours = self.folder / "e14-para-150-12.hdf5", self.folder / "net.h5"
        parameters(self.theirs)

    def succeed(self, *arguments):
        result = run(*map(str, arguments))
        self.assertEqual((result.returncode, result.stderr), (0, ""), arguments)
        return result.stdout

    def refuse(self, code, sentence, *arguments):
        before = self.files()
        result = run(*map(str, arguments))
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn(sentence, result.stderr)
        self.assertEqual((result.stdout, self.files()), ("", before), "nothing is written")

    def test_in_and_out_is_the_same(self):
        self.succeed("import", self.theirs, "-o", self.ours)
        self.assertIn("12 layers, input of 8, whole", self.succeed("check", self.ours))
        printed = self.succeed("export", "--format", "entropy-dnn", self.ours, "-o", self.folder / "out", "--epoch", "14")
        self.assertIn("e14-para-150-12.hdf5", printed)
        before, after = content(self.theirs), content(self.folder / "out" / "e14-para-150-12.hdf5")
        self.assertEqual(before.keys(), after.keys())
        for key, values in before.items():
            self.assertEqual((values.dtype, values.shape), (after[key].dtype, after[key].shape), key)
            self.assertTrue(numpy.array_equal(values, after[key]), key)

    def test_layers_are_in_the_order_of_their_numbers(self):
        self.succeed("import", self.theirs, "-o", self.ours)
        ours, theirs = content(self.ours), content(self.theirs)
        for layer in range(len(WIDTHS)):
            for name in (f"W{layer}", f"B{layer}"):
                self.assertTrue(numpy.array_equal(ours[name], theirs[name].astype(float)), name)
        with h5py.File(self.ours) as f:
            self.assertEqual((f.attrs["var_w"], f.attrs["var_b"], f.attrs["depth"], f.attrs["random"]), (1.5, 0.05, 12, 0))

    def test_kl_of_the_import_is_that_of_the_original(self):
        self.succeed("import", self.theirs, "-o", self.ours)
        curves = []
        for path in (self.theirs, self.ours):
            point = json.loads(self.succeed("kl", "--network", path, "--q0", "0.2", "--n-mc", "500", "--json", "--quiet"))
            curves.append(point["kl"])
        self.assertEqual(*curves)
        self.assertEqual(len(curves[0]), len(WIDTHS))

    def test_a_drawn_network_is_rounded_to_single_precision(self):
        self.succeed("kl", "--widths", "6,5,4", "--var-w", "2.05", "--n-mc", "2", "--save-network", self.ours, "--quiet")
        self.succeed("export", self.ours, "-o", self.folder)
        ours, theirs = content(self.ours), content(self.folder / "e0-para-205-3.hdf5")
        for name in ("W0", "B0", "W1", "B1", "W2", "B2"):
            self.assertEqual(theirs[name].dtype, numpy.float32)
            self.assertTrue(numpy.array_equal(theirs[name], ours[name].astype(numpy.float32)), name)
            self.assertFalse(numpy.array_equal(theirs[name].astype(float), ours[name]), "rounding can be seen")

    def test_files_that_exist_stay(self):
        self.succeed("import", self.theirs, "-o", self.ours)
        self.refuse(CREATE, "exists", "import", self.theirs, "-o", self.ours)
        self.refuse(CREATE, "exists", "export", self.ours, "-o", self.folder, "--epoch", "14")
        self.succeed("import", self.theirs, "-o", self.ours, "--force")
        self.succeed("export", self.ours, "-o", self.folder, "--epoch", "14", "--force")
        self.refuse(USAGE, "would replace", "import", self.theirs, "-o", self.theirs, "--force")

    def test_refusals(self):
        with h5py.File(self.folder / "acc-150-12.hdf5", "w") as f:
            f["accuracies"] = [0.9, 0.95]
        parameters(self.folder / "odd.hdf5", var_weight=1.234)
        with h5py.File(self.folder / "nameless.hdf5", "w") as f:
            f["W0"], f["B0"] = numpy.ones((2, 3)), numpy.zeros(2)
        with h5py.File(self.folder / "large.hdf5", "w") as f:
            f["W0"], f["B0"], f["var_weight"], f["var_bias"] = numpy.full((2, 3), 1e39), numpy.zeros(2), 1.0, 0.0
        for code, sentence, *arguments in (
                (USAGE, "needs a file of weights", "import"),
                (USAGE, "-o NETWORK.h5", "import", self.theirs),
                (NOINPUT, "cannot be opened", "import", self.folder / "none", "-o", self.ours),
                (DATA, "holds no network", "import", self.folder / "acc-150-12.hdf5", "-o", self.ours),
                (USAGE, "needs a network file", "export"),
                (USAGE, "-o DIR", "export", self.theirs),
                (USAGE, "--format must be", "export", self.theirs, "--format", "numpy", "-o", self.folder),
                (DATA, "must be a whole number", "export", self.folder / "odd.hdf5", "-o", self.folder / "out"),
                (DATA, "does not tell var_w", "export", self.folder / "nameless.hdf5", "-o", self.folder / "out"),
                (DATA, "single precision", "export", self.folder / "large.hdf5", "-o", self.folder)):
            with self.subTest(sentence):
                self.refuse(code, sentence, *arguments)

    def test_help(self):
        for name in ("import", "export"):
            text = self.succeed(name, "--help")
            self.assertEqual(text, (GOLDEN / f"help_{name}.txt").read_text(), f"if meant: tests/golden/help_{name}.txt")
            self.assertIn(text, (DOCS / "cli.md").read_text())


if __name__ == "__main__":
    unittest.main()
