#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow fit from outside: its tables and help word by word, its numbers against another least-squares method (Gauss-Newton with
halved steps, in Python), what it takes from a result file, and what it says to mistakes. Run as test_fit.py PROGRAM [unittest
options]."""
import json
import math
import pathlib
import random
import statistics
import unittest

from program import Case, run

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"
USAGE, DATA, NOINPUT = 64, 65, 66

NETWORKS = "--widths 64,64,64,64,64,64,64,64,64,20,10 --n-mc 200 --backend ref --quiet".split()
ALIKE = 9  # layers as wide as the reference layer

FORMULA = {"plateau": lambda a, b, x: a * (1 - b ** x), "tanh": lambda a, b, x: a * math.tanh(b * x),
           "asymptote": lambda p, c, x: p * x * x * math.cosh(c * x) / (1 + p * x * x * math.cosh(c * x))}


def gauss_newton(model, x, y, error, start):
    """Parameters, their covariance for these errors, and chi2; derivatives by central differences."""
    def residuals(p):
        return [(yi - FORMULA[model](*p, xi)) / e for xi, yi, e in zip(x, y, error)]

    def normal(p):
        columns = []
        for j in range(2):
            d = 1e-6 * abs(p[j])
            up, down = ([*p[:j], p[j] + s * d, *p[j + 1:]] for s in (1, -1))
            columns.append([(FORMULA[model](*up, xi) - FORMULA[model](*down, xi)) / (2 * d) / e for xi, e in zip(x, error)])
        return columns, [[sum(u * v for u, v in zip(c, d)) for d in columns] for c in columns]

    p, chi2 = list(start), sum(r * r for r in residuals(start))
    for _ in range(200):
        columns, h = normal(p)
        det = h[0][0] * h[1][1] - h[0][1] ** 2
        g = [sum(u * r for u, r in zip(c, residuals(p))) for c in columns]
        step = [(h[1][1] * g[0] - h[0][1] * g[1]) / det, (h[0][0] * g[1] - h[0][1] * g[0]) / det]
        for halving in range(60):
            trial = [p[j] + step[j] * 0.5 ** halving for j in range(2)]
            if trial[1] > 0 and (new := sum(r * r for r in residuals(trial))) <= chi2:
                p, chi2 = trial, new
                break
        else:
            break
    h = normal(p)[1]
    det = h[0][0] * h[1][1] - h[0][1] ** 2
    return p, [[h[1][1] / det, -h[0][1] / det], [-h[0][1] / det, h[0][0] / det]], chi2


def noisy(model, parameters, xs, seed):
    rng = random.Random(seed)
    rows = []
    for x in xs:
        error = 0.01 + 0.01 * rng.random()
        rows.append((x, round(FORMULA[model](*parameters, x) + rng.gauss(0, error), 6), round(error, 6)))
    return rows


class FitCase(Case):
    def table(self, rows, name="t.csv", heading="x,y,stderr\n"):
        return self.write(name, heading + "".join(",".join(repr(v) for v in row) + "\n" for row in rows))

    def fits(self, *arguments, code=0):
        result = run("fit", *arguments, "--json", cwd=self.folder)
        self.assertEqual(result.returncode, code, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def networks(self, *arguments, name="k.h5"):
        """Makes a result file; returns what klflow kl says of its points."""
        result = run("kl", *NETWORKS, *arguments, "-o", name, "--json", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]

    def assert_same_fit(self, fit, model, x, y, error, scale, tolerance=1e-6):
        """tolerance: of a parameter in units of its error; the differences that stand for derivatives leave less than 1e-8."""
        names = fit["parameters"]
        p, covariance, chi2 = gauss_newton(model, x, y, error, [fit[name] * 1.02 for name in names])
        factor = chi2 / (len(x) - 2) if scale else 1.0
        self.assertAlmostEqual(fit["chi2"] / chi2, 1, delta=1e-9)
        for j, name in enumerate(names):
            sigma = math.sqrt(factor * covariance[j][j])
            self.assertAlmostEqual(fit[name], p[j], delta=tolerance * sigma)
            self.assertAlmostEqual(fit[f"{name}_stderr"] / sigma, 1, delta=1e-5)
            for k in range(2):
                self.assertAlmostEqual(fit["covariance"][j][k] / (factor * covariance[j][k]), 1, delta=1e-4)


class Tables(FitCase):
    def check(self, name, result, code=0):
        self.assertEqual(result.returncode, code, result.stderr)
        path = GOLDEN / f"{name}.txt"
        self.assertEqual(result.stdout, path.read_text(), f"if the change is meant, {path.name} is what was printed")
        for line in result.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)

    def test_help(self):
        self.check("help_fit", run("fit", "--help"))
        manual = (GOLDEN.parent.parent / "docs" / "cli.md").read_text()
        self.assertIn((GOLDEN / "help_fit.txt").read_text(), manual, "docs/cli.md quotes tests/golden/help_fit.txt")

    def test_table(self):
        self.table(noisy("plateau", (0.7, 0.55), range(1, 28), 1))
        self.check("fit_table", run("fit", "--table", "t.csv", "--model", "plateau", cwd=self.folder))

    def test_sweep(self):
        self.networks("--var-w", "1.5,2,2.5,3,3.5", "--var-b", "0.05,0.1")
        self.check("fit_sweep", run("fit", "k.h5", cwd=self.folder))

    def test_flat(self):
        self.table([(x, 0.0, 0.01) for x in range(1, 9)])
        self.check("fit_flat", run("fit", "--table", "t.csv", "--model", "plateau", cwd=self.folder), DATA)

    def test_width(self):
        """Rows stay within a terminal however large or small the numbers are."""
        for scale in (1e-12, 1e-3, 1e5, 1e9):
            self.table([(x, scale * y, scale * e) for x, y, e in noisy("plateau", (-0.7, 0.55), range(1, 28), 2)])
            for line in run("fit", "--table", "t.csv", "--model", "plateau", cwd=self.folder).stdout.splitlines():
                self.assertLessEqual(len(line), 80, line)
                self.assertNotRegex(line, r"[0-9]{4}-|nan|inf")


class Numbers(FitCase):
    """Another method finds the same minimum and the same covariance."""

    CASES = (("plateau", (0.7, 0.55), [float(x) for x in range(1, 28)]), ("tanh", (1.9, 0.42), [0.5 + 0.25 * k for k in range(14)]),
             ("asymptote", (0.72, 0.72), [0.1 + 0.2 * k for k in range(20)]))

    def test_tables(self):
        for seed, (model, parameters, xs) in enumerate(self.CASES):
            rows = noisy(model, parameters, xs, seed)
            x, y, error = zip(*rows)
            self.table(rows)
            self.table([row[:2] for row in rows], "two.csv", "# no heading, no errors\n\n")
            for options, weights, scale, label in (((), error, False, "given"), (("--errors", "scaled"), error, True, "scaled"),
                                                   (("--errors", "equal"), len(x) * [1], True, "equal")):
                with self.subTest(model=model, errors=label):
                    fit, = self.fits("--table", "t.csv", "--model", model, *options)
                    self.assertEqual((fit["errors"], fit["status"], fit["converged"], fit["dof"]), (label, "ok", True, len(x) - 2))
                    self.assert_same_fit(fit, model, x, y, weights, scale)
                    self.assertEqual((fit["x"], fit["y"], fit["y_stderr"]), (list(x), list(y), list(error)))
                    for xi, yi in zip(x, fit["y_fit"]):
                        self.assertAlmostEqual(yi, FORMULA[model](*(fit[name] for name in fit["parameters"]), xi), delta=1e-12)
            fit, = self.fits("--table", "two.csv", "--model", model)
            self.assertEqual((fit["errors"], "y_stderr" in fit), ("equal", False))
            self.assert_same_fit(fit, model, x, y, len(x) * [1], True)

    def test_separators(self):
        rows = noisy("plateau", (0.7, 0.55), range(1, 9), 5)
        expected = self.fits("--table", self.table(rows), "--model", "plateau")
        for separator in (" ", "\t", ";", " , ", "   "):
            text = "".join(separator.join(map(str, row)) + " \r\n" for row in rows)
            path = self.write("s.txt", f"  # comment\nx y e ok\n{text}\n# end\n")
            self.assertEqual(self.fits("--table", path, "--model", "plateau"), expected, repr(separator))

    def test_hold(self):
        rows = noisy("plateau", (0.7, 0.55), range(1, 28), 6)
        fit, = self.fits("--table", self.table(rows), "--model", "plateau", "--hold", "b=0.6")
        fy = sum((1 - 0.6 ** x) * y / e ** 2 for x, y, e in rows)
        ff = sum(((1 - 0.6 ** x) / e) ** 2 for x, y, e in rows)
        self.assertAlmostEqual(fit["a"], fy / ff, delta=1e-12)
        self.assertAlmostEqual(fit["a_stderr"], ff ** -0.5, delta=1e-12)
        self.assertEqual((fit["b"], fit["b_stderr"], fit["dof"]), (0.6, 0, 26))

    def test_ising_models(self):
        """Files of sweeps over couplings: s_inf, all of it or up to some coupling, as a table of the same numbers."""
        for command, options in (("ising1d", ("--coupling", "0.1:4:40")), ("ising2d", ("--coupling", "0.02:0.44:22"))):
            result = run(command, *options, "-o", f"{command}.h5", "--json", "--quiet", cwd=self.folder)
            self.assertEqual(result.returncode, 0, result.stderr)
            points = [json.loads(line) for line in result.stdout.splitlines()]
            rows = [(p["coupling"], p["s_inf"] if "s_inf" in p else p["exact"]["s_inf"]) for p in points]
            table = self.table(rows, heading="")
            for more in ((), ("--x-max", "0.3"), ("--x-min", "0.1", "--x-max", "0.4", "--errors", "equal")):
                fit, = self.fits(f"{command}.h5", *more)
                self.assertEqual((fit["model"], fit["x_name"], fit["y_name"], fit["errors"]), ("asymptote", "coupling", "s_inf", "equal"))
                same, = self.fits("--table", table, "--model", "asymptote", *more)
                self.assertEqual([fit[k] for k in ("p", "c", "p_stderr", "x", "y")], [same[k] for k in ("p", "c", "p_stderr", "x", "y")])
        # s_inf ln 2 = K^2 + 5/2 K^4 in two dimensions, so p is 1 / ln 2 for weak coupling: to 1 % up to K = 0.1
        fit, = self.fits("ising2d.h5", "--x-max", "0.1")
        self.assertAlmostEqual(fit["p"] * math.log(2), 1, delta=0.01)

    def test_the_fit_of_the_paper(self):
        """(2.35) back from its own values, which klflow ising1d prints."""
        rows = []
        for k in range(1, 41):
            out = json.loads(run("ising1d", "--coupling", str(k / 10), "--json").stdout)
            rows.append((k / 10, out["s_inf_fit"]))
        fit, = self.fits("--table", self.table(rows, heading=""), "--model", "asymptote")
        for name in "pc":
            self.assertAlmostEqual(fit[name], 0.5 / math.log(2), delta=1e-9)


class Files(FitCase):
    def curve(self, point, error="kl_stderr"):
        n = point["width"][0] if error == "kl_stderr" else 1
        return ([float(x) for x in range(1, ALIKE)], point["kl_per_neuron"][1:ALIKE], [e / n for e in point[error][1:ALIKE]])

    def test_single_networks(self):
        points = self.networks("--var-w", "1.5,2.5", "--seed", "1,2")
        fits = self.fits("k.h5")
        self.assertEqual([(f["var_w"], f["seed"]) for f in fits], [(1.5, 1), (1.5, 2), (2.5, 1), (2.5, 2)])
        for point, fit in zip(points, fits):
            x, y, error = self.curve(point)
            self.assertEqual(fit["x"], [0.0, *x])
            self.assertEqual(fit["y"], [0, *y])  # with all digits
            self.assertEqual((fit["errors"], fit["n_points"], fit["dof"]), ("scaled", ALIKE - 1, ALIKE - 3))
            self.assert_same_fit(fit, "plateau", x, y, error, True)

    def test_quantities(self):
        point, = self.networks()
        per_neuron, = self.fits("k.h5")
        total, = self.fits("k.h5", "--quantity", "kl")
        self.assertAlmostEqual(total["a"] / per_neuron["a"], 64, delta=1e-6)
        self.assertAlmostEqual(total["a_stderr"] / per_neuron["a_stderr"], 64, delta=1e-5)
        self.assertAlmostEqual(total["chi2"] / per_neuron["chi2"], 1, delta=1e-9)
        theory, = self.fits("k.h5", "--quantity", "kl_meanfield_per_neuron")
        self.assertEqual((theory["errors"], theory["y"]), ("equal", point["kl_meanfield_per_neuron"][:ALIKE]))
        # The mean field approaches its plateau 1/2 ln(q* / q0) as an exponential does, but not quite from the first layer on.
        self.assertAlmostEqual(theory["a"], point["kl_meanfield_per_neuron"][ALIKE - 1], delta=0.02)

    def test_layers(self):
        point, = self.networks()
        fit, = self.fits("k.h5", "--first-layer", "2", "--last-layer", "5")
        x, y, error = (values[1:5] for values in self.curve(point))
        self.assertEqual(fit["x"], x)
        self.assert_same_fit(fit, "plateau", x, y, error, True)
        self.networks("--reference-layer", "2", "--q0", "0.02", "--var-w", "2.5", name="r.h5")
        fit, = self.fits("r.h5", "--last-layer", "5")
        self.assertEqual((fit["x"], fit["reference_layer"]), ([0, 1, 2, 3], 2))

    def test_ensembles(self):
        point, = self.networks("--ensemble", "5")
        fit, = self.fits("k.h5")
        x, y, std = self.curve(point, "kl_per_neuron_ensemble_std")
        error = [s / math.sqrt(5) for s in std]
        self.assertEqual((fit["errors"], fit["ensemble"]), ("ensemble", 5))
        self.assert_same_fit(fit, "plateau", x, y, error, False)
        fit, = self.fits("k.h5", "--errors", "scaled")
        self.assertEqual(fit["errors"], "scaled")
        self.assert_same_fit(fit, "plateau", x, y, error, True)

    def test_average(self):
        """The mean over seeds is the mean over an ensemble of these networks; errors by leaving out one network at a time."""
        points = self.networks("--seed", "1,2,3,4,5", "--var-w", "1.5,2.5")
        self.networks("--ensemble", "5", "--var-w", "1.5,2.5", name="e.h5")
        for w, (mean, ensemble) in enumerate(zip(self.fits("k.h5", "--average"), self.fits("e.h5"))):
            self.assertEqual((mean["errors"], mean["ensemble"]), ("jackknife", 5))
            x = self.curve(points[5 * w])[0]
            curves = [self.curve(p)[1] for p in points[5 * w:5 * w + 5]]
            error = [statistics.stdev(values) / math.sqrt(5) for values in zip(*curves)]
            for name in "ab":
                self.assertAlmostEqual(mean[name], ensemble[name], delta=1e-6 * ensemble[f"{name}_stderr"])
            left = []
            for s in range(5):
                y = [sum(c[i] for k, c in enumerate(curves) if k != s) / 4 for i in range(len(x))]
                left.append(gauss_newton("plateau", x, y, error, [mean["a"], mean["b"]])[0])
            for j in range(2):
                for k in range(2):
                    m = [sum(p[i] for p in left) / 5 for i in (j, k)]
                    covariance = sum((p[j] - m[0]) * (p[k] - m[1]) for p in left) * 4 / 5
                    self.assertAlmostEqual(mean["covariance"][j][k] / covariance, 1, delta=1e-4)

    def test_across_var_w(self):
        self.networks("--var-w", "1.5,2,2.5,3,3.5", "--seed", "1,2")
        fits = self.fits("k.h5")
        curves, across = fits[:10], fits[10:]
        self.assertEqual([(f["model"], f["y_name"], f["x_name"], f["seed"]) for f in across],
                         [("tanh", "a", "var_w", 1), ("tanh", "a", "var_w", 2)])
        for fit in across:
            of = [f for f in curves if f["seed"] == fit["seed"]]
            self.assertEqual((fit["x"], fit["y"]), ([1.5, 2, 2.5, 3, 3.5], [f["a"] for f in of]))
            self.assertEqual(fit["errors"], "scaled")
            self.assert_same_fit(fit, "tanh", fit["x"], fit["y"], [f["a_stderr"] for f in of], True, 1e-5)
        self.assertEqual(len(self.fits("k.h5", "--select", "seed=2")), 6)
        self.assertEqual(len(self.fits("k.h5", "--select", "var_w=2", "--select", "var_w=3")), 4)  # two points are too few

    def test_a_curve_that_cannot_be_fitted(self):
        point = run("kl", "--widths", "8,8,8,1", "--q0", "0.2", "--n-mc", "50", "--quiet", "-o", "s.h5", cwd=self.folder)
        self.assertEqual(point.returncode, 0, point.stderr)
        result = run("fit", "s.h5", cwd=self.folder)
        self.assertEqual((result.returncode, result.stdout), (DATA, ""))
        self.assertEqual(result.stderr, "klflow: 2 points at 2 different x beside 0: too few to fit 2 parameters and see how well; it "
                                        "takes 3 points\n")
        fit, = self.fits("s.h5", code=DATA)
        self.assertEqual((fit["status"], fit["converged"], fit["a"], fit["a_stderr"]), ("refused", False, None, None))
        self.assertIn("too few", fit["message"])

    def test_layers_without_a_value(self):
        run("kl", "--widths", "1,1,1,1,1", "--q0", "0.2", "--n-mc", "50", "--quiet", "-o", "d.h5", cwd=self.folder)
        result = run("fit", "d.h5", cwd=self.folder)
        self.assertEqual((result.returncode, result.stdout), (DATA, ""))
        self.assertRegex(result.stderr, r"^klflow: layer \d has no kl_per_neuron \(is it degenerate\?\); --first-layer")

    def test_no_errors(self):
        """One sample has no error of sampling."""
        run("kl", *NETWORKS[:2], "--n-mc", "1", "--quiet", "-o", "one.h5", cwd=self.folder)
        fit, = self.fits("one.h5")
        self.assertEqual((fit["errors"], "y_stderr" in fit), ("equal", False))


class Edges(FitCase):
    def verdict(self, rows, model="plateau", code=0):
        return self.fits("--table", self.table(rows), "--model", model, code=code)[0]

    def test_verdicts(self):
        flat = self.verdict([(x, 0.0, 0.01) for x in range(1, 9)], code=DATA)
        self.assertEqual((flat["status"], flat["a"], flat["a_stderr"], flat["b_stderr"]), ("undetermined", 0, None, None))
        line = self.verdict([(x, 0.1 * x, 0.01) for x in range(1, 9)], code=DATA)
        self.assertEqual((line["status"], line["converged"], line["a_stderr"]), ("undetermined", False, None))
        at_once = self.verdict([(x, 0.7, 0.01) for x in range(1, 9)])
        self.assertEqual((at_once["status"], at_once["converged"], at_once["b_stderr"]), ("at_bound", True, None))
        self.assertAlmostEqual(at_once["a_stderr"], 0.01 / math.sqrt(8), delta=1e-9)
        for b in (1e-3, 0.999):
            fit = self.verdict([(x, FORMULA["plateau"](2.0, b, x), 0.01) for x in range(1, 28)])
            self.assertEqual(fit["status"], "ok")
            self.assertAlmostEqual(fit["b"] / b, 1, delta=1e-8)


class Mistakes(FitCase):
    GOOD = "x,y\n1,0.1\n2,0.2\n3,0.25\n4,0.27\n"

    # (text of the table, further arguments, exit code, the whole sentence)
    TABLES = [
        ("1 2\n2 nan\n3 4\n", "--model tanh", DATA, "'t.csv', line 2, column 2: 'nan' is no finite number"),
        ("1,2\n2,\n3,4\n", "--model tanh", DATA, "'t.csv', line 2, column 2: '' is no finite number"),
        ("a,b\nc,d\n", "--model tanh", DATA, "'t.csv', line 2, column 1: 'c' is no finite number"),
        ("1,2\n2,3,4\n", "--model tanh", DATA, "'t.csv', line 2: 3 columns, where the first line of numbers has 2"),
        ("1,2,3,4\n", "--model tanh", DATA, "'t.csv', line 1: 4 columns; a table has two, x and y, or three, with the error of y"),
        ("1\n", "--model tanh", DATA, "'t.csv', line 1: 1 column; a table has two, x and y, or three, with the error of y"),
        ("", "--model tanh", DATA, "'t.csv' has no line of numbers"),
        ("# x y\n", "--model tanh", DATA, "'t.csv' has no line of numbers"),
        ("1,2\n2,3\n", "--model tanh", DATA,
         "2 points at 2 different x beside 0: too few to fit 2 parameters and see how well; it takes 3 points"),
        ("1,2\n1,3\n1,4\n", "--model tanh", DATA,
         "3 points at 1 different x beside 0: too few to fit 2 parameters and see how well; it takes 3 points"),
        ("1,2,0\n2,3,1\n3,4,1\n", "--model tanh", DATA, "point 1, at x = 1, has the error 0: errors must be positive"),
        ("-1,2\n2,3\n3,4\n", "--model plateau", DATA, "point 1 has x = -1: a (1 - b^x) is for x >= 0"),
        (GOOD, "", USAGE, "a table does not say which curve it is: add --model plateau, tanh or asymptote"),
        (GOOD, "--model plato", USAGE, "--model must be plateau, tanh, asymptote or auto, not 'plato'"),
        (GOOD, "--model tanh --errors given", USAGE, "--errors given needs errors, but the points have none"),
        (GOOD, "--model tanh --average", USAGE,
         "--quantity, --select, --average, --first-layer and --last-layer are for result files of klflow kl"),
        (GOOD, "--model tanh --quantity kl", USAGE,
         "--quantity, --select, --average, --first-layer and --last-layer are for result files of klflow kl"),
        (GOOD, "--model tanh --x-min 3 --x-max 2", USAGE, "--x-min 3 is above --x-max 2"),
        (GOOD, "--model tanh --x-max 2", DATA,
         "2 points at 2 different x beside 0: too few to fit 2 parameters and see how well; it takes 3 points"),
        (GOOD, "--model tanh --hold b=1", USAGE, "--hold: alpha tanh(beta x) has the parameters alpha and beta, not 'b'"),
        (GOOD, "--model tanh --hold beta", USAGE, "--hold takes NAME=VALUE, such as beta=0.7, not 'beta'"),
        (GOOD, "--model tanh --hold beta=0", USAGE, "beta of alpha tanh(beta x) cannot be held at 0: it is positive"),
        (GOOD, "--model plateau --hold b=1", USAGE, "b of a (1 - b^x) cannot be held at 1: it is between 0 and 1"),
        (GOOD, "--model plateau --hold b=0.5 --hold b=0.6", USAGE, "--hold b is given twice"),
        (GOOD, "--model plateau --hold a=1 --hold b=0.5", USAGE, "both parameters of a (1 - b^x) are held: there is nothing to fit"),
        (GOOD, "--model tanh k.h5", USAGE, "klflow fit takes a result file or --table, not both"),
    ]

    def refused(self, arguments, code, sentence):
        with self.subTest(arguments):
            result = run("fit", *arguments.split(), cwd=self.folder)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (code, "", f"klflow: {sentence}\n"))

    def test_tables(self):
        for text, arguments, code, sentence in self.TABLES:
            self.write("t.csv", text)
            self.refused(f"--table t.csv {arguments}", code, sentence)

    def test_files(self):
        self.networks()
        self.refused("", USAGE, "klflow fit needs a result file, or numbers: --table FILE")
        self.refused("none.h5", NOINPUT, "'none.h5' cannot be opened: No such file or directory")
        self.refused("--table none.csv --model tanh", NOINPUT, "'none.csv' cannot be opened: No such file or directory")
        self.refused("--table k.h5 --model tanh", DATA, "'k.h5' is no text; result files of klflow are given without --table")
        self.refused("k.h5 --select var=1", USAGE, "--select: there is no axis 'var'; the axes are var_w, var_b, depth, seed and input; "
                                                   "did you mean var_w?")
        self.refused("k.h5 --select var_w", USAGE, "--select takes AXIS=VALUE, such as var_w=1.5, not 'var_w'")
        self.refused("k.h5 --select var_w=2", USAGE, "--select: there is no var_w of '2' in the file, which has 1.5")
        self.refused("k.h5 --average", USAGE, "--average is over the seeds of a sweep and takes 3 of them, but there is 1; a run with "
                                              "--ensemble has averaged over its networks already")
        self.refused("k.h5 --first-layer 5 --last-layer 3", USAGE, "--first-layer 5 is behind --last-layer 3")
        self.refused("k.h5 -o k.h5 --force", USAGE, "--output would replace 'k.h5', which is to be fitted")
        self.refused("k.h5 -o none/f.h5", 73, "cannot write 'none/f.h5': folder 'none': No such file or directory")
        self.write("there.h5", "")
        self.refused("k.h5 -o there.h5", 73, "'there.h5' exists; choose another name, or overwrite it with --force")
        self.refused("k.h5 --x-max 3", USAGE, "--x-min and --x-max are for tables and Ising models; layers have --first-layer and "
                                              "--last-layer")
        self.refused("k.h5 --first-layer 30", DATA, "0 points at 0 different x beside 0: too few to fit 2 parameters and see how well; "
                                                    "it takes 3 points")
        content = (self.folder / "k.h5").read_bytes()
        (self.folder / "cut.h5").write_bytes(content[:len(content) // 2])
        self.assertEqual(run("fit", "cut.h5", cwd=self.folder).returncode, DATA)
        self.write("text.h5", "no HDF5\n")
        self.assertEqual(run("fit", "text.h5", cwd=self.folder).returncode, DATA)


if __name__ == "__main__":
    unittest.main()
