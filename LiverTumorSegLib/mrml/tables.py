"""Measurements as tables of the scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer
from vtkmodules.vtkCommonCore import vtkDoubleArray, vtkStringArray

from LiverTumorSegLib.measure.table import lesion_rows, volumetry_rows
from LiverTumorSegLib.measurements import Measurements

Cell = object
"""A number, a text, or None for what is not known."""


def add_measurement_tables(scene: slicer.vtkMRMLScene, measurements: Measurements) -> list[Any]:
    """The volumetry and the lesion table, in this order; units are in the column names."""
    return [
        add_table(scene, "Volumetry", *volumetry_rows(measurements)),
        add_table(scene, "Lesions", *lesion_rows(measurements)),
    ]


def add_table(scene: slicer.vtkMRMLScene, name: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Any:
    """A table node; a column of numbers stays numeric, None is an empty text (and makes its column a text column)."""
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", name)
    node.SetUseColumnTitleAsColumnHeader(True)
    for index, title in enumerate(header):
        node.AddColumn(_column(title, [row[index] for row in rows]))
    node.SetLocked(True)
    return node


def _column(title: str, cells: list[Cell]) -> vtkDoubleArray | vtkStringArray:
    numbers = [float(cell) for cell in cells if isinstance(cell, int | float)]
    column: Any = vtkDoubleArray() if cells and len(numbers) == len(cells) else vtkStringArray()
    column.SetName(title)
    for cell in cells:
        column.InsertNextValue(cell if isinstance(column, vtkDoubleArray) else _text(cell))
    return column


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)
