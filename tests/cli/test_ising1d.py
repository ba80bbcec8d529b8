#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow ising1d from outside: its tables and help word by word, the keys of its JSON, and what it says to mistakes. The numbers are
the business of tests/physics. Run as test_ising1d.py PROGRAM [unittest options]."""
import json
import pathlib
import unittest

from program import Case, run

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
USAGE = 64

# name of the file in tests/golden, arguments
OUTPUTS = [
    ("help_ising1d", "--help"),
    ("ising1d", "--coupling 0.7"),
    ("ising1d_ring", "--coupling -1.5 --field 0.3 --steps 6 --ring 12 --enumerate"),
    ("ising1d_expansions", "--coupling 0.2 --steps 4 --expansions"),
    ("ising1d_strong", "--coupling 100 --steps 3"),
    ("ising1d_several", "--coupling 0.5,1 --steps 2"),
    ("ising1d_plan", "--coupling 0.1:1:10,2 --ring 16 --enumerate --expansions -o flows.h5 --dry-run"),
]

# (arguments, the whole sentence)
REFUSED = [
    ("", "ising1d needs a coupling, such as 0.7"),
    ("--steps 3", "ising1d needs a coupling, such as 0.7"),
    ("--coupling nan", "--coupling must be a finite number, not 'nan'"),
    ("--coupling inf", "--coupling must be a finite number, not 'inf'"),
    ("--coupling 1e999", "--coupling must be a finite number, not '1e999'"),
    ("--coupling 0.7x", "--coupling must be a finite number, not '0.7x'"),
    ("--coupling 2e6", "coupling must be between -1e+06 and 1e+06, not 2000000"),
    ("--coupling 0.7 --field -inf", "--field must be a finite number, not '-inf'"),
    ("--coupling 0.7 --field -1e7", "field must be between -1e+06 and 1e+06, not -10000000"),
    ("--coupling 0.7 --steps -1", "--steps must be a whole number from 0 to 500, not '-1'"),
    ("--coupling 0.7 --steps 1.5", "--steps must be a whole number from 0 to 500, not '1.5'"),
    ("--coupling 0.7 --steps 501", "--steps must be a whole number from 0 to 500, not '501'"),
    ("--coupling 0.7 --ring 0", "--ring must be a whole number from 2 to 1099511627776, not '0'"),
    ("--coupling 0.7 --ring 1", "--ring must be a whole number from 2 to 1099511627776, not '1'"),
    ("--coupling 0.7 --ring 7", "a ring of 7 spins cannot lose every second one: ring must be even"),
    ("--coupling 0.7 --enumerate", "enumerate goes over all states of a ring: give ring too, with N up to 20"),
    ("--coupling 0.7 --ring 22 --enumerate",
     "enumerate goes over all 2^N states and takes a ring of 20 spins at most, not 22; without it ring is exact too"),
    ("--coupling 0.7 --field 0.1 --expansions", "expansions are for a chain without a field: leave out field"),
    ("--coupling", "--coupling needs a value (K,...)"),
    ("--coupling 0.7,0.8,0.7", "coupling lists 0.7 twice"),
    ("--coupling 0.1:1", "--coupling must be a finite number or START:STOP:COUNT, as in 0.1:1:10 for 0.1, 0.2, ... 1, not '0.1:1'"),
    ("--coupling 0:1:1000001", "--coupling must be a finite number or START:STOP:COUNT"),
    ("--coupling 0.7 --s-only", "s_only is about the result file, but no output file is given"),
    ("--coupling 0.7 --s-only -o x.h5 --json", "s_only leaves no room for ring, field, expansions or json: leave them out"),
    ("--coupling 0.7 --coupling 0.8", "--coupling is given twice"),
    ("--couplign 0.7", "unknown option --couplign; did you mean --coupling?"),
    ("--coupling 0.7 stray", "unexpected argument 'stray'"),
]

ALWAYS = {"step", "K", "K0", "s", "s_unnormalized", "z_violation", "s_inf", "one_minus_s_inf", "s_inf_fit", "s_inf_fit_error",
          "n_star", "lnZ_per_site", "entropy_per_site", "magnetization", "nn_correlation", "coupling", "field", "version"}
EXPANSIONS = {f"{name}_{limit}" for name in ("K", "K0", "s") for limit in ("small", "large")}


def chain(arguments):
    result = run("ising1d", *arguments.split(), "--json")
    assert result.returncode == 0 and result.stderr == "" and result.stdout.count("\n") == 1, result
    return json.loads(result.stdout)


class Tables(unittest.TestCase):
    def test_golden(self):
        for name, arguments in OUTPUTS:
            with self.subTest(name):
                result = run("ising1d", *arguments.split())
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertEqual(result.stdout, (GOLDEN / f"{name}.txt").read_text(),
                                 f"if the change is meant: klflow ising1d {arguments} > tests/golden/{name}.txt")

    def test_width(self):
        """The columns stay apart and within a terminal, whatever is in them."""
        for arguments in ("--coupling -1e6 --steps 500", "--coupling -1.23456789e-5 --field -1.23456789e-200 --steps 30",
                          "--coupling 150 --field 1.2345678e-150 --steps 500 --ring 1099511627776",
                          "--coupling 1e-3 --steps 20 --ring 16 --enumerate --expansions", "--coupling 123.456 --expansions"):
            for line in run("ising1d", *arguments.split()).stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertNotRegex(line, r"[0-9]{4}-|nan|inf[^:;]*nan", line)

    def test_the_manual_quotes_the_help(self):
        manual = (GOLDEN.parent.parent / "docs" / "cli.md").read_text()
        self.assertIn((GOLDEN / "help_ising1d.txt").read_text(), manual, "docs/cli.md quotes tests/golden/help_ising1d.txt")


class Json(unittest.TestCase):
    def test_keys(self):
        for arguments, more in (("--coupling 0.7", set()), ("--coupling 0.7 --field 0.3", {"K2"}), ("--coupling 1 --field 0", {"K2"}),
                                ("--coupling 0.7 --ring 12", {"ring", "s_ring"}),
                                ("--coupling 0.7 --ring 12 --enumerate", {"ring", "s_ring", "s_enumerated"}),
                                ("--coupling 0.7 --expansions", EXPANSIONS)):
            with self.subTest(arguments):
                out = chain(arguments)
                self.assertEqual(set(out), ALWAYS | more)
                for key, value in out.items():
                    if isinstance(value, list) and not key.startswith(("s_ring", "s_enum")):
                        self.assertEqual(len(value), 13, key)

    def test_a_ring_stops_at_the_last_step_that_divides_it(self):
        for ring, steps, length in ((12, 12, 3), (16, 12, 5), (16, 2, 3), (2, 1, 2), (14, 0, 1)):
            out = chain(f"--coupling 0.4 --steps {steps} --ring {ring} --enumerate")
            self.assertEqual((len(out["s"]), len(out["s_ring"]), len(out["s_enumerated"])), (steps + 1, length, length))
            for a, b in zip(out["s_ring"], out["s_enumerated"]):
                self.assertAlmostEqual(a, b, delta=1e-14)

    def test_values_that_are_not_meant_are_null(self):
        out = chain("--coupling 0.7 --field 0.3")
        self.assertEqual((out["s_inf_fit"], out["s_inf_fit_error"], out["n_star"]), (None, None, None))
        self.assertIsNotNone(chain("--coupling 0.7 --field 0")["s_inf_fit"])

    def test_no_field_is_a_field_of_zero(self):
        without, zero = chain("--coupling 0.7"), chain("--coupling 0.7 --field 0")
        self.assertEqual(zero.pop("K2"), 13 * [0])
        self.assertEqual(zero, without)


class Mistakes(Case):
    def test_refused(self):
        for arguments, sentence in REFUSED:
            with self.subTest(arguments):
                result = run("ising1d", *arguments.split(), cwd=self.folder)
                self.assertEqual(result.returncode, USAGE)
                self.assertEqual(result.stdout, "")
                self.assertTrue(result.stderr.startswith(f"klflow: {sentence}") and result.stderr.count("\n") == 1, result.stderr)
                self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
