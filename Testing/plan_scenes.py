"""The box-shaped, divided liver of plan_cases as a result in a scene, and cuts through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from plan_cases import divided_case

from LiverTumorSegLib.labels import IV, PARTS_OF_IV, SEGMENTATION_LABELS
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.mrml.grid import image_of, matrix_of
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.result_nodes import add_result
from LiverTumorSegLib.mrml.volume_node import add_volume_node, view_of
from LiverTumorSegLib.volume import Volume

START_IJK = (7, -3, 11)
MOVED = np.array([[0.0, -1.0, 0.0, 12.0], [1.0, 0.0, 0.0, -31.0], [0.0, 0.0, 1.0, 53.0], [0.0, 0.0, 0.0, 1.0]])
"""A quarter turn about S and a shift: what is to the right lies in front afterwards."""
PLACES = ("upright", "left-handed", "oblique", "sheared by the gantry", "first index not 0", "under a transform")


def divided_result(scene: Any, place: str = "oblique", *, divides_iv: bool = False) -> Result:
    """A finished result whose CT lies in one of PLACES. divides_iv: IVa is the half of IV at the higher k."""
    grid = place if place in ("oblique", "sheared by the gantry") else "upright"
    case = divided_case(grid)
    node = add_volume_node(scene, case.study.ct, "CT") if grid == place else _volume_node(scene, case.study.ct, place)
    segmentation, segments = case.segmentation, case.segments
    if divides_iv:
        segments = segments.with_array(_with_halves_of_iv(segments.array))
    if place == "left-handed":
        segmentation, segments = (_mirrored(part) for part in (segmentation, segments))
    seen = view_of(node).affine
    if place == "under a transform":
        segmentation, segments = (Volume(part.array, seen) for part in (segmentation, segments))
    measured = measure_case(segmentation, segments=segments)[0]
    return add_result(scene, node, segmentation, SEGMENTATION_LABELS, measured, {"command": "segment"}, segments)


def _with_halves_of_iv(segments: np.ndarray) -> np.ndarray:
    whole = segments == IV.value
    k = np.indices(segments.shape)[2]
    upper, lower = (np.uint8(part.value) for part in PARTS_OF_IV)
    return np.where(whole, np.where(k > np.median(k[whole]), upper, lower), segments)


def to_patient(place: str) -> np.ndarray:
    """From the places named in plan_cases to where they lie in such a scene."""
    return MOVED if place == "under a transform" else np.eye(4)


def add_plane(scene: Any, point_ras: Any, normal_ras: Any, place: str = "oblique") -> Any:
    """A plane markup; point and normal as in plan_cases."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsPlaneNode", "cut")
    move_plane(node, point_ras, normal_ras, place)
    return node


def move_plane(node: Any, point_ras: Any, normal_ras: Any, place: str = "oblique") -> None:
    """Drag it there."""
    matrix = to_patient(place)
    node.SetOriginWorld(*(matrix @ [*point_ras, 1.0])[:3])
    node.SetNormalWorld(*(matrix[:3, :3] @ normal_ras))


def add_points(scene: Any, points_ras: Any, kind: str = "Fiducial", place: str = "oblique") -> Any:
    """A point list or a curve."""
    node = scene.AddNewNodeByClass(f"vtkMRMLMarkups{kind}Node", "cut")
    for point in points_ras:
        node.AddControlPointWorld(*(to_patient(place) @ [*point, 1.0])[:3])
    return node


def shown_parts(result: Result, plan: Any) -> np.ndarray:
    """What Slicer itself exports of the two parts on the CT's voxels (i, j, k): 1 resected, 2 remnant."""
    scene = result.scene
    labels = np.zeros(result.volume.GetImageData().GetDimensions(), np.uint8)
    node = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "exported")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    for value, name in ((1, "resected"), (2, "remnant")):
        if logic.ExportSegmentsToLabelmapNode(plan.parts, [name], node, result.volume):
            labels[slicer.util.arrayFromVolume(node).transpose() > 0] = value
    scene.RemoveNode(node)
    return labels


def segments_on_screen(result: Result, names: tuple[str, ...]) -> np.ndarray:
    """The voxels (i, j, k) of some Couinaud segments of the result, as Slicer exports them."""
    scene = result.scene
    node = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "exported")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(result.segments, list(names), node, result.volume)
    mask = slicer.util.arrayFromVolume(node).transpose() > 0
    scene.RemoveNode(node)
    return np.array(mask)


def _volume_node(scene: Any, ct: Volume, place: str) -> Any:
    start_ijk = START_IJK if place == "first index not 0" else (0, 0, 0)
    ct = _mirrored(ct) if place == "left-handed" else ct
    to_first = np.eye(4)
    to_first[:3, 3] = np.negative(start_ijk)
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    node.SetIJKToRASMatrix(matrix_of(ct.affine @ to_first))
    node.SetAndObserveImageData(image_of(ct.array, start_ijk))
    node.CreateDefaultDisplayNodes()
    if place == "under a transform":
        transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
        transform.SetMatrixTransformToParent(matrix_of(MOVED))
        node.SetAndObserveTransformNodeID(transform.GetID())
    return node


def _mirrored(volume: Volume) -> Volume:
    """The same voxels in the same places, stored from the last slice on: a left-handed grid."""
    reversed_last = np.diag([1.0, 1.0, -1.0, 1.0])
    reversed_last[2, 3] = volume.shape[2] - 1
    return Volume(np.asfortranarray(volume.array[:, :, ::-1]), volume.affine @ reversed_last)
