#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether what the program answers to a slip helps to mend it. Run as test_messages.py PROGRAM."""
import json
import os
import struct
import unittest

from program import Case, run

USAGE, CONFIG = 64, 78

# (arguments, the whole sentence)
ANSWERS = [
    ("kl --backend gpu", "--backend must be ref, cpu, cuda or auto, not 'gpu'; did you mean cuda?"),
    ("kl --precision half", "--precision must be fp64, fp32, tf32x3, tf32, fp16, bf16 or auto, not 'half'"),
    ("kl --weight-format int8", "--weight-format must be fp64, fp32, tf32, fp16 or bf16, not 'int8'"),
    ("kl --precision fp46", "--precision must be fp64, fp32, tf32x3, tf32, fp16, bf16 or auto, not 'fp46'; did you mean fp64?"),
    ("run a.yaml --depth 3", "unknown option --depth; here it is a key: --set depth=N,..."),
    ("run a.yaml --var-w=1.5,2", "unknown option --var-w; here it is a key: --set var_w=X,..."),
    ("run a.yaml --n_mc 3", "unknown option --n_mc; here it is a key: --set n_mc=N"),
    ("run a.yaml --save-f-j", "unknown option --save-f-j; here it is a key: --set save_f_j=true"),
    ("run a.yaml --plot a.png", "unknown option --plot; here it is a key: --set plot=FILE"),
    ("run a.yaml --forse", "unknown option --forse; did you mean --force?"),
    ("kl --plot a.png", "unknown option --plot; --help lists the options"),
    ("run a.yaml --set var_w=[1.5,2]", "var_w: on the command line a list has no brackets and no blanks, as in 1,2,3; this is "
     "'[1.5,2]'"),
    ("kl --depth [3,4]", "--depth: on the command line a list has no brackets and no blanks, as in 1,2,3; this is '[3,4]'"),
    ("run a.yaml --set kl.output=x", "'output' belongs at the top level, beside kl:, so it is --set output=VALUE"),
    ("run a.yaml --set kl.plot=x", "'plot' belongs at the top level, beside kl:, so it is --set plot=VALUE"),
    ("run a.yaml --set output=x -o y", "output is given twice on the command line"),
    ("run a.yaml --set n_mc=5 --set kl.n_mc=5", "n_mc is given twice on the command line"),
    ("kl --architecture flat", "--architecture must be wide or taper, not 'flat'"),
]


class Messages(Case):
    def test_answers(self):
        for arguments, sentence in ANSWERS:
            with self.subTest(arguments):
                result = run(*arguments.split(), cwd=self.folder)
                self.assertEqual((result.returncode, result.stdout, result.stderr), (USAGE, "", f"klflow: {sentence}\n"))

    def test_inputs_are_swept_by_repeating_set(self):
        (self.folder / "images").write_bytes(struct.pack(">IIII", 0x803, 3, 2, 2) + bytes(range(12)))
        path = self.write("a.yaml", "kl:\n  widths: [3, 3]\n  n_mc: 5\n  input: mnist:images:2\n")
        result = run("run", path, "--json", "--set", "input=mnist:images:0", "--set", "kl.input=idx:images:1", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([json.loads(line)["input"] for line in result.stdout.splitlines()], ["mnist:images:0", "idx:images:1"])

    def test_a_long_list_of_problems_is_cut(self):
        path = self.write("a.yaml", "kl:\n" + "".join(f"  unknown_{i}: 1\n" for i in range(20000)))
        result = run("run", path)
        lines = result.stderr.splitlines()
        self.assertEqual((result.returncode, len(lines)), (CONFIG, 101))
        self.assertTrue(lines[99].startswith(f"{path}:101:3: unknown key 'unknown_99'"), lines[99])
        self.assertEqual(lines[100], f"klflow: {path} has more problems than these 100")


class Lines(unittest.TestCase):
    def test_lines_fit_a_terminal(self):
        for kernels in ("", "openblas"):
            environment = {**os.environ, "OMP_NUM_THREADS": "2"}
            if kernels:
                environment["KLFLOW_CPU_KERNELS"] = kernels
            for arguments in ("help", "kl --help", "run --help", "info --help", "bench --help", "kl --dry-run"):
                with self.subTest(arguments, kernels=kernels):
                    result = run(*arguments.split(), env=environment)
                    if kernels and result.returncode != 0:
                        self.skipTest("OpenBLAS is not installed")
                    for line in result.stdout.splitlines():
                        self.assertTrue(len(line) <= 80 or len(line.split()) == 1, line)  # a library's path may be long

    def test_info_names_a_backend_once(self):
        backends = [line for line in run("info").stdout.splitlines() if line.startswith("backend ")]
        self.assertEqual(len({line.split()[1] for line in backends}), len(backends))
        self.assertGreaterEqual(len(backends), 3)
        for line in backends:
            self.assertEqual(line.count("backend"), 1 + line.count("--backend"), line)
        for backend in json.loads(run("info", "--json").stdout)["backends"]:
            self.assertFalse(backend.get("reason", "").startswith("backend "))


if __name__ == "__main__":
    unittest.main()
