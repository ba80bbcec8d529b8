#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Parameters and networks whose numbers overflow: one sentence, and no table of NaN. Run as test_overflow.py PROGRAM."""
import json
import unittest

from program import Case, run

USAGE, DATA = 64, 65
SIZES = ["--widths", "6,6,5", "--n-mc", "40"]
FOR_FP32 = " for fp32; precision fp64 reaches further"

# (arguments, what overflows, the end of the sentence)
TOO_LARGE = [
    ("--var-b 1e40", "samples of layer 1", FOR_FP32),
    ("--var-b 1e40 --estimator gram", "samples of layer 1", FOR_FP32),
    ("--var-b 1e40 --estimator direct", "samples of layer 1", FOR_FP32),
    ("--var-b 1e40 --statistics theory", "samples of layer 1", FOR_FP32),
    ("--var-w 1e300", "samples of layer 1", FOR_FP32),
    ("--var-w 1e300 --precision fp64", "samples of layer 1", ""),
    ("--var-b 1e308 --precision fp64", "statistics of layer 2", ""),
    ("--var-b 1e308 --backend ref", "statistics of layer 2", ""),
    ("--gaussian-input 1e308 --var-w 1e300", "statistics of layer 0", ""),
]


class Overflow(Case):
    def test_parameters(self):
        for arguments, what, end in TOO_LARGE:
            with self.subTest(arguments):
                result = run("kl", "--quiet", *SIZES, *arguments.split(), "-o", "out.h5", cwd=self.folder)
                self.assertEqual(result.stderr, f"klflow: the {what} overflow: weights, biases or inputs are too large{end}\n")
                self.assertEqual((result.returncode, result.stdout, self.files()), (USAGE, "", []))

    def test_a_network_file(self):
        # A single sample has no standard error that could overflow.
        made = run("kl", "--quiet", "--widths", "6,6,5", "--n-mc", "1", "--precision", "fp64", "--var-w", "1e200", "--var-b", "0",
                   "--gaussian-input", "1e-200", "--save-network", "large.h5", cwd=self.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        for mean_square, what, end in (("1e200", "statistics of layer 0", ""), ("1", "samples of layer 1", FOR_FP32)):
            result = run("kl", "--quiet", "--network", "large.h5", "--gaussian-input", mean_square, cwd=self.folder)
            self.assertEqual((result.returncode, result.stdout), (DATA, ""))
            self.assertEqual(result.stderr, f"klflow: the {what} overflow: weights, biases or inputs are too large{end}; the network "
                                            "is that of large.h5\n")

    def test_precision_fp64_does_reach_further(self):
        point = json.loads(run("kl", "--quiet", "--json", *SIZES, "--var-b", "1e40", "--precision", "fp64").stdout)
        self.assertEqual(point["status"], "ok")
        self.assertNotIn(None, point["kl"] + point["kl_stderr"])

    def test_one_sample_is_no_overflow(self):
        self.assertEqual(run("kl", "--quiet", "--widths", "6,6", "--n-mc", "1").returncode, 0)


if __name__ == "__main__":
    unittest.main()
