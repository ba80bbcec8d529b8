# SPDX-License-Identifier: BSD-3-Clause
"""What the tests of this folder share: the program under test, taken off the front of the command line, and an empty folder for
each test."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))


def run(*arguments, **options):
    options.setdefault("env", {**os.environ, "OMP_NUM_THREADS": "2"})
    return subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, **options)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="klflow-cli-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def files(self):
        return sorted(p.name for p in self.folder.iterdir())
