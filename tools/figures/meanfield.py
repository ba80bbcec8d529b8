# SPDX-License-Identifier: BSD-3-Clause
"""Mean-field theory (schema "klflow-meanfield"). A grid of var_w and var_b: the phase diagram, maps of the depths xi_c and xi_q with
the critical line. Values of one of them: the depths along it. A few points with curves: KL per neuron against layer."""
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from figures import couplings, style
from figures.couplings import DASHES, DOT, GREY
from figures.errors import BadRequest

AXES = ("var_w", "var_b")
SYMBOL = {"var_w": r"\sigma_w^2", "var_b": r"\sigma_b^2"}
DEPTHS = {"xi_c": r"$\xi_c$", "xi_q": r"$\xi_q$"}
MAX_CURVES = 8
LARGEST = 100  # layers on the scale of a map; xi_c is infinite on the critical line


def draw(file, select):
    style.apply()
    group = file["meanfield"]
    values = {axis: group[axis][()] for axis in AXES}
    chosen = [choose(axis, values[axis], select) for axis in AXES]
    for axis in select:
        if axis not in AXES:
            raise BadRequest(f"--select: there is no axis '{axis}'; the axes are {', '.join(AXES)}")
    values = {axis: values[axis][index] for axis, index in zip(AXES, chosen)}
    sizes = [values[axis].size for axis in AXES]

    def take(name):
        return group[name][()][np.ix_(*chosen)]

    if "kl_per_neuron" in group and sizes[0] * sizes[1] <= MAX_CURVES:
        return draw_curves(group["layer"][()], values, take("kl_per_neuron"), take("kl_limit"))
    if min(sizes) > 1:
        return draw_maps(values, {name: take(name) for name in DEPTHS}, group["critical_var_w"][()][chosen[1]])
    if max(sizes) > 1:
        line = float(group["critical_var_w"][()][chosen[1]][0]) if sizes[0] > 1 else None
        return draw_depths(values, {name: take(name).ravel() for name in DEPTHS}, line)
    raise BadRequest("one point without a curve is nothing to draw: compute several, or give layers")


def choose(axis, values, select):
    """Indices in rising order of the values."""
    index = [i for i in np.argsort(values, kind="stable") if axis not in select or couplings.is_close(values[i], select[axis])]
    if not index:
        raise BadRequest(f"--select: no {axis} = {select[axis]} in the file, which has {couplings.brief(values)}")
    return np.array(index, dtype=int)


def draw_maps(values, depths, critical_var_w):
    figure, panels = plt.subplots(1, 2, figsize=(style.PAGE_WIDTH, 0.40 * style.PAGE_WIDTH), layout="constrained", sharex=True, sharey=True)
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.03)
    w, b = values["var_w"], values["var_b"]
    for axes, (name, symbol) in zip(panels, DEPTHS.items()):
        norm = LogNorm(*scale_of(depths[name]), clip=True)
        finite = np.nan_to_num(depths[name], posinf=np.finfo(float).max)  # An infinite depth would have no colour.
        mesh = axes.pcolormesh(w, b, finite.T, norm=norm, cmap=style.ORDERED, shading="gouraud", rasterized=True)
        # White under black shows on both ends of the scale.
        axes.plot(critical_var_w, b, color="white", linewidth=2.0)
        axes.plot(critical_var_w, b, color="black", linewidth=0.9, linestyle=DASHES)
        axes.set_xlim(w[0], w[-1])
        axes.set_ylim(b[0], b[-1])
        axes.set_xlabel(f"${SYMBOL['var_w']}$")
        bar = figure.colorbar(mesh, ax=axes, pad=0.02, label=f"{symbol} (layers)", extend="both")
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        bar.ax.yaxis.set_minor_formatter("")
    panels[0].set_ylabel(f"${SYMBOL['var_b']}$")
    name_phases(panels, w, b, critical_var_w)
    couplings.mark_panels(panels)
    style.legend_above(figure, [(Line2D([], [], color="black", linewidth=0.9, linestyle=DASHES), r"critical line, $\chi_1 = 1$")], 1)
    return figure


def scale_of(depth):
    """Ends of the colours: all but the few points next to where a depth is 0 or infinite."""
    known = depth[np.isfinite(depth) & (depth > 0)]
    low, high = np.percentile(known, (1, 99.5))
    return low, max(min(high, LARGEST), 1.1 * low)


def name_phases(panels, w, b, critical_var_w):
    """On either side of the critical line, halfway to the frame, where there is room."""
    row = b.size * 2 // 5
    for axes in panels:
        for text, low, high in (("ordered", w[0], min(critical_var_w[row], w[-1])), ("chaotic", max(critical_var_w[row], w[0]), w[-1])):
            if high - low > 0.2 * (w[-1] - w[0]):
                axes.text((low + high) / 2, b[row], text, color="white", ha="center", va="center", fontsize=8)


def draw_depths(values, depths, critical):
    axis = max(AXES, key=lambda name: values[name].size)
    other = AXES[1 - AXES.index(axis)]
    figure, axes = plt.subplots(figsize=(style.COLUMN_WIDTH, 0.72 * style.COLUMN_WIDTH), layout="constrained")
    for color, (name, symbol) in zip(style.UNORDERED, DEPTHS.items()):
        axes.plot(values[axis], np.where(np.isfinite(depths[name]), depths[name], np.nan), color=color, label=symbol)
    if critical is not None and values[axis][0] < critical < values[axis][-1]:
        axes.axvline(critical, color="0.6", linewidth=0.6, zorder=0, label="critical")
    axes.set_yscale("log")
    axes.set_xlabel(f"${SYMBOL[axis]}$")
    axes.set_ylabel("depth (layers)")
    axes.legend(title=f"${SYMBOL[other]} = {style.number(float(values[other][0]))}$", loc="best")
    return figure


def draw_curves(layer, values, kl, limit):
    figure, axes = plt.subplots(figsize=(style.COLUMN_WIDTH, 0.72 * style.COLUMN_WIDTH), layout="constrained")
    points = [(i, j) for i in range(values["var_w"].size) for j in range(values["var_b"].size)]
    entries = []
    for point, color in zip(points, style.ordered_colors(len(points))):
        axes.plot(layer, kl[point], color=color, **DOT)
        if np.isfinite(limit[point]):
            axes.axhline(limit[point], color=color, linestyle=couplings.DOTS, linewidth=0.7)
        text = ", ".join(f"${SYMBOL[axis]} = {style.number(float(values[axis][i]))}$"
                         for axis, i in zip(AXES, point) if values[axis].size > 1 or len(points) == 1)
        entries.append((Line2D([], [], color=color, **DOT), text))
    axes.set_xlabel("layer $m$")
    axes.set_ylabel("$D(p\\,\\Vert\\,q_m)\\,/\\,N$  (nat)")
    entries.append((Line2D([], [], color=GREY, linestyle=couplings.DOTS, linewidth=0.7), "limit"))
    style.legend_above(figure, entries, 3)
    return figure
