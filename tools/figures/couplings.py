# SPDX-License-Identifier: BSD-3-Clause
"""What the figures of the Ising models share: reading a sweep over couplings, and the panels of flows and asymptotes. A sweep over few
couplings is drawn as flows, a curve a coupling over the steps; one over many as asymptotes, over the coupling."""
import math
from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from figures import style
from figures.errors import BadData, BadRequest

MAX_FLOWS = 8  # curves that a legend tells apart
DOT = {"marker": "o", "markersize": 2.2, "markeredgewidth": 0}
HOLLOW = {"marker": "o", "markersize": 3.2, "markerfacecolor": "white", "markeredgewidth": 0.7, "linestyle": "none"}
DASHES, DOTS = (0, (4, 2)), (0, (1, 1.5))
GREY = "0.3"
COUPLING_LABEL, STEP_LABEL, S_LABEL = "coupling $K$", "step $n$", "$s^{(n)}$"


@dataclass
class Sweep:
    """The couplings that are drawn, in rising order, and the file's variables for them."""
    coupling: np.ndarray
    step: np.ndarray
    group: object
    index: np.ndarray

    def __contains__(self, name):
        return name in self.group

    def __getitem__(self, name):
        return self.group[name][()][self.index]

    @property
    def are_flows(self):
        return self.coupling.size <= MAX_FLOWS


def read(file, name, select):
    group = file[name]
    coupling, step = group["coupling"][()], group["step"][()]
    if group["s"].shape != (coupling.size, step.size):
        raise BadData(f"has s of shape {group['s'].shape}, not one over coupling and step")
    for axis in select:
        if axis != "coupling":
            raise BadRequest(f"--select: there is no axis '{axis}' to select from; there is coupling")
    index = np.argsort(coupling, kind="stable")
    if "coupling" in select:
        index = np.array([i for i in index if is_close(coupling[i], select["coupling"])], dtype=int)
        if not index.size:
            raise BadRequest(f"--select: no coupling = {select['coupling']} in the file, which has {brief(coupling)}")
    return Sweep(coupling[index], step, group, index)


def is_close(value, text):
    try:
        return math.isclose(value, float(text), rel_tol=1e-9)
    except ValueError:
        return False


def brief(values):
    texts = [f"{value:.6g}" for value in values]
    return ", ".join(texts if len(texts) <= 12 else texts[:3] + ["..."] + texts[-1:])


def coupling_entries(coupling):
    """Legend entries that say which colour is which coupling."""
    return [(Line2D([], [], color=color, **DOT), f"$K = {style.number(float(value))}$")
            for value, color in zip(coupling, style.ordered_colors(coupling.size))]


def finish_steps(axes, step):
    axes.set_xlabel(STEP_LABEL)
    axes.set_xlim(step[0] - 0.25, step[-1] + 0.25)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_minor_locator(MaxNLocator(50, integer=True, steps=[1, 2, 5, 10]))


def mark_panels(panels):
    for letter, axes in zip("abcdef", panels):
        axes.set_title(f"({letter})", loc="left", fontsize=style.PARAMETERS["font.size"], pad=3)


def panels_for_flows():
    figure, panels = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 0.40 * style.PAGE_WIDTH), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.03, w_pad=0.03, wspace=0.03)
    return figure, panels


def panels_for_asymptote():
    """A main panel and a flat one below it for the deviations."""
    figure, (main, below) = plt.subplots(2, 1, figsize=(style.COLUMN_WIDTH, 1.0 * style.COLUMN_WIDTH), layout="constrained",
                                         sharex=True, gridspec_kw={"height_ratios": [2.4, 1]})
    figure.get_layout_engine().set(h_pad=0.02, hspace=0.02)
    figure.align_ylabels()
    below.set_xlabel(COUPLING_LABEL)
    below.axhline(0, color="0.6", linewidth=0.6, zorder=0)
    return figure, main, below


def few(n, at_most=50):
    """Evenly spaced indices that leave room between markers."""
    return np.arange(0, n, -(-n // at_most))


def frame_couplings(axes, coupling):
    """The range of the couplings, with room for the markers at its ends."""
    margin = 0.02 * (coupling[-1] - coupling[0])
    axes.set_xlim(coupling[0] - margin, coupling[-1] + margin)
