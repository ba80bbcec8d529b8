#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow meanfield from outside: its tables and help word by word, the keys of its JSON, and what it says to mistakes. The numbers
are the business of tests/physics. Run as test_meanfield.py PROGRAM [unittest options]."""
import json
import math
import pathlib
import unittest

from program import Case, run

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
USAGE = 64

# name of the file in tests/golden, arguments
OUTPUTS = [
    ("help_meanfield", "--help"),
    ("meanfield", "--var-w 1.5 --var-b 0.05"),
    ("meanfield_curve", "--var-w 2.5 --var-b 0.05 --q0 0.2 --layers 8"),
    ("meanfield_samples", "--var-w 1.5 --var-b 0.05 --mean -0.3 --layers 6 --convention samples"),
    ("meanfield_origin", "--var-w 1 --var-b 0 --layers 3"),
    ("meanfield_line", "--critical-line --var-b 0.05"),
    ("meanfield_plan", "--var-w 1:3:5 --var-b 0,0.05 --layers 20 -o grid.h5 --dry-run"),
]

NEEDS = "meanfield needs var_w and var_b, such as 1.5 and 0.05; or as a command --critical-line with one of the two"
ONE_OF = "--critical-line finds var_w for a var_b or var_b for a var_w: give one of --var-b and --var-w"
NO_CURVE = "--critical-line prints no curve: leave out --q0, --mean, --layers and --convention"

# (arguments, the whole sentence)
REFUSED = [
    ("", NEEDS),
    ("--var-w 1.5", NEEDS),
    ("--var-b 0.05 --layers 3", NEEDS),
    ("--var-w 0 --var-b 0.05", "--var-w must be a number > 0, not '0'"),
    ("--var-w -1.5 --var-b 0.05", "--var-w must be a number > 0, not '-1.5'"),
    ("--var-w nan --var-b 0.05", "--var-w must be a number > 0, not 'nan'"),
    ("--var-w 1.5 --var-b -0.05", "--var-b must be a number >= 0, not '-0.05'"),
    ("--var-w 1e13 --var-b 0.05", "var_w is a variance and must be between 1e-300 and 1e+12, not 10000000000000"),
    ("--var-w 1e-301 --var-b 0.05", "var_w is a variance and must be between 1e-300 and 1e+12, not 1e-301"),
    ("--var-w 1.5 --var-b 1e-301", "var_b is a variance and must be 0 or between 1e-300 and 1e+12, not 1e-301"),
    ("--var-w 1.5 --var-b 0.05 --q0 0", "--q0 must be a number > 0, not '0'"),
    ("--var-w 1.5 --var-b 0.05 --q0 1e300", "q0 is a variance and must be between 1e-300 and 1e+12, not 1e+300"),
    ("--var-w 1.5 --var-b 0.05 --mean -101", "mean must be between -100 and 100, not -101"),
    ("--var-w 1.5 --var-b 0.05 --layers 0", "--layers must be a whole number from 1 to 1000, not '0'"),
    ("--var-w 1.5 --var-b 0.05 --layers -3", "--layers must be a whole number from 1 to 1000, not '-3'"),
    ("--var-w 1.5 --var-b 0.05 --layers 1001", "--layers must be a whole number from 1 to 1000, not '1001'"),
    ("--var-w 1.5 --var-b 0.05 --convention paper",
     "--convention must be theory, data, samples or reference-in-q, not 'paper'"),
    ("--critical-line", ONE_OF),
    ("--critical-line --var-w 1.5 --var-b 0.05", ONE_OF),
    ("--critical-line --var-b 0.05 --layers 3", NO_CURVE),
    ("--critical-line --var-w 0.99", "no point below var_w = 1 is critical: with --critical-line --var-w must be at least 1, not 0.99"),
    ("--var-w", "--var-w needs a value (W,...)"),
    ("--var-w 1,1.5,1 --var-b 0.05", "var_w lists 1 twice"),
    ("--var-w 1:2:2000 --var-b 0:1:2000", "the grid has 2000 x 2000 points; a run takes up to 1000000"),
    ("--critical-line --var-b 0.05 -o x.h5", "--critical-line writes no file"),
    ("--var_w 1.5", "unknown option --var_w; did you mean --var-w?"),
    ("--var-w 1.5 --var-b 0.05 stray", "unexpected argument 'stray'"),
]

POINT = {"var_w", "var_b", "q_star", "chi_1", "rho_star", "one_minus_rho_star", "slope", "xi_c", "lambda_q", "xi_q", "phase",
         "critical_var_w", "version"} | {f"{name}_{what}" for name in ("q_star", "rho_star", "critical")
                                         for what in ("residual", "steps", "converged")}
CURVE = {"layer", "q", "second_moment", "rho", "target_var", "kl_per_neuron", "kl_limit", "q0", "mean", "convention"}


def point(arguments):
    result = run("meanfield", *arguments.split(), "--json")
    assert result.returncode == 0 and result.stderr == "" and result.stdout.count("\n") == 1, result
    return json.loads(result.stdout)


class Tables(unittest.TestCase):
    def test_golden(self):
        for name, arguments in OUTPUTS:
            with self.subTest(name):
                result = run("meanfield", *arguments.split())
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertEqual(result.stdout, (GOLDEN / f"{name}.txt").read_text(),
                                 f"if the change is meant: klflow meanfield {arguments} > tests/golden/{name}.txt")

    def test_width(self):
        """The columns stay apart and within a terminal, whatever is in them."""
        for arguments in ("--var-w 1.23456789012345 --var-b 0.0123456789012345 --mean 99.87654321 --q0 1.23456789012e-300 --convention samples",
                          "--var-w 1e12 --var-b 1e12 --q0 1e-300 --mean -0.123456789 --convention reference-in-q --layers 1000",
                          "--var-w 1.23456789e-300 --var-b 0 --q0 1.23456789e-299 --mean 1e-3 --convention data",
                          "--var-w 0.7 --var-b 1.23456789e-300 --layers 1000 --convention samples"):
            for line in run("meanfield", *arguments.split()).stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertNotRegex(line, r"[0-9]{4}-|nan|[^-]\binf[^i ]", line)

    def test_the_manual_quotes_the_help(self):
        manual = (GOLDEN.parent.parent / "docs" / "cli.md").read_text()
        self.assertIn((GOLDEN / "help_meanfield.txt").read_text(), manual, "docs/cli.md quotes tests/golden/help_meanfield.txt")


class Json(unittest.TestCase):
    def test_keys(self):
        for arguments, more in (("--var-w 1.5 --var-b 0.05", set()), ("--critical-line --var-b 0.05", set()),
                                ("--critical-line --var-w 1.5", set()), ("--var-w 1.5 --var-b 0.05 --q0 0.16", CURVE),
                                ("--var-w 1.5 --var-b 0.05 --layers 30", CURVE), ("--var-w 1.5 --var-b 0.05 --mean 0.1", CURVE),
                                ("--var-w 1.5 --var-b 0.05 --convention data", CURVE)):
            with self.subTest(arguments):
                out = point(arguments)
                self.assertEqual(set(out), POINT | more)
                self.assertTrue(out["q_star_converged"] and out["rho_star_converged"] and out["critical_converged"])
                for value in out.values():
                    if isinstance(value, list):
                        self.assertEqual(len(value), 30)

    def test_curve(self):
        out = point("--var-w 2.5 --var-b 0.05 --q0 0.16 --layers 4")
        self.assertEqual((out["layer"], out["q"][0], out["kl_per_neuron"][0]), ([0, 1, 2, 3], 0.16, 0))
        for q, kl in zip(out["q"], out["kl_per_neuron"]):
            self.assertAlmostEqual(kl, math.log(q / 0.16) / 2, delta=1e-14)
        self.assertEqual(point("--var-w 2 --var-b 0.05 --layers 1")["q"], [0.1 * 2 + 0.05])  # as klflow kl has it

    def test_edges(self):
        critical = point("--var-w 1.760954639606739 --var-b 0.05")
        self.assertEqual((critical["phase"], critical["xi_c"], critical["rho_star"]), ("critical", None, 1))
        origin = point("--var-w 1 --var-b 0")
        self.assertEqual((origin["phase"], origin["q_star"], origin["xi_c"], origin["xi_q"]), ("critical", 0, None, None))
        quiet = point("--var-w 0.5 --var-b 0")
        self.assertEqual((quiet["phase"], quiet["q_star"], quiet["chi_1"], quiet["rho_star"]), ("ordered", 0, 0.5, 1))
        unbiased = point("--var-w 2 --var-b 0")
        self.assertEqual((unbiased["phase"], unbiased["rho_star"]), ("chaotic", 0))
        self.assertEqual(point("--critical-line --var-b 0")["var_w"], 1)
        self.assertEqual(point("--critical-line --var-w 1")["var_b"], 0)

    def test_the_line_is_critical(self):
        for arguments in ("--var-b 1e-6", "--var-b 0.05", "--var-b 3", "--var-w 1.01", "--var-w 2", "--var-w 50"):
            out = point("--critical-line " + arguments)
            self.assertEqual(out["phase"], "critical")
            self.assertAlmostEqual(out["chi_1"], 1, delta=1e-13)
            self.assertAlmostEqual(out["critical_var_w"], out["var_w"], delta=1e-13 * out["var_w"])
            again = point(f"--var-w {out['var_w']} --var-b {out['var_b']}")
            self.assertEqual(again["phase"], "critical")

    def test_conventions_differ_as_they_should(self):
        """1.5 0.05 at v = 0.1: 1/2 ln q_l / v, the bug 1/2 (ln q_l / v + q_l / v - 1), and less over samples."""
        curve = {name: point(f"--var-w 1.5 --var-b 0.05 --q0 0.1 --convention {name}")["kl_per_neuron"]
                 for name in ("theory", "data", "samples", "reference-in-q")}
        self.assertAlmostEqual(curve["theory"][29], 0.7152, delta=1e-4)
        for layer in range(1, 30):
            theory = curve["theory"][layer]
            self.assertAlmostEqual(curve["data"][layer], theory, delta=1e-14)
            self.assertLess(curve["samples"][layer], theory)
            self.assertAlmostEqual(curve["reference-in-q"][layer], theory + (math.exp(2 * theory) - 1) / 2, delta=1e-12)


class Mistakes(Case):
    def test_refused(self):
        for arguments, sentence in REFUSED:
            with self.subTest(arguments):
                result = run("meanfield", *arguments.split(), cwd=self.folder)
                self.assertEqual(result.returncode, USAGE)
                self.assertEqual(result.stdout, "")
                self.assertTrue(result.stderr.startswith(f"klflow: {sentence}") and result.stderr.count("\n") == 1, result.stderr)
                self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
