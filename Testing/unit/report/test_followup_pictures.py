"""Pictures of a lesion over time: one scale, overlays on the anatomy, on oblique and anisotropic grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from followup_pages import LESIONS, examination, examinations, placed, timeline

from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.labels import TUMOR
from LiverTumorSegLib.report.followup_pictures import PICTURE_PX, field_mm, lesion_picture, lesion_pictures
from LiverTumorSegLib.report.slices import PictureGrid, acquisition_plane
from LiverTumorSegLib.timeline import LookBack, Sighting, State

LESION = timeline().lesions
VISITS = (0, 1, 2)


def picture(lesion, visit: int, *, with_ct: bool = True) -> np.ndarray:
    shown = examination(visit, with_ct=with_ct)
    return np.asarray(lesion_picture(lesion, visit, shown, shown.ct())).astype(int)


def grid_of(lesion, visit: int, center) -> PictureGrid:
    affine = examination(visit).segmentation.affine
    plane = acquisition_plane(affine, slice_axis(affine))
    return PictureGrid.centered(plane, center, field_mm(lesion) / PICTURE_PX, (PICTURE_PX, PICTURE_PX))


def middle(lesion, visit: int):
    return tuple(float(v) for v in np.mean(lesion.sightings[visit].parts[0].long_axis_ras_mm, axis=0))


def yellow(pixels: np.ndarray) -> np.ndarray:
    return (pixels[..., 0] > 165) & (pixels[..., 1] > 120) & (pixels[..., 2] < 90)


@pytest.mark.parametrize("visit", VISITS)
def test_the_outline_lies_on_the_lesions_border_and_the_lesion_is_dark_inside(visit):
    """Between the lesion's centre and a place beyond its front there is one line in the colour of tumors."""
    lesion = LESION[0]
    grid = grid_of(lesion, visit, middle(lesion, visit))
    box = placed(LESIONS[visit]["L1"], visit)
    front = np.array(box[0]) + [4.0, 0.0, 0.0]
    steps = np.linspace(0.0, 1.6 * box[1][1], 160)
    points = np.array([front + [0.0, step, 0.0] for step in steps])
    x, y = np.rint(grid.pixels_from_ras(points)).astype(int).T
    shown = picture(lesion, visit)[y, x]
    is_line = np.abs(shown - TUMOR.color).sum(axis=1) < 60
    assert is_line.any()
    crossed_mm = steps[is_line].mean()
    assert crossed_mm == pytest.approx(box[1][1], abs=2.6)  # a voxel is up to 2.4 mm long
    assert shown[steps < box[1][1] - 4].mean() < shown[steps > box[1][1] + 4].mean() - 40


@pytest.mark.parametrize("visit", VISITS)
def test_the_longest_diameter_is_drawn_from_end_to_end(visit):
    lesion = LESION[0]
    grid, shown = grid_of(lesion, visit, middle(lesion, visit)), picture(lesion, visit)
    ends = np.array(lesion.sightings[visit].parts[0].long_axis_ras_mm)
    along = np.array([ends[0] + share * (ends[1] - ends[0]) for share in np.linspace(0.03, 0.97, 25)])
    x, y = np.rint(grid.pixels_from_ras(along)).astype(int).T
    assert yellow(shown[y, x]).mean() > 0.8
    beyond = np.array([ends[1] + 0.12 * (ends[1] - ends[0]), ends[0] - 0.12 * (ends[1] - ends[0])])
    x, y = np.rint(grid.pixels_from_ras(beyond)).astype(int).T
    assert not yellow(shown[y, x]).any()


def test_all_pictures_of_a_lesion_have_one_scale_with_room_for_its_largest():
    largest = max(part.long_axis_mm for seen in LESION[0].sightings for part in seen.parts)
    assert field_mm(LESION[0]) >= 1.5 * largest
    assert field_mm(LESION[2]) == 60.0


@pytest.mark.parametrize(("lesion", "visit", "first"), [(1, 1, 0), (1, 2, 0), (2, 0, 2), (2, 1, 2)])
def test_where_it_is_not_seen_a_dashed_circle_marks_the_carried_place(lesion, visit, first):
    """As wide as the lesion where it was seen."""
    name = f"L{lesion + 1}"
    center = placed(LESIONS[first][name], visit)[0]
    shown = picture(LESION[lesion], visit)
    grid = grid_of(LESION[lesion], visit, center)
    radius_px = LESION[lesion].sightings[first].long_axis_mm / 2 / grid.pixel_mm
    turn = np.linspace(0, 2 * np.pi, 720)

    def share(radius: float) -> float:
        x, y = (np.rint((PICTURE_PX - 1) / 2 + radius * part(turn)).astype(int) for part in (np.cos, np.sin))
        return float(yellow(shown)[y, x].mean())

    assert 0.4 < share(radius_px) < 0.8  # dashes
    assert share(radius_px - 6) == share(radius_px + 6) == 0


def test_the_place_of_a_look_back_goes_before_that_of_the_sighting():
    elsewhere = LookBack(0, (10.0, 0.0, 0.0), 100.0, "")
    moved = replace(LESION[2], look_back=(elsewhere,))
    assert (picture(moved, 0) != picture(LESION[2], 0)).any()


def test_where_nobody_knows_the_place_there_is_no_picture():
    nowhere = replace(LESION[2], look_back=(), sightings=(Sighting(State.NOT_EVALUABLE), *LESION[2].sightings[1:]))
    assert lesion_picture(nowhere, 0, examination(0), None) is None
    made = lesion_pictures(examinations(), [nowhere])
    assert [(one.lesion, one.visit) for one in made] == [("L3", 1), ("L3", 2)]


def test_without_a_ct_the_segmentation_is_drawn():
    made = lesion_pictures(examinations(with_ct=False), LESION)
    assert not any(one.with_ct for one in made)
    inside, outside = picture(LESION[0], 0, with_ct=False)[200, 100], picture(LESION[0], 0, with_ct=False)[200, 8]
    assert inside.max() > outside.min() + 40


def test_each_ct_is_asked_for_once_and_a_cancel_ends_it():
    asked = []
    shown = [replace(one, ct=lambda n=n: asked.append(n)) for n, one in enumerate(examinations())]
    lesion_pictures(shown, LESION)
    assert asked == [0, 1, 2]

    def stop(event):
        if event.fraction > 0.5:
            raise CancelledError

    with pytest.raises(CancelledError):
        lesion_pictures(shown, LESION, stop)
