# SPDX-License-Identifier: BSD-3-Clause
"""Steps that ask whether the device computes what it should: what is there, self-test, conformance, bits, agreement with the CPU."""
import json
import math

from report import FAILED, PASSED, SKIPPED, Result
from runner import StepFailed

CONFORMANCE = ("test_flow", "test_flow_invariance", "test_flow_closed_forms", "test_flow_rounded", "test_flow_resume", "test_pulls")
# KL beside fp64 on the CPU, same samples and weights, relative. The fast precisions have what the run itself states: the bound of
# the bias, and so many standard errors of what rounding does sample by sample, as in `klflow compare`.
TOLERANCE = {"fp64": 1e-12, "fp32": 1e-6, "tf32x3": 1e-6}
SIGMAS = 5


def devices(run):
    info = json.loads(run.must(run.klflow, "info", "--json").out)
    entry = next((b for b in info["backends"] if b["name"] == run.backend), None)
    smi = run.run("nvidia-smi", "--query-gpu=name,uuid,driver_version,memory.total,clocks.max.sm,power.limit,mig.mode.current",
                  "--format=csv")
    text = smi.out if smi.code == 0 else f"nvidia-smi: {smi.last()}"
    rows = (entry or {}).get("devices") or []
    if entry is None or not entry["usable"]:
        why = entry["reason"] if entry else f"this klflow knows no backend {run.backend}"
        return Result(SKIPPED, why, rows, text=text, data={"info": info, "usable": False})
    name = rows[0]["name"] if rows else entry["kernels"]
    return Result(PASSED, entry["kernels"], rows, text=text, data={"info": info, "usable": True, "name": name})


def self_test(run):
    point, seconds = run.kl("--widths", "64,64,64", "--n-mc", "1000")
    if point["backend"] != run.backend or not all(math.isfinite(value) for value in point["kl"]):
        raise StepFailed(f"a run of 1000 samples came from backend {point['backend']} and gave KL {point['kl']}")
    return Result(PASSED, f"1000 samples through 3 layers of 64; {seconds:.2f} s from the command to its end")


def conformance(run):
    """A test program runs on every backend present and says so: without a line for this one nothing was tested."""
    rows = []
    for name in CONFORMANCE[:1] if run.small else CONFORMANCE:
        done = run.run(run.test_program(name), KLFLOW_TEST_BACKEND=run.backend)
        lines = (done.out + done.err).splitlines()
        seen = sorted({line.split(f"on {run.backend}, ")[1].split()[0] for line in lines
                       if f"on {run.backend}, " in line and not line.strip().startswith("not on")})
        code = "no end within the limit" if done.code is None else done.code
        rows.append({"program": name, "status": code, "precisions": ", ".join(seen) or "none", "s": round(done.seconds, 1)})
    bad = [row for row in rows if row["status"] != 0 or row["precisions"] == "none"]
    if bad:
        return Result(FAILED, "; ".join(f"{row['program']}: status {row['status']}, on {run.backend} in {row['precisions']}" for row in bad), rows)
    return Result(PASSED, f"{len(rows)} programs", rows)


def bits(run):
    done = run.run(run.test_program("test_gpu_bits"), run.backend)
    if done.code == 77:
        return Result(SKIPPED, done.last().removeprefix("skipped: "))
    rows = [json.loads(line) for line in done.out.splitlines() if line.startswith("{")]
    if done.code or not rows:
        return Result(FAILED, done.last() if done.code else "it printed no figures", rows)
    worst, compared = max(row["largest_ulp"] for row in rows), any(row["what"] == "words" for row in rows)
    return Result(PASSED, ("words and normals equal; " if compared else "the words are the host's own; ") +
                  f"phi off by at most {worst:g} units in the last place of its format", rows)


def relative(a, b):
    """The largest |a - b| / |b|; a difference from 0 counts in full, NaN is worse than anything."""
    worst = max(abs(x - y) / (abs(y) or 1.0) if x is not None and y is not None else math.inf for x, y in zip(a, b))
    return math.inf if math.isnan(worst) or len(a) != len(b) else worst


def agreement(run):
    """Through the program: KL, Q and the stated bound; through a test program: f_j and f_jk."""
    options = (*run.network(), "--n-mc", run.size(20000, 500), "--sample-seed", "5")
    rows, figures, bad = [], {}, []
    for precision in run.supported():
        ours, _ = run.kl(*options, "--precision", precision)
        weights = ("--weight-format", ours["weight_format"]) if "weight_format" in ours else ()
        reference, _ = run.kl(*options, *weights, "--precision", "fp64", backend="cpu")
        row = {"precision": precision, "weights": ours.get("weight_format", "as drawn")}
        row["KL, relative"] = relative(ours["kl"], reference["kl"])
        row["Q direct"] = relative(ours["Q_direct"], reference["Q_direct"])
        row["Q from f_jk"] = relative(ours["Q_gram"], reference["Q_gram"])
        row["KL / standard error"] = max(abs(a - b) / e if e else abs(a - b) for a, b, e in
                                         zip(ours["kl"], reference["kl"], ours["kl_stderr"]))
        bound, noise = ours.get("kl_bias_bound"), ours.get("Q_rounding_stderr")
        row["largest stated bound, nat"] = bound and max(bound)
        row["it holds"] = bound and all(abs(a - b) <= c + SIGMAS * e / (2 * var) + 1e-12 * t for a, b, c, e, var, t in
                                        zip(ours["kl"], reference["kl"], bound, noise, ours["var"], ours["kl_term_quadratic"]))
        figures[f"difference {precision}"] = row["KL, relative"]
        if precision in TOLERANCE and not row["KL, relative"] <= TOLERANCE[precision]:
            bad.append(f"{precision}: KL differs by {row['KL, relative']:.2g}, more than {TOLERANCE[precision]:g}")
        if precision not in TOLERANCE and not row["it holds"]:
            bad.append(f"{precision}: the stated bound of the bias " + ("does not hold" if bound else "is missing"))
        rows.append(row)
    done = run.run(run.test_program("test_gpu_agreement"), run.backend, *(("40", "4", "500") if run.small else ("784", "6", "20000")))
    moments = {row["precision"]: row for row in (json.loads(line) for line in done.out.splitlines() if line.startswith("{"))}
    for row in rows:
        row.update({key: moments.get(row["precision"], {}).get(key) for key in ("f_j", "f_jk")})
    if done.code or not moments:
        bad.append(f"f_j and f_jk: {done.last()}")
    if not rows:
        bad.append("no precision could be run")
    return Result(FAILED if bad else PASSED, "; ".join(bad) or "within the tolerances of the precision", rows, figures)
