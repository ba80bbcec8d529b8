# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of this folder share: images of random pixels, a run of the program, and the comparison of its JSON with
model.py. A script of tests is run as SCRIPT PROGRAM [unittest options]."""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np

from model import N_MC

PIXELS = (7, 6)
WIDTHS = [33, 31, 10]
PER_LAYER = ("mean", "var", "kl", "kl_stderr", "kl_per_neuron", "kl_meanfield_per_neuron", "Q_direct", "Q_gram", "Q_stderr",
             "Q_bias_bound", "kl_bias_bound", "Q_rounding_stderr", "entropy_target", "kl_term_reference", "kl_term_log_var",
             "kl_term_quadratic")
PROGRAM = None


def write_images(path, pixels):
    path.write_bytes(struct.pack(">4I", 2051, *pixels.shape) + pixels.tobytes())


class KlCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        pixels = np.random.default_rng(7).integers(0, 256, size=(5, *PIXELS), dtype=np.uint8)
        write_images(self.folder / "images", pixels)
        self.images = pixels.reshape(5, -1) / 255
        self.input = f"mnist:{self.folder}/images"

    def run_kl(self, *arguments, precision="fp64"):
        """One dictionary a point."""
        command = [PROGRAM, "kl", "--json", "--quiet", "--precision", precision, *map(str, arguments)]
        if "--n-mc" not in arguments:
            command += ["--n-mc", str(N_MC)]
        if not {"--network", "--widths", "--depth"} & set(arguments):
            command += ["--widths", ",".join(map(str, WIDTHS))]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""), command)
        return [json.loads(line, parse_constant=self.fail) for line in done.stdout.splitlines()]

    def compare(self, result, expected, rtol=3e-6):
        """KL is a difference of entropies and means one of samples: their error is measured on what they are differences of. What
        does not exist is NaN in the model and null in JSON."""
        for name, values in expected.items():
            size = np.abs(values)
            if name.startswith("kl") and "stderr" not in name:
                size = size + np.abs(expected["entropy_reference"])
            if name.startswith("mean"):
                size = size + np.sqrt(np.max(expected["var"]))
            found = np.array(result[name], dtype=float)
            absent = np.isnan(values)
            close = np.abs(found - values) <= rtol * size
            self.assertTrue(np.all(np.where(absent, np.isnan(found), close)), f"{name}: {result[name]}, expected {values}")

    def compare_runs(self, point, alone):
        """Two fp64 runs of the same point, which agree to 1e-12 whatever is computed beside it: a BLAS may give other last bits to
        points that share the machine."""
        measured = {name for name in alone if name.startswith(PER_LAYER) or name == "entropy_reference"}
        rest = set(alone) - measured - {"wall_s"}
        self.assertEqual(set(point), set(alone))
        self.assertEqual({name: point[name] for name in rest}, {name: alone[name] for name in rest})
        self.compare(point, {name: np.array(alone[name], dtype=float) for name in measured}, rtol=1e-12)


def main():
    global PROGRAM
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
