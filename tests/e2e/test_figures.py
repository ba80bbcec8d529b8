#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The configs of the paper's figures and their like, as a user runs them: each writes a file that `klflow check` and the readers
of netCDF-4 open, with the numbers that the command prints for the same point, and draws its picture. Run as test_figures.py PROGRAM
[unittest options]."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

CONFIGS = pathlib.Path(__file__).resolve().parents[2] / "configs"
PROGRAM = os.path.abspath(sys.argv.pop(1))
SAVED = {"steps", "step", "version"}  # keys of JSON that are no variables

# config, command, points to compare as {axis: value}, further options that the config sets
FIGURES = [
    ("fig1", "ising1d", [{"coupling": 0.25}, {"coupling": 3.0}], "--steps 12"),
    ("fig2", "ising1d", [{"coupling": 0.0}, {"coupling": 0.3}, {"coupling": 6.0}], "--steps 10"),
    ("fig3", "ising2d", [{"coupling": 0.1}, {"coupling": 0.43}], "--steps 12 --cylinder 8"),
    ("fig4", "ising2d", [{"coupling": 0.45}, {"coupling": 1.0}], "--steps 12 --cylinder 8"),
    ("fig5", "ising2d", [{"coupling": 0.01}, {"coupling": 0.3}, {"coupling": 0.4406867935097715}], "--steps 12"),
    ("phase-diagram", "meanfield", [{"var_w": 0.5, "var_b": 0.0}, {"var_w": 1.0, "var_b": 0.0}, {"var_w": 1.76, "var_b": 0.05},
                                   {"var_w": 4.0, "var_b": 0.4}], ""),
]
PHASES = ["ordered", "critical", "chaotic"]


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
                          **options)


def flatten(values):
    """What JSON has in objects of their own are variables like the others."""
    out = {key: value for key, value in values.items() if not isinstance(value, dict)}
    return out | values.get("exact", {}) | values.get("flags", {})


def as_numbers(value):
    """null becomes NaN, as which infinities are compared too: JSON has none."""
    numbers = np.array(value, dtype=float)
    return np.where(np.isfinite(numbers), numbers, np.nan)


class Figures(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-figures-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def succeed(self, *arguments):
        done = run(*arguments, cwd=self.folder)
        self.assertEqual(done.returncode, 0, f"klflow {' '.join(arguments)}: {done.stderr}")
        return done

    def compare(self, group, command, point, options):
        """All that the command prints of this point is in the file, bit by bit."""
        arguments = [word for axis, value in point.items() for word in ("--" + axis.replace("_", "-"), repr(value))]
        printed = flatten(json.loads(self.succeed(command, *arguments, *options.split(), "--json").stdout))
        index = {axis: int(np.flatnonzero(group[axis][()] == value).item()) for axis, value in point.items()}
        if "phase" in printed:
            printed["phase"] = PHASES.index(printed["phase"])
        compared = 0
        for key, value in printed.items():
            if key in group and key not in point and key not in SAVED:
                # The first dimensions are those of the points, but for the critical line, which is over var_b alone.
                where = index.values() if not key.startswith("critical_") else [index["var_b"]]
                stored, value = as_numbers(group[key][tuple(where)]), as_numbers(value)
                # Of what goes on to different steps the file has NaN behind the last one, where JSON ends.
                self.assertTrue(np.isnan(stored[value.size:]).all() if value.ndim else True, key)
                np.testing.assert_array_equal(stored[:value.size] if value.ndim else stored, value, err_msg=f"{key} at {point}")
                compared += 1
        self.assertGreaterEqual(compared, 12)

    def test_each_config(self):
        for name, command, points, options in FIGURES:
            with self.subTest(name):
                self.succeed("run", str(CONFIGS / f"{name}.yaml"))
                self.assertIn(f"klflow-{command} schema 1", self.succeed("check", f"{name}.h5").stdout)
                self.assertEqual((self.folder / f"{name}.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")
                with h5py.File(self.folder / f"{name}.h5") as file:
                    for point in points:
                        self.compare(file[command], command, point, options)

    def test_the_config_in_a_file_repeats_it(self):
        self.succeed("run", str(CONFIGS / "fig2.yaml"), "--set", "plot=a.pdf", "-o", "first.h5")
        with h5py.File(self.folder / "first.h5") as file:
            text = file["provenance/config_text"][()].decode()
        self.assertIn("coupling: 0:6:301\n", text)
        (self.folder / "again.yaml").write_text(text.replace("first.h5", "second.h5").replace("a.pdf", "b.pdf"))
        self.succeed("run", "again.yaml")
        with h5py.File(self.folder / "first.h5") as a, h5py.File(self.folder / "second.h5") as b:
            self.assertEqual(list(a["ising1d"]), list(b["ising1d"]))
            for key in a["ising1d"]:
                np.testing.assert_array_equal(a["ising1d"][key][()], b["ising1d"][key][()])

    def test_a_dry_run_leaves_nothing(self):
        for name, command, _, _ in FIGURES:
            done = self.succeed("run", str(CONFIGS / f"{name}.yaml"), "--dry-run")
            self.assertTrue(done.stdout.startswith(f"{command}: "), done.stdout)
            self.assertIn(f"{name}.h5", done.stdout)
            self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_dry_run_as_json_tells_the_size(self):
        done = self.succeed("run", str(CONFIGS / "phase-diagram.yaml"), "--dry-run", "--json", "--set", "layers=3")
        plan = json.loads(done.stdout)
        self.assertEqual((plan["section"], plan["points"], plan["axes"]), ("meanfield", 176 * 86, {"var_w": 176, "var_b": 86, "layer": 3}))
        self.assertIn("kl_per_neuron", plan["quantities"])

    def test_mistakes(self):
        (self.folder / "a.yaml").write_text("ising1d:\n  coupling: 1\n  ring: 7\noutput: a.h5\n")
        for arguments, code, sentence in (
                (["run", "a.yaml"], 78, "a.yaml:3:3: a ring of 7 spins cannot lose every second one"),
                (["run", "a.yaml", "--resume"], 64, "klflow: --resume is for kl: only, and 'a.yaml' has ising1d:"),
                (["run", "a.yaml", "--set", "n_mc=5"], 64, "klflow: unknown key 'n_mc' in --set"),
                (["run", "a.yaml", "--set", "ising1d.output=5"], 64, "klflow: 'output' belongs at the top level, beside ising1d:"),
                (["run", "a.yaml", "--set", "ring=8", "-o", "none/a.h5"], 73, "klflow: cannot write 'none/a.h5'"),
                (["run", "a.yaml", "--set", "ring=8", "-o", "a.yaml", "--force"], 64, "klflow: the config and output are the same file"),
                (["ising2d", "--coupling", "1", "-o", "a.yaml"], 73, "klflow: 'a.yaml' exists")):
            with self.subTest(arguments):
                done = run(*arguments, cwd=self.folder)
                self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
                self.assertTrue(done.stderr.startswith(sentence) and done.stderr.count("\n") == 1, done.stderr)
                self.assertEqual([path.name for path in self.folder.iterdir()], ["a.yaml"])

    def test_s_only_has_the_same_s(self):
        for command in ("ising1d", "ising2d"):
            self.succeed(command, "--coupling", "-1:3:2001", "--steps", "20", "--s-only", "-o", f"{command}.h5", "--quiet")
            self.succeed(command, "--coupling", "-1:3:2001", "--steps", "20", "-o", f"{command}-all.h5", "--quiet")
            with h5py.File(self.folder / f"{command}.h5") as few, h5py.File(self.folder / f"{command}-all.h5") as full:
                self.assertEqual(set(few[command]) - {"s_inf"}, {"coupling", "step", "s"})
                for key in few[command]:
                    # Two ways of computing the same; s of the lattice may be a small difference above K_c.
                    np.testing.assert_allclose(few[command][key][()], full[command][key][()], rtol=1e-12, atol=1e-14)

    def test_xarray_opens_them(self):
        try:
            import xarray
            import netCDF4  # noqa: F401
        except ImportError:
            self.skipTest("xarray and netCDF4 are not installed")
        self.succeed("run", str(CONFIGS / "fig1.yaml"), "--set", "plot=fig.svg", "--set", "ring=48")
        with xarray.open_dataset(self.folder / "fig1.h5", group="ising1d") as d:
            self.assertEqual(d.s.dims, ("coupling", "step"))
            self.assertEqual(d.s_ring.dims, ("coupling", "ring_step"))
            self.assertEqual((d.sizes["coupling"], d.sizes["step"], d.sizes["ring_step"]), (6, 13, 5))
            self.assertEqual(d.attrs["ring"], 48)
            self.assertTrue(all("long_name" in v.attrs and "units" in v.attrs for v in d.variables.values()))
            self.assertAlmostEqual(d.s.sel(coupling=1, step=12).item(), d.s_inf.sel(coupling=1).item(), delta=1e-4)
        with xarray.open_dataset(self.folder / "fig1.h5") as root:
            self.assertEqual(root.attrs["schema"], "klflow-ising1d")


if __name__ == "__main__":
    unittest.main()
