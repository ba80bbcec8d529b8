#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""f_j and f_jk in the result file, from the seed on, against model.py."""
import h5py
import numpy as np

import kl_case
from kl_case import KlCase, WIDTHS
from model import draw_network, measured_statistics, moments, sample_layers


class Moments(KlCase):
    def check_layer(self, stored, expected):
        """stored is as wide as the widest layer, with NaN behind the last neuron of a narrower one. Moments are below 1, and their
        error is that of float32 normals, some 1e-7 a neuron."""
        inside = tuple(slice(0, n) for n in expected.shape)
        np.testing.assert_allclose(stored[inside], expected, rtol=0, atol=3e-6)
        beyond = np.ones(stored.shape, dtype=bool)
        beyond[inside] = False
        self.assertTrue(np.all(np.isnan(stored[beyond])))

    def check(self, reference, estimator, names):
        layers = draw_network(6, WIDTHS, self.images.shape[1])
        mean, var = measured_statistics(layers, 6, self.images[1])
        z = sample_layers(layers[reference:], mean[reference], var[reference], sample_seed=6)
        f_j, f_jk = zip(*map(moments, z))
        file = self.folder / "moments.h5"
        keep = ["--save-" + name.replace("_", "-") for name in names]
        self.run_kl("--seed", 6, "--input", self.input + ":1", "--reference-layer", reference, "--estimator", estimator, *keep,
                    "-o", file, "--force")
        with h5py.File(file) as opened:
            kl = opened["kl"]
            self.assertEqual({name for name in ("f_j", "f_jk") if name in kl}, set(names))
            for name in names:
                stored, expected = kl[name][0, 0, 0, 0, 0], {"f_j": f_j, "f_jk": f_jk}[name]
                self.assertEqual(stored.shape, (len(z), *expected[0].ndim * [max(WIDTHS[reference:])]))
                for l in range(len(z)):
                    self.check_layer(stored[l], expected[l])

    def test_every_layer(self):
        for reference in (0, 1):
            for estimator, names in (("both", ["f_j", "f_jk"]), ("gram", ["f_jk"]), ("direct", ["f_j"])):
                with self.subTest(reference=reference, estimator=estimator):
                    self.check(reference, estimator, names)


if __name__ == "__main__":
    kl_case.main()
