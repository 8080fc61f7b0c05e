"""Markups along which a liver is cut, as numbers of the patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer

from LiverTumorSegLib.arrays import Vector

PLANE = "vtkMRMLMarkupsPlaneNode"
CUTTING_MARKUPS = (
    PLANE,
    "vtkMRMLMarkupsFiducialNode",
    "vtkMRMLMarkupsCurveNode",
    "vtkMRMLMarkupsClosedCurveNode",
)
_DIGITS = 3
"""Of a mm: what storing may change is no change."""


@dataclass(frozen=True)
class Cut:
    """Points in RAS mm; with a normal a plane through the first one, else a smooth surface through all of them."""

    points_ras: tuple[Vector, ...]
    normal_ras: Vector | None = None


def cut_of(markup: Any) -> Cut | None:
    """Where a markup lies in the patient, transforms above it included; None of a plane that is not placed yet."""
    if markup.IsA(PLANE):
        if not markup.GetIsPlaneValid():
            return None
        return Cut((_rounded(markup.GetOriginWorld(), _DIGITS),), _rounded(markup.GetNormalWorld(), 2 * _DIGITS))
    placed = slicer.vtkMRMLMarkupsNode.PositionDefined
    count = markup.GetNumberOfControlPoints()
    numbers = [n for n in range(count) if markup.GetNthControlPointPositionStatus(n) == placed]
    return Cut(tuple(_rounded(markup.GetNthControlPointPositionWorld(n), _DIGITS) for n in numbers))


def _rounded(values: Any, digits: int) -> Vector:
    x, y, z = (round(float(value), digits) + 0.0 for value in values)
    return x, y, z
