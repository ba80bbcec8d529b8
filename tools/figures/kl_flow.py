# SPDX-License-Identifier: BSD-3-Clause
"""Relative entropy per neuron against layer (schema "klflow-kl"; paper, fig. 7): Monte Carlo with its band, mean field dashed.

Of the axes of a sweep, the first that has more than one value gives the colours, the others give panels. Layers whose width
differs from the reference layer's are drawn hollow, on a hatched ground: the relative entropy (3.30) compares unlike spaces
there, and its drop would squeeze the curves if the vertical axis made room for it.
"""
from decimal import ROUND_DOWN

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from figures import style
from figures.axis_values import AXES, as_text
from figures.errors import BadRequest
from figures.kl_data import read

SYMBOL = {"var_w": r"\sigma_w^2", "var_b": r"\sigma_b^2", "depth": "L", "seed": r"\mathrm{seed}"}
ORDERED_AXES = ("var_w", "var_b", "depth")
MAX_LEGEND = 8  # lines that a legend tells apart
MAX_PANELS = 12
LEGEND_GAP = 0.03  # between a legend and the frame, of the panel's height
WHOLE_STEPS = [1, 2, 5, 10]

DASHES, BAND_ALPHA, GREY = (0, (4, 2)), 0.25, "0.3"
DOT = {"marker": "o", "markersize": 1.8, "markeredgewidth": 0}
HOLLOW = {"marker": "o", "markersize": 2.6, "markerfacecolor": "white", "markeredgewidth": 0.6}
HATCHED = {"facecolor": "none", "edgecolor": "0.7", "linewidth": 0, "hatch": "////////"}  # Never taken for a band, also in grey.


def draw_curve(axes, curve, color, with_drop):
    shown = slice(None) if with_drop else ~curve.changed
    layer, kl, band = curve.layer[shown], curve.kl[shown], np.nan_to_num(curve.band[shown])
    axes.fill_between(layer, kl - band, kl + band, color=color, alpha=BAND_ALPHA, linewidth=0)
    axes.plot(layer, curve.mean_field[shown], color=color, linestyle=DASHES, linewidth=0.8)
    axes.plot(layer, kl, color=color, **DOT)
    if with_drop:
        axes.plot(curve.layer[curve.changed], curve.kl[curve.changed], color=color, linestyle="none", **HOLLOW)


def draw_overview(axes, curve, color):
    """All layers on one scale, in the strip below: the drop is small there but whole."""
    axes.plot(curve.layer, curve.kl, color=color, linewidth=0.6)
    axes.plot(curve.layer[curve.changed], curve.kl[curve.changed], color=color, linestyle="none", **HOLLOW)


def drop_is_apart(curves):
    """Whether the layers of another width are few and lie behind the others, as the last two of the paper's networks do."""
    changed = np.concatenate([curve.changed for curve in curves])
    behind = all(np.all(np.diff(curve.changed.astype(int)) >= 0) for curve in curves)
    return bool(behind and changed.any() and changed.sum() < 0.4 * changed.size)


def hatch_drop(axes, curves):
    """A hatched ground where every curve that reaches a layer has another width there."""
    bulk_end = max(int(curve.layer[~curve.changed].max()) for curve in curves)
    axes.axvspan(bulk_end + 0.5, max(int(curve.layer.max()) for curve in curves) + 0.5, zorder=0, **HATCHED)


def finish_strip(strip, curves):
    """Ticks of the strip at 0, where every curve begins, and at the end of the drop or, where that is near 0, at the top: there is no
    room for more."""
    values = np.concatenate([curve.kl for curve in curves])
    lowest, highest = np.nanmin(values), np.nanmax(values)
    end = style.rounded(lowest if -lowest > 0.6 * highest else highest, 2, ROUND_DOWN)
    strip.yaxis.set_major_locator(FixedLocator(sorted({0.0, end})))
    strip.yaxis.set_minor_locator(NullLocator())
    strip.yaxis.set_major_formatter(lambda value, _: f"${style.number(value)}$")
    strip.margins(y=0.2)
    strip.text(0.025, 0.13, "all layers", fontsize=style.PARAMETERS["legend.fontsize"], transform=strip.transAxes)


def style_legend(figure, sweep, any_changed, apart):
    """What lines, bands and markers mean, above the panels."""
    samples = f", $n_\\mathrm{{MC}} = {style.number(sweep.n_samples)}$" if sweep.n_samples else ""
    entries = [(Line2D([], [], color=GREY, **DOT), "Monte Carlo" + samples),
               (Line2D([], [], color=GREY, linestyle=DASHES, linewidth=0.8), "mean field"),
               (Patch(facecolor=GREY, alpha=BAND_ALPHA, linewidth=0), sweep.band_text)]
    if any_changed:
        hollow = Line2D([], [], color=GREY, linestyle="none", **HOLLOW)
        entries.append(((Patch(**HATCHED), hollow) if apart else hollow,
                        f"width \u2260 $N_{{{sweep.reference_layer}}}$: unphysical drop"))
    if np.isnan(sweep.kl[sweep.width > 0]).any():
        entries.append((Line2D([], [], linestyle="none"), "gaps: layers of zero variance"))
    n_columns = 2 if figure.get_figwidth() < style.PAGE_WIDTH else 4
    style.legend_above(figure, entries, n_columns)


def label(sweep, axis, i):
    text = sweep.text[axis][i]
    return text if axis == "input" or not text else f"${SYMBOL[axis]} = {text}$"


def pick_colors(axis, values):
    if axis not in ORDERED_AXES:
        return [style.UNORDERED[i % len(style.UNORDERED)] for i in range(len(values))]
    if len(values) > MAX_LEGEND:
        return [style.ORDERED(Normalize(min(values), max(values))(value)) for value in values]
    return style.ordered_colors(len(values))


def draw(file, select):
    style.apply()
    sweep = read(file, select)
    several = [axis for axis in AXES if len(sweep.coordinate[axis]) > 1]
    color_axis, panel_axes = (several[0] if several else "var_w"), several[1:]
    values = sweep.coordinate[color_axis]
    colors = pick_colors(color_axis, values)
    panels = list(np.ndindex(*(len(sweep.coordinate[axis]) for axis in panel_axes)))
    if len(panels) > MAX_PANELS:
        raise BadRequest(f"the sweep would take {len(panels)} panels, one for each {' and '.join(panel_axes)}; pick some by --select, "
                         f"for example --select {panel_axes[-1]}={as_text(sweep.coordinate[panel_axes[-1]][0])}")
    curves = {panel: [sweep.curve(tuple(({axis: 0 for axis in AXES} | dict(zip(panel_axes, panel)) | {color_axis: i}).values()))
                      for i in range(len(values))] for panel in panels}
    drawn = [curve for panel in panels for curve in curves[panel] if curve.layer.size]
    apart = drop_is_apart(drawn)

    figure, grid = make_grid(len(panels), apart)
    for (main, strip), panel in zip(grid, panels):
        # The deepest first: networks of one seed share their first layers, and so their curves.
        for curve, color in sorted(zip(curves[panel], colors), key=lambda pair: -pair[0].layer.size):
            draw_curve(main, curve, color, with_drop=not apart)
            if apart:
                draw_overview(strip, curve, color)
        main.set_xlim(sweep.layer[0] - 0.5, sweep.layer[-1] + 0.5)
        main.xaxis.set_major_locator(MaxNLocator(integer=True, steps=WHOLE_STEPS))
        main.xaxis.set_minor_locator(MaxNLocator(50, integer=True, steps=WHOLE_STEPS))
        if apart:
            for axes in (main, strip):
                hatch_drop(axes, [curve for curve in curves[panel] if curve.layer.size])
            finish_strip(strip, drawn)
    any_changed = any(curve.changed.any() for curve in drawn)
    style_legend(figure, sweep, any_changed, apart)
    color_legends(figure, [main for main, _ in grid], sweep, color_axis, colors, several, panel_axes, panels)
    return figure


def make_grid(n_panels, with_strips):
    """Pairs of axes (main, strip below it or None), and their figure; labels on the outer sides only."""
    n_columns = min(n_panels, 2 if n_panels < 5 else 3)
    n_rows = -(-n_panels // n_columns)
    width = style.COLUMN_WIDTH if n_columns == 1 else style.PAGE_WIDTH
    figure = plt.figure(figsize=(width, (0.84 if with_strips else 0.72) * width / n_columns * n_rows), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.02, hspace=0.02, wspace=0.02)
    heights = [4, 1] if with_strips else [1]
    axes = figure.subplots(len(heights) * n_rows, n_columns, squeeze=False, sharex=True, sharey=False,
                           gridspec_kw={"height_ratios": heights * n_rows})
    grid = []
    for i in range(n_rows * n_columns):
        pair = axes[i // n_columns * len(heights):, i % n_columns][:len(heights)]
        for one, first in zip(pair, grid[0] if grid else pair):
            if i >= n_panels:
                one.set_axis_off()
            elif one is not first:
                one.sharey(first)
            one.tick_params(labelleft=i % n_columns == 0)
        pair[0].set_ylabel(YLABEL if i % n_columns == 0 else None)
        if i + n_columns >= n_panels:
            pair[-1].set_xlabel("layer $m$")
            pair[-1].tick_params(labelbottom=True)
        grid.append((pair[0], pair[-1] if with_strips else None))
    return figure, grid[:n_panels]


YLABEL = "$D(p\\,\\Vert\\,q_m)\\,/\\,N$  (nat)"


def color_legends(figure, mains, sweep, color_axis, colors, several, panel_axes, panels):
    """Which colour is what, in the first panel or as a colour bar; what a panel shows, and what all of it shares, in each."""
    values, entries = sweep.coordinate[color_axis], []
    shared = [label(sweep, axis, 0) for axis in ORDERED_AXES if axis not in several]
    if 1 < len(values) <= MAX_LEGEND:
        entries = [(Line2D([], [], color=color), label(sweep, color_axis, i)) for i, color in enumerate(colors)]
    elif len(values) > MAX_LEGEND and color_axis in ORDERED_AXES:
        figure.colorbar(ScalarMappable(Normalize(min(values), max(values)), style.ORDERED), ax=mains, pad=0.02,
                        label=f"${SYMBOL[color_axis]}$")
    elif len(values) > MAX_LEGEND:
        shared.append(f"{len(values)} {color_axis}s")
    legends = []
    for number, (main, panel) in enumerate(zip(mains, panels)):
        own = [label(sweep, axis, i) for axis, i in zip(panel_axes, panel)]
        handles, labels = zip(*entries) if entries and number == 0 else ((), ())
        legends.append(Legend(main, handles, labels, ncol=count_columns(sweep.text[color_axis]), alignment="left", loc="best",
                              frameon=True, title=", ".join(filter(None, own + (shared if number == 0 else [])))))
        # An artist of its own: the place of the axes' legend is taken by style_legend.
        main.add_artist(legends[-1])
    make_room(figure, mains, legends)


def count_columns(texts):
    """A flat legend finds a place more easily; three columns of short texts fit, two of longer ones, one of 64-bit seeds."""
    longest = max(map(len, texts))
    most = 3 if longest <= 6 else 2 if longest <= 16 or len(texts) > 4 else 1
    return -(-len(texts) // -(-len(texts) // most))


def make_room(figure, mains, legends):
    """Where the best place for a legend is still on curves or bands, the vertical axis, which panels share, grows at its top."""
    figure.draw_without_rendering()
    boxes = [legend.get_window_extent() for legend in legends]
    heights = [box.height / main.bbox.height for main, box in zip(mains, boxes) if covers(box, main)]
    if heights:
        low, high = mains[0].get_ylim()
        mains[0].set_ylim(low, low + (high - low) / (1 - max(heights) - LEGEND_GAP))


def covers(box, main):
    bands = (path for band in main.collections for path in band.get_paths())
    return (any(main.transData.transform_path(line.get_path()).intersects_bbox(box, filled=False) for line in main.lines)
            or any(main.transData.transform_path(band).intersects_bbox(box, filled=True) for band in bands))
