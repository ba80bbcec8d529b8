# SPDX-License-Identifier: BSD-3-Clause
"""What the program says of backends that cannot be used, and what it does then. A module that only has a sentence to say stands for
one without a GPU:  test_backends.py PROGRAM FOLDER_OF_THE_MODULE"""
import json
import os
import pathlib
import subprocess
import sys
import unittest

from program import Case, run

FAKE = os.path.abspath(sys.argv.pop(1))
SENTENCE = "the fake has no driver, 100 % of the time"
SMALL = ("--widths", "6,5", "--n-mc", "100")


def run_with_fake(*arguments):
    return run(*arguments, env={**os.environ, "OMP_NUM_THREADS": "2", "KLFLOW_BACKEND_DIR": FAKE})


class AskedFor(Case):
    def test_kl(self):
        output = str(self.folder / "out.h5")
        result = run_with_fake("kl", "--backend", "cuda", *SMALL, "-o", output)
        self.assertEqual((result.returncode, result.stdout), (69, ""))
        self.assertEqual(result.stderr, f"klflow: backend cuda: {SENTENCE}\n")
        self.assertEqual(self.files(), [])

    def test_bench(self):
        self.assertEqual(run_with_fake("bench", "--backend", "cuda").returncode, 69)

    def test_yaml(self):
        config = self.write("c.yaml", "kl:\n  widths: [6, 5]\n  backend: cuda\n")
        self.assertEqual(run_with_fake("run", config).returncode, 69)

    def test_unknown(self):
        result = run("kl", "--backend", "gpu")
        self.assertEqual(result.returncode, 64)
        self.assertIn("did you mean cuda", result.stderr)
        self.assertNotIn("emulated", result.stderr)


class Auto(Case):
    def test_falls_back_loudly_and_for_the_record(self):
        output = self.folder / "out.h5"
        result = run_with_fake("kl", "--backend", "auto", *SMALL, "-o", str(output))
        self.assertEqual(result.returncode, 0, result.stderr)
        notes = [line for line in result.stderr.splitlines() if line.startswith("klflow: note:")]
        self.assertEqual(len(notes), 1, result.stderr)
        self.assertIn("on the CPU", notes[0])
        self.assertIn(SENTENCE, notes[0])
        dump = subprocess.run(["h5dump", "-g", "/provenance", str(output)], capture_output=True, text=True, check=True).stdout
        for name, value in (("backend_requested", "auto"), ("backend", "cpu"), ("backend_note", notes[0].split("note: ")[1])):
            with self.subTest(name):
                text = dump.split(f'ATTRIBUTE "{name}"')[1].split("(0):")[1].split("\n      }")[0]
                self.assertIn(value.replace(" ", ""), "".join(text.split()).replace('"', ""))
        same = run("kl", "--backend", "cpu", *SMALL)
        self.assertEqual(result.stdout, same.stdout)

    def test_no_note_without_need(self):
        output = self.folder / "out.h5"
        result = run("kl", "--backend", "cpu", *SMALL, "-o", str(output))
        self.assertNotIn("note", result.stderr)
        dump = subprocess.run(["h5dump", "-g", "/provenance", str(output)], capture_output=True, text=True, check=True).stdout
        self.assertNotIn("backend_note", dump)

    def test_dry_run(self):
        plan = json.loads(run_with_fake("kl", "--backend", "auto", "--dry-run", "--json", *SMALL).stdout)
        self.assertEqual(plan["backend"], "cpu")
        self.assertIn(SENTENCE, plan["backend_note"])
        self.assertIsNone(json.loads(run("kl", "--dry-run", "--json", *SMALL).stdout)["backend_note"])


class WithoutDriver(unittest.TestCase):
    """The real module, where there is one and no GPU: it opens, and says what is missing."""

    def setUp(self):
        info = json.loads(run("info", "--json").stdout)
        cuda = next(b for b in info["backends"] if b["name"] == "cuda")
        if cuda["usable"] or "devices" in cuda:
            self.skipTest("there is a GPU")
        if not any(library["name"] == "klflow-cuda.so" for library in info["libraries"]):
            self.skipTest(f"the module was not loaded: {cuda['reason']}")

    def test_names_driver_and_runtime(self):
        result = run("kl", "--backend", "cuda", *SMALL)
        self.assertEqual((result.returncode, result.stdout, result.stderr.count("\n")), (69, "", 1))
        self.assertRegex(result.stderr, r"driver")
        self.assertRegex(result.stderr, r"runtime is \d+\.\d+")
        self.assertIn("--backend cpu", result.stderr)

    def test_auto(self):
        result = run("kl", "--backend", "auto", *SMALL)
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stderr, r"note: .*on the CPU .*driver")


class Info(unittest.TestCase):
    def test_devices(self):
        info = json.loads(run_with_fake("info", "--json").stdout)
        cuda = next(b for b in info["backends"] if b["name"] == "cuda")
        self.assertFalse(cuda["usable"])
        self.assertEqual(cuda["reason"], SENTENCE)
        self.assertEqual([d["usable"] for d in cuda["devices"]], [True, False])
        self.assertEqual(cuda["devices"][1]["uuid"], "GPU-00001")
        self.assertEqual(cuda["devices"][0]["memory_bytes"], 80e9)
        self.assertIn(str(pathlib.Path(FAKE) / "klflow-cuda.so"), [library["path"] for library in info["libraries"]])
        text = run_with_fake("info").stdout.splitlines()
        devices = [line for line in text if line.split()[:2] == ["device", "cuda"]]
        self.assertEqual(["no code for it" in line for line in devices], [False, True])
        self.assertIn("compute capability 9.0", devices[0])


if __name__ == "__main__":
    unittest.main()
