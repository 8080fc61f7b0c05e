"""The page of Couinaud segments: colours and names lie where the segments are in the patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from report_cases import GRIDS, LIVER, box_case

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.labels import COUINAUD_LABELS
from LiverTumorSegLib.report.html import render_report
from LiverTumorSegLib.report.overview import make_overview
from LiverTumorSegLib.report.segments import PANEL_PX, segments_page


def with_halves(name: str) -> Case:
    """Segment VI is the right half of the liver, II the left one."""
    case = box_case(name)
    organ = case.segmentation.array > 0
    right = case.segmentation.ras_from_ijk(np.argwhere(organ))[:, 0] > LIVER[0][0]
    segments = np.zeros(organ.shape, np.uint8)
    segments[organ] = np.where(right, 6, 2)
    return replace(case, segments=case.segmentation.with_array(segments))


def near(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Pixels on the way from gray to a colour: what they have of it beyond gray points the same way."""
    excess = picture.astype(float) - picture.mean(-1, keepdims=True)
    wanted = np.array(color, float) - np.mean(color)
    length = np.linalg.norm(excess, axis=-1)
    return (length > 20) & ((excess @ wanted) > 0.97 * length * np.linalg.norm(wanted))


@pytest.mark.parametrize("name", GRIDS)
def test_the_patients_right_is_on_the_left_of_every_slice_and_both_halves_are_as_large(name):
    page = np.asarray(segments_page(with_halves(name)))
    width, height = PANEL_PX
    vi, ii = COUINAUD_LABELS["VI"].color, COUINAUD_LABELS["II"].color
    for row, column in ((0, 0), (0, 1), (1, 0)):
        panel = page[row * (height + 4) :, column * (width + 4) :][:height, :width]
        right, left = (near(panel, color) for color in (vi, ii))
        assert right.sum() > 2000
        assert np.argwhere(right)[:, 1].mean() < np.argwhere(left)[:, 1].mean() - 50
        assert right.sum() == pytest.approx(left.sum(), rel=0.25)


def test_without_segments_or_liver_there_is_no_page():
    case = box_case()
    assert segments_page(case) is None
    assert segments_page(replace(case, segments=case.segmentation.with_array(case.segmentation.array * 0))) is None
    assert "Couinaud segments</h2>" not in render_report(case, make_overview(case))
