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
PROGRAM = None


def write_images(path, pixels):
    path.write_bytes(struct.pack(">4I", 2051, *pixels.shape) + pixels.tobytes())


def without_time(point):
    """All that a second run of the same point repeats."""
    return {**point, "wall_s": None}


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


def main():
    global PROGRAM
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
