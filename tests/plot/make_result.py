#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes a made-up result file of schema "klflow-kl" (docs/formats.md), with the variables that a figure needs: curves of the
right shape, the drop behind them, scatter of the right size. Deterministic.

    make_result.py FILE [var_w=1.5,2.5] [var_b=0.05] [depth=30] [seed=1] [input=a,b] [ensemble=8] [reference=0] [widths=taper]
"""
import sys

import h5py
import numpy as np

AXES = ("var_w", "var_b", "depth", "seed", "input")
TYPES = {"var_w": float, "var_b": float, "depth": np.int64, "seed": np.uint64, "input": h5py.string_dtype(), "layer": np.int64}


def widths_of(depth, kind):
    if kind == "taper":
        return np.rint(np.linspace(784, 10, depth)).astype(int)
    return np.array([784] * (depth - 2) + [400, 10])


def one_point(var_w, var_b, depth, kind, reference):
    """The mean-field curve (errata of the paper: D/N = 1/2 ln(q_l/q_0) where the width stays) with its finite widths."""
    z, h = np.linspace(-9, 9, 361, retstep=True)
    gauss = np.exp(-z * z / 2) * h / np.sqrt(2 * np.pi)
    q = [0.1 * var_w + var_b]
    for _ in range(depth - 1):
        q.append(var_w * gauss @ np.tanh(np.sqrt(q[-1]) * z) ** 2 + var_b)
    q, width = np.array(q)[reference:], widths_of(depth, kind)[reference:]
    n = width[0]
    return width, (-n * (np.log(2 * np.pi * q[0]) + 1) + width * (np.log(2 * np.pi * q) + 1)) / (2 * n)


def write_result(path, *, var_w=(1.5, 2.0, 2.5, 3.0, 3.5), var_b=(0.05,), depth=(30,), seed=(1,), input=("q0",), ensemble=1,
                 n_images=(1,), stderr=0.0007, reference=0, widths="wide", schema="klflow-kl"):
    rng = np.random.default_rng(5)
    coordinate = dict(zip(AXES, (var_w, var_b, depth, seed, input)))
    shape = tuple(len(values) for values in coordinate.values())
    n_layers = max(depth) - reference
    kl, mean_field, spread = (np.full((*shape, n_layers), np.nan) for _ in range(3))
    width = np.full((*shape, n_layers), -1)
    for index in np.ndindex(*shape):
        w, curve = one_point(var_w[index[0]], var_b[index[1]], depth[index[2]], widths, reference)
        n = len(w)
        # A walk with a memory of a few layers: neighbours of one network deviate alike. sqrt(2/N)/2 is the size at one layer.
        steps, deviation = rng.normal(0, np.sqrt(2 / w) / 4, n), np.zeros(n)
        for layer in range(1, n):
            deviation[layer] = 0.85 * deviation[layer - 1] + steps[layer]
        kl[index][:n], mean_field[index][:n], width[index][:n] = curve + deviation / np.sqrt(ensemble), curve, w
        spread[index][0], spread[index][1:n] = 0, np.sqrt(2 / w[1:]) / 3
    with h5py.File(path, "w") as f:
        f.attrs["schema"], f.attrs["schema_version"] = schema, 1
        group = f.create_group("kl", track_order=True)
        group.attrs["reference_layer"] = reference
        names = (*AXES, "layer")
        for axis in names:
            values = range(reference, reference + n_layers) if axis == "layer" else coordinate[axis]
            group.create_dataset(axis, data=list(values), dtype=TYPES[axis])
            group[axis].make_scale(axis)

        def variable(name, values, units="nat"):
            data = group.create_dataset(name, data=values)
            data.attrs["units"] = units
            for i in range(data.ndim):
                data.dims[i].attach_scale(group[names[i]])

        variable("width", width, "1")
        variable("width_changed", ((width != width[..., :1]) & (width > 0)).astype(np.int8), "1")
        variable("layer_status", np.where(width < 0, 2, 0).astype(np.int8), "1")
        variable("status", np.zeros(shape, np.int8), "1")
        variable("n_samples", np.full(shape, 10000), "1")
        variable("ensemble", np.full(shape, ensemble), "1")
        variable("n_images", np.broadcast_to(n_images, shape), "1")
        variable("kl_per_neuron", kl)
        variable("kl_stderr", np.where(np.isnan(kl), np.nan, stderr) * 784)
        variable("kl_meanfield_per_neuron", mean_field)
        if ensemble > 1:
            variable("kl_per_neuron_ensemble_std", spread)
        if max(n_images) > 1:
            variable("kl_per_neuron_input_std", np.where(np.reshape(n_images, (-1, 1)) > 1, 3 * spread, np.nan))


if __name__ == "__main__":
    options = dict(argument.split("=") for argument in sys.argv[2:])
    kinds = {"var_w": float, "var_b": float, "depth": int, "seed": int, "input": str}
    write_result(sys.argv[1], **{key: tuple(map(kinds[key], text.split(","))) if key in kinds else
                                 int(text) if text.isdigit() else text for key, text in options.items()})
