"""The plane along which the liver is cut: placed through a point, then shifted, turned and tilted, or dragged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.plan_markups import PLANE
from LiverTumorSegLib.mrml.plan_nodes import remove_node
from LiverTumorSegLib.mrml.plan_updates import liver_of
from LiverTumorSegLib.mrml.result import Result

Direction = tuple[float, float, float]

TO_THE_RIGHT: Direction = (1.0, 0.0, 0.0)
COLOR = (0.25, 0.85, 0.95)
OPACITY_3D = 0.2
"""In 3D the parts behind it stay visible."""
LINE_PX = 2
HANDLE_SCALE = 1.2
_DIGITS = 1
_STRAIGHT_UP = 1e-6
_OFF_CENTRE_MM = 5.0


@dataclass(frozen=True)
class PlaneSetting:
    """How a plane lies to the point that it was placed through: shift_mm along its normal. The normal points to the
    patient's right with 0 and 0, to the front with turn_deg 90, to the head with tilt_deg 90.
    """

    shift_mm: float = 0.0
    turn_deg: float = 0.0
    tilt_deg: float = 0.0

    @property
    def normal_ras(self) -> Direction:
        turn, tilt = np.radians([self.turn_deg, self.tilt_deg])
        return float(np.cos(tilt) * np.cos(turn)), float(np.cos(tilt) * np.sin(turn)), float(np.sin(tilt))

    @classmethod
    def of(cls, shift_mm: float, normal_ras: Direction, last_turn_deg: float = 0.0) -> PlaneSetting:
        """Rounded as a reader sees it. last_turn_deg: of a normal straight up or down, which has none."""
        right, front, up = (float(part) for part in np.asarray(normal_ras) / np.linalg.norm(normal_ras))
        level = float(np.hypot(right, front))
        turn = last_turn_deg if level < _STRAIGHT_UP else float(np.degrees(np.arctan2(front, right)))
        tilt = float(np.degrees(np.arctan2(up, level)))
        return cls(*(round(value, _DIGITS) + 0.0 for value in (shift_mm, turn, tilt)))


class CuttingPlane:
    """A markup in a scene that Slicer's views let the mouse drag; it is there from ``place`` to ``remove``."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._node: Any | None = None
        self._through_ras = np.zeros(3)
        self._setting = PlaneSetting()
        self._locked = False
        self._square: Any | None = None
        """What is seen of it: a model, of which slices show the line where they meet."""
        self._drawn_at = 0

    @property
    def node(self) -> Any | None:
        return self._node if self._node is not None and self._node.GetScene() is self._scene else None

    def place(self, through_ras: np.ndarray, normal_ras: Direction, size_mm: float) -> None:
        """Through a point, with a square of that size to be seen of it."""
        node = self.node or self._new_node()
        self._through_ras = np.asarray(through_ras, float)
        node.SetSizeWorld(size_mm, size_mm)
        self.move(PlaneSetting.of(0.0, normal_ras))

    def move(self, setting: PlaneSetting) -> None:
        """Where a setting wants it; nothing moves where it is there already, as near as settings tell."""
        node = self.node
        if node is None or (node.GetIsPlaneValid() and self.setting == setting):
            self._setting = setting
            return
        self._setting = setting
        normal = np.array(setting.normal_ras)
        modified = node.StartModify()
        node.SetOriginWorld(*(self._through_ras + setting.shift_mm * normal))
        node.SetNormalWorld(*normal)
        node.EndModify(modified)

    @property
    def setting(self) -> PlaneSetting:
        """As it lies now, also after it was dragged."""
        node = self.node
        if node is None or not node.GetIsPlaneValid():
            return self._setting
        normal = node.GetNormalWorld()
        shift_mm = float((np.array(node.GetOriginWorld()) - self._through_ras) @ normal)
        return PlaneSetting.of(shift_mm, (normal[0], normal[1], normal[2]), self._setting.turn_deg)

    def draw(self) -> None:
        """Let what is seen follow; call it often, since the mouse may drag the plane."""
        node = self.node
        if node is None or self._square is None or node.GetMTime() == self._drawn_at:
            return
        self._drawn_at = node.GetMTime()
        corners = vtkPoints()
        node.GetPlaneCornerPointsWorld(corners)
        self._square.SetAndObservePolyData(_square(corners))

    def show(self, *, visible: bool) -> None:
        for node in (self.node, self._square):
            if node is not None:
                node.SetDisplayVisibility(visible)

    def lock(self, *, locked: bool) -> None:
        """While a tool is in the reader's hand, the mouse does not drag it."""
        self._locked = locked
        if self.node is not None:
            self.node.SetLocked(locked)
            self.node.GetDisplayNode().SetHandlesInteractive(not locked)

    def remove(self) -> None:
        for node in (self.node, self._square):
            if node is not None:
                remove_node(self._scene, node)
        self._node = self._square = None

    def _new_node(self) -> Any:
        node = self._node = self._scene.AddNewNodeByClass(PLANE, "Plane")
        node.SetSizeMode(slicer.vtkMRMLMarkupsPlaneNode.SizeModeAbsolute)
        node.SetSaveWithScene(False)
        node.CreateDefaultDisplayNodes()
        _style_plane(node.GetDisplayNode())
        self._square = self._scene.AddNewNodeByClass("vtkMRMLModelNode", "Plane's square")
        self._square.SetSaveWithScene(False)
        self._square.CreateDefaultDisplayNodes()
        _style_square(self._square.GetDisplayNode())
        self._drawn_at = 0
        self.lock(locked=self._locked)
        return node


def _style_plane(display: Any) -> None:
    """Its handles alone: in slices, outline and fill would lie beside the cut and tint the CT."""
    display.SetOutlineVisibility(False)
    display.SetFillVisibility(False)
    display.SetSelectedColor(*COLOR)
    display.SetColor(*COLOR)
    display.SetPropertiesLabelVisibility(False)
    display.SetPointLabelsVisibility(False)
    display.SetTranslationHandleVisibility(True)
    display.SetRotationHandleVisibility(True)
    display.SetScaleHandleVisibility(False)
    display.SetInteractionHandleScale(HANDLE_SCALE)


def _style_square(display: Any) -> None:
    display.SetColor(*COLOR)
    display.SetEdgeColor(*COLOR)
    display.SetEdgeVisibility(True)
    display.SetOpacity(OPACITY_3D)
    display.SetBackfaceCulling(False)
    display.SetLighting(False)
    display.SetVisibility2D(True)
    display.SetSliceIntersectionThickness(LINE_PX)


def _square(corners: vtkPoints) -> vtkPolyData:
    cells = vtkCellArray()
    cells.InsertNextCell(corners.GetNumberOfPoints())
    for number in range(corners.GetNumberOfPoints()):
        cells.InsertCellPoint(number)
    square = vtkPolyData()
    square.SetPoints(corners)
    square.SetPolys(cells)
    return square


def outward(from_middle_ras: np.ndarray) -> Direction:
    """Away from the liver's middle; to the patient's right from the middle itself."""
    length_mm = float(np.linalg.norm(from_middle_ras))
    if length_mm < _OFF_CENTRE_MM:
        return TO_THE_RIGHT
    right, front, up = (float(part) for part in from_middle_ras / length_mm)
    return right, front, up


def middle_of(result: Result) -> tuple[np.ndarray, float]:
    """The liver's centre (RAS mm), and the longest side of its box. Raises InputError without segments or voxels."""
    grid, labels, box, _segments = liver_of(result)
    index_ijk = np.argwhere(labels > 0)
    if not len(index_ijk):
        raise InputError(found="an empty liver", expected="a liver to cut", remedy="Undo the last edit")
    points_ras = grid.ras_from_ijk(index_ijk + [side.start for side in box])
    return points_ras.mean(axis=0), float(np.ptp(points_ras, axis=0).max())
