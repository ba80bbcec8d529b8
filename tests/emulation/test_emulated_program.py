#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The whole program on the emulated device, healthy and not: exit codes, sentences, files, and nothing left on the device. Run as
test_emulated_program.py PROGRAM."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
USAGE, DEVICE, MEMORY = 64, 69, 71
SIZES = ["--widths", "12,31,33,7", "--n-mc", "500", "--chunk", "64", "--threads", "2"]


def kl(*arguments, **device):
    """Whatever is not given back makes the program end with status 70 (emulation/control.h)."""
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "KLF_EMULATION_STRICT": "1"}
    environment.update({f"KLF_EMULATION_{name.upper()}": str(value) for name, value in device.items()})
    backend = [] if "--backend" in arguments else ["--backend", "cuda-emulated"]
    return subprocess.run([PROGRAM, "kl", "--quiet", *backend, *SIZES, *arguments], env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


class Program(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-emulated-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def assertFails(self, result, code, *said):
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
        for words in said:
            self.assertIn(words, result.stderr)
        self.assertEqual([p.name for p in self.folder.iterdir()], [])

    def test_agrees_with_the_cpu(self):
        one = kl("--json")
        self.assertEqual((one.returncode, one.stderr), (0, ""))
        point = json.loads(one.stdout)
        other = json.loads(kl("--json", "--backend", "cpu").stdout)
        for a, b in zip(point["kl"], other["kl"]):
            self.assertAlmostEqual(a, b, delta=1e-4 * max(1.0, abs(b)))
        self.assertEqual(json.loads(kl("--json", seed=3).stdout)["kl"], point["kl"])

    def test_no_driver_no_device(self):
        output = str(self.folder / "out.h5")
        self.assertFails(kl("-o", output, driver=0), DEVICE, "driver")
        self.assertFails(kl("-o", output, devices=0), DEVICE, "no usable GPU")

    def test_out_of_memory(self):
        output = str(self.folder / "out.h5")
        self.assertFails(kl("-o", output, memory=100000), MEMORY, "memory")
        self.assertFails(kl("-o", output, fail=",".join(f"cudaMalloc:{n}=2" for n in range(2, 200))), MEMORY, "memory")

    def test_a_kernel_that_fails_midway(self):
        output = str(self.folder / "out.h5")
        self.assertFails(kl("-o", output, fail="launch:60=700"), DEVICE, "cudaErrorIllegalAddress")

    def test_a_launch_beyond_the_limits(self):
        self.assertFails(kl("-o", str(self.folder / "out.h5"), fail="cudaLaunchKernel:12=9"), DEVICE, "cudaErrorInvalidConfiguration")

    def test_numbers_that_overflow(self):
        for precision, var_b in (("fp64", "1e308"), ("fp32", "1e40"), ("tf32x3", "1e40"), ("tf32", "1e40"), ("fp16", "1e40"), ("bf16", "1e40")):
            with self.subTest(precision):
                result = kl("--precision", precision, "--var-b", var_b, "-o", str(self.folder / "out.h5"))
                self.assertFails(result, USAGE, "overflow")


if __name__ == "__main__":
    unittest.main()
