"""Edits land where the reader sees them: on oblique grids, and on CT whose slices are sheared (tilted gantry)."""

from __future__ import annotations

import numpy as np
import pytest
from mrml_case import SHAPE, SPACING_MM, oblique_affine, tilted_affine
from trame_slicer.core import SlicerApp
from trame_slicer.segmentation import (
    BrushDiameterMode,
    SegmentationEffectIslands,
    SegmentationEffectPaint,
    SegmentationEffectScissors,
    SegmentationIslandsMode,
)
from trame_slicer.views import SliceView
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkFiltersSources import vtkSphereSource

from LiverTumorSegLib.labels import MAIN_LABELS, TUMOR
from LiverTumorSegLib.mrml.grid import affine_of, right_handed
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.segmentation_node import add_segmentation_node
from LiverTumorSegLib.mrml.volume_node import add_volume_node, view_of
from LiverTumorSegLib.volume import Volume
from LiverTumorSegLib.web.session.placed_editing import PlacedEditing

AFFINES = {"oblique": oblique_affine(), "tilted": tilted_affine()}
RADIUS_MM = 6.0
BLOBS = (np.s_[4:9, 5:11, 4:9], np.s_[22:27, 16:22, 12:17])


def mask_of(blobs) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8, order="F")
    for blob in blobs:
        mask[blob] = 1
    return mask


def at(affine, index) -> np.ndarray:
    return affine[:3, :3] @ index + affine[:3, 3]


class Desk:
    """A CT with two blobs of tumor under trame-slicer's editor."""

    def __init__(self, affine: np.ndarray, blobs=BLOBS) -> None:
        self.app, self.affine = SlicerApp(), affine
        labels = TUMOR.value * mask_of(blobs)
        self.ct = add_volume_node(self.app.scene, Volume(np.zeros(SHAPE, np.int16, order="F"), affine), "CT")
        self.node = add_segmentation_node(self.app.scene, Volume(labels, affine), MAIN_LABELS, self.ct, "result")
        self.editor = self.app.segmentation_editor
        placed = PlacedEditing(self.editor)
        self.editor.set_active_segmentation(self.node, self.ct)
        placed.follow(self.ct)
        self.editor.set_active_segment_id(TUMOR.name)

    @property
    def tumor(self) -> Volume:
        labels = segmentation_of(self.node, view_of(self.ct))
        return labels.with_array((labels.array == TUMOR.value).astype(np.uint8))

    def shows(self, *blobs) -> bool:
        """Whether the tumor is exactly these; a left-handed CT is stored with its last axis reversed."""
        expected = right_handed(Volume(mask_of(blobs), self.affine))
        return bool((self.tumor.array == expected.array).all())

    def points_ras(self) -> np.ndarray:
        tumor = self.tumor
        return tumor.ras_from_ijk(np.argwhere(tumor.array))


@pytest.fixture(params=AFFINES.values(), ids=AFFINES.keys())
def affine(request) -> np.ndarray:
    return request.param


def middle_of(affine) -> np.ndarray:
    return at(affine, (15, 13, 11))


def ball() -> vtkSphereSource:
    source = vtkSphereSource()
    source.SetRadius(RADIUS_MM)
    source.SetPhiResolution(32)
    source.SetThetaResolution(32)
    source.Update()
    return source


def test_a_dab_of_the_brush_is_a_ball_around_the_mouse(affine):
    desk = Desk(affine, blobs=())
    effect = desk.editor.get_effect(SegmentationEffectPaint)
    desk.editor.set_active_effect(effect)
    effect.set_brush_diameter(2 * RADIUS_MM, BrushDiameterMode.Absolute)
    mouse = vtkPoints()
    mouse.InsertNextPoint(middle_of(affine))
    effect.paint_glyph_at_world_coordinates(ball().GetOutput(), mouse)
    painted = desk.points_ras()
    assert np.linalg.norm(painted.mean(axis=0) - middle_of(affine)) < 0.5 * min(SPACING_MM)
    volume_mm3 = len(painted) * abs(np.linalg.det(affine[:3, :3]))
    assert volume_mm3 == pytest.approx(4 / 3 * np.pi * RADIUS_MM**3, rel=0.1)
    assert np.linalg.norm(painted - middle_of(affine), axis=1).max() < RADIUS_MM + max(SPACING_MM)


def test_a_surface_is_filled_where_it_lies(affine):
    desk = Desk(affine, blobs=())
    source = ball()
    source.SetCenter(*middle_of(affine))
    source.Update()
    desk.editor.apply_polydata_world(source.GetOutput())
    assert np.linalg.norm(desk.points_ras().mean(axis=0) - middle_of(affine)) < 0.5 * min(SPACING_MM)


@pytest.mark.parametrize(("mode", "kept"), [("REMOVE_SELECTED", 1), ("KEEP_SELECTED", 0)])
def test_the_part_that_is_clicked_is_the_one_that_goes_or_stays(affine, mode, kept):
    desk = Desk(affine)
    effect = desk.editor.get_effect(SegmentationEffectIslands)
    desk.editor.set_active_effect(effect)
    effect.select_island_at_position(tuple(at(affine, (6, 8, 6))), SegmentationIslandsMode[mode])
    assert desk.shows(BLOBS[kept])


def test_scissors_cut_what_lies_inside_the_contour_in_the_view(affine):
    desk = Desk(affine)
    view = SliceView(scene=desk.app.scene, app_logic=desk.app.app_logic, name="Red")
    view.render_window().SetSize(400, 300)
    view.set_background_volume_id(desk.ct.GetID())
    view.fit_view_to_content()
    second = at(affine, (24, 18.5, 14))
    view.get_view_node().JumpSliceByCentering(*second)
    to_ras = affine_of(view.get_view_node().GetXYToRAS())
    center_px = (np.linalg.inv(to_ras) @ (*second, 1.0))[:2]
    half_px = 9.0 / np.linalg.norm(to_ras[:3, 0])
    contour = vtkPoints()
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        contour.InsertNextPoint(center_px[0] + x * half_px, center_px[1] + y * half_px, 0.0)
    effect = desk.editor.get_effect(SegmentationEffectScissors)
    desk.editor.set_active_effect(effect)
    effect.apply_points_display_coordinates(contour, view)
    assert desk.shows(BLOBS[0])
