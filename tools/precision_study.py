#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the precisions do to Q: each against fp64 on the same samples of the same network, on the CPU, where tf32, fp16 and bf16
are emulated by rounding what goes into the products. Behind the table in docs/precision.md.

    tools/precision_study.py measure KLFLOW FILE [--batches N] [--batch N] [--threads N]    # adds to FILE, batch by batch
    tools/precision_study.py report KLFLOW FILE                                             # Markdown

The samples are cut into batches, each a run with a sample seed of its own; the scatter of a batch's difference gives the error of
the mean difference, which the standard errors of the two runs do not: their samples are the same."""
import argparse
import json
import math
import pathlib
import subprocess

DEPTH, WIDTH, VAR_B, SEED = 30, 784, 0.05, 1
VAR_W = (1.0, 1.5, 2.5)
# (weight format, precision): the first of each weight format is what the others of it are compared with
NETWORKS = {"fp64": ("fp64", "fp32", "tf32", "bf16"), "tf32": ("fp64", "tf32"), "fp16": ("fp64", "fp16"), "bf16": ("fp64", "bf16")}


def run(klflow, var_w, weights, precision, n_mc, *arguments):
    command = [klflow, "kl", "--json", "--quiet", "--estimator", "direct", "--widths", ",".join([str(WIDTH)] * DEPTH), "--seed",
               str(SEED), "--var-w", str(var_w), "--var-b", str(VAR_B), "--weight-format", weights, "--precision", precision,
               "--n-mc", str(n_mc), *map(str, arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def cases():
    return [(var_w, weights, precision) for var_w in VAR_W for weights, precisions in NETWORKS.items() for precision in precisions]


def name(var_w, weights, precision):
    return f"{var_w} {weights} {precision}"


def measure(options):
    data = json.loads(options.file.read_text()) if options.file.exists() else {"batch": options.batch, "runs": []}
    if data["batch"] != options.batch:
        raise SystemExit(f"{options.file} holds batches of {data['batch']} samples")
    while len(data["runs"]) < options.batches:
        seed = 1000 + len(data["runs"])
        batch = {}
        for case in cases():
            point = run(options.klflow, *case, options.batch, "--sample-seed", seed, "--threads", options.threads)
            batch[name(*case)] = {key: point[key] for key in ("Q_direct", "Q_stderr")}
        data["runs"].append(batch)
        options.file.write_text(json.dumps(data))


def mean_and_error(values):
    n = len(values)
    mean = sum(values) / n
    return mean, math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1) / n)


def biases(data, case, against):
    """Relative to Q of `against`, by layer: mean difference and its error; and the relative standard error of one sample."""
    result = []
    for l in range(1, DEPTH):
        pairs = [(batch[name(*case)], batch[name(*against)]) for batch in data["runs"]]
        q = sum(b["Q_direct"][l] for _, b in pairs) / len(pairs)
        mean, error = mean_and_error([(a["Q_direct"][l] - b["Q_direct"][l]) / q for a, b in pairs])
        sigma = math.sqrt(sum(b["Q_stderr"][l] ** 2 for _, b in pairs) / len(pairs) * data["batch"]) / q
        result.append((l, mean, error, sigma))
    return result


def samples_that_are_safe(rows):
    """The largest n whose standard error is three times the bias of every layer, each bias taken with two of its errors."""
    return min((sigma / (3 * (abs(mean) + 2 * error))) ** 2 for _, mean, error, sigma in rows)


def report(options):
    data = json.loads(options.file.read_text())
    n = len(data["runs"]) * data["batch"]
    print(f"{n} samples in {len(data['runs'])} batches; depth {DEPTH}, width {WIDTH}, var_b {VAR_B}, seed {SEED}.\n")
    print("| precision | weights | var_w | bias at layers 1, 5, 15, 29 (1e-6 of Q) | worst layer | its bias (1e-6) | bound there (1e-6) "
          "| (bias - 3 errors) / bound, largest | n_safe |")
    print("|---|---|---|---|---|---|---|---|---|")
    for case in cases():
        var_w, weights, precision = case
        if precision == NETWORKS[weights][0]:
            continue
        rows = biases(data, case, (var_w, weights, NETWORKS[weights][0]))
        point = run(options.klflow, *case, 2)
        bound = [b / q for b, q in zip(point["Q_bias_bound"], point["Q_direct"])]
        worst = max(rows, key=lambda row: abs(row[1]))
        share = max((abs(mean) - 3 * error) / bound[l] for l, mean, error, _ in rows)
        shown = ", ".join(f"{1e6 * rows[l - 1][1]:.2g} ± {1e6 * rows[l - 1][2]:.1g}" for l in (1, 5, 15, 29))
        print(f"| {precision} | {'drawn' if weights == 'fp64' else weights} | {var_w} | {shown} | {worst[0]} | {1e6 * worst[1]:.2g} ± "
              f"{1e6 * worst[2]:.1g} | {1e6 * bound[worst[0]]:.2g} | {share:.2g} | {samples_that_are_safe(rows):.0e} |")
    print("\n| weights rounded to | var_w | change of Q, worst layer (1e-6 of Q) | n_safe |\n|---|---|---|---|")
    for weights in ("tf32", "fp16", "bf16"):
        for var_w in VAR_W:
            rows = biases(data, (var_w, weights, "fp64"), (var_w, "fp64", "fp64"))
            worst = max(rows, key=lambda row: abs(row[1]))
            print(f"| {weights} | {var_w} | {1e6 * worst[1]:.2g} ± {1e6 * worst[2]:.1g} (layer {worst[0]}) | "
                  f"{samples_that_are_safe(rows):.0e} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("measure", "report"))
    parser.add_argument("klflow")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--batches", type=int, default=25)
    parser.add_argument("--batch", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    {"measure": measure, "report": report}[options.what](options)


if __name__ == "__main__":
    main()
