"""What the views show when the scene is opened: the slices through the largest lesion, the liver from in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.measurements import Lesion
from LiverTumorSegLib.mrml.grid import affine_of
from LiverTumorSegLib.mrml.nodes import nodes_of_class
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.volume import Volume

_SLICE_VIEWS = {"Red": "Axial", "Green": "Coronal", "Yellow": "Sagittal"}
_SLICE_PIXELS = 400
HEAD = (0.0, 0.0, 1.0)
_MARGIN = 1.1
"""Size of a view over the size of what it shows."""

_ALONG_DEGREES = 0.5
_LAYOUTS_WITHOUT_3D = [
    getattr(slicer.vtkMRMLLayoutNode, f"SlicerLayout{name}View")
    for name in ("OneUpRedSlice", "OneUpYellowSlice", "OneUpGreenSlice", "TwoOverTwo", "ThreeOverThree", "SideBySide")
]

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


def focus_of(segmentation: Volume, lesions: tuple[Lesion, ...]) -> Focus:
    """The largest lesion's long axis and the segmented region; the CT's middle and extent where nothing was found."""
    box = bounding_box(segmentation.array) or tuple(slice(0, length) for length in segmentation.shape)
    ends_ijk = [(side.start - 0.5, side.stop - 0.5) for side in box]
    corners_ras = segmentation.ras_from_ijk(np.array(np.meshgrid(*ends_ijk, indexing="ij")).reshape(3, -1).T)
    if not lesions:
        return Focus(corners_ras.mean(axis=0), corners_ras)
    return Focus(np.array(lesions[0].long_axis_ras_mm).mean(axis=0), corners_ras)


def show_result(scene: slicer.vtkMRMLScene, volume_node: Any, focus: Focus) -> None:
    """Turn the views that an application has open to a new result: CT behind, slices through the focus, liver in 3D.

    A layout of slices alone becomes the usual one with a 3D view.
    """
    for layout in nodes_of_class(scene, "vtkMRMLLayoutNode"):
        if layout.GetViewArrangement() in _LAYOUTS_WITHOUT_3D:
            layout.SetViewArrangement(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    for composite in nodes_of_class(scene, "vtkMRMLSliceCompositeNode"):
        composite.SetBackgroundVolumeID(volume_node.GetID())
    for view in nodes_of_class(scene, "vtkMRMLViewNode"):
        # Without it, what lies inside a translucent liver is drawn in an arbitrary order.
        view.SetUseDepthPeeling(True)
    for camera in nodes_of_class(scene, "vtkMRMLCameraNode"):
        look_from_front(camera.GetCamera(), focus)
    show_position(scene, focus.point_ras, volume_node)


def show_position(scene: slicer.vtkMRMLScene, point_ras: np.ndarray, volume_node: Any | None = None) -> None:
    """Centre every slice view on a place in the patient.

    volume_node: whose slices to lie in, where they are not parallel to the patient's axes: a diameter that was measured
    in an oblique slice cannot be seen in an axial one.
    """
    for view in nodes_of_class(scene, "vtkMRMLSliceNode"):
        show_position_in(view, point_ras, volume_node)


def show_position_in(view: Any, point_ras: np.ndarray, volume_node: Any | None = None) -> None:
    """The same for one slice view."""
    if volume_node is not None and not (
        _is_along_patient_axes(view_of(volume_node).affine) and _is_along_patient_axes(affine_of(view.GetSliceToRAS()))
    ):
        view.RotateToVolumePlane(volume_node)
    view.JumpSliceByCentering(*point_ras)


def _is_along_patient_axes(affine: Affine) -> bool:
    axes = affine[:3, :3]
    cosines = np.abs(axes / np.linalg.norm(axes, axis=0)).max(axis=0)
    return bool((cosines > np.cos(np.radians(_ALONG_DEGREES))).all())


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
