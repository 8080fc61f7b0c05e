"""Edits with the mouse: they land where the mouse was, the numbers follow, undo gives back what was there to the voxel.

All tests work on one result; each gets it as the run has made it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from workstation_exports import FittedSlice, Rows, exported_mask, exported_tables
from workstation_page import AXIAL, CORONAL, LIVER, ORGAN, SAGITTAL, TUMOR, TUMORS, Numbers, WorkstationPage

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.labels import LIVER as LIVER_LABEL
from LiverTumorSegLib.labels import TUMOR as TUMOR_LABEL
from LiverTumorSegLib.volume import Volume

BRUSH_MM = 30
IN_AIR = ((138.0, 105.0), (100.0, 105.0))
"""R and A of a stroke beside the body, before its right front: the phantom's skin is an ellipse of 156 x 110 mm."""
IN_LIVER = ((95.0, -30.0), (65.0, -30.0))


@dataclass(frozen=True)
class Original:
    """The result as the run has made it."""

    numbers: Numbers
    mask: np.ndarray
    tables: tuple[Rows, Rows]


@pytest.fixture(scope="module")
def ct(phantom: Path) -> Volume:
    return read_study(phantom / "ct.nii.gz").ct


@pytest.fixture(scope="module")
def segmented(new_segmented) -> WorkstationPage:
    return new_segmented()


@pytest.fixture(scope="module")
def original(segmented: WorkstationPage, ct: Volume, tmp_path_factory: pytest.TempPathFactory) -> Original:
    folder = tmp_path_factory.mktemp("original")
    return Original(segmented.numbers(), exported_mask(segmented, ct, folder), exported_tables(segmented, folder))


@pytest.fixture
def page(segmented: WorkstationPage, original: Original, ct: Volume, tmp_path: Path) -> Iterator[WorkstationPage]:
    """Liver in hand; each view shows all of the CT in its middle slice."""
    segmented.structure(LIVER)
    for view in (AXIAL, CORONAL, SAGITTAL):
        segmented.show_all(view)
    segmented.wait_until(lambda: segmented.position_mm(AXIAL) == 2.5, "the middle slice")
    yield segmented
    undo_all(segmented)
    segmented.tool("look")
    assert (exported_mask(segmented, ct, tmp_path) == original.mask).all()
    segmented.wait_for_these_numbers(original.numbers)


def undo_all(page: WorkstationPage) -> None:
    for _ in range(10):
        if not page.can_undo:
            return
        # Not Playwright's click, which would wait for a button that has just been switched off.
        page.page.evaluate("document.getElementById('lts-undo').click()")
        page.page.wait_for_timeout(100)
    raise AssertionError("More than ten edits")


def fitted(page: WorkstationPage, view: int, ct: Volume) -> FittedSlice:
    return FittedSlice(view, ct, page.size(view))


def paint(page: WorkstationPage, view: int, ct: Volume, line: tuple[tuple[float, float], ...]) -> None:
    """A stroke of the tool in hand over places in the patient."""
    place = fitted(page, view, ct)
    page.stroke(view, *(place.pixel_of(*point) for point in line))


def distances_mm(ct: Volume, start_ras: tuple[float, ...], end_ras: tuple[float, ...]) -> np.ndarray:
    """From every voxel's centre to a line."""
    points = np.moveaxis(np.indices(ct.shape), 0, -1) @ ct.affine[:3, :3].T + ct.affine[:3, 3]
    start, along = np.array(start_ras), np.array(end_ras) - start_ras
    share = np.clip((points - start) @ along / (along @ along), 0, 1)
    return np.linalg.norm(points - start - share[..., None] * along, axis=-1)


def check_capsule(changed: np.ndarray, candidates: np.ndarray, distance_mm: np.ndarray) -> None:
    """Candidates that a ball moved along the line covers for sure have changed, what it cannot have reached has not.

    The ball is set down on whole voxels, whose half diagonal is 3.3 mm, and its surface is made of flat pieces.
    """
    radius_mm, slack_mm = BRUSH_MM / 2, 3.4
    assert changed.any()
    assert distance_mm[changed].max() <= radius_mm + slack_mm
    assert changed[candidates & (distance_mm < 0.93 * radius_mm - slack_mm)].all()
    assert not (changed & ~candidates).any()


def test_a_stroke_of_the_brush_adds_its_volume_and_undo_and_redo_are_exact(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path
):
    page.tool("paint")
    page.brush(BRUSH_MM)
    page.area("Everywhere")
    paint(page, AXIAL, ct, IN_AIR)
    painted = page.wait_for_numbers(original.numbers)
    mask, tables = exported_mask(page, ct, tmp_path), exported_tables(page, tmp_path)
    # Where: along the line that the mouse went, in the slice that is shown.
    (r0, a0), (r1, a1) = IN_AIR
    check_capsule(mask != original.mask, original.mask == 0, distances_mm(ct, (r0, a0, 2.5), (r1, a1, 2.5)))
    assert (mask[mask != original.mask] == LIVER_LABEL.value).all()
    # How much: a capsule in air is all new. pi r^2 L + 4/3 pi r^3, in ml.
    radius, length = BRUSH_MM / 2, math.dist(*IN_AIR)
    capsule_ml = (math.pi * radius**2 * length + 4 / 3 * math.pi * radius**3) / 1000
    assert capsule_ml == pytest.approx(41.0, abs=0.1)
    assert painted.ml(ORGAN) - original.numbers.ml(ORGAN) == pytest.approx(capsule_ml, rel=0.15)
    assert painted.ml(ORGAN) == pytest.approx((mask > 0).sum() * 0.045, abs=0.051)
    assert painted.volumes[TUMOR][0] == original.numbers.volumes[TUMOR][0]

    page.undo()
    page.wait_for_these_numbers(original.numbers)
    assert exported_tables(page, tmp_path) == original.tables
    assert (exported_mask(page, ct, tmp_path) == original.mask).all()
    page.redo()
    page.wait_for_these_numbers(painted)
    assert exported_tables(page, tmp_path) == tables
    assert (exported_mask(page, ct, tmp_path) == mask).all()


@pytest.mark.parametrize(
    ("view", "line", "ends_ras"),
    [
        (CORONAL, ((-100.0, -90.0), (-70.0, -60.0)), ((-100.0, 0.0, -90.0), (-70.0, 0.0, -60.0))),
        (SAGITTAL, ((60.0, -100.0), (30.0, -100.0)), ((1.5, 60.0, -100.0), (1.5, 30.0, -100.0))),
    ],
)
def test_a_stroke_lands_under_the_mouse_in_every_view(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path, view: int, line, ends_ras
):
    distance_mm = distances_mm(ct, *ends_ras)
    assert not original.mask[distance_mm < BRUSH_MM].any(), "nothing lies there"
    page.tool("paint")
    page.brush(BRUSH_MM)
    paint(page, view, ct, line)
    page.wait_for_numbers(original.numbers)
    check_capsule(exported_mask(page, ct, tmp_path) != original.mask, original.mask == 0, distance_mm)


def test_the_eraser_takes_away_the_structure_in_hand_and_no_other(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path
):
    page.tool("erase")
    page.brush(BRUSH_MM)
    paint(page, AXIAL, ct, IN_LIVER)
    erased = page.wait_for_numbers(original.numbers)
    mask = exported_mask(page, ct, tmp_path)
    (r0, a0), (r1, a1) = IN_LIVER
    is_liver = original.mask == LIVER_LABEL.value
    check_capsule(mask != original.mask, is_liver, distances_mm(ct, (r0, a0, 2.5), (r1, a1, 2.5)))
    assert (mask[mask != original.mask] == 0).all()
    assert erased.ml(ORGAN) < original.numbers.ml(ORGAN) - 10
    assert erased.ml(ORGAN) == pytest.approx((mask > 0).sum() * 0.045, abs=0.051)


@pytest.mark.parametrize("depth_mm", [None, 30.0])
def test_scissors_cut_what_the_mouse_goes_round(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path, depth_mm: float | None
):
    """None: through all slices, as it is at first."""
    page.tool("scissors")
    if depth_mm is not None:
        page.choose(page.page.locator(".lts-tool .v-select").nth(1), "Near this slice")
        page.number_field(depth_mm)
    corners = [(100.0, 0.0), (50.0, 0.0), (50.0, -50.0), (100.0, -50.0), (100.0, 0.0)]
    paint(page, AXIAL, ct, tuple(corners))
    page.wait_for_numbers(original.numbers)
    cut = exported_mask(page, ct, tmp_path) != original.mask
    r, a, s = (np.indices(ct.shape)[axis] * ct.affine[axis, axis] + ct.affine[axis, 3] for axis in range(3))
    inside = np.minimum.reduce([100 - r, r - 50, -a, a + 50])
    if depth_mm is not None:
        inside = np.minimum(inside, depth_mm / 2 - np.abs(s - 2.5))
    is_liver = original.mask == LIVER_LABEL.value
    assert cut[is_liver & (inside > 2.6)].all()
    assert not cut[inside < -2.6].any()
    assert not (cut & ~is_liver).any()
    if depth_mm is not None:
        page.choose(page.page.locator(".lts-tool .v-select").nth(1), "Through all slices")


def test_keeping_the_largest_part_removes_what_was_painted_beside_it(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path
):
    page.tool("paint")
    page.brush(BRUSH_MM)
    paint(page, AXIAL, ct, IN_AIR)
    painted = page.wait_for_numbers(original.numbers)
    blob = exported_mask(page, ct, tmp_path) != original.mask
    page.tool("islands")
    page.apply()
    page.wait_for_numbers(painted)
    # Parts that touch with their faces; what the run itself has left beside the largest goes too.
    parts, number = ndimage.label(original.mask == LIVER_LABEL.value)
    largest = np.argmax(np.bincount(parts.ravel())[1:]) + 1
    expected = np.where((parts > 0) & (parts != largest), 0, original.mask)
    mask = exported_mask(page, ct, tmp_path)
    assert blob.sum() > 500
    assert not mask[blob].any()
    assert (mask == expected).all(), f"{number} parts"


def test_smoothing_is_the_filter_that_was_chosen_and_undo_takes_it_back(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path
):
    page.tool("smoothing")
    page.number_field(15)
    page.apply()
    smoothed = page.wait_for_numbers(original.numbers)
    # A median of 15 mm, in voxels of 3 x 3 x 5 mm; what is liver afterwards goes over what was there.
    is_liver = original.mask == LIVER_LABEL.value
    median = ndimage.median_filter(is_liver, size=(5, 5, 3), mode="constant")
    expected = np.where(median, LIVER_LABEL.value, np.where(is_liver, 0, original.mask))
    assert (exported_mask(page, ct, tmp_path) == expected).all()
    assert smoothed.ml(ORGAN) == pytest.approx((expected > 0).sum() * 0.045, abs=0.051)
    page.undo()
    page.wait_for_these_numbers(original.numbers)
    assert exported_tables(page, tmp_path) == original.tables


def test_a_brush_that_may_paint_inside_the_liver_only_does_not_paint_beside_it(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path
):
    page.structure(TUMORS)
    page.tool("paint")
    page.brush(BRUSH_MM)
    page.area("Inside the liver only")
    try:
        paint(page, AXIAL, ct, IN_AIR)
        page.wait_until(lambda: page.can_undo, "the stroke")
        assert (exported_mask(page, ct, tmp_path) == original.mask).all()
        page.wait_for_these_numbers(original.numbers)
        assert exported_tables(page, tmp_path) == original.tables
        # A stroke that begins in the air and ends in the liver paints its last part.
        paint(page, AXIAL, ct, ((150.0, -30.0), (100.0, -30.0)))
        page.wait_for_numbers(original.numbers)
        changed = exported_mask(page, ct, tmp_path) != original.mask
        check_capsule(changed, original.mask > 0, distances_mm(ct, (150.0, -30.0, 2.5), (100.0, -30.0, 2.5)))
    finally:
        page.area("Everywhere")


def test_a_brush_that_keeps_off_other_structures_leaves_them(
    page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path
):
    page.structure(TUMORS)
    page.tool("paint")
    page.brush(BRUSH_MM)
    page.area("Not over other structures")
    try:
        line = ((140.0, -30.0), (120.0, -30.0))
        paint(page, AXIAL, ct, line)
        painted = page.wait_for_numbers(original.numbers)
        mask = exported_mask(page, ct, tmp_path)
        check_capsule(mask != original.mask, original.mask == 0, distances_mm(ct, (140, -30, 2.5), (120, -30, 2.5)))
        assert (mask[mask != original.mask] == TUMOR_LABEL.value).all()
        assert len(painted.lesions) == len(original.numbers.lesions) + 1
    finally:
        page.area("Everywhere")


def test_a_disc_paints_in_its_slice_alone(page: WorkstationPage, original: Original, ct: Volume, tmp_path: Path):
    page.tool("paint")
    page.brush(BRUSH_MM)
    page.page.click(".lts-tool .v-btn:has(.mdi-sphere)")
    page.settle()
    try:
        paint(page, AXIAL, ct, IN_AIR)
        page.wait_for_numbers(original.numbers)
        changed = exported_mask(page, ct, tmp_path) != original.mask
        assert set(np.nonzero(changed)[2]) == {28}
        area_mm2 = math.pi * (BRUSH_MM / 2) ** 2 + BRUSH_MM * math.dist(*IN_AIR)
        assert changed.sum() * 9 == pytest.approx(area_mm2, rel=0.15)
    finally:
        page.page.click(".lts-tool .v-btn:has(.mdi-circle-outline)")


def test_edits_are_undone_and_redone_one_by_one(page: WorkstationPage, original: Original, ct: Volume):
    page.tool("paint")
    page.brush(BRUSH_MM)
    seen = [original.numbers]
    for step in range(4):
        paint(page, AXIAL, ct, ((135.0 - 12 * step, 105.0), (134.0 - 12 * step, 105.0)))
        seen.append(page.wait_for_numbers(seen[-1]))
    organs = [numbers.ml(ORGAN) for numbers in seen]
    assert organs == sorted(organs)
    for numbers in reversed(seen[:-1]):
        page.undo()
        page.wait_for_these_numbers(numbers)
    assert not page.can_undo
    for numbers in seen[1:]:
        page.redo()
        page.wait_for_these_numbers(numbers)
