"""The lesions' diameters as lines: measured ones, and those that a reader has dragged."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import slicer

from LiverTumorSegLib.measurements import Lesion, Line

LONG, SHORT = "long", "short"
AUTOMATIC, READER = "automatic", "reader"

LESION_ID_ATTRIBUTE = "LiverTumorSeg.LesionId"
AXIS_ATTRIBUTE = "LiverTumorSeg.Axis"
ORIGIN_ATTRIBUTE = "LiverTumorSeg.Origin"
MEASURED_ENDS_ATTRIBUTE = "LiverTumorSeg.MeasuredEnds"
"""Attributes of a line node: the lesion's id (empty for a reader's line without a lesion), LONG or SHORT, AUTOMATIC or
READER, and where a measured line was put (JSON, mm in the node's own frame), by which it is seen whether somebody has
moved it: not so if the line is moved with its CT by a transform, or taken from under it."""

COLORS = {LONG: (1.0, 0.85, 0.1), SHORT: (0.1, 0.85, 1.0)}
READER_COLORS = {LONG: (1.0, 0.45, 0.0), SHORT: (0.35, 0.45, 1.0)}
MOVED_MM = 1e-3


def add_measured_line(scene: slicer.vtkMRMLScene) -> Any:
    """A line node for a diameter, to be put in place by ``place_measured_line``."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode")
    node.SetAttribute(ORIGIN_ATTRIBUTE, AUTOMATIC)
    node.CreateDefaultDisplayNodes()
    return node


def place_measured_line(
    node: slicer.vtkMRMLMarkupsLineNode, lesion: Lesion, axis: str, transform_id: str | None
) -> None:
    """Make a line show the long or the short axis of a lesion, and nothing of what it showed before.

    transform_id: of the transform that the CT is under; the line moves with it.
    """
    line_ras_mm = lesion.long_axis_ras_mm if axis == LONG else lesion.short_axis_ras_mm
    modified = node.StartModify()
    node.SetName(f"Lesion {lesion.id} {axis} axis")
    node.SetAndObserveTransformNodeID(transform_id)
    _set_ends(node, line_ras_mm)
    node.SetAttribute(LESION_ID_ATTRIBUTE, str(lesion.id))
    node.SetAttribute(AXIS_ATTRIBUTE, axis)
    node.SetAttribute(MEASURED_ENDS_ATTRIBUTE, json.dumps(_own_ends(node)))
    # The node's own description belongs to Slicer, which writes the length there.
    node.SetNthControlPointDescription(0, _description(lesion))
    _style(node.GetDisplayNode(), COLORS[axis])
    # Two labels on two crossing lines cover each other; the table has both lengths.
    node.GetDisplayNode().SetPropertiesLabelVisibility(axis == LONG)
    node.EndModify(modified)


def make_reader_line(node: slicer.vtkMRMLMarkupsLineNode) -> None:
    """A measured line that somebody has moved is theirs from now on."""
    node.SetAttribute(ORIGIN_ATTRIBUTE, READER)
    node.RemoveAttribute(MEASURED_ENDS_ATTRIBUTE)
    node.SetNthControlPointDescription(0, "Placed by the reader")
    _style(node.GetDisplayNode(), READER_COLORS[axis_of(node)])
    assign_reader_line(node, lesion_id_of(node))


def assign_reader_line(node: slicer.vtkMRMLMarkupsLineNode, lesion_id: int | None) -> None:
    """Give a reader's line to the lesion that it lies in now; None: there is none any more, the line is kept."""
    node.SetAttribute(LESION_ID_ATTRIBUTE, "" if lesion_id is None else str(lesion_id))
    whose = "No lesion:" if lesion_id is None else f"Lesion {lesion_id}"
    node.SetName(f"{whose} {axis_of(node)} axis (reader)")


def is_reader_line(node: slicer.vtkMRMLMarkupsLineNode) -> bool:
    """Whether a person placed it."""
    return bool(node.GetAttribute(ORIGIN_ATTRIBUTE) == READER)


def lesion_id_of(node: slicer.vtkMRMLMarkupsLineNode) -> int | None:
    """The lesion that a line belongs to; None for a reader's line that lies in none."""
    text = node.GetAttribute(LESION_ID_ATTRIBUTE)
    return int(text) if text else None


def axis_of(node: slicer.vtkMRMLMarkupsLineNode) -> str:
    """LONG or SHORT."""
    return str(node.GetAttribute(AXIS_ATTRIBUTE))


def ends_ras_of(node: slicer.vtkMRMLMarkupsLineNode) -> np.ndarray:
    """End points (2, 3) in RAS mm; fewer rows while a line is being placed."""
    count = node.GetNumberOfControlPoints()
    return np.array([node.GetNthControlPointPositionWorld(index) for index in range(count)], float).reshape(-1, 3)


def has_moved(node: slicer.vtkMRMLMarkupsLineNode) -> bool:
    """Whether a measured line lies elsewhere than it was put."""
    stored = node.GetAttribute(MEASURED_ENDS_ATTRIBUTE)
    if is_reader_line(node) or not stored or node.GetNumberOfControlPoints() != 2:
        return False
    measured, now = json.loads(stored), _own_ends(node)
    if measured["transformed"] != now["transformed"]:
        return False
    return bool(np.abs(np.array(measured["ends_mm"]) - now["ends_mm"]).max() > MOVED_MM)


def length_mm(node: slicer.vtkMRMLMarkupsLineNode) -> float:
    """The length that Slicer shows for a line; 0 while it has fewer than two ends."""
    ends_ras = ends_ras_of(node)
    return float(np.linalg.norm(ends_ras[1] - ends_ras[0])) if len(ends_ras) == 2 else 0.0


def _own_ends(node: Any) -> dict[str, Any]:
    count = node.GetNumberOfControlPoints()
    ends_mm = [list(node.GetNthControlPointPosition(index)) for index in range(count)]
    return {"ends_mm": ends_mm, "transformed": node.GetTransformNodeID() is not None}


def _set_ends(node: Any, line_ras_mm: Line) -> None:
    if node.GetNumberOfControlPoints() != len(line_ras_mm):
        node.RemoveAllControlPoints()
        for point_ras in line_ras_mm:
            node.AddControlPointWorld(*point_ras)
    for index, point_ras in enumerate(line_ras_mm):
        node.SetNthControlPointPositionWorld(index, *point_ras)


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
