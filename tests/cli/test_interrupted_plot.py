#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A signal, sent to klflow alone, while the picture of `plot:` is drawn. Run as test_interrupted_plot.py PROGRAM."""
import os
import signal
import subprocess
import sys
import time
import unittest

from program import PROGRAM, Case

CONFIG = "kl:\n  widths: [3, 3]\n  n_mc: 5\noutput: out.h5\nplot: out.png\n"

# Stands in for Python: it says that it draws, draws for a few seconds, and would write the picture then.
DRAWING = """#!{python}
import os, signal, sys, time
if sys.argv[1] == "-c":
    sys.exit(0)
if os.environ.get("DEAF"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("drawing", "w").write(str(os.getpid()))
time.sleep(3)
open("out.png", "w").write("a picture")
"""

PLOT_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "plot.py")


class InterruptedPlot(Case):
    def start(self, **environment):
        python = self.write("python", DRAWING.format(python=sys.executable))
        os.chmod(python, 0o755)
        environment = {**os.environ, "KLFLOW_PYTHON": python, "KLFLOW_PLOT": self.write("plot.py", ""), **environment}
        process = subprocess.Popen([PROGRAM, "run", self.write("a.yaml", CONFIG), "--quiet"], cwd=self.folder, env=environment,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        drawing = self.folder / "drawing"
        while not (drawing.exists() and drawing.read_text()):
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        return process, int(drawing.read_text())

    def check_end(self, process, drawer, number):
        begin = time.monotonic()
        process.send_signal(number)
        error = process.communicate(timeout=30)[1]
        self.assertLess(time.monotonic() - begin, 2.0)  # a second on an idle machine; the drawing takes three
        self.assertEqual(process.returncode, -number)
        self.assertRegex(error, r"\Aklflow: interrupted(; the results are in out.h5)?\n\Z")
        end = time.monotonic() + 2.0
        while os.path.exists(f"/proc/{drawer}") and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(os.path.exists(f"/proc/{drawer}"), "the drawing went on")
        self.assertIn("out.h5", self.files())
        self.assertNotIn("out.png", self.files())

    def test_the_drawing_ends_with_klflow(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process, drawer = self.start()
                self.check_end(process, drawer, number)
                os.remove(self.folder / "out.h5")
                os.remove(self.folder / "drawing")

    def test_a_drawing_that_ignores_signals_ends_too(self):
        process, drawer = self.start(DEAF="1")
        self.check_end(process, drawer, signal.SIGTERM)


class Writing(Case):
    def test_a_signal_waits_until_the_picture_is_written(self):
        code = ("import os, signal, sys\n"
                "sys.path.insert(0, os.path.dirname(sys.argv[1]))\n"
                "import plot\n"
                "class Figure:\n"
                "    def savefig(self, out, **options): out.write(b'a picture')\n"
                "sync = os.fsync\n"
                "os.fsync = lambda file: (os.kill(os.getpid(), signal.SIGTERM), sync(file))\n"
                "plot.write_picture(Figure(), 'out.png')\n")
        # The style of figures needs matplotlib, which this test does not.
        (self.folder / "figures").mkdir()
        self.write("figures/__init__.py", "")
        self.write("figures/style.py", "def save_options(picture): return {}\n")
        result = subprocess.run([sys.executable, "-c", "import sys\nsys.path.insert(0, '.')\nimport figures\n" + code, PLOT_SCRIPT],
                                cwd=self.folder, timeout=60)
        self.assertEqual(result.returncode, -signal.SIGTERM)
        self.assertEqual(self.files(), ["figures", "out.png"])
        self.assertEqual((self.folder / "out.png").read_text(), "a picture")


if __name__ == "__main__":
    unittest.main()
