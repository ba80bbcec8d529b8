#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What becomes of Q and of the layers' widths: the estimator that KL is made of, marks where the width changes, layers of zero
variance."""
import numpy as np

import kl_case
from kl_case import KlCase
from model import average, draw_network, flow, gaussian_input, measured_statistics

TERMS = ("kl_term_reference", "kl_term_log_var", "kl_term_quadratic")


class EstimatorOfKl(KlCase):
    """In fp32 the estimators differ by rounding in float, some 1e-7, which is far more than doubles lose between Q and KL."""

    def check(self, result, q):
        quadratic, var = np.array(result["kl_term_quadratic"]), np.array(result["var"])
        # One division and one product in double.
        np.testing.assert_allclose(2 * var * quadratic, q, rtol=1e-15, atol=0)
        # Terms of the size of the entropies, a few roundings each; behind the reference layer, whose 0 is by definition.
        error = np.abs(np.sum([result[term] for term in TERMS], axis=0) - result["kl"])[1:]
        self.assertTrue(np.all(error <= 1e-14 * np.sum(np.abs([result[term] for term in TERMS]), axis=0)[1:]), error)

    def test_direct_where_both_are_there(self):
        result = self.run_kl("--estimator", "both", precision="fp32")[0]
        self.assertTrue(np.all(np.array(result["Q_gram"])[1:] != np.array(result["Q_direct"])[1:]), "nothing tells them apart")
        self.check(result, result["Q_direct"])

    def test_direct_where_it_is_alone(self):
        result = self.run_kl("--estimator", "direct", precision="fp32")[0]
        self.assertIsNone(result["Q_gram"])
        self.check(result, result["Q_direct"])

    def test_gram_where_it_is_alone(self):
        result = self.run_kl("--estimator", "gram", precision="fp32")[0]
        self.assertIsNone(result["Q_direct"])
        self.check(result, result["Q_gram"])


class Layers(KlCase):
    def test_width_changed_is_relative_to_the_reference_layer(self):
        for widths, reference, changed in (("6,3,3", 0, [False, True, True]), ("6,3,6", 0, [False, True, False]),
                                           ("6,3,3", 1, [False, False]), ("6,3,6", 1, [False, True])):
            with self.subTest(widths=widths, reference=reference):
                result = self.run_kl("--widths", widths, "--reference-layer", reference)[0]
                self.assertEqual(result["width_changed"], changed)
                self.assertEqual("note" in result, any(changed))

    def test_a_layer_without_variance(self):
        widths, networks = [6, 1, 3], []
        for seed in (1, 2):
            layers = draw_network(seed, widths, 784)
            networks.append(flow(layers, *measured_statistics(layers, seed, q0=0.2), sample_seed=seed))
        for expected, more in ((networks[0], []), (average(networks, "_ensemble_std", independent=True), ["--ensemble", 2])):
            with self.subTest(more):
                result = self.run_kl("--widths", "6,1,3", "--q0", 0.2, *more)[0]
                self.assertEqual(result["layer_status"], ["ok", "degenerate", "ok"])
                self.assertEqual(result["status"], "degenerate")
                self.assertEqual([kl is None for kl in result["kl"]], [False, True, False])
                self.compare(result, expected)

    def test_a_reference_layer_without_variance(self):
        layers = draw_network(1, [1, 6, 3], 784)
        expected = flow(layers, *measured_statistics(layers, 1, gaussian_input(1, 0.1, 784)[None]), sample_seed=1)
        result = self.run_kl("--widths", "1,6,3", "--gaussian-input", 0.1)[0]
        self.assertEqual(result["layer_status"], ["degenerate", "ok", "ok"])
        self.assertEqual(result["kl"], [None, None, None])
        self.assertNotIn(None, result["kl_term_quadratic"][1:])
        del expected["entropy_reference"], expected["Q_stderr"]  # of no size to measure errors on
        self.assertEqual(result["Q_stderr"], [0, 0, 0])  # all samples are the same
        self.compare(result, {name: values for name, values in expected.items() if not name.startswith("kl")})
        for name in ("kl", "kl_stderr", "kl_per_neuron", "kl_term_reference", "kl_meanfield_per_neuron"):
            self.assertEqual(result[name], [None, None, None], name)


if __name__ == "__main__":
    kl_case.main()
