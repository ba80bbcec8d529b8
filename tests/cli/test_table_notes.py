#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The table of `klflow kl` where points and numbers are not the usual ones: what it says of its columns when points differ, and
numbers that five decimals do not show. Run as test_table_notes.py PROGRAM."""
import json
import re
import struct
import unittest

from program import Case, run

ROW = re.compile(r" *\d+[ *!] +\d+( +\S+)+")


class Notes(Case):
    def setUp(self):
        super().setUp()
        pixels = bytes(17 * k % 256 for k in range(6 * 4))
        (self.folder / "images").write_bytes(struct.pack(">IIII", 0x803, 6, 2, 2) + pixels)

    def notes(self, *arguments):
        result = run("kl", "--quiet", "--widths", "5,4,3", "--n-mc", "50", *arguments, cwd=self.folder)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout, result.stdout.split("\nN: width of layer 0.\n")[1]

    def test_a_column_of_an_earlier_table_is_explained(self):
        for inputs in (("0-4", "5"), ("5", "0-4")):
            with self.subTest(inputs):
                table, notes = self.notes("--input", f"mnist:images:{inputs[0]}", "--input", f"mnist:images:{inputs[1]}")
                self.assertEqual(table.count("  images  "), 1)
                self.assertEqual(notes, "+-: Monte Carlo standard error of this one network, or of the mean over images (n_mc 50).\n"
                                        "images: standard deviation of KL/N over the images.\n")

    def test_points_without_the_column(self):
        _, notes = self.notes("--input", "mnist:images:4", "--input", "mnist:images:5")
        self.assertEqual(notes, "+-: Monte Carlo standard error of this one network (n_mc 50).\n")

    def test_networks_and_images(self):
        table, notes = self.notes("--input", "mnist:images:0-4", "--ensemble", "3")
        self.assertNotIn("  images  ", table)
        self.assertEqual(notes, "+-: Monte Carlo standard error of the mean (n_mc 50).\n"
                                "networks: standard deviation of KL/N over the networks of the ensemble.\n"
                                "That over the images has no column here; --json and result files have it.\n")


class Rounding(Case):
    def test_rounding_is_named_where_it_is_no_longer_small(self):
        for precision, n_mc, named in (("bf16", "60000", True), ("bf16", "500", False), ("fp32", "60000", False),
                                       ("fp64", "60000", False)):
            with self.subTest(precision, n_mc=n_mc):
                arguments = ["kl", "--quiet", "--widths", ",".join(["100"] * 8), "--var-w", "0.5", "--estimator", "direct",
                             "--precision", precision, "--n-mc", n_mc]
                text, point = run(*arguments).stdout, json.loads(run(*arguments, "--json").stdout)
                shares = [b / e if e else 0 for b, e in zip(point["kl_bias_bound"], point["kl_stderr"])]
                self.assertEqual(max(shares) > 1 / 3, named)
                self.assertEqual(f"rounding ({precision}) may exceed a third of the standard error" in " ".join(text.split()), named)
                self.assertLessEqual(max(map(len, text.splitlines())), 80)


class Numbers(Case):
    # (arguments, what they make of the numbers)
    EXTREMES = [
        (["--var-w", "1e-9", "--var-b", "1e-9"], "tiny variances"),
        (["--q0", "1e-150"], "a divergence of hundreds of nats a neuron, from a tiny variance"),
        (["--widths", "9000,2", "--n-mc", "4", "--q0", "1e6"], "a divergence of more than 1e5 nats"),
        (["--widths", "5,5", "--var-w", "1e-9", "--var-b", "1e-9", "--q0", "1e3", "--n-mc", "9"], "huge errors"),
        (["--ensemble", "3", "--var-w", "1e-9", "--var-b", "1e-9", "--q0", "1e3"], "huge scatter"),
    ]

    def test_what_is_not_zero_is_not_shown_as_zero_and_columns_hold(self):
        for arguments, what in self.EXTREMES:
            with self.subTest(what):
                sizes = [] if "--widths" in arguments else ["--widths", "5,4,3"]
                arguments = ["kl", "--quiet", "--n-mc", "50"][:2 if "--n-mc" in arguments else 4] + sizes + arguments
                point = json.loads(run(*arguments, "--json").stdout)
                lines = run(*arguments).stdout.splitlines()
                heads = re.finditer(r"KL/N|\+-|networks|mean field|KL \[nat\]|variance", lines[1])
                ends = [head.end() for head in heads]
                rows = list(filter(ROW.fullmatch, lines))
                self.assertEqual(len(rows), len(point["layer"]))
                for i, row in enumerate(rows):
                    self.assertLessEqual(len(row), 80)
                    self.assertEqual([cell.end() for cell in re.finditer(r"\S+", row)][2:], ends, row)
                    cells = row[ends[0] - 9:].split()
                    error = point["kl_stderr"][i] / point["width"][0]
                    values = [point["kl_per_neuron"][i], error, point["kl_meanfield_per_neuron"][i], point["kl"][i], point["var"][i]]
                    if "kl_per_neuron_ensemble_std" in point:
                        values.insert(2, point["kl_per_neuron_ensemble_std"][i])
                    for cell, value in zip(cells, values, strict=True):
                        self.assertAlmostEqual(float(cell), value, delta=max(5.1e-6 if abs(value) >= 1e-5 else 0, 0.06 * abs(value)))

    def test_usual_numbers_have_five_decimals(self):
        rows = list(filter(ROW.fullmatch, run("kl", "--quiet", "--widths", "50,50,50", "--n-mc", "500").stdout.splitlines()))
        for row in rows:
            for cell in row.split()[2:]:
                self.assertRegex(cell, r"\A-?\d+\.\d{5}\Z")


if __name__ == "__main__":
    unittest.main()
