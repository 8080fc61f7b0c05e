"""What is shown of a result: overlays, surfaces, lesions, diameters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from workstation_exports import FittedSlice, exported_mask, exported_tables
from workstation_page import (
    AXIAL,
    CORONAL,
    DIAMETERS,
    HEPATIC_VEINS,
    LIVER,
    PORTAL_VEIN,
    SAGITTAL,
    SEGMENTS,
    THREE_D,
    TUMORS,
    WorkstationPage,
)

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.volume import Volume

SLICES = (AXIAL, CORONAL, SAGITTAL)


@dataclass(frozen=True)
class Shown:
    """A page with a result, and its slices as they were before there was one."""

    page: WorkstationPage
    bare: dict[int, np.ndarray]

    def toggle(self, row: int) -> None:
        self.page.page.locator(".lts-structure").nth(row).locator("button").click()

    def opacity(self, structure: int, value: float) -> None:
        self.page.drag_slider(self.page.page.locator(".lts-structure").nth(structure).locator(".v-slider"), value)


@pytest.fixture(scope="module")
def shown(new_shared_page, phantom: Path) -> Shown:
    page = new_shared_page()
    page.upload(phantom / "ct.nii.gz")
    page.wait_for_case()
    bare = {view: page.still_picture(view) for view in SLICES}
    page.segment()
    return Shown(page, bare)


@pytest.fixture(scope="module")
def ct(phantom: Path) -> Volume:
    return read_study(phantom / "ct.nii.gz").ct


def colored(picture: np.ndarray) -> int:
    """Pixels that are no gray: a CT has none of them."""
    return int((np.ptp(picture, axis=2) > 40).sum())


def middle_of_long_axis(lesion: dict[str, str]) -> np.ndarray:
    ends = [[float(lesion[f"long_axis_{end}_{axis}_mm"]) for axis in "ras"] for end in ("start", "end")]
    return np.mean(ends, axis=0)


def test_without_its_overlays_a_slice_is_what_it_was_before(shown: Shown):
    page = shown.page
    for view in SLICES:
        page.show_all(view)
        page.wait_for_picture(view, lambda picture: colored(picture) > 300, "overlays")
    rows = (LIVER, TUMORS, PORTAL_VEIN, HEPATIC_VEINS, DIAMETERS)
    for row in rows:
        shown.toggle(row)
    for view in SLICES:
        page.wait_for_picture(view, lambda now, view=view: (now == shown.bare[view]).all(), "the slice from before")
    # Each of them comes back on its own.
    page.scroll(AXIAL)
    page.wait_until(lambda: page.position_mm(AXIAL) == 7.5, "the slice of the diameters")
    before = page.still_picture(AXIAL)
    assert not colored(before)
    for row in rows:
        shown.toggle(row)
        more = colored(before) + (0 if row == PORTAL_VEIN else 20)  # of which little is in this slice
        before = page.wait_for_picture(AXIAL, lambda now, more=more: colored(now) >= more, f"row {row}")


def test_couinaud_segments_fill_the_liver_in_slices_when_they_are_wanted(shown: Shown):
    page = shown.page
    page.show_all(AXIAL)
    before = page.still_picture(AXIAL)
    shown.toggle(SEGMENTS)
    page.wait_for_picture(AXIAL, lambda now: colored(now) > colored(before) + 3000, "segments")
    shown.toggle(SEGMENTS)
    page.wait_for_picture(AXIAL, lambda now: (now == before).all(), "the slice as it was")


def test_a_hidden_structure_is_not_in_the_3d_view_either(shown: Shown):
    before = shown.page.still_picture(THREE_D)
    shown.toggle(LIVER)
    shown.page.wait_for_picture(THREE_D, lambda now: (now != before).any(), "3D without the liver")
    bare = shown.page.still_picture(THREE_D)
    assert 0 < foreground(bare) < 0.5 * foreground(before)
    shown.toggle(LIVER)
    shown.page.wait_for_picture(THREE_D, lambda now: (now == before).all(), "3D as it was")


def foreground(picture: np.ndarray) -> int:
    """Pixels of the 3D view that are no background, which is gray."""
    return int((np.ptp(picture, axis=2) > 12).sum())


def test_opacity_changes_surface_and_fill(shown: Shown):
    for view in SLICES:
        shown.page.show_all(view)
    solid, slices = shown.page.still_picture(THREE_D), shown.page.still_picture(AXIAL)
    shown.opacity(TUMORS, 0.8)
    shown.page.wait_for_picture(THREE_D, lambda now: (now != solid).any(), "a paler surface")
    shown.page.wait_for_picture(AXIAL, lambda now: (now != slices).any(), "a paler fill")
    shown.opacity(TUMORS, 1.0)
    shown.page.wait_for_picture(THREE_D, lambda now: (now == solid).all(), "3D as it was")
    shown.page.wait_for_picture(AXIAL, lambda now: (now == slices).all(), "the slice as it was")


def test_a_click_on_a_lesion_centres_the_views_on_its_long_axis(shown: Shown, ct: Volume, tmp_path: Path):
    _, lesions = exported_tables(shown.page, tmp_path)
    assert len(lesions) == 5
    for lesion, row in zip(lesions, shown.page.page.locator(".lts-lesion").all(), strict=True):
        row.click()
        middle = middle_of_long_axis(lesion)
        for view, axis in ((SAGITTAL, 0), (CORONAL, 1), (AXIAL, 2)):
            # The position text is rounded to 0.1 mm.
            half_slice = ct.spacing_mm[axis] / 2 + 0.05
            shown.page.wait_until(
                lambda view=view, wanted=middle[axis], half=half_slice: (
                    abs(shown.page.position_mm(view) - wanted) <= half
                ),
                f"lesion {lesion['lesion']} at {middle}",
                seconds=10,
            )


def test_a_tool_in_hand_moves_no_diameter_but_without_one_the_reader_does(
    shown: Shown, phantom: Path, ct: Volume, tmp_path: Path
):
    page = shown.page
    page.upload(phantom / "ct.nii.gz")
    page.wait_until(lambda: not page.has_result, "a page without result")
    page.wait_for_case()
    page.segment()
    numbers, mask = page.numbers(), exported_mask(page, ct, tmp_path)
    _, lesions = exported_tables(page, tmp_path)
    start, end = ([float(lesions[0][f"long_axis_{end}_{axis}_mm"]) for axis in "ras"] for end in ("start", "end"))
    page.show_all(AXIAL)
    page.page.locator(".lts-lesion").first.click()
    page.wait_until(lambda: page.position_mm(AXIAL) == start[2], "the slice of its long axis")
    # Centred on the lesion, at the scale of the whole CT.
    place = FittedSlice(AXIAL, ct, page.size(AXIAL))
    moved = place.pixel_of(0, 0) - place.pixel_of(*np.mean([start, end], axis=0)[:2])
    grip, target = (place.pixel_of(*point) + moved for point in (end[:2], (end[0] + 10, end[1] + 10)))

    page.structure(LIVER)
    # The first one has no use for the mouse, the second one has.
    for tool in ("islands", "paint"):
        page.tool(tool)
        page.stroke(AXIAL, grip, target)
    painted = page.wait_for_numbers(numbers)
    assert (exported_mask(page, ct, tmp_path) != mask).any()
    assert not any("*" in cell for lesion in painted.lesions for cell in lesion)
    page.undo()
    page.wait_for_these_numbers(numbers)

    page.tool("look")
    page.stroke(AXIAL, grip, target)
    expect(page.page.locator(".lts-lesion").first).to_contain_text("*")
    length = np.hypot(end[0] + 10 - start[0], end[1] + 10 - start[1])
    page.wait_until(lambda: abs(float(page.numbers().lesions[0][1].rstrip("*")) - length) < 1.5, f"{length} mm")
    assert (exported_mask(page, ct, tmp_path) == mask).all()
    _, lesions = exported_tables(page, tmp_path)
    assert float(lesions[0]["reader_long_axis_mm"]) == pytest.approx(length, abs=1.5)
    assert f"{float(lesions[0]['long_axis_mm']):.1f}" == numbers.lesions[0][1], "the measured one stays beside it"
