"""The lesions' diameters as lines that a reader can look at, and unlock to correct."""

from __future__ import annotations

from typing import Any

import slicer

from LiverTumorSegLib.measurements import Lesion, Line

LONG_AXIS_COLOR = (1.0, 0.85, 0.1)
SHORT_AXIS_COLOR = (0.1, 0.85, 1.0)
LESION_ID_ATTRIBUTE = "LiverTumorSeg.LesionId"
AXIS_ATTRIBUTE = "LiverTumorSeg.Axis"
"""Attributes of a line node: the lesion's id in lesions.nii.gz, and "long" or "short"."""


def add_diameter_lines(scene: slicer.vtkMRMLScene, lesions: tuple[Lesion, ...]) -> list[Any]:
    """One line node each for the long and the short axis of every lesion, in the order of the lesions; locked."""
    nodes = []
    for lesion in lesions:
        nodes.append(_add_line(scene, lesion, "long", lesion.long_axis_ras_mm, LONG_AXIS_COLOR))
        nodes.append(_add_line(scene, lesion, "short", lesion.short_axis_ras_mm, SHORT_AXIS_COLOR))
    return nodes


def length_mm(node: slicer.vtkMRMLMarkupsLineNode) -> float:
    """The length that Slicer shows for a line."""
    return float(node.GetMeasurement("length").GetValue())


def _add_line(
    scene: slicer.vtkMRMLScene, lesion: Lesion, axis: str, line_ras_mm: Line, color: tuple[float, float, float]
) -> Any:
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", f"Lesion {lesion.id} {axis} axis")
    for point_ras in line_ras_mm:
        node.AddControlPointWorld(*point_ras)
    node.SetAttribute(LESION_ID_ATTRIBUTE, str(lesion.id))
    node.SetAttribute(AXIS_ATTRIBUTE, axis)
    # The node's own description belongs to Slicer, which writes the length there.
    node.SetNthControlPointDescription(0, _description(lesion))
    node.SetLocked(True)
    node.CreateDefaultDisplayNodes()
    _style(node.GetDisplayNode(), color)
    return node


def _description(lesion: Lesion) -> str:
    flags = f"; {', '.join(lesion.flags)}" if lesion.flags else ""
    return (
        f"Slice {lesion.slice_index} along {'ijk'[lesion.slice_axis]} of the input (from 0), at S "
        f"{lesion.slice_position_mm:.1f} mm, {lesion.volume_ml:.1f} ml{flags}"
    )


def _style(display: Any, color: tuple[float, float, float]) -> None:
    display.SetSelectedColor(*color)
    display.SetColor(*color)
    display.SetPropertiesLabelVisibility(True)
    display.SetPointLabelsVisibility(False)
    display.SetTextScale(2.5)
    display.SetGlyphScale(1.5)
    # The slice only shows what lies in it: a projected diameter would be read as belonging to every slice.
    display.SetSliceProjection(False)
