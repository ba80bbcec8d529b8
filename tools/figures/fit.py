# SPDX-License-Identifier: BSD-3-Clause
"""Least-squares fits (schema "klflow-fit"; paper, fig. 8). Of networks: the points of each curve with their errors and the fit through
them; in a second panel, where the file has it, the plateaus against var_w and the fit of those. Of other points: these, the fit, and
what is left of them below."""
import math

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from figures import axis_values, couplings, style
from figures.axis_values import AXES
from figures.couplings import DOT, GREY
from figures.errors import BadRequest

LABELS = {"kl_per_neuron": "KL / $N$ [nat]", "kl": "KL [nat]", "kl_meanfield_per_neuron": "mean field KL / $N$ [nat]", "layer": "layer",
          "var_w": r"$\sigma_w^2$", "var_b": r"$\sigma_b^2$", "coupling": couplings.COUPLING_LABEL, "s_inf": "$s^{(\\infty)}$"}
FORMULAS = {"plateau": "$a(1 - b^x)$", "tanh": r"$\alpha\tanh\beta x$", "asymptote": "$u/(1+u),\\ u = p x^2 \\cosh cx$"}
DOTS = {**DOT, "linestyle": "none"}
BARS = {"elinewidth": 0.5, "capsize": 0}
MAX_CURVES = 12


def draw(file, select):
    style.apply()
    group = file["fit"]
    return draw_points(group, select) if "fit" in group else draw_networks(group, select)


def text_of(group, name):
    return axis_values.as_text(group.attrs[name])


def label(name):
    return LABELS.get(name, name)


def smooth(x):
    return np.linspace(0, x.max(), 400)


def plateau(x, a, b):
    return a * (1 - b ** x)


MODELS = {"plateau": plateau, "tanh": lambda x, alpha, beta: alpha * np.tanh(beta * x),
          "asymptote": lambda x, p, c: 1 - 1 / (1 + p * x ** 2 * np.cosh(np.minimum(c * np.abs(x), 600)))}
PARAMETERS = {"plateau": ("a", "b"), "tanh": ("alpha", "beta"), "asymptote": ("p", "c")}


def draw_networks(group, select):
    coordinate = {axis: group[axis][()] for axis in AXES[:-1]}
    coordinate["input"] = np.array(text_of(group, "inputs").split("\n"))
    for axis in ("depth", "seed"):
        coordinate[axis] = coordinate[axis].astype(np.int64)
    chosen = axis_values.choose(coordinate, select)
    several = [axis for axis, indices in zip(AXES, chosen) if len(indices) > 1]
    if len(several) > 1:
        raise BadRequest(f"--select: the file has several {' and '.join(several)}; a figure of fits has one axis: choose a value of the "
                         "others")
    axis = several[0] if several else "var_w"
    column = AXES.index(axis)
    if len(chosen[column]) > MAX_CURVES:
        raise BadRequest(f"--select: {len(chosen[column])} values of {axis} are more curves than can be told apart, {MAX_CURVES}")
    across = "alpha" in group and axis == "var_w" and len(several) == 1
    figure, panels = plt.subplots(1, 2 if across else 1, figsize=(style.PAGE_WIDTH if across else style.COLUMN_WIDTH,
                                                                  0.40 * style.PAGE_WIDTH), layout="constrained", squeeze=False)
    figure.get_layout_engine().set(h_pad=0.03, w_pad=0.03, wspace=0.03)
    entries = draw_curves(panels[0, 0], group, chosen, column, coordinate)
    style.legend_above(figure, entries, 7 if across else 3)
    if across:
        draw_plateaus(panels[0, 1], group, chosen)
        couplings.mark_panels(panels[0])
    return figure


def draw_curves(axes, group, chosen, column, coordinate):
    model, colors = text_of(group, "model"), style.ordered_colors(len(chosen[column]))
    entries = []
    names = axis_values.texts(AXES[column], coordinate[AXES[column]])
    for color, i in zip(colors, chosen[column]):
        at = tuple(i if k == column else indices[0] for k, indices in enumerate(chosen))
        x, y, error = (group[name][at] for name in ("x", "y", "y_stderr"))
        axes.errorbar(x, y, np.where(np.isfinite(error), error, 0), color=color, **DOTS, **BARS)
        fit = [group[name][at] for name in PARAMETERS[model]]
        if np.isfinite(fit).all():
            over = smooth(x[np.isfinite(x)])
            axes.plot(over, MODELS[model](over, *fit), color=color)
        name = names[i] if AXES[column] == "input" else f"{label(AXES[column])} $= {names[i]}$"
        entries.append((Line2D([], [], color=color, **DOT), name))
    reference = int(group.attrs["reference_layer"])
    axes.set_xlabel(label(text_of(group, "x_name")) + (f" $-$ {reference}" if reference else ""))
    axes.set_ylabel(label(text_of(group, "y_name")))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return [*entries, (Line2D([], [], color=GREY), FORMULAS[model])]


def draw_plateaus(axes, group, chosen):
    rest = tuple(indices[0] for indices in chosen[1:])
    x = group["var_w"][()][chosen[0]]
    y, error = (np.array([group[name][(i, *rest)] for i in chosen[0]]) for name in ("a", "a_stderr"))
    alpha, beta = (float(group[name][rest]) for name in PARAMETERS["tanh"])
    axes.errorbar(x, y, np.where(np.isfinite(error), error, 0), color=style.UNORDERED[0], **DOTS, **BARS)
    handles = [Line2D([], [], color=style.UNORDERED[0], label="plateaus $a$", **DOTS)]
    if math.isfinite(alpha * beta):
        over = smooth(x)
        axes.plot(over, MODELS["tanh"](over, alpha, beta), color=style.UNORDERED[1])
        handles.append(Line2D([], [], color=style.UNORDERED[1], label=rf"$\alpha\tanh\beta{LABELS['var_w'].strip('$')}$"))
    axes.set_xlim(left=0)
    axes.set_xlabel(label("var_w"))
    axes.set_ylabel("plateau $a$ [nat]")
    axes.legend(handles=handles, loc="lower right")


def draw_points(group, select):
    for axis in select:
        raise BadRequest(f"--select: there is no axis '{axis}' to select from; the file has one fit")
    model = text_of(group, "model")
    x, y, error, curve = (group[name][0] for name in ("x", "y", "y_stderr", "y_fit"))
    error = np.where(np.isfinite(error), error, 0)
    figure, main, below = couplings.panels_for_asymptote()
    blue, red = style.UNORDERED[:2]
    main.errorbar(x, y, error, color=blue, **DOTS, **BARS)
    fit = [group[name][0] for name in PARAMETERS[model]]
    if np.isfinite(fit).all():
        over = np.linspace(x.min(), x.max(), 400)
        main.plot(over, MODELS[model](over, *fit), color=red)
    main.set_ylabel(label(text_of(group, "y_name")))
    main.legend(handles=[Line2D([], [], color=blue, label="points", **DOTS), Line2D([], [], color=red, label=FORMULAS[model])], loc="best")
    below.errorbar(x, y - curve, error, color=blue, **DOTS, **BARS)
    below.set_ylabel("points $-$ fit")
    below.set_xlabel(label(text_of(group, "x_name")))
    return figure
