"""The follow-up of ``followup_numbers`` in a scene: each CT on a grid of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import slicer
from followup_numbers import DATES, KEYS, PLACES_RAS, SPACINGS_MM, timeline

from LiverTumorSegLib.labels import SEGMENTATION_LABELS
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.mrml.followup import FollowUpNode
from LiverTumorSegLib.mrml.followup_nodes import add_follow_up, add_result_visit, keep_keys
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.result_nodes import add_result
from LiverTumorSegLib.mrml.volume_node import add_volume_node, view_of
from LiverTumorSegLib.volume import Volume

SHAPES = ((40, 36, 20), (30, 34, 26), (44, 28, 22))
Ball = tuple[tuple[float, float, float], float]
"""A further tumor: offset from the middle of the liver and radius, in mm."""
LIVER_SEMI_AXES_MM = (34.0, 27.0, 30.0)
ORIGINS_RAS = ((-40.0, -30.0, 10.0), (-35.0, -44.0, 31.0), (-42.0, -25.0, -22.0))


def grid(visit: int, turn_degrees: float = 0.0) -> np.ndarray:
    """The affine of a visit's CT, turned about the patient's R axis."""
    angle = np.radians(turn_degrees)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag(SPACINGS_MM[visit])
    affine[:3, 3] = ORIGINS_RAS[visit]
    return affine


def add_visits(
    scene: Any, count: int = 3, turn_degrees: float = 0.0, further: Sequence[Sequence[Ball]] = ((), (), ())
) -> list[Result]:
    """A CT and a result for each visit: an egg of liver, a ball of tumor where L1 lies; further: more per visit."""
    return [_add_visit(scene, visit, turn_degrees, further[visit]) for visit in range(count)]


def follow_up_with_numbers(scene: Any, turn_degrees: float = 0.0) -> tuple[FollowUpNode, list[Result]]:
    """Three results, chosen as visits, with the numbers of ``timeline``, as after a run."""
    from LiverTumorSegLib.mrml.followup_nodes import show_timeline

    results = add_visits(scene, turn_degrees=turn_degrees)
    follow_up = add_follow_up(scene)
    entries = [add_result_visit(follow_up, result, date) for result, date in zip(results, DATES, strict=True)]
    keep_keys(follow_up, {entry.number: key for entry, key in zip(entries, KEYS, strict=True)})
    show_timeline(follow_up, timeline())
    return follow_up, results


def _add_visit(scene: Any, visit: int, turn_degrees: float, further: Sequence[Ball]) -> Result:
    affine = grid(visit, turn_degrees)
    shape = SHAPES[visit]
    points = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    middle_ras = affine[:3, :3] @ ((np.array(shape) - 1) / 2) + affine[:3, 3]
    labels = np.zeros(shape, np.uint8, order="F")
    labels[np.linalg.norm((points - middle_ras) / LIVER_SEMI_AXES_MM, axis=-1) < 1] = 1
    labels[np.linalg.norm(points - np.array(PLACES_RAS[visit]), axis=-1) < 9] = 3
    for offset_mm, radius_mm in further:
        labels[np.linalg.norm(points - middle_ras - np.array(offset_mm), axis=-1) < radius_mm] = 3
    hu = np.where(labels == 3, 60, np.where(labels == 1, 110, -80)).astype(np.int16)
    node = add_volume_node(scene, Volume(np.asfortranarray(hu), affine), f"CT {visit + 1}")
    segmentation = Volume(labels, view_of(node).affine)
    measured = measure_case(segmentation)[0]
    return add_result(scene, node, segmentation, SEGMENTATION_LABELS, measured, {"command": "segment"})


def layout_logic(scene: Any) -> Any:
    """What makes the views of a layout in the desktop application; hold it as long as it shall."""
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    return logic
