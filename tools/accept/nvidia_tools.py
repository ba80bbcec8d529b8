# SPDX-License-Identifier: BSD-3-Clause
"""Steps that need NVIDIA's tools: compute-sanitizer on the short suite, Nsight Compute on the kernels that take longest."""
import csv
import re

from find_tool import find_tool
from report import FAILED, PASSED, SKIPPED, Result
from runner import StepFailed

TIME = "gpu__time_duration.sum"
PERCENT = {"sm__throughput.avg.pct_of_peak_sustained_elapsed": "arithmetic units, %",
           "lts__throughput.avg.pct_of_peak_sustained_elapsed": "second-level cache, %",
           "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed": "memory, %"}


def sanitizers(run):
    """The agreement program at small sizes touches every kernel in every precision: wide enough for two tiles, a last chunk that
    is shorter, with and without a graph."""
    tool = find_tool("compute-sanitizer")
    if tool is None:
        return Result(SKIPPED, "there is no compute-sanitizer here (it comes with the CUDA toolkit)")
    program, rows, bad = run.test_program("test_gpu_agreement"), [], []
    for name in ("memcheck", "racecheck", "initcheck"):
        done = run.run(tool, "--tool", name, "--error-exitcode", "99", program, run.backend, "100", "4", "700", limit=run.left() / (3 - len(rows)))
        summary = re.findall(r"(?:ERROR|RACECHECK) SUMMARY: (.*)", done.out + done.err)
        code = "no end within its limit" if done.code is None else done.code
        rows.append({"tool": name, "status": code, "summary": summary[-1] if summary else done.last(), "s": round(done.seconds, 1)})
        if code != 0 or not summary or not summary[-1].startswith("0 "):
            bad.append(f"{name}: {rows[-1]['summary']}")
    return Result(FAILED if bad else PASSED, "; ".join(bad) or "nothing found", rows)


def kernel_rows(text):
    """The eight kernels of most time, from ncu's raw CSV: a header, a line of units, a line a launch."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    records = list(csv.DictReader(lines))[1:]
    kernels = {}
    for record in records:
        kernel = kernels.setdefault(record["Kernel Name"].split("(")[0][-80:], {"launches": 0, "time": 0.0, **{m: 0.0 for m in PERCENT}})
        time = number(record[TIME])
        kernel["launches"] += 1
        kernel["time"] += time
        for metric in PERCENT:
            kernel[metric] += time * number(record[metric])
    total = sum(kernel["time"] for kernel in kernels.values())
    ordered = sorted(kernels.items(), key=lambda item: -item[1]["time"])[:8]
    return [{"kernel": name, "launches": k["launches"], "part of the time": k["time"] / total,
             **{title: k[metric] / k["time"] for metric, title in PERCENT.items()}} for name, k in ordered if k["time"] > 0]


def number(text):
    return float(text.replace(",", ""))


def ncu(run):
    tool = find_tool("ncu")
    if tool is None:
        return Result(SKIPPED, "there is no ncu here (Nsight Compute)")
    rows = []
    for precision in ("fp32", "tf32"):
        done = run.run(tool, "--csv", "--page", "raw", "--target-processes", "all", "--metrics", ",".join((TIME, *PERCENT)), "--launch-skip", "60", "--launch-count", "60",
                       run.klflow, "kl", "--backend", run.backend, *run.network(), "--n-mc", run.size(40000, 500), "--precision",
                       precision, "--json", "--quiet", limit=run.left() / (2 if precision == "fp32" else 1))
        denied = [line.strip() for line in (done.out + done.err).splitlines() if "ERR_NVGPUCTRPERM" in line]
        if denied:
            return Result(SKIPPED, "the driver does not let this user read the counters: " + denied[0][:200])
        if done.code != 0 or '"ID"' not in done.out:
            raise StepFailed(f"ncu: {done.last()}")
        rows += [{"precision": precision, **row} for row in kernel_rows(done.out)]
    return Result(PASSED, "percentages are of the device's peak while a kernel runs, weighted by time", rows)
