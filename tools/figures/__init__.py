# SPDX-License-Identifier: BSD-3-Clause
"""The figures of klflow plot: one module for each kind of result file, found by the file's attribute "schema".

A module has draw(file, select) -> matplotlib figure: file is the open h5py.File, select maps names of axes to the text of the
value that the user wants of them. To add a kind, write its module and enter it below.
"""
import matplotlib

matplotlib.use("Agg")  # Files only: no display is needed.

from figures import fit, ising1d, ising2d, kl_flow, meanfield  # noqa: E402  (after the choice of the backend)
from figures.errors import BadData, BadRequest  # noqa: E402

FIGURES = {"klflow-kl": kl_flow.draw, "klflow-ising1d": ising1d.draw, "klflow-ising2d": ising2d.draw,
           "klflow-meanfield": meanfield.draw, "klflow-fit": fit.draw}


def draw_file(file, select):
    schema = file.attrs.get("schema")
    if isinstance(schema, bytes):
        schema = schema.decode()
    if schema is None:
        raise BadData("is not a result file of klflow: it has no attribute 'schema'")
    if schema not in FIGURES:
        raise BadData(f"is of schema '{schema}', for which there is no figure (there is one for {', '.join(FIGURES)})")
    return FIGURES[schema](file, select)


__all__ = ["BadData", "BadRequest", "draw_file"]
