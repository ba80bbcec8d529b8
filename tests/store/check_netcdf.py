#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Opens the sample that write_sample wrote as a user would, with xarray's two netCDF-4 engines, and compares every value
with the formulas of kl_sample.c. Usage: check_netcdf.py SAMPLE NETWORK."""
import sys

import h5py
import numpy as np
import xarray as xr

FIELDS = ["mean", "var", "kl", "kl_stderr", "kl_per_neuron", "kl_meanfield_per_neuron", "Q_direct", "Q_gram", "Q_stderr",
          "Q_bias_bound", "kl_bias_bound", "Q_rounding_stderr", "entropy_target", "kl_term_reference", "kl_term_log_var", "kl_term_quadratic"]
GRID = ("var_w", "var_b", "depth", "seed", "input")
SHAPE = (3, 1, 2, 2, 2)
INPUTS = ["q0=0.2", "mnist:Bilder-für-alle.gz:7-8"]


def expected_grid():
    """Point number, layer number, whether the layer exists; shape (*SHAPE, 5)."""
    point = np.arange(np.prod(SHAPE)).reshape(*SHAPE, 1)
    layer = np.arange(5)
    n_layers = np.array([3, 5]).reshape(1, 1, 2, 1, 1, 1)
    return point, layer, np.broadcast_to(layer < n_layers, (*SHAPE, 5))


def check_kl(path, engine):
    with xr.open_dataset(path, group="kl", engine=engine) as d:
        point, layer, there = expected_grid()
        value = 10.0 * point + 0.125 * layer
        for number, name in enumerate(FIELDS):
            want = np.where(there, 1000.0 * number + value, np.nan)
            if name == "kl":
                want[0, 0, 0, 0, 0, 2] = np.nan  # the degenerate layer
            assert d[name].dims == (*GRID, "layer"), (name, d[name].dims)
            np.testing.assert_array_equal(d[name].values, want, err_msg=name)
        two_images = np.array([False, True]).reshape(1, 1, 1, 1, 2, 1)
        want = np.where(there & two_images, 2000.25 + value, np.nan)
        np.testing.assert_array_equal(d["kl_input_std"].values, want)

        np.testing.assert_array_equal(d["layer"], [1, 2, 3, 4, 5])
        np.testing.assert_array_equal(d["seed"], np.array([1, 2**64 - 1], dtype=np.uint64))
        assert list(d["input"].values) == INPUTS
        np.testing.assert_array_equal(d["layer_status"] == 2, ~there)
        assert int(d["status"].sum()) == 1
        assert d["f_jk"].dims == (*GRID, "layer", "neuron_j", "neuron_k")

        one = d.sel(var_w=1.5, var_b=0.05, depth=6, seed=1, input="q0=0.2")
        assert one.kl.sel(layer=3).item() == 2000.0 + 10.0 * 4 + 0.25
        assert one.width.values.tolist() == [8, 8, 8, 5, 3]
        assert one.f_jk.sel(layer=2).values[1, 3] == 4 + 0.125 + 4 / 1024
        assert np.isnan(one.f_jk.sel(layer=4).values[5:, :]).all()
        assert np.isnan(one.f_jk.sel(layer=5)).all()
        assert d.sel(var_w=1.5).kl.shape == (1, 2, 2, 2, 5)

        assert d.kl.attrs["units"] == "nat"
        assert d.kl.attrs["ancillary_variables"] == "kl_stderr layer_status status"
        assert "unphysical" in d.kl.attrs["note"]
        assert d.attrs["reference_layer"] == 1
    with xr.open_dataset(path, engine=engine) as root:
        assert root.attrs["Conventions"].startswith("CF-1.11")
        assert root.attrs["schema_version"] == 1
    with xr.open_dataset(path, group="provenance", engine=engine) as provenance:
        assert str(provenance["config_text"].values).startswith("kl:\n")
        assert provenance.attrs["command"] == "klflow kl --var-w 1.5 2 2.5"
        assert provenance.attrs["threads"] == 2


def check_network(path, engine):
    with xr.open_dataset(path, engine=engine) as d, h5py.File(path, "r") as f:
        assert d["W0"].dims == ("neuron_0", "neuron_in") and d["W2"].shape == (2, 4) and d["B1"].dims == ("neuron_1",)
        np.testing.assert_array_equal(d["W1"].values, f["W1"][:])
        assert d.attrs["var_w"] == f.attrs["var_w"] == 1.5 and f.attrs["seed"] == 7


for engine in ("netcdf4", "h5netcdf"):
    check_kl(sys.argv[1], engine)
    check_network(sys.argv[2], engine)
    print(f"{engine}: every value as written")
