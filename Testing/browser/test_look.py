"""The page as it looks with a result, on a small and a large screen: everything is in its place, in reach."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workstation_exports import FittedSlice
from workstation_page import AXIAL, CORONAL, SAGITTAL, THREE_D, WorkstationPage

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.labels import LIVER, TUMOR
from LiverTumorSegLib.volume import Volume

SIZES = ((1280, 800), (1920, 1080))
_CONTROLS = """() => [...document.querySelectorAll(
    ".lts-bar .v-btn, .lts-bar .v-field, .lts-panel .v-btn, .lts-panel .v-field, .lts-panel .v-slider"
)].filter(one => one.checkVisibility() && !one.closest(".v-btn-toggle, .v-number-input__control")).map(one => {
  const box = one.getBoundingClientRect(), part = one.closest(".lts-panel-top, .lts-panel-bottom, .lts-bar");
  return {name: one.id || one.title || one.innerText || one.className, part: part.className,
          left: box.left, top: box.top, right: box.right, bottom: box.bottom};
})"""

_SCROLLS_SIDEWAYS = """one => one.scrollWidth > one.clientWidth
  && (one === document.documentElement || getComputedStyle(one).overflowX !== "hidden")"""

Box = dict[str, Any]


@pytest.fixture(scope="module")
def segmented(new_segmented) -> WorkstationPage:
    return new_segmented()


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: "{}x{}".format(*size))
def page(request: pytest.FixtureRequest, segmented: WorkstationPage) -> WorkstationPage:
    """In a window that was made as large; all views show all of what they show."""
    width, height = request.param
    segmented.page.set_viewport_size({"width": width, "height": height})
    for view in (AXIAL, THREE_D, CORONAL, SAGITTAL):
        segmented.wait_for_picture(view, lambda now, view=view: has_size(now, segmented.size(view)), "a larger picture")
        segmented.show_all(view)
    return segmented


def has_size(picture: np.ndarray, size_px: np.ndarray) -> bool:
    return (picture.shape[1], picture.shape[0]) == tuple(size_px)


@pytest.fixture(scope="module")
def ct(phantom: Path) -> Volume:
    return read_study(phantom / "ct.nii.gz").ct


def window_of(page: WorkstationPage) -> str:
    return "{width}x{height}".format(**page.page.viewport_size)


def controls(page: WorkstationPage) -> list[Box]:
    found = page.page.evaluate(_CONTROLS)
    assert len(found) > 20
    return found


def _span(box: Box) -> str:
    return "x {left:.0f} to {right:.0f}, y {top:.0f} to {bottom:.0f}".format(**box)


def overlapping(boxes: list[Box]) -> list[tuple[str, str]]:
    """Names of controls of one part of the page that cover each other by more than the pixel of a border."""
    return [
        (f"{one['name']} {_span(one)}", f"{other['name']} {_span(other)}")
        for one, other in itertools.combinations(boxes, 2)
        if one["part"] == other["part"]
        and min(one["right"], other["right"]) - max(one["left"], other["left"]) > 1
        and min(one["bottom"], other["bottom"]) - max(one["top"], other["top"]) > 1
    ]


@pytest.mark.parametrize("tool", ["look", "paint", "scissors", "islands", "smoothing"])
def test_no_control_covers_another_and_what_is_needed_lies_in_the_window(page: WorkstationPage, tool: str):
    page.tool(tool)
    page.screenshot(f"{window_of(page)}-{tool}")
    assert overlapping(controls(page)) == []
    width, height = page.page.viewport_size.values()
    for name in ("lts-tool-", "lts-export-", "lts-undo", "lts-redo", "lts-segment", "lts-window-"):
        boxes = [button.bounding_box() for button in page.page.locator(f".v-btn[id^='{name}']").all()]
        assert boxes
        for box in boxes:
            assert 0 <= box["x"] <= width - box["width"]
            assert 0 <= box["y"] <= height - box["height"]
    for part in ("html", ".lts-bar", ".lts-panel-top", ".lts-panel-bottom", ".lts-panel .v-table__wrapper"):
        for place in page.page.locator(part).all():
            assert not place.evaluate(_SCROLLS_SIDEWAYS), part
    panel = page.page.locator(".lts-panel").bounding_box()
    for box in controls(page):
        if box["part"] != "lts-bar":
            assert panel["x"] <= box["left"] <= box["right"] <= panel["x"] + panel["width"], box
    page.tool("look")


def test_the_views_fill_the_window_beside_the_panel(page: WorkstationPage):
    width, height = page.page.viewport_size.values()
    boxes = [page.view(view).bounding_box() for view in (AXIAL, THREE_D, CORONAL, SAGITTAL)]
    panel = page.page.locator(".lts-panel").bounding_box()
    assert min(box["x"] for box in boxes) == panel["width"]
    assert max(box["x"] + box["width"] for box in boxes) == width
    assert max(box["y"] + box["height"] for box in boxes) == height
    assert panel["width"] < 0.31 * width
    for view in (AXIAL, THREE_D, CORONAL, SAGITTAL):
        assert has_size(page.picture(view), page.size(view)), "a pixel of the picture is a pixel of the screen"


def close_to(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Pixels of an outline's hue: it is thin and drawn over gray, and JPEG blurs colors more than brightness."""
    hue = np.array(color) - np.mean(color)
    own = picture - picture.mean(axis=2, keepdims=True)
    strength = np.linalg.norm(own, axis=2)
    with np.errstate(invalid="ignore", divide="ignore"):
        likeness = (own @ hue) / (strength * np.linalg.norm(hue))
    return (strength > 25) & (likeness > 0.9)


def test_outlines_have_their_colors_and_lie_in_the_body_alone(page: WorkstationPage, ct: Volume):
    page.page.locator(".lts-structure").nth(3).locator("button").click()  # no diameters
    page.show_all(AXIAL)
    page.wait_until(lambda: page.position_mm(AXIAL) == 2.5, "the middle slice")
    picture = page.still_picture(AXIAL)
    place = FittedSlice(AXIAL, ct, page.size(AXIAL))
    rows, columns = np.indices(picture.shape[:2])
    middle = place.pixel_of(0.0, 0.0)
    # The phantom's skin; the right side of the patient is on the left.
    semi_axes = np.array([156.0, 110.0]) / place.mm_per_px
    body = ((columns - middle[0]) / semi_axes[0]) ** 2 + ((rows - middle[1]) / semi_axes[1]) ** 2 <= 1
    lesion = place.pixel_of(83.0, 28.0)
    around_lesion = np.hypot(columns - lesion[0], rows - lesion[1]) < 30 / place.mm_per_px
    liver, tumor = close_to(picture, LIVER.color), close_to(picture, TUMOR.color)
    # The liver's outline is some 500 mm long, the lesion's 130 mm.
    assert liver.sum() > 300 / place.mm_per_px
    assert (tumor & around_lesion).sum() > 80 / place.mm_per_px
    assert not (liver & ~body).any()
    assert not (tumor & ~body).any()
    assert (columns[liver].mean() < middle[0]).all(), "the liver is on the patient's right"
    page.page.locator(".lts-structure").nth(3).locator("button").click()


def test_the_3d_view_shows_the_liver_large_and_whole(page: WorkstationPage):
    picture = page.still_picture(THREE_D)
    colored = np.ptp(picture, axis=2) > 12
    # Not the marker of the patient's axes in the lower right corner.
    height, width = colored.shape
    colored[int(0.72 * height) :, int(0.75 * width) :] = False
    assert colored.mean() > 0.12
    assert not colored[:3].any()
    assert not colored[-3:].any()
    assert not colored[:, :3].any()
    assert not colored[:, -3:].any()
