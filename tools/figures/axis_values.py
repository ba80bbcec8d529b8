# SPDX-License-Identifier: BSD-3-Clause
"""Values on the axes of a sweep: which of them the user picks by --select, and the texts that tell them apart in a figure."""
import math
import re
from decimal import Decimal, InvalidOperation

import numpy as np

from figures import style
from figures.errors import BadRequest

AXES = ("var_w", "var_b", "depth", "seed", "input")


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def choose(coordinate, select):
    """The indices of each axis that the user wants."""
    for axis in select:
        if axis not in AXES:
            raise BadRequest(f"--select: there is no axis '{axis}'; the axes are {', '.join(AXES)}")
    chosen = []
    for axis in AXES:
        values = coordinate[axis]
        wanted = [i for i, value in enumerate(values) if axis not in select or matches(value, select[axis])]
        if not wanted:
            raise BadRequest(f"--select: no {axis} = {select[axis]} in the file, which has {', '.join(map(as_text, values))}")
        chosen.append(wanted)
    return chosen


def matches(value, text):
    try:
        if isinstance(value, np.integer):
            return Decimal(text) == int(value)  # Exact, also for seeds beyond 2^53; takes 1e5 too.
        return math.isclose(float(value), float(text), rel_tol=1e-9)
    except (ValueError, InvalidOperation):
        return as_text(value) == text


def texts(axis, values):
    """For mathtext, but those of inputs, which are plain. Empty where the value is unknown: an imported network has no var_w."""
    if axis == "input":
        return [text.replace("$", r"\$") for text in input_texts([as_text(value) for value in values])]
    if np.issubdtype(values.dtype, np.integer):
        return [str(value) for value in values]
    short = ["" if np.isnan(value) else style.number(value) for value in values]
    return short if len(set(short)) == len(short) else [style.number(value, digits=15) for value in values]


IMAGES = re.compile(r"(?:mnist|idx):(?P<path>.*?)(?P<index>:\d+(-\d+)?)?")
SUFFIX = re.compile(r"([.-]idx\d-ubyte)?(\.gz)?$")
MAX_NAME = 24  # characters of a file's name that leave room for the curves


def input_texts(values):
    """Images by file and number, such as train-images:12; with folders, and at last in full, where these do not differ."""
    def brief(value, n_parts, length):
        images = IMAGES.fullmatch(value)
        if not images:
            return value
        name = SUFFIX.sub("", "/".join(images["path"].split("/")[-n_parts:]))
        if len(name) > length:
            name = name[:length // 2] + "\u2026" + name[1 - length // 2:]
        return name + (images["index"] or "")

    n_folders = max(value.count("/") for value in values)
    for n_parts, length in [(1, MAX_NAME), *((n, math.inf) for n in range(1, n_folders + 1))]:
        short = [brief(value, n_parts, length) for value in values]
        if len(set(short)) == len(set(values)):
            return short
    return values
