# SPDX-License-Identifier: BSD-3-Clause
"""What a figure of the relative entropy needs of a result file (schema "klflow-kl"): the values that the user wants of each axis of
the sweep, the curves over the layers, and the width of their bands with a name for it. Draws nothing."""
from dataclasses import dataclass

import numpy as np

from figures import axis_values
from figures.axis_values import AXES
from figures.errors import BadData


@dataclass
class Curve:
    layer: np.ndarray
    kl: np.ndarray
    band: np.ndarray
    mean_field: np.ndarray
    changed: np.ndarray  # the width differs from that of the reference layer


@dataclass
class Sweep:
    """Everything drawn, as arrays over (AXES, layer)."""
    coordinate: dict
    text: dict  # the coordinates' values as they stand in the figure
    layer: np.ndarray
    width: np.ndarray
    kl: np.ndarray
    band: np.ndarray
    mean_field: np.ndarray
    changed: np.ndarray
    reference_layer: int
    band_text: str
    n_samples: int

    def curve(self, index):
        there = self.width[index] > 0  # A shallower network of the sweep has no layers behind its last.
        return Curve(self.layer[there], *(a[index][there] for a in (self.kl, self.band, self.mean_field, self.changed)))


def read(file, select):
    group = file["kl"]
    coordinate = {axis: group[axis][()] for axis in AXES}
    chosen = axis_values.choose(coordinate, select)
    coordinate = {axis: values[index] for (axis, values), index in zip(coordinate.items(), chosen)}
    shape = group["kl_per_neuron"].shape
    if len(shape) != len(AXES) + 1 or shape != group["width"].shape:
        raise BadData(f"has kl_per_neuron of shape {shape}, not one over {', '.join(AXES)} and layer")

    def take(name):
        return group[name][()][np.ix_(*chosen, range(shape[-1]))]

    kl, width = take("kl_per_neuron"), take("width")
    if not np.isfinite(kl).any():
        raise BadData("has no layer with a value to draw")
    band, band_text = choose_band(group, take, width, chosen)
    n_samples = group["n_samples"][()][np.ix_(*chosen)]
    text = {axis: axis_values.texts(axis, values) for axis, values in coordinate.items()}
    return Sweep(coordinate, text, group["layer"][()], width, kl, band, take("kl_meanfield_per_neuron"), take("width_changed") != 0,
                 int(group["layer"][0]), band_text, int(n_samples.flat[0]) if (n_samples == n_samples.flat[0]).all() else 0)


def choose_band(group, take, width, chosen):
    """The widest kind of error that the file knows, and what to call it."""
    for part, count, things in (("ensemble", "ensemble", "networks"), ("input", "n_images", "images")):
        name = f"kl_per_neuron_{part}_std"
        if name in group:
            number = np.unique(group[count][()][np.ix_(*chosen)])
            return take(name), rf"$\pm 1$ s.d. over {number[0] if len(number) == 1 else 'the'} {things}"
    stderr = take("kl_stderr") / width[..., :1]
    if not np.isfinite(stderr).any():
        return stderr, "no error: one sample"
    return stderr, rf"$\pm 1$ MC s.e., one network ($\leq {np.nanmax(stderr):.1g}$)"
