#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""klflow ising1d against the paper's formulas as printed, in arithmetic with as many digits as their cancellations need: (2.11),
(2.19), (A.9), and ln Z from the eigenvalues of the transfer matrix. Run as test_ising1d_decimal.py PROGRAM."""
import decimal
import json
import random
import subprocess
import sys
import unittest
from decimal import Decimal

PROGRAM = sys.argv.pop(1)
SMALLEST = Decimal("1e-120")  # K_n is compared down to it


def program(*arguments):
    result = subprocess.run([PROGRAM, "ising1d", *arguments, "--json"], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def cosh(x):
    return (x.exp() + (-x).exp()) / 2


def entropy_and_lnz(k, h):
    """Entropy a spin of the infinite chain, by derivatives of ln lam_+."""
    a, b = k.exp(), (-k).exp()
    c, s = cosh(h), (h.exp() - (-h).exp()) / 2
    root = (a * a * s * s + b * b).sqrt()
    upper, lower = a * c + root, a * c - root
    m = a * s / root
    correlation = m * m + (1 - m * m) * lower / upper
    return upper.ln() - k * correlation - h * m, upper.ln()


def flow(k, h, steps):
    """K, K0, K2 by (A.9), which is (2.11) at h = 0."""
    k0, two = Decimal(0), Decimal(2).ln()
    yield k, k0, h
    for _ in range(steps):
        plus, minus, c = cosh(2 * k + h), cosh(2 * k - h), cosh(h)
        k0 = two + 2 * k0 + (plus * minus * c * c).ln() / 4
        k, h = (plus * minus / (c * c)).ln() / 4, h + (plus / minus).ln() / 2
        yield k, k0, h


class Decimals(unittest.TestCase):
    def close(self, value, expected, relative, what):
        if not abs(Decimal(value) - expected) <= Decimal(relative) * abs(expected) + Decimal("1e-300"):
            self.fail(f"{what}: {value!r}, expected {float(expected)!r}")

    def compare(self, coupling, field, steps):
        """The numbers are what the program reads: the decimal digits, rounded to double."""
        k, h = Decimal(float(coupling)), Decimal(float(field))
        # SMALLEST is ln(1 + its square), and e^(-4K) stands beside 1
        decimal.getcontext().prec = 260 + int(2 * abs(k) + abs(h))
        two = Decimal(2).ln()
        out = program("--coupling", coupling, "--steps", str(steps), *(["--field", field] if h != 0 else []))
        self.assertEqual(out["step"], list(range(steps + 1)))
        first, lnz = entropy_and_lnz(k, h)
        size = 1 + abs(float(k)) + abs(float(h))  # entropies of ordered chains fall as e^(-2K): an error of K counts
        for n, (k_n, k0, h_n) in enumerate(flow(k, h, steps)):
            where = f"K {coupling}, field {field}, step {n}: "
            entropy, lnz_n = entropy_and_lnz(k_n, h_n)
            half = Decimal(2) ** -n
            self.assertLess(abs(half * (k0 + lnz_n) - lnz), Decimal("1e-100"))  # (A.13): this side is right
            unnormalized = (half * entropy - first) / two
            if abs(k_n) > SMALLEST:
                self.close(out["K"][n], k_n, 2e-13, where + "K")
            if h != 0 and abs(h_n) > SMALLEST:
                self.close(out["K2"][n], h_n, 1e-13, where + "K2")
            self.close(out["K0"][n], k0, 1e-14, where + "K0")
            self.close(out["s"][n], 1 - half + unnormalized, 1e-14, where + "s")
            self.close(out["s_unnormalized"][n], unnormalized, 1e-14 * size, where + "s_unnormalized")
            self.assertLessEqual(abs(out["z_violation"][n]), 1e-15 * (1 + abs(float(lnz))))
        self.close(out["s_inf"], 1 - first / two, 1e-14, f"K {coupling}, field {field}: s_inf")
        self.close(out["one_minus_s_inf"], first / two, 1e-14 * size, f"K {coupling}, field {field}: 1 - s_inf")
        self.close(out["lnZ_per_site"], lnz, 1e-14, f"K {coupling}, field {field}: ln Z")

    def test_without_field(self):
        for coupling in ("1e-7", "0.003", "-0.05", "0.31", "0.4407", "0.77", "-1.2", "1.9", "3.3", "6.1", "-11", "27"):
            self.compare(coupling, "0", 12 if float(coupling) < 3 else 40)

    def test_strong(self):
        self.compare("120", "0", 8)
        self.compare("700", "0", 1)  # the digits make these slow
        for coupling, field in (("400", "5"), ("-400", "0.5"), ("-0.3", "400"), ("-300", "500"), ("9", "350"), ("250", "550")):
            self.compare(coupling, field, 2)

    def test_with_field(self):
        for coupling, field in (("0.3", "0.2"), ("1.1", "-0.01"), ("2.2", "1e-5"), ("-0.6", "0.4"), ("-3", "0.01"), ("4", "2"),
                                ("1e-5", "1e-6"), ("-8", "15"), ("0.9", "1e-12"), ("20", "1e-9"), ("150", "0.3"), ("-120", "130")):
            self.compare(coupling, field, 16)

    def test_random(self):
        numbers = random.Random(1)
        for _ in range(8):
            coupling = f"{numbers.choice((-1, 1)) * 10 ** numbers.uniform(-4, 1.2):.6g}"
            field = f"{numbers.choice((-1, 1)) * 10 ** numbers.uniform(-8, 1.2):.6g}" if numbers.random() < 0.7 else "0"
            self.compare(coupling, field, 10)


if __name__ == "__main__":
    unittest.main()
