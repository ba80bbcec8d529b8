#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow compare on pairs of result files, and klflow kl --compare: what is within tolerance and what is not, which files cannot be
compared, and that the reference stored beside the results is what its backend computes alone."""
import json
import subprocess

import h5py
import numpy as np

import kl_case
from kl_case import KlCase, PER_LAYER

DIFFERENT, USAGE, DATA, NOINPUT = 1, 64, 65, 66
KEYS = ["within", "cause", "reason", "tolerance_sigmas", "precision", "var_w", "var_b", "depth", "seed", "input", "layer", "layer_within",
        "kl_a", "kl_b", "difference", "relative", "relative_q", "sigmas", "tolerance_q", "share", "version"]


class Near(list):
    """Equal to numbers that are equal up to what rounding and the choice between KL, Q_direct and Q_gram do to a tolerance."""

    def __eq__(self, other):
        return len(self) == len(other) and np.allclose(self, other, rtol=1e-2, atol=0)


class CompareCase(KlCase):
    def result(self, name, *arguments, precision="fp64"):
        path = str(self.folder / name)
        self.run_kl(*arguments, "-o", path, precision=precision)
        return path

    def klflow(self, *arguments):
        return subprocess.run([kl_case.PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=60)

    def points(self, code, *arguments):
        """The JSON lines of a comparison that ends with this code."""
        done = self.klflow("compare", "--json", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1 if code else 0, done.stderr)
        return [json.loads(line, parse_constant=self.fail) for line in done.stdout.splitlines()]

    def stated(self, a, b, layers):
        """What the files state of rounding, relative to Q: exact to the last digits of the quotient."""
        with h5py.File(a) as f, h5py.File(b) as g:
            bound = (f["kl/Q_bias_bound"][:] + g["kl/Q_bias_bound"][:]).ravel()
            error = np.hypot(f["kl/Q_rounding_stderr"][:], g["kl/Q_rounding_stderr"][:]).ravel()
            q = np.maximum(f["kl/Q_direct"][:], g["kl/Q_direct"][:]).ravel()
        return Near(((bound + 5 * error) / q + 1e-12)[layers])

    def refuse(self, code, words, *arguments):
        done = self.klflow("compare", *arguments)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(words, done.stderr)


class SameSamples(CompareCase):
    def test_a_file_with_itself(self):
        a = self.result("a.h5", "--var-w", "1,1.5", "--ensemble", 2)
        points = self.points(0, a, a, "--rtol", 0)
        self.assertEqual([point["var_w"] for point in points], [1, 1.5])
        for point in points:
            self.assertEqual(list(point), KEYS)
            self.assertEqual((point["cause"], point["within"], point["tolerance_q"]), ("rounding", True, [0, 0, 0]))
            self.assertEqual(point["layer"], [0, 1, 2])
            for key in ("difference", "relative", "relative_q", "sigmas", "share"):
                self.assertEqual(point[key], [0, 0, 0], key)
        table = self.klflow("compare", a, a)
        self.assertIn("same samples (sample seed 1, n_mc 200): rounding only; within 1e-12 of Q at layer 0", table.stdout.replace("\n", " "))
        self.assertTrue(table.stdout.endswith("within tolerance\n"))
        self.assertLessEqual(max(map(len, table.stdout.splitlines())), 80 + len(str(self.folder)))

    def test_precisions(self):
        single, double = self.result("a.h5", precision="fp32"), self.result("b.h5", precision="fp64")
        for pair in ((single, double), (double, single)):
            point, = self.points(0, *pair)
            self.assertEqual((point["precision"], point["tolerance_sigmas"]), ("fp32", None))
            self.assertEqual(point["tolerance_q"], self.stated(single, double, point["layer"]))
            self.assertGreater(point["relative_q"][0], 1e-12)
            self.assertLess(max(point["tolerance_q"]), 1e-5)
            self.assertEqual(point["share"], sorted(point["share"], reverse=True))
        self.points(DIFFERENT, single, double, "--rtol", "1e-12")
        # ref and cpu add the same products in double in another order.
        other = self.result("c.h5", "--backend", "ref")
        self.assertLess(max(self.points(0, double, other)[0]["tolerance_q"]), 1e-13 + 1e-12)

    def test_fast_precisions(self):
        """Products of rounded inputs, against fp64 on the same rounded weights; without them the networks are different ones."""
        for precision, bits in (("tf32", 11), ("fp16", 11), ("bf16", 8)):
            with self.subTest(precision):
                a = self.result("a.h5", "--force", precision=precision)
                b = self.result("b.h5", "--force", "--weight-format", precision)
                for pair in ((a, b), (b, a)):
                    point, = self.points(0, *pair)
                    self.assertEqual((point["precision"], point["tolerance_q"]), (precision, self.stated(a, b, point["layer"])))
                    self.assertGreater(point["relative_q"][0], 1e-6)
                    self.assertLess(max(point["tolerance_q"]), 2.0**-bits)
                self.points(DIFFERENT, a, b, "--rtol", "1e-6")
                self.refuse(DATA, f"weights are numbers of '{precision}' in '{a}' and of 'fp64'", a, self.result("c.h5", "--force"))

    def test_chaos_and_few_samples(self):
        """Rounding grows from layer to layer there: it is beyond the bounds of its bias by far, and within its standard error; another
        network or an error of a per mille is not. Rounded in the middle, nothing is left of a sample behind 30 layers."""
        chaos = ["--widths", ",".join(30 * ["128"]), "--var-w", 4, "--n-mc", 20]
        exceeded = []
        for precision in ("tf32", "fp16", "bf16"):
            with self.subTest(precision):
                a = self.result("a.h5", "--force", *chaos, precision=precision)
                b = self.result("b.h5", "--force", *chaos, "--weight-format", precision)
                point, = self.points(0, a, b)
                with h5py.File(a) as f, h5py.File(b) as g:
                    off = np.abs(f["kl/Q_direct"][:] - g["kl/Q_direct"][:]).ravel()
                    exceeded.append(np.max(off[1:] / (f["kl/Q_bias_bound"][:] + g["kl/Q_bias_bound"][:]).ravel()[1:]))
                with h5py.File(b, "r+") as file:
                    for name in ("kl", "Q_direct", "Q_gram"):
                        file["kl"][name][0, 0, 0, 0, 0, 1] *= 1 + 4 * 2.0**-(8 if precision == "bf16" else 11)
                self.assertEqual(self.points(DIFFERENT, a, b)[0]["layer"][0], 1)
        self.assertGreater(min(exceeded), 3)

    def test_files_that_state_nothing_of_rounding(self):
        single, double = self.result("a.h5", precision="fp32"), self.result("b.h5", precision="fp64")
        with h5py.File(single, "r+") as file:
            file["kl"]["Q_rounding_stderr"][...] = np.nan
        point, = self.points(0, single, double)
        self.assertEqual(point["tolerance_q"], [1e-6] * 3)

    def test_estimators(self):
        direct, both = self.result("a.h5", "--estimator", "direct"), self.result("b.h5", "--estimator", "both")
        self.points(0, direct, both)
        self.points(0, self.result("c.h5", "--estimator", "gram"), direct)

    def test_moments(self):
        save = ["--save-f-j", "--save-f-jk"]
        a, b = self.result("a.h5", *save), self.result("b.h5", *save, precision="fp32")
        point, = self.points(0, a, b)
        self.assertEqual(list(point), [*KEYS[:-1], "f_j", "f_jk", "version"])
        with h5py.File(a) as f, h5py.File(b) as g:
            for name in ("f_j", "f_jk"):
                largest = np.nanmax(np.abs(f["kl"][name][:] - g["kl"][name][:]).reshape(3, -1), axis=1)
                stored = np.array(point[name], dtype=float)[np.argsort(point["layer"])]
                np.testing.assert_array_equal(stored, largest)

    def test_one_value_that_differs(self):
        for name in ("kl", "Q_direct", "Q_gram"):
            for point in range(2):
                with self.subTest(name, point=point):
                    a = self.result("a.h5", "--var-w", "1,1.5", "--force")
                    b = self.result("b.h5", "--var-w", "1,1.5", "--force")
                    with h5py.File(b, "r+") as file:
                        at = (point, 0, 0, 0, 0, 2)
                        file["kl"][name][at] *= 1 + 1e-9
                    found = self.points(DIFFERENT, a, b)
                    self.assertEqual([p["within"] for p in found], [False, True])
                    self.assertEqual(found[0]["var_w"], [1, 1.5][point])
                    self.assertEqual(found[0]["layer"][0], 2)
                    self.assertEqual(found[0]["layer_within"], [False, True, True])
                    done = self.klflow("compare", a, b)
                    self.assertEqual(done.returncode, DIFFERENT)
                    self.assertIn(f"at 1 of 2 points, most at layer 2 of point {point + 1}", done.stderr)
                    self.assertIn("BEYOND tolerance: 1 of 2 points", done.stdout)
                    self.points(0, a, b, "--rtol", "1e-6")

    def test_degenerate_layers(self):
        a, b = self.result("a.h5", "--widths", "6,1,3"), self.result("b.h5", "--widths", "6,1,3")
        point, = self.points(0, a, b)
        self.assertIsNone(point["kl_a"][point["layer"].index(1)])
        with h5py.File(b, "r+") as file:
            file["kl"]["kl"][0, 0, 0, 0, 0, 1] = 3
        point, = self.points(DIFFERENT, a, b)
        self.assertEqual((point["layer"][0], point["share"][0]), (1, None))

    def test_inputs_of_another_folder(self):
        (self.folder / "sub").mkdir()
        (self.folder / "sub" / "images").write_bytes((self.folder / "images").read_bytes())
        a = self.result("a.h5", "--input", self.input + ":0-1", "--input", self.input + ":2")
        b = self.result("b.h5", "--input", f"idx:{self.folder}/sub/images:2", "--input", f"idx:{self.folder}/sub/images:0-1")
        self.assertEqual([p["within"] for p in self.points(0, a, b)], [True, True])


class OtherSamples(CompareCase):
    def test_other_seeds(self):
        a, b = (self.result(f"{seed}.h5", "--sample-seed", seed, "--n-mc", 2000) for seed in (1, 2))
        point, = self.points(0, a, b)
        self.assertEqual(point["cause"], "statistics")
        self.assertIn("sample seeds 1 and 2", point["reason"])
        self.assertGreater(point["sigmas"][0], 1e-3)  # no samples in common
        self.assertGreater(point["tolerance_sigmas"], 5)
        self.assertLess(point["tolerance_sigmas"], 5.2)  # two sampled layers: 5.13
        self.points(DIFFERENT, a, b, "--sigmas", 1e-3)
        with h5py.File(b, "r+") as file:
            kl, error = file["kl"]["kl"], file["kl"]["kl_stderr"][:]
            kl[0, 0, 0, 0, 0, 1] += 10 * error[0, 0, 0, 0, 0, 1]
        self.assertEqual(self.points(DIFFERENT, a, b)[0]["layer"][0], 1)

    def test_more_samples(self):
        a, b = self.result("a.h5", "--n-mc", 1000), self.result("b.h5", "--n-mc", 3000)
        point, = self.points(0, a, b)
        self.assertEqual((point["cause"], point["reason"]),
                         ("statistics", "different numbers of samples (n_mc 1000 and 3000)"))

    def test_a_loaded_network(self):
        """A seed is that of the samples there, so points of different seeds belong together."""
        image = ["--input", self.input + ":1"]
        self.run_kl("--save-network", self.folder / "net.h5", "--seed", 5, *image)
        a, b = (self.result(f"{seed}.h5", "--network", self.folder / "net.h5", *image, "--seed", seed, "--n-mc", 1000)
                for seed in (5, 6))
        self.assertEqual(self.points(0, a, b)[0]["cause"], "statistics")

    def test_seeds_of_an_ensemble(self):
        """The seed recorded is that of the first network: 4 in both, though the second networks have other samples."""
        a = self.result("a.h5", "--seed", 4, "--ensemble", 2)
        b = self.result("b.h5", "--seed", 4, "--ensemble", 2, "--sample-seed", 4)
        self.assertEqual(self.points(0, a, b)[0]["cause"], "statistics")

    def test_one_sample_has_no_error(self):
        a, b = self.result("a.h5", "--n-mc", 1), self.result("b.h5", "--n-mc", 1, "--sample-seed", 2)
        self.points(0, a, a)
        self.refuse(DATA, "no standard error", a, b)


class Refused(CompareCase):
    def test_other_points(self):
        a, b = self.result("a.h5", "--var-w", "1,1.5"), self.result("b.h5", "--var-w", "1.5")
        for pair in ((a, b), (b, a)):
            self.refuse(DATA, f"the point var_w 1, var_b 0.05, depth 3, seed 1, input 'q0=0.1*var_w+var_b' is only in '{a}'", *pair)
        c = self.result("c.h5", "--var-w", "1.5", "--seed", 2, "--sample-seed", 1)
        self.refuse(DATA, f"seed 1, input 'q0=0.1*var_w+var_b' is only in '{b}'", b, c)
        self.refuse(DATA, "runs of the same networks with other samples differ in sample_seed", c, b)

    def test_other_networks(self):
        a = self.result("a.h5", "--q0", 0.2)
        for number, other in enumerate((["--widths", "33,30,10"], ["--reference-layer", 1], ["--statistics", "theory"],
                                        ["--ensemble", 2])):
            b = self.result(f"{number}.h5", "--q0", 0.2, *other)
            words = ["33 neurons", "relative to layer 0", "by statistics 'input'", "over 1 networks"][number]
            self.refuse(DATA, words if number else "layer 1 has 31 neurons", a, b)

    def test_formats_of_weights(self):
        """Rounded to formats of equally many bits, weights differ in the smallest alone."""
        a, b = self.result("a.h5"), self.result("b.h5")
        for path, name in ((a, "tf32"), (b, "fp16")):
            with h5py.File(path, "r+") as file:
                file["provenance"].attrs["weight_format"] = name
        self.points(0, a, a)
        self.refuse(DATA, f"weights are numbers of 'tf32' in '{a}' and of 'fp16' in '{b}'", a, b)

    def test_networks_that_only_their_weights_tell_apart(self):
        files = []
        for seed in (1, 2):
            self.run_kl("--save-network", self.folder / f"net{seed}.h5", "--seed", seed, "--force")
            with h5py.File(self.folder / f"net{seed}.h5", "r+") as file:
                file.attrs["seed"] = np.uint64(7)
            files.append(self.result(f"{seed}.h5", "--network", self.folder / f"net{seed}.h5", "--seed", 7, "--q0", 0.2))
        self.refuse(DATA, "are of different networks or inputs, which cannot be compared: layer 1 has mean", *files)

    def test_what_is_no_result_file(self):
        a = self.result("a.h5", "--save-network", self.folder / "net.h5")
        (self.folder / "text").write_text("no data of any kind\n")
        for pair in (("{b}", a), (a, "{b}")):
            for name, code, words in (("text", DATA, "is not an HDF5 file"), ("net.h5", DATA, "holds no results"),
                                      ("gone", NOINPUT, "cannot be opened")):
                self.refuse(code, words, *(word.format(b=self.folder / name) for word in pair))
        whole = (self.folder / "a.h5").read_bytes()
        (self.folder / "cut.h5").write_bytes(whole[:-1000])
        self.refuse(DATA, "is cut short", a, self.folder / "cut.h5")
        self.refuse(USAGE, "needs two result files", a)
        self.refuse(USAGE, "--rtol must be a number >= 0", a, a, "--rtol", "-1")
        self.refuse(USAGE, "--sigmas must be a number > 0", a, a, "--sigmas", "0")

    def test_a_lost_verdict(self):
        a = self.result("a.h5")
        with open("/dev/full", "w") as full:
            done = subprocess.run([kl_case.PROGRAM, "compare", a, a], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 74)


class Reference(CompareCase):
    SETTINGS = (["--estimator", "both"], ["--estimator", "direct"], ["--estimator", "gram"], ["--ensemble", 3],
                ["--input", "{input}:0-2", "--ensemble", 2], ["--var-w", "1,1.5", "--seed", "3,4", "--reference-layer", 1],
                ["--save-f-j", "--save-f-jk"])

    def check(self, backend, settings):
        settings = [str(word).format(input=self.input) for word in settings]
        path, alone = self.folder / "a.h5", self.folder / "b.h5"
        points = self.run_kl(*settings, "--compare", backend, "-o", path, "--force", precision="fp32")
        self.run_kl(*settings, "--backend", backend, "-o", alone, "--force")
        self.assertEqual(self.klflow("check", path).returncode, 0)
        with h5py.File(path) as file, h5py.File(alone) as other:
            kl, ref, expected = file["kl"], file["kl_ref"], other["kl"]
            self.assertEqual(set(ref), set(kl))
            self.assertEqual(set(ref), set(expected))
            facts = file["provenance"].attrs
            self.assertEqual((facts["compare_backend"], facts["compare_precision"]), (backend, "fp64"))
            self.assertEqual(facts["precision"], "fp32")
            for name in ref:
                if name in ("wall_s", "chunk", "input", "neuron_j", "neuron_k"):
                    continue
                values = expected[name][:].astype(float)
                size = np.max(np.abs(values), where=np.isfinite(values), initial=0)
                np.testing.assert_allclose(ref[name][:].astype(float), values, rtol=1e-12, atol=1e-13 * size, err_msg=name)
                if ref[name].ndim > 1:
                    self.assertTrue(all(d[0].name.startswith("/kl_ref/") for d in ref[name].dims), name)
            self.assertTrue(np.any(ref["kl"][:] != kl["kl"][:]), "the reference is in fp64")
            for index, point in enumerate(points):
                at = np.unravel_index(index, kl["status"].shape)
                for name in ("kl", "Q_direct", "Q_gram"):
                    if point[name] is None:
                        self.assertIsNone(point[name + "_ref"])
                    else:
                        np.testing.assert_array_equal(np.array(point[name + "_ref"], dtype=float), ref[name][at])
                self.check_worst(point)

    def check_worst(self, point):
        """What fp64 states is too little to matter beside fp32's."""
        i = point["layer"].index(point["compare_layer"])
        self.assertEqual(point["compare_difference"], point["kl_ref"][i] - point["kl"][i])
        bound, error = np.array(point["Q_bias_bound"]), 5 * np.array(point["Q_rounding_stderr"])
        pairs = [(point[name], point[name + "_ref"], point[name], bound + error) for name in ("Q_direct", "Q_gram") if point[name]]
        pairs.append((point["kl"], point["kl_ref"], point["kl_term_quadratic"],
                      np.array(point["kl_bias_bound"]) + error / (2 * np.array(point["var"]))))
        differences = [(np.abs(np.subtract(b, a)), np.array(q), allowed + 1e-12 * np.array(q)) for a, b, q, allowed in pairs]
        of_q, share = np.max([d / q for d, q, _ in differences], axis=0), np.max([d / a for d, _, a in differences], axis=0)
        self.assertEqual((i, point["compare_within"]), (np.argmax(share), True))
        self.assertAlmostEqual(point["compare_relative_q"] / of_q[i], 1, places=6)
        self.assertTrue(np.any([np.isclose(a[i] / q[i], point["compare_tolerance_q"], rtol=1e-6) for _, q, a in differences]))

    def test_is_what_the_backend_computes(self):
        for backend in ("ref", "cpu"):
            for settings in self.SETTINGS:
                with self.subTest(backend, settings=settings):
                    self.check(backend, settings)

    def test_fast_precisions(self):
        """The reference has the same rounded weights, so that it differs by the rounding of the products alone."""
        for precision, bits in (("tf32", 11), ("fp16", 11), ("bf16", 8)):
            for backend in ("ref", "cpu"):
                point, = self.run_kl("--compare", backend, precision=precision)
                self.assertTrue(point["compare_within"])
                self.assertTrue(2.0**-(2 * bits) < point["compare_tolerance_q"] < 2.0**-bits)
                alone, = self.run_kl("--weight-format", precision, "--backend", backend)
                np.testing.assert_allclose(point["Q_direct_ref"], alone["Q_direct"], rtol=1e-12)

    def test_opens_as_netcdf(self):
        try:
            import h5netcdf, netCDF4, xarray
        except ImportError:
            self.skipTest("no xarray with its netCDF-4 engines")
        path = self.folder / "a.h5"
        self.run_kl("--compare", "cpu", "--save-f-j", "-o", path, precision="fp32")
        for engine in ("netcdf4", "h5netcdf"):
            with xarray.open_dataset(path, group="kl", engine=engine) as d, xarray.open_dataset(path, group="kl_ref", engine=engine) as ref:
                self.assertEqual(ref.Q_direct.dims, d.Q_direct.dims)
                self.assertEqual(ref.f_j.dims, d.f_j.dims)
                of_q = abs(d.Q_direct / ref.Q_direct - 1).max("layer").item()  # the coordinates are equal, so layers meet
                self.assertTrue(0 < of_q < 1e-6, of_q)

    def test_table_and_plan(self):
        arguments = ["kl", "--quiet", "--widths", "6,5,4", "--n-mc", 50, "--compare", "ref"]
        self.assertRegex(self.klflow(*arguments).stdout.replace("\n", " "),
                         r"backend ref in fp64, on the same samples, differs most at layer \d: by \S+ of Q; KL by \S+ nat, \S+ of it "
                         r"and \S+ standard errors; within \S+ of Q")
        plan = json.loads(self.klflow(*arguments, "--dry-run", "--json").stdout)
        self.assertEqual((plan["compare_backend"], plan["compare_flops"]), ("ref", plan["flops"]))
        self.assertIsNone(plan["seconds"])
        self.assertRegex(self.klflow(*arguments, "--dry-run").stdout, "\nreference .* on backend ref")

    def test_yaml(self):
        (self.folder / "a.yaml").write_text("kl:\n  widths: [6, 5, 4]\n  n_mc: 50\n  compare: cpu\n")
        point = json.loads(self.klflow("run", self.folder / "a.yaml", "--json").stdout)
        self.assertEqual(point["compare_backend"], "cpu")

    def test_beyond_tolerance(self):
        """Weights that are anything but random: all alike, so that errors add up where those of random ones cancel. In the first
        map they are 0, and what is rounded is the same number in every neuron."""
        network, path = self.folder / "net.h5", self.folder / "a.h5"
        with h5py.File(network, "w") as file:
            for layer, weight in enumerate((1, 0, np.linspace(1, 2, 200)[:, np.newaxis] / 64)):
                file[f"W{layer}"], file[f"B{layer}"] = np.broadcast_to(1.0 * weight, (200, 200)), np.full(200, 0.3)
            file.attrs["var_w"], file.attrs["var_b"] = 1.0, 0.05
        arguments = ["kl", "--quiet", "--network", network, "--q0", 0.2, "--n-mc", 40, "--precision", "bf16", "--statistics", "theory",
                     "--compare", "cpu", "-o", path]
        done = self.klflow(*arguments, "--json")
        self.assertEqual(done.returncode, DIFFERENT, done.stderr)
        self.assertRegex(done.stderr, r"\Aklflow: 1 of 1 points differ from backend cpu by more than rounding may do, the worst is "
                                      r"point 1 at layer 2: by \S+ of Q; the result file is whole and has both\n\Z")
        point = json.loads(done.stdout)
        self.assertEqual((point["compare_within"], point["compare_layer"]), (False, 2))
        self.assertGreater(point["compare_relative_q"], point["compare_tolerance_q"])
        self.assertEqual(self.klflow("check", path).returncode, 0)
        self.assertIn("BEYOND", self.klflow(*arguments, "--force").stdout)


if __name__ == "__main__":
    kl_case.main()
