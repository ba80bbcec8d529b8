# SPDX-License-Identifier: BSD-3-Clause
"""Steps that run the same thing again: equal bits for equal runs, other chunks, and one run that is large."""
from checks import relative
from report import FAILED, PASSED, Result
from runner import StepFailed

NUMBERS = ("kl", "kl_stderr", "Q_direct", "Q_gram", "Q_stderr")
# Sums of other chunks are rounded in another order: double sums of fp32 terms, whose own order within a product may change too.
CHUNK_TOLERANCE = {"fp64": 1e-12}
OTHER_TOLERANCE = 1e-6


def determinism(run):
    """JSON has 17 digits, so equal texts are equal bits."""
    rows = []
    for precision in run.supported():
        options = (*run.network(), "--n-mc", run.size(100000, 700), "--precision", precision)
        first, second = run.kl(*options)[0], run.kl(*options)[0]
        different = [name for name in NUMBERS if first[name] != second[name]]
        rows.append({"precision": precision, "equal bits": not different, "differing": ", ".join(different) or "-"})
    bad = [row["precision"] for row in rows if not row["equal bits"]]
    if bad or not rows:
        return Result(FAILED, f"two equal runs differ in {', '.join(bad)}" if rows else "no precision could be run", rows)
    return Result(PASSED, "every number of every precision", rows)


def chunks(run):
    sizes = ("64", "96") if run.small else ("1024", "5000")
    rows = []
    for precision in run.supported():
        options = (*run.network(), "--n-mc", run.size(50000, 700), "--precision", precision)
        first, second = (run.kl(*options, "--chunk", size)[0] for size in sizes)
        row = {"precision": precision, "chunks": " and ".join(sizes)}
        row.update({name: relative(first[name], second[name]) for name in ("Q_direct", "Q_gram", "kl")})
        row["within"] = all(row[name] <= CHUNK_TOLERANCE.get(precision, OTHER_TOLERANCE) for name in ("Q_direct", "Q_gram"))
        rows.append(row)
    bad = [row["precision"] for row in rows if not row["within"]]
    if bad or not rows:
        return Result(FAILED, f"chunks matter in {', '.join(bad)}" if rows else "no precision could be run", rows)
    return Result(PASSED, "Q is the same up to rounding", rows)


def large(run):
    """Beyond 2^31 elements a layer; the narrow network first, which fits any device's time. The one of 784 runs in tf32, and in
    fp32 if there is time after it."""
    samples, rows, bad = run.size(100000000, 2000), [], []
    cases = [("128", "fp32", 60), ("784", "tf32", 60), ("784", "fp32", 110)]
    for width, precision, limit in cases:
        if run.small:
            width = "24"
        row = {"network": f"30 x {width}", "precision": precision, "n_mc": float(samples), "process, s": None, "sampling and all, s": None}
        try:
            point, row["process, s"] = run.kl("--widths", ",".join(30 * [width]), "--n-mc", samples, "--estimator", "direct",
                                              "--precision", precision, limit=limit)
            row["sampling and all, s"] = point["wall_s"]
            row["KL per neuron, last layer"], row["its error"] = point["kl_per_neuron"][-1], point["kl_stderr"][-1] / point["width"][-1]
        except StepFailed as error:
            row["KL per neuron, last layer"] = row["its error"] = None
            (bad if width != "784" or precision == "tf32" else []).append(f"30 x {width} in {precision}: {error}")
        rows.append(row)
    return Result(FAILED if bad else PASSED, "; ".join(bad) or f"{float(samples):g} samples", rows)
