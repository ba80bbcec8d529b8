# SPDX-License-Identifier: BSD-3-Clause
"""What a figure of the relative entropy needs of a result file (schema "klflow-kl"): the values that the user wants of each axis of
the sweep, the curves over the layers, and the width of their bands with a name for it. Draws nothing."""
from dataclasses import dataclass

import numpy as np

from figures import axis_values, style
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
    band, band_text = choose_band(group, chosen, take, width)
    n_samples = group["n_samples"][()][np.ix_(*chosen)]
    text = {axis: axis_values.texts(axis, values) for axis, values in coordinate.items()}
    return Sweep(coordinate, text, group["layer"][()], width, kl, band, take("kl_meanfield_per_neuron"), take("width_changed") != 0,
                 int(group["layer"][0]), band_text, int(n_samples.flat[0]) if (n_samples == n_samples.flat[0]).all() else 0)


SPREADS = (("kl_per_neuron_ensemble_std", "ensemble", "networks"), ("kl_per_neuron_input_std", "n_images", "images"))


def choose_band(group, chosen, take, width):
    """The widest kind of error that the file knows of each curve, and what to call it."""
    band = take("kl_stderr") / width[..., :1]
    alone, names = np.ones(band.shape[:-1], bool), []  # alone: of one network and one image, with no error but that of sampling
    for name, count, things in SPREADS:
        if name in group:
            number = group[count][()][np.ix_(*chosen)]
            spread = alone & (number > 1)
            if spread.any():
                band[spread] = take(name)[spread]
                alone &= ~spread
                few, many = number[spread].min(), number[spread].max()
                names.append(rf"$\pm 1$ s.d. over {few if few == many else f'{few} to {many}'} {things}")
    if not alone.any():
        return band, ", ".join(names)
    known = np.isfinite(band[alone]).any()
    bound = f"\u2264 ${style.upper_bound(np.nanmax(band[alone]))}$" if known else ""
    if names:
        return band, f"{', '.join(names)} (of one: {f'MC s.e. {bound}' if known else 'no error'})"
    return band, rf"$\pm 1$ MC s.e., one network ({bound})" if known else "no error: one sample"
