# SPDX-License-Identifier: BSD-3-Clause
"""The Ising chain (schema "klflow-ising1d"). Few couplings: relative entropy against step, normalised and not (paper, fig. 1). Many:
its limit against coupling, exactly and by the paper's fit (2.35), and what the fit is off by (fig. 2)."""
import numpy as np
from matplotlib.lines import Line2D

from figures import couplings, style
from figures.couplings import DASHES, DOT, DOTS, GREY
from figures.errors import BadData


def draw(file, select):
    style.apply()
    sweep = couplings.read(file, "ising1d", select)
    return draw_flows(sweep) if sweep.are_flows else draw_asymptote(sweep)


def draw_flows(sweep):
    figure, panels = couplings.panels_for_flows()
    unnormalized = sweep["s"] - (1 - 0.5 ** sweep.step) if "s_unnormalized" not in sweep else sweep["s_unnormalized"]
    for axes, curves, limits in ((panels[0], sweep["s"], sweep["s_inf"]), (panels[1], unnormalized, sweep["s_inf"] - 1)):
        for curve, limit, color in zip(curves, limits, style.ordered_colors(len(curves))):
            axes.axhline(limit, color=color, linestyle=DOTS, linewidth=0.7)
            axes.plot(sweep.step, curve, color=color, **DOT)
        couplings.finish_steps(axes, sweep.step)
    panels[0].set_ylabel(couplings.S_LABEL)
    panels[1].set_ylabel("$s^{(n)} - (1 - 2^{-n})$")
    couplings.mark_panels(panels)
    entries = couplings.coupling_entries(sweep.coupling)
    entries.append((Line2D([], [], color=GREY, linestyle=DOTS, linewidth=0.7), "limit, exact"))
    style.legend_above(figure, entries, len(entries))
    return figure


def draw_asymptote(sweep):
    if "s_inf_fit" not in sweep:
        raise BadData("has no fit to the limit to draw, for it has a field or was made with s_only; --select coupling=K draws one flow")
    figure, main, below = couplings.panels_for_asymptote()
    blue, red = style.UNORDERED[:2]
    shown, last = couplings.few(sweep.coupling.size), int(sweep.step[-1])
    main.plot(sweep.coupling, sweep["s_inf"], color=blue)
    main.plot(sweep.coupling, sweep["s_inf_fit"], color=red, linestyle=DASHES)
    main.plot(sweep.coupling[shown], sweep["s"][shown, -1], color=GREY, linestyle="none", **DOT)
    main.set_ylabel("$s^{(\\infty)}$")
    below.plot(sweep.coupling, sweep["s_inf_fit_error"], color=red, linestyle=DASHES)
    below.set_ylabel("fit $-$ exact")
    couplings.frame_couplings(below, sweep.coupling)
    main.legend(handles=[Line2D([], [], color=blue, label="exact limit"), Line2D([], [], color=red, linestyle=DASHES, label="fit (2.35)"),
                         Line2D([], [], color=GREY, linestyle="none", label=f"$n = {last}$", **DOT)],
                loc="lower right" if np.all(np.diff(sweep["s_inf"]) >= 0) else "best")
    return figure
