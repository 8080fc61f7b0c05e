"""Measurements as tables of the scene, in the words and digits of a reader: 0.1 ml, 0.1 mm, 0.1 %.

The unrounded values are kept with the result (``result``) and go into exported files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer
from vtkmodules.vtkCommonCore import vtkDoubleArray, vtkStringArray

from LiverTumorSegLib.measure.table import sentence, volumetry_rows
from LiverTumorSegLib.measurements import Lesion, Measurements, ReaderByLesion, ReaderDiameters

Cell = object
"""A number, a text, or None for what is not known."""

VOLUMETRY_TITLE, LESION_TITLE = "volumetry", "lesions"
VOLUMETRY_COLUMNS = ("Structure", "Volume (ml)", "Share of liver (%)")
LESION_COLUMNS = (
    "Lesion",
    "Volume (ml)",
    "Long axis (mm)",
    "Short axis (mm)",
    "Reader's long (mm)",
    "Reader's short (mm)",
    "Slice at S (mm)",
    "Confidence (%)",
    "Segment",
    "Flags",
)


def fill_volumetry(node: slicer.vtkMRMLTableNode, measurements: Measurements | None) -> None:
    """Volumes of organ, liver, vessels and tumors; None: they are not known (yet), the cells stay empty."""
    rows = volumetry_rows(measurements or Measurements(0.0, 0.0, 0.0, None))[1]
    known = measurements is not None
    fill_table(
        node,
        VOLUMETRY_COLUMNS,
        [(sentence(str(name)), *(_rounded(cell) if known else None for cell in cells)) for name, *cells in rows],
    )


def fill_lesions(
    node: slicer.vtkMRMLTableNode, measurements: Measurements | None, readers: ReaderByLesion | None = None
) -> None:
    """One row per lesion, the largest first; no row while nothing is known."""
    lesions = measurements.lesions if measurements else ()
    readers = readers or {}
    fill_table(node, LESION_COLUMNS, [_lesion_row(x, readers.get(x.id, ReaderDiameters())) for x in lesions])


def add_table_node(scene: slicer.vtkMRMLScene, name: str) -> Any:
    """An empty table that a reader cannot type into: its numbers are measured."""
    node = scene.AddNewNodeByClass("vtkMRMLTableNode", scene.GenerateUniqueName(name))
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
    return node


def fill_table(node: slicer.vtkMRMLTableNode, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Replace a table's contents; a column of numbers is numeric, None is an empty text (and makes its column text)."""
    modified = node.StartModify()
    node.RemoveAllColumns()
    for index, title in enumerate(header):
        node.AddColumn(_column(title, [row[index] for row in rows]))
    node.EndModify(modified)


def _lesion_row(lesion: Lesion, reader: ReaderDiameters) -> tuple[Cell, ...]:
    numbers = (lesion.volume_ml, lesion.long_axis_mm, lesion.short_axis_mm)
    readers = (reader.long_axis_mm, reader.short_axis_mm)
    shown = map(_rounded, (*numbers, *readers, lesion.slice_position_mm))
    confidence = None if lesion.confidence is None else float(round(100 * lesion.confidence))
    return (str(lesion.id), *shown, confidence, lesion.segments_title, ", ".join(lesion.flags))


def _rounded(cell: Cell) -> Cell:
    # + 0.0: no "-0"
    return round(cell, 1) + 0.0 if isinstance(cell, int | float) else cell


def _column(title: str, cells: list[Cell]) -> vtkDoubleArray | vtkStringArray:
    numbers = [float(cell) for cell in cells if isinstance(cell, int | float)]
    column: Any = vtkDoubleArray() if cells and len(numbers) == len(cells) else vtkStringArray()
    column.SetName(title)
    for cell in cells:
        column.InsertNextValue(cell if isinstance(column, vtkDoubleArray) else _text(cell))
    return column


def _text(cell: Cell) -> str:
    # Numbers as in a numeric column: 13, not 13.0.
    return "" if cell is None else f"{cell:.10g}" if isinstance(cell, float) else str(cell)
