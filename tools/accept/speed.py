# SPDX-License-Identifier: BSD-3-Clause
"""Steps that time: klflow beside the device's own matrix products, and beside PyTorch on the same work in the same run."""
import json
import os

import goals
from report import PASSED, SKIPPED, Result
from runner import StepFailed

LAYERS, WIDTH = 29, 784  # of the default network: maps, and neurons of each


def network_file(run):
    """--network of klflow bench: nothing for its own of 30 x 784, else a small file."""
    if not run.small:
        return ()
    path = run.path("network.h5")
    if not os.path.exists(path):
        run.must(run.klflow, "kl", *run.network(), "--n-mc", "2", "--quiet", "--save-network", path)
    return "--network", path


def floor_ns(precision, estimator):
    """Arithmetic of a sample and layer at an H100's nominal rate; None where goals.py names none."""
    rate = goals.NOMINAL.get(precision)
    return rate and 1e9 * WIDTH * WIDTH * (2 if estimator == "direct" else 3) / rate


def speed(run):
    samples = int(run.size(1000000, 1000))
    done = run.must(run.klflow, "bench", "--backend", run.backend, "--samples", str(samples), "--rounds", run.size(3, 1), "--threads", "2",
                    "--json", *network_file(run))
    answer, rows, figures, seconds = json.loads(done.out), [], {}, {}
    for case in answer["cases"]:
        if case["threads"] != 2:
            continue
        key = f"{case['precision']} {case['estimator']}"
        seconds[key] = case["seconds"]
        figures[f"fraction {key}"] = case["fraction"]
        ns = 1e9 * case["seconds"] / samples / LAYERS
        floor = None if run.small else floor_ns(case["precision"], case["estimator"])
        rows.append({"precision": case["precision"], "estimator": case["estimator"], "chunk": case["chunk"],
                     "us a sample": 1e6 * case["seconds"] / samples, "TFLOP/s": 1e-12 * case["flop_rate"],
                     "ceiling, TFLOP/s": 1e-12 * case["ceiling"], "fraction": case["fraction"], "ns a sample and layer": None if run.small else ns,
                     "H100 floor, ns (calculated)": floor, "floor / measured": floor and floor / ns})
    for precision in ("tf32x3", "tf32", "fp16", "bf16", "fp64"):
        if f"{precision} both" in seconds:
            figures[f"speed {precision} over fp32"] = seconds["fp32 both"] / seconds[f"{precision} both"]
    if not run.small:
        figures.update({f"seconds of 1e6 {key}": value * 1e6 / samples for key, value in seconds.items()})
    return Result(PASSED, f"medians of {answer['rounds']} rounds of {samples} samples; the ceiling is measured before and after each pass",
                  rows, figures, data=answer)


def peers(run):
    """tools/bench/compare.py; whoever is missing is in the table with the reason."""
    places = [os.path.join(run.bundle, *folder, "compare.py") for folder in (("bench",), ("tools", "bench"))]
    script = next((path for path in places if os.path.exists(path)), None)
    if script is None:
        raise StepFailed("the bundle has no compare.py")
    on_device = run.backend == "cuda"
    done = run.run(run.python, script, "--klflow", run.klflow, "--backend", run.backend, "--device", "cuda" if on_device else "cpu:0",
                   "--torch", run.python, "--precision", "fp32,tf32,fp16" if on_device else "fp32", "--samples", run.size(262144, 400),
                   "--rounds", run.size(5, 2), "--json", *network_file(run))
    if done.code is None:
        raise StepFailed(f"no end within {done.seconds:.0f} s")
    if done.code not in (0, 70) or not done.out.startswith("{"):
        raise StepFailed(f"compare.py ended with status {done.code}: {done.last()}")
    answer, rows, figures = json.loads(done.out), [], {}
    for name, peer in answer["peers"].items():
        results = peer["results"] or {}
        row = {"peer": name, "missing": peer["missing"] or "-"}
        for mode in ("direct", "gram"):
            row[f"{mode}, s per 1e5"] = results.get(mode, {}).get("seconds_per_1e5")
            row[f"{mode}, times klflow"] = results.get(mode, {}).get("ratio")
        rows.append(row)
        kind = "eager" if name.endswith("eager") else "compiled"
        if name.startswith("torch") and results:
            figures[f"over {kind} {peer['precision']}"] = results["gram"]["ratio"]
    if done.code == 70:
        raise StepFailed(done.last())
    if not figures:
        return Result(SKIPPED, "no PyTorch to compare with: " + "; ".join(row["missing"] for row in rows if row["missing"] != "-"), rows)
    return Result(PASSED, "ratios are medians over rounds, klflow and PyTorch in the same precision", rows, figures, data=answer)
