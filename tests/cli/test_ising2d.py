#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow ising2d from outside: its tables and help word by word, the keys of its JSON, and what it says to mistakes. The numbers are
the business of tests/physics. Run as test_ising2d.py PROGRAM [unittest options]."""
import json
import pathlib
import unittest

from program import Case, run

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
USAGE = 64
K_C = "0.4406867935097715"

# name of the file in tests/golden, arguments
OUTPUTS = [
    ("help_ising2d", "--help"),
    ("ising2d", "--coupling 0.5"),
    ("ising2d_strong", "--coupling -1 --steps 14"),
    ("ising2d_critical", f"--coupling {K_C} --steps 6"),
    ("ising2d_naive", "--coupling 0.7 --steps 4 --scheme naive"),
    ("ising2d_wilson", "--coupling 0.4 --steps 8 --scheme wilson"),
    ("ising2d_cylinder", "--coupling 0.6 --steps 3 --cylinder 6 --quiet"),
    ("ising2d_torus", "--coupling -0.4 --torus 4x4"),
    ("ising2d_constants", "--constants"),
    ("ising2d_plan", "--coupling 0.1:1:10 --scheme naive -o flows.h5 --dry-run"),
]

# (arguments, the whole sentence)
REFUSED = [
    ("", "ising2d needs a coupling, such as 0.5, or as a command --constants"),
    ("--scheme naive", "ising2d needs a coupling, such as 0.5, or as a command --constants"),
    ("--coupling nan", "--coupling must be a finite number, not 'nan'"),
    ("--coupling -inf", "--coupling must be a finite number, not '-inf'"),
    ("--coupling 0.5x", "--coupling must be a finite number, not '0.5x'"),
    ("--coupling 2e6", "coupling must be between -1e+06 and 1e+06, not 2000000"),
    ("--coupling 0.5 --steps -1", "--steps must be a whole number from 0 to 500, not '-1'"),
    ("--coupling 0.5 --steps 501", "--steps must be a whole number from 0 to 500, not '501'"),
    ("--coupling 0.5 --alpha 0", "--alpha must be a number > 0, not '0'"),
    ("--coupling 0.5 --alpha 1e7", "alpha must be at most 1e+06; alpha* is 1.6045"),
    ("--coupling 0.5 --scheme kadanoff", "--scheme must be alpha, maris-kadanoff, naive or wilson, not 'kadanoff'"),
    ("--coupling 0.5 --scheme wilson --alpha 2",
     "alpha goes with scheme alpha: maris-kadanoff is alpha = 1.5, naive is alpha = 1, and wilson has none"),
    ("--constants --coupling 0.5",
     "--constants are those of all schemes and of no coupling: leave out --coupling, --scheme, --alpha, --cylinder, --torus and --output"),
    ("--constants --scheme wilson",
     "--constants are those of all schemes and of no coupling: leave out --coupling, --scheme, --alpha, --cylinder, --torus and --output"),
    ("--coupling 0.5,0.6,0.5", "coupling lists 0.5 twice"),
    ("--coupling 0.5 --cylinder 7", "a cylinder of circumference 7 has no checkerboard: it must be even"),
    ("--coupling 0.5 --cylinder 0", "--cylinder must be a whole number from 2 to 1000, not '0'"),
    ("--coupling 0.5 --cylinder 62", "a cylinder of circumference 62 takes 2.21e+20 bytes of memory for 2 steps, and"),
    ("--coupling 0.5 --torus 3x4", "a torus of 3x4 has no checkerboard: both sides must be even"),
    ("--coupling 0.5 --torus 4x", "a torus has two sides, such as 4x4, not '4x'"),
    ("--coupling 0.5 --torus 4x4x4", "a torus has two sides, such as 4x4, not '4x4x4'"),
    ("--coupling 0.5 --torus -4x4", "a torus has two sides, such as 4x4, not '-4x4'"),
    ("--coupling 0.5 --torus 12x12", "step 2 on a torus of 12x12 takes 3.6e+13 multiplications and 8."),
    ("--coupling 0.5 --s-only --cylinder 4 -o x.h5",
     "s_only leaves no room for scheme wilson, cylinder, torus or json: leave them out"),
    ("--constants --torus 4x4",
     "--constants are those of all schemes and of no coupling: leave out --coupling, --scheme, --alpha, --cylinder, --torus and "
     "--output"),
    ("--coupling 0.5 --s-only", "s_only is about the result file, but no output file is given"),
    ("--couplign 0.5", "unknown option --couplign; did you mean --coupling?"),
    ("--coupling 0.5 stray", "unexpected argument 'stray'"),
]

ARRAYS = {"step", "K", "K0", "s", "s_consistent", "z_violation", "lower_bound", "upper_bound"}
ALWAYS = ARRAYS | {"flags", "eta", "lnZ_per_site", "exact", "fixed_point", "scheme", "alpha", "coupling", "version"}
EXACT = {"s_1", "s_inf", "one_minus_s_inf", "ds_inf_dK", "specific_heat", "entropy_per_site", "one_minus_eta", "c_diag", "c_2",
         "c_4", "P4", "P2"}
CYLINDER = {"s_cylinder", "s_cylinder_stderr", "s_extrapolated", "s_extrapolated_stderr", "cylinder"}
FLAGS = {"below_bound", "above_bound", "decreasing", "negative"}
FIXED_POINT = {"K", "L", "eigenvalue", "irrelevant", "nu", "K_c", "K_c_linearised", "residual", "steps", "converged"}


def plane(arguments):
    result = run("ising2d", *arguments.split(), "--json")
    assert result.returncode == 0 and result.stderr == "" and result.stdout.count("\n") == 1, result
    return json.loads(result.stdout)


class Tables(unittest.TestCase):
    def test_golden(self):
        for name, arguments in OUTPUTS:
            with self.subTest(name):
                result = run("ising2d", *arguments.split())
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertEqual(result.stdout, (GOLDEN / f"{name}.txt").read_text(),
                                 f"if the change is meant: klflow ising2d {arguments} > tests/golden/{name}.txt")

    def test_width(self):
        """The columns stay apart and within a terminal, whatever is in them."""
        for arguments in ("--coupling -1e6 --steps 500", "--coupling -1.23456789e-5 --steps 30", "--coupling 0 --steps 2",
                          "--coupling 1e6 --alpha 1e6 --steps 80", "--coupling 1e6 --scheme wilson --steps 20",
                          "--coupling 123.456 --scheme naive --steps 500", "--coupling 1e-9 --scheme maris-kadanoff",
                          f"--coupling -{K_C} --steps 500", "--coupling 1e-9 --cylinder 8 --torus 4x4 --quiet"):
            for line in run("ising2d", *arguments.split()).stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertEqual(line, line.rstrip())
                self.assertNotRegex(line, r"[0-9]{4}-|nan", line)

    def test_the_manual_quotes_the_help(self):
        manual = (GOLDEN.parent.parent / "docs" / "cli.md").read_text()
        self.assertIn((GOLDEN / "help_ising2d.txt").read_text(), manual, "docs/cli.md quotes tests/golden/help_ising2d.txt")


class Json(unittest.TestCase):
    def test_keys(self):
        for arguments, more in (("--coupling 0.5", set()), ("--coupling 0.5 --alpha 1.2", set()),
                                ("--coupling 0.5 --scheme maris-kadanoff", set()), ("--coupling 0.5 --scheme naive", {"L", "M"}),
                                ("--coupling 0.5 --scheme wilson", {"L"})):
            with self.subTest(arguments):
                out = plane(arguments)
                self.assertEqual(set(out), ALWAYS | more)
                self.assertEqual((set(out["exact"]), set(out["flags"]), set(out["fixed_point"])), (EXACT, FLAGS, FIXED_POINT))
                for key in ARRAYS | more:
                    self.assertEqual(len(out[key]), 13, key)
                for key in FLAGS:
                    self.assertEqual(len(out["flags"][key]), 13, key)

    def test_lattices(self):
        """Arrays are indexed by step and stop where the geometry does; the extrapolation goes on with smaller circumferences."""
        out = plane("--coupling 0.45 --cylinder 6 --torus 2x8 --quiet")
        self.assertEqual(set(out) - ALWAYS, CYLINDER | {"s_torus", "torus", "torus_by"})
        self.assertEqual([len(out[key]) for key in ("s_cylinder", "s_cylinder_stderr", "s_torus", "s_extrapolated")], [3, 3, 3, 3])
        self.assertEqual((out["torus"], out["torus_by"]), ("2x8", "enumeration"))
        self.assertEqual(out["cylinder"]["extrapolated_from"], [4, 6])
        self.assertEqual(out["cylinder"]["s_2"]["rows"], len(out["cylinder"]["s_2"]["upper"]))
        self.assertLessEqual(out["cylinder"]["s_2"]["lower"], out["s_cylinder"][2])
        self.assertLessEqual(out["s_cylinder"][2], out["cylinder"]["s_2"]["upper"][-1])
        self.assertEqual(out["s_extrapolated"][1], out["exact"]["s_1"])
        self.assertTrue(0 < out["s_extrapolated_stderr"][2] < 0.05 and out["cylinder"]["converged"])
        out = plane("--coupling 0.45 --cylinder 8 --quiet")
        self.assertEqual((len(out["s_cylinder"]), len(out["s_extrapolated"])), (7, 5))
        out = plane("--coupling 0.45 --cylinder 10 --quiet --steps 4")
        self.assertEqual((len(out["s_cylinder"]), len(out["s_extrapolated"])), (3, 5))
        out = plane("--coupling 0.45 --cylinder 4 --torus 4x8 --steps 1 --quiet")
        self.assertEqual((len(out["s_cylinder"]), len(out["s_extrapolated"]), len(out["s_torus"])), (2, 2, 2))
        self.assertEqual(out["torus_by"], "transfer matrix")

    def test_the_memory_is_said_first(self):
        result = run("ising2d", *"--coupling 0.45 --cylinder 4 --steps 1".split())
        self.assertRegex(result.stderr, r"^klflow: needs up to [0-9.e+-]+ GB of memory for circumference 4, of [0-9.e+-]+ GB available\n$")

    def test_alpha_of_the_schemes(self):
        self.assertEqual(plane("--coupling 0.5 --scheme maris-kadanoff")["alpha"], 1.5)
        self.assertEqual(plane("--coupling 0.5 --scheme naive")["alpha"], 1)
        self.assertIsNone(plane("--coupling 0.5 --scheme wilson")["alpha"])
        for scheme, alpha in (("maris-kadanoff", 1.5), ("naive", 1)):
            named, given = plane(f"--coupling 0.5 --scheme {scheme}"), plane(f"--coupling 0.5 --alpha {alpha}")
            self.assertEqual((named["K"], named["s"]), (given["K"], given["s"]))

    def test_what_there_is_not_is_null(self):
        wilson = plane("--coupling 0.39 --scheme wilson --steps 2")
        for key in ("K0", "s", "s_consistent", "z_violation"):
            self.assertEqual(wilson[key], [0, None, None], key)
        self.assertNotIn(None, wilson["K"] + wilson["L"])
        self.assertEqual([mark for marks in wilson["flags"].values() for mark in marks if mark], [])
        critical = plane(f"--coupling {K_C}")
        self.assertEqual((critical["exact"]["ds_inf_dK"], critical["exact"]["specific_heat"]), (None, None))
        naive = plane("--coupling 0.5 --scheme naive")["fixed_point"]
        self.assertEqual((naive["K"], naive["nu"], naive["converged"]), (None, None, False))

    def test_a_critical_coupling_stays(self):
        for arguments in (f"--coupling {K_C}", f"--coupling -{K_C}", "--coupling 0.5069810190775668 --scheme maris-kadanoff"):
            k = plane(arguments + " --steps 200")["K"]
            self.assertEqual(set(k[1:]), {abs(k[0])})

    def test_flags_are_of_their_step(self):
        out = plane("--coupling 1 --steps 20")
        for n, s in enumerate(out["s"]):
            self.assertEqual(out["flags"]["negative"][n], s < 0)
            self.assertEqual(out["flags"]["decreasing"][n], n > 0 and s < out["s"][n - 1])
            self.assertEqual(out["flags"]["below_bound"][n], s < out["lower_bound"][n])
        self.assertTrue(out["flags"]["negative"][-1] and out["flags"]["decreasing"][-1] and not out["flags"]["negative"][3])
        self.assertTrue(plane("--coupling 1 --scheme naive")["flags"]["above_bound"][12])

    def test_the_sign_of_k_does_not_matter(self):
        plus, minus = plane("--coupling 0.3"), plane("--coupling -0.3")
        self.assertEqual(minus["eta"], -plus["eta"])
        self.assertEqual(minus["exact"]["ds_inf_dK"], -plus["exact"]["ds_inf_dK"])
        self.assertEqual((minus["s"], minus["K"][1:], minus["exact"]["s_1"]), (plus["s"], plus["K"][1:], plus["exact"]["s_1"]))

    def test_constants(self):
        out = plane("--constants")
        self.assertEqual(set(out), {"K_c_exact", "K_c_maris_kadanoff", "K_c_wilson", "K_c_wilson_nonlinear", "alpha_star",
                                    "alpha", "maris_kadanoff", "wilson", "version"})
        for key, printed in (("K_c_exact", 0.440687), ("K_c_maris_kadanoff", 0.506981), ("K_c_wilson", 0.397904),
                             ("alpha_star", 1.604522)):  # (2.40) to (2.44), the last one rounded rather than cut off
            self.assertAlmostEqual(out[key], printed, delta=5.1e-7)


class Mistakes(Case):
    def test_refused(self):
        for arguments, sentence in REFUSED:
            with self.subTest(arguments):
                result = run("ising2d", *arguments.split(), cwd=self.folder)
                self.assertEqual(result.returncode, USAGE)
                self.assertEqual(result.stdout, "")
                self.assertTrue(result.stderr.startswith(f"klflow: {sentence}") and result.stderr.count("\n") == 1, result.stderr)
                self.assertEqual(self.files(), [])


if __name__ == "__main__":
    unittest.main()
