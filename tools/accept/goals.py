# SPDX-License-Identifier: BSD-3-Clause
"""What is aimed at, each goal once: a figure that a step measures, the bar, and where the bar applies. `fraction` is of the rate
that the device's own matrix products reach in the same run, the Gram counted as N^2 operations a sample and layer."""
import collections

Goal = collections.namedtuple("Goal", "figure at_least at_most text h100")


def at_least(figure, bar, text):
    return Goal(figure, bar, None, text, True)


def at_most(figure, bar, text, h100=False):
    return Goal(figure, None, bar, text, h100)


GOALS = (
    at_least("fraction fp32 direct", 0.80, "fp32 without Gram, part of the products' rate"),
    at_least("fraction fp32 both", 0.80, "fp32 with Gram"),
    at_least("fraction tf32 direct", 0.70, "tf32 without Gram"),
    at_least("fraction tf32 both", 0.60, "tf32 with Gram"),
    at_least("fraction fp16 direct", 0.70, "fp16 without Gram"),
    at_least("fraction fp16 both", 0.60, "fp16 with Gram"),
    at_least("speed tf32x3 over fp32", 1.5, "tf32x3 with Gram, times as fast as fp32"),
    at_most("difference tf32x3", 1e-6, "tf32x3 has fp32's error: KL beside double on the CPU, relative"),
    at_least("over eager fp32", 1.5, "fp32 with Gram, times as fast as PyTorch eager in fp32"),
    at_least("over eager tf32", 2.0, "tf32 with Gram, times as fast as PyTorch eager in its TF32"),
    at_most("seconds of 1e6 tf32 both", 0.3, "30 layers of 784, n_mc 1e6, tf32 with Gram, seconds", h100=True),
    at_most("difference fp32", 1e-6, "fp32: KL beside double on the CPU, same samples, relative"),
    at_most("difference fp64", 1e-12, "fp64: the same"),
)

# Operations a second of an H100 as its data sheet has them, for the floor of the arithmetic; not measured.
NOMINAL = {"fp32": 67e12, "tf32": 400e12, "fp16": 750e12, "bf16": 750e12}


def judge(figures, device):
    """Rows of the table of goals."""
    rows = []
    for goal in GOALS:
        value = figures.get(goal.figure)
        verdict = "not measured"
        if value is not None:
            met = value >= goal.at_least if goal.at_least is not None else value <= goal.at_most
            verdict = "met" if met else "not met"
            if goal.h100 and "H100" not in device:
                verdict += " (a goal for an H100)"
        bar = f">= {goal.at_least:g}" if goal.at_least is not None else f"<= {goal.at_most:g}"
        rows.append({"goal": goal.text, "figure": goal.figure, "bar": bar, "measured": value, "verdict": verdict})
    return rows
