#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The table of `klflow kl` against --json of the same run: every column, the marks, the label of the input, and what the notes
under it say of the error bars. Run as test_table.py PROGRAM [unittest options]."""
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

PROGRAM = None
# One layer as wide as the reference layer, one of another width, one neuron without variance over neurons.
MARKED = ["--widths", "6,6,3,1", "--n-mc", "100"]
ROW = re.compile(r" *(\d+)([ *!]) +(\d+)((?: +\S+)+)")
COLUMNS = "layer width KL/N +- mean field KL [nat] variance"
THIS_NETWORK = "+-: Monte Carlo standard error of this one network (n_mc 100)."
OF_THE_MEAN = "+-: Monte Carlo standard error of the mean (n_mc 100)."


def run(*arguments):
    done = subprocess.run([PROGRAM, "kl", "--quiet", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, env={**os.environ, "OMP_NUM_THREADS": "2"})
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{arguments}: {done.returncode}, {done.stderr}")
    return done.stdout


def cell(value, width):
    """Five decimals; where they would show 0 or not fit the column an exponent, with as many digits as do fit."""
    if value is None:
        return "-"
    text = f"{value:.5f}"
    if len(text) <= width and (value == 0 or abs(value) >= 1e-5):
        return text
    return next(text for digits in (4, 3, 2, 1, 0) if len(text := f"{value:.{digits}e}") <= width)


def expected_rows(point, scatter):
    """Of a table: [layer, mark, width, cells ...], from the JSON object. scatter: name of the column's field, or None."""
    rows = []
    for i, layer in enumerate(point["layer"]):
        mark = "!" if point["layer_status"][i] == "degenerate" else "*" if point["width_changed"][i] else " "
        error = point["kl_stderr"][i]
        values = [point["kl_per_neuron"][i], None if error is None else error / point["width"][0]]
        widths = [9, 8, 8, 10, 11, 9] if scatter else [9, 8, 10, 11, 9]
        if scatter:
            values.append(point[scatter][i])
        values += [point["kl_meanfield_per_neuron"][i], point["kl"][i], point["var"][i]]
        rows.append([str(layer), mark, str(point["width"][i]), *map(cell, values, widths)])
    return rows


class Table(unittest.TestCase):
    def check(self, arguments, scatter=None, column=""):
        """Compares the rows; returns the JSON object, the title line, and the lines under the rows."""
        point = json.loads(run("--json", *arguments))
        title, names, *lines = run(*arguments).splitlines()
        self.assertEqual(" ".join(names.split()), COLUMNS.replace("+-", f"+- {column}".strip()))
        rows = [[*match.groups()[:3], *match.group(4).split()] for match in map(ROW.fullmatch, lines) if match]
        self.assertEqual(rows, expected_rows(point, scatter))
        return point, title, lines[len(rows):]

    def test_one_network(self):
        _, title, notes = self.check([*MARKED, "--seed", "3"])
        self.assertEqual(title, "var_w 1.5  var_b 0.05  depth 4  seed 3  input q0=0.2")
        self.assertIn(THIS_NETWORK, notes)
        self.assertNotIn("standard deviation", "\n".join(notes))

    def test_later_reference_layer(self):
        _, _, notes = self.check([*MARKED, "--reference-layer", "1"])
        self.assertIn("N: width of layer 1.", notes)

    def test_ensemble(self):
        _, title, notes = self.check([*MARKED, "--ensemble", "3"], "kl_per_neuron_ensemble_std", "networks")
        self.assertTrue(title.endswith("  ensemble 3"), title)
        self.assertIn(OF_THE_MEAN, notes)
        self.assertIn("networks: standard deviation of KL/N over the networks of the ensemble.", notes)
        self.assertNotIn("this one network", "\n".join(notes))

    def test_range_of_images(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "images"
            path.write_bytes(struct.pack(">4I", 2051, 3, 2, 2) + bytes(range(0, 240, 20)))
            images = f"mnist:{path}:0-2"
            _, title, notes = self.check([*MARKED, "--input", images], "kl_per_neuron_input_std", "images")
        self.assertTrue(title.endswith(f"input {images} (3 images)"), title)
        self.assertIn(OF_THE_MEAN, notes)
        self.assertIn("images: standard deviation of KL/N over the images.", notes)

    def test_one_sample_and_large_numbers(self):
        point, _, _ = self.check(["--widths", "6,6", "--n-mc", "1", "--var-w", "1e7"])
        self.assertIsNone(point["kl_stderr"][1])
        self.assertGreater(point["var"][1], 1e5)

    def test_sweep(self):
        text = run("--widths", "6,5,1", "--depth", "3", "--n-mc", "100", "--seed", "1,2")
        self.assertIn("[1/2] var_w 1.5  var_b 0.05  depth 3  seed 1  input ", text)
        self.assertIn("[2/2]", text)
        self.assertIn("!: degenerate", text)
        self.assertIn("*: not as wide as layer 0", text)
        self.assertEqual(text.count(THIS_NETWORK), 1)

    def test_label_of_q0(self):
        """15 digits: all that a decimal number keeps in a double, and none of the rounding of 0.1 var_w + var_b, which in doubles
        is 0.16000000000000003 for the first of these."""
        for arguments, label in ((["--var-w", "1.1", "--var-b", "0.05"], "q0=0.16"), (["--q0", "0.2"], "q0=0.2"),
                                 (["--q0", "0.123456789012345"], "q0=0.123456789012345"), (["--q0", "1.5e-7"], "q0=1.5e-07")):
            with self.subTest(label):
                point, title, _ = self.check(["--widths", "6,6", "--n-mc", "100", *arguments])
                self.assertEqual(point["input"], label)
                self.assertTrue(title.endswith(f"  input {label}"), title)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
