#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whether what the program answers to a slip helps to mend it. Run as test_messages.py PROGRAM."""
import unittest

from program import Case, run

USAGE = 64

# (arguments, the whole sentence)
ANSWERS = [
    ("kl --backend gpu", "--backend must be ref, cpu, cuda or auto, not 'gpu'; did you mean cuda?"),
    ("kl --precision fp16", "--precision must be fp64 or fp32, not 'fp16'"),
    ("kl --precision fp46", "--precision must be fp64 or fp32, not 'fp46'; did you mean fp64?"),
    ("run a.yaml --depth 3", "unknown option --depth; here it is a key: --set depth=N,..."),
    ("run a.yaml --var-w=1.5,2", "unknown option --var-w; here it is a key: --set var_w=X,..."),
    ("run a.yaml --n_mc 3", "unknown option --n_mc; here it is a key: --set n_mc=N"),
    ("run a.yaml --save-f-j", "unknown option --save-f-j; here it is a key: --set save_f_j=true"),
    ("run a.yaml --plot a.png", "unknown option --plot; here it is a key: --set plot=FILE"),
    ("run a.yaml --forse", "unknown option --forse; did you mean --force?"),
    ("kl --plot a.png", "unknown option --plot; --help lists the options"),
    ("kl --architecture flat", "--architecture must be wide or taper, not 'flat'"),
]


class Messages(Case):
    def test_answers(self):
        for arguments, sentence in ANSWERS:
            with self.subTest(arguments):
                result = run(*arguments.split(), cwd=self.folder)
                self.assertEqual((result.returncode, result.stdout, result.stderr), (USAGE, "", f"klflow: {sentence}\n"))


if __name__ == "__main__":
    unittest.main()
