#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Long: ten million samples through thirty layers, with second moments, in less than 700 MB. Takes 45 minutes on two cores; any other
number of samples: KLFLOW_MEMORY_SAMPLES."""
import json
import os
import resource
import subprocess
import sys
import unittest

MOST_BYTES = 700e6
SAMPLES = int(float(os.environ.get("KLFLOW_MEMORY_SAMPLES", "1e7")))


class Memory(unittest.TestCase):
    def test_does_not_grow_with_the_samples(self):
        done = subprocess.run([PROGRAM, "kl", "--depth", "30", "--estimator", "both", "--threads", "2", "--n-mc", str(SAMPLES), "--json"],
                              stdout=subprocess.PIPE, text=True, check=True)
        point, peak = json.loads(done.stdout), 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"{SAMPLES} samples: {peak / 1e6:.0f} MB, {point['wall_s']:.0f} s")
        self.assertLess(peak, MOST_BYTES)
        self.assertEqual(point["n_mc"], SAMPLES)
        # Both estimators on the same samples, so many chunks that an error which accumulates would show.
        for direct, gram in zip(point["Q_direct"], point["Q_gram"]):
            self.assertLess(abs(gram / direct - 1), 2e-6)


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    unittest.main()
