# SPDX-License-Identifier: BSD-3-Clause
"""The look of a figure in a paper: one column wide, serif with matching mathematics, ticks inward, colours that the colour-blind
can tell apart and that keep their order in grey. Needs no LaTeX and no fonts but those of matplotlib."""
import os
from decimal import ROUND_CEILING, Context

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap

COLUMN_WIDTH = 3.4  # inches: one column of a two-column journal
PAGE_WIDTH = 7.0

PARAMETERS = {
    "font.family": "STIXGeneral", "mathtext.fontset": "stix", "font.size": 8, "axes.labelsize": 9, "legend.fontsize": 6.5,
    "legend.title_fontsize": 6.5, "xtick.labelsize": 8, "ytick.labelsize": 8, "axes.linewidth": 0.6, "lines.linewidth": 1.0,
    "xtick.direction": "in", "ytick.direction": "in", "xtick.top": True, "ytick.right": True, "xtick.minor.visible": True,
    "ytick.minor.visible": True, "xtick.major.width": 0.6, "ytick.major.width": 0.6, "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4, "xtick.major.size": 3, "ytick.major.size": 3, "xtick.minor.size": 1.5, "ytick.minor.size": 1.5,
    "legend.frameon": False, "legend.fancybox": False, "legend.edgecolor": "none", "legend.framealpha": 0.8,
    "legend.borderpad": 0.2, "legend.handlelength": 1.8, "legend.borderaxespad": 0.6, "legend.labelspacing": 0.3,
    "legend.columnspacing": 1.2, "legend.handletextpad": 0.5, "axes.unicode_minus": True, "savefig.dpi": 400, "hatch.linewidth": 0.4,
    "svg.hashsalt": "klflow", "pdf.fonttype": 42,
}

# viridis without its palest part, which vanishes on paper. For things without order Okabe and Ito's set without black and yellow,
# and two dark colours of Tol's muted set.
ORDERED = ListedColormap(matplotlib.colormaps["viridis"](range(0, 218)))
UNORDERED = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#332288", "#882255")


def apply():
    plt.rcdefaults()
    plt.rcParams.update(PARAMETERS)


def save_options(picture):
    """For savefig; no dates, so that equal results give equal files."""
    kind = os.path.splitext(picture)[1][1:]
    return {"format": kind, "metadata": {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)}


def ordered_colors(n):
    """For the curves of a parameter that grows."""
    return [ORDERED(i / max(1, n - 1)) for i in range(n)]


def legend_above(figure, entries, n_columns):
    """A legend of (handle, text) above all panels, on the right. The layout does not know of a figure's legend: it is left room, a
    line of text a row."""
    legend = figure.legend(*zip(*entries), ncol=n_columns, loc="upper right", borderaxespad=0.3)
    height = -(-len(entries) // n_columns) * 0.13 + 0.08
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - height / figure.get_figheight()))
    return legend


def number(value, digits=6):
    """1.5, 0.05, 10^4 as mathtext, without $. Whole numbers that are int keep all their digits."""
    text = f"{value:.0e}"
    if value < 1e4 or float(text) != value:
        text = str(value) if isinstance(value, int) else f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    return (f"{mantissa}\\times " if mantissa != "1" else "") + f"10^{{{int(exponent)}}}"


def upper_bound(value):
    """One digit, never below the value."""
    return number(rounded(value, 1, ROUND_CEILING))


def rounded(value, digits, rounding):
    return float(Context(prec=digits, rounding=rounding).create_decimal(repr(float(value))))
