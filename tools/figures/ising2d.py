# SPDX-License-Identifier: BSD-3-Clause
"""The square lattice (schema "klflow-ising2d"). Few couplings: relative entropy of the approximate flow against step (paper, figs. 3
and 4), beside it the estimator that is consistent with the exact entropies; both with what is exact: the first step, the limit, and the
bounds between which every step lies; with cylinders also the next steps, extrapolated to the plane. Many: the last step against coupling, with the exact limit and (2.51) (fig. 5)."""
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from figures import couplings, style
from figures.couplings import DASHES, DOT, DOTS, GREY, HOLLOW
from figures.errors import BadData

BAND_ALPHA = 0.13
RING = 0.005  # Errors below it do not show: about the radius of a ring.


def draw(file, select):
    style.apply()
    sweep = couplings.read(file, "ising2d", select)
    if "s_inf" not in sweep:
        raise BadData("has s alone (s_only): there is nothing exact to draw beside it")
    return draw_flows(sweep) if sweep.are_flows else draw_asymptote(sweep)


def draw_flows(sweep):
    figure, panels = couplings.panels_for_flows()
    colors = style.ordered_colors(sweep.coupling.size)
    for axes, curves in zip(panels, (sweep["s"], sweep["s_consistent"])):
        for i, color in enumerate(colors):
            axes.axhline(sweep["s_inf"][i], color=color, linestyle=DOTS, linewidth=0.7)
            axes.plot(sweep.step, curves[i], color=color, **DOT)
            axes.plot(*exact_steps(sweep, i), color=color, **HOLLOW)
        couplings.finish_steps(axes, sweep.step)
    for i, color in enumerate(colors):
        panels[1].fill_between(sweep.step, sweep["lower_bound"][i], sweep["upper_bound"][i], color=color, alpha=BAND_ALPHA, linewidth=0)
    panels[0].set_ylabel(couplings.S_LABEL + ", scheme as in (2.50)")
    panels[1].set_ylabel(couplings.S_LABEL + ", entropy-consistent")
    if sweep["s"].min() < 0:
        panels[0].axhline(0, color="0.6", linewidth=0.6, zorder=0)
    couplings.mark_panels(panels)
    entries = couplings.coupling_entries(sweep.coupling)
    last = max((step for i in range(len(colors)) for step in exact_steps(sweep, i)[0]), default=1)
    entries += [(Line2D([], [], color=GREY, **HOLLOW), "$n = 1$, exact" if last == 1 else f"$n = 1$ to {last}, exact"),
                (Line2D([], [], color=GREY, linestyle=DOTS, linewidth=0.7), "limit, exact"),
                (Patch(facecolor=GREY, alpha=2 * BAND_ALPHA, linewidth=0), "bounds, exact")]
    style.legend_above(figure, entries, len(entries))
    return figure


def exact_steps(sweep, i):
    """Steps of coupling i of which the exact value is known to the size of a ring, and the values: the first in closed form, others
    from cylinders."""
    if "s_extrapolated" not in sweep:
        return (np.array([1]), sweep["s_1"][i:i + 1]) if sweep.step.size > 1 else (np.array([]), np.array([]))
    s = sweep["s_extrapolated"][i]
    known = np.flatnonzero(np.isfinite(s) & (sweep["s_extrapolated_stderr"][i] < RING))[1:]  # of step 0 there is nothing to say
    return known, s[known]


def draw_asymptote(sweep):
    figure, main, below = couplings.panels_for_asymptote()
    blue, red, green = style.UNORDERED[:3]
    k, exact, last = sweep.coupling, sweep["s_inf"], int(sweep.step[-1])
    shown = couplings.few(k.size)
    curves = [(sweep["s"][:, -1], GREY, {"linestyle": "none", **DOT}, f"(2.50), $n = {last}$", shown),
              (sweep["s_consistent"][:, -1], green, {"linestyle": "none", **HOLLOW}, f"consistent, $n = {last}$", shown),
              (k ** 2 / np.log(2), red, {"linestyle": DASHES}, "$K^2/\\ln 2$, (2.51)", slice(None))]
    main.plot(k, exact, color=blue)
    handles = [Line2D([], [], color=blue, label="exact limit")]
    with np.errstate(invalid="ignore", divide="ignore"):
        for curve, color, look, text, index in curves:
            main.plot(k[index], curve[index], color=color, **look)
            below.plot(k[index], (curve / exact - 1)[index], color=color, **look)
            handles.append(Line2D([], [], color=color, label=text, **look))
    k_c = float(sweep.group.attrs["K_c_exact"])
    couplings.frame_couplings(below, k)
    for axes in (main, below):
        if k[0] < k_c < k[-1]:
            axes.axvline(k_c, color="0.6", linewidth=0.6, zorder=0)
    main.set_ylabel("$s^{(\\infty)}$")
    below.set_ylabel("relative error")
    main.legend(handles=handles, loc="upper left")
    return figure
