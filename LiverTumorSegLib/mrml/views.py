"""What the views show when the scene is opened: the slices through the largest lesion, the liver from in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.mrml.grid import labelled_box

_SLICE_VIEWS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}
_SLICE_PIXELS = 400
HEAD = (0.0, 0.0, 1.0)
_MARGIN = 1.1
"""Size of a view over the size of what it shows."""

FROM_FRONT = (0.34, 0.88, 0.33)
"""Where the reader stands (RAS): in front, a little to the patient's right and above."""
VIEW_ANGLE_DEGREES = 30.0


@dataclass(frozen=True, eq=False)
class Focus:
    """What a reader wants to see first: a point, and the corners (8, 3) of the box around the liver. All in RAS mm."""

    point_ras: np.ndarray
    corners_ras: np.ndarray

    @property
    def center_ras(self) -> np.ndarray:
        return self.corners_ras.mean(axis=0)

    @property
    def size_mm(self) -> float:
        """The longest diagonal of the box."""
        return 2 * float(np.linalg.norm(self.corners_ras - self.center_ras, axis=1).max())


def focus_of(case: Case) -> Focus:
    """The largest lesion's long axis and the segmented region; the CT's middle and extent where nothing was found."""
    segmentation = case.segmentation
    box = labelled_box(segmentation.array) or tuple(slice(0, length) for length in segmentation.shape)
    ends_ijk = [(side.start - 0.5, side.stop - 0.5) for side in box]
    corners_ras = segmentation.ras_from_ijk(np.array(np.meshgrid(*ends_ijk, indexing="ij")).reshape(3, -1).T)
    if not case.measurements.lesions:
        return Focus(corners_ras.mean(axis=0), corners_ras)
    line_ras = np.array(case.measurements.lesions[0].long_axis_ras_mm)
    return Focus(line_ras.mean(axis=0), corners_ras)


def add_default_views(scene: slicer.vtkMRMLScene, volume_node: Any, focus: Focus) -> None:
    """Slice views with the CT behind, and the first 3D view with its camera; taken over by whatever opens the scene."""
    for name, orientation in _SLICE_VIEWS.items():
        _add_slice_view(scene, name, orientation, focus)
        composite = slicer.vtkMRMLSliceCompositeNode()
        composite.SetLayoutName(name)
        composite.SetSingletonTag(name)
        composite.SetBackgroundVolumeID(volume_node.GetID())
        scene.AddNode(composite)
    view = slicer.vtkMRMLViewNode()
    view.SetName("View1")
    view.SetLayoutName("1")
    view.SetSingletonTag("1")
    view.SetBoxVisible(False)
    view.SetAxisLabelsVisible(False)
    view.SetUseDepthPeeling(True)
    view.SetOrientationMarkerType(slicer.vtkMRMLAbstractViewNode.OrientationMarkerTypeHuman)
    scene.AddNode(view)
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode", "Default Scene Camera")
    camera.SetLayoutName("1")
    look_from_front(camera.GetCamera(), focus)


def look_from_front(camera: Any, focus: Focus, aspect: float = 1.0) -> None:
    """Turn a VTK camera to the liver as a radiologist draws it: head up, the patient's right on the left.

    aspect: width / height of the view; the whole box is inside.
    """
    backward = np.array(FROM_FRONT) / np.linalg.norm(FROM_FRONT)
    rightward = np.cross(HEAD, backward) / np.linalg.norm(np.cross(HEAD, backward))
    upward = np.cross(backward, rightward)
    offsets_mm = focus.corners_ras - focus.center_ras
    slope = np.tan(np.radians(VIEW_ANGLE_DEGREES / 2))
    sideways_mm = np.maximum(np.abs(offsets_mm @ rightward) / aspect, np.abs(offsets_mm @ upward))
    distance_mm = float((offsets_mm @ backward + _MARGIN * sideways_mm / slope).max())
    camera.SetFocalPoint(*focus.center_ras)
    camera.SetPosition(*(focus.center_ras + distance_mm * backward))
    camera.SetViewUp(*HEAD)
    camera.SetViewAngle(VIEW_ANGLE_DEGREES)
    camera.SetClippingRange(max(1.0, distance_mm - focus.size_mm), distance_mm + focus.size_mm)


def _add_slice_view(scene: slicer.vtkMRMLScene, name: str, orientation: str, focus: Focus) -> None:
    # Made by the scene: its default slice node knows the orientation presets.
    node = scene.CreateNodeByClass("vtkMRMLSliceNode")
    node.SetName(name)
    node.SetLayoutName(name)
    node.SetSingletonTag(name)
    node.SetOrientation(orientation)
    side_mm = _MARGIN * focus.size_mm
    node.SetDimensions(_SLICE_PIXELS, _SLICE_PIXELS, 1)
    node.SetFieldOfView(side_mm, side_mm, 1.0)
    node.JumpSliceByCentering(*focus.point_ras)
    scene.AddNode(node)
    node.UnRegister(None)
