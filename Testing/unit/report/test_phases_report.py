"""phases.html and phases.png: what they say, and that they are safe and self-contained."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from html_page import Page
from phase_abdomens import AORTA_RADIUS_MM, AORTA_RAS_MM, abdomen
from PIL import Image

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.measurements import SegmentVolume
from LiverTumorSegLib.phases.comparison import Comparison, MeasuredPhase, Verdict, compare
from LiverTumorSegLib.phases.phase import ContrastPhase, Enhancement
from LiverTumorSegLib.phases.recognise import contrast_phase, recognised
from LiverTumorSegLib.report.phases_chart import COLORS, HEIGHT_PX, WIDTH_PX, phases_chart
from LiverTumorSegLib.report.phases_page import render_phases
from LiverTumorSegLib.report.phases_panels import AORTA, SIZE_PX, phase_panel
from LiverTumorSegLib.study import Source

PORTAL = Enhancement(aorta=155.0, portal_vein=165.0, hepatic_vein=158.0, liver=110.0)
EVIL = "<script>alert(1)</script> arteriell"


def measured(key: str, liver_ml: float, seen: Enhancement = PORTAL, series: str = "", **more) -> MeasuredPhase:
    found = recognised(seen, Source("ct", "dicom", key, series_description=series, contrast_agent="Iomeprol"))
    return MeasuredPhase(key, series, "101612.5", key, found, liver_ml, 12.0, **more)


def compared(*volumes_ml: float) -> Comparison:
    return compare([measured(str(n), volume) for n, volume in enumerate(volumes_ml)])


def page(comparison: Comparison, panels=None, **source) -> Page:
    sources = {"phases": [{"patient_id": "P1", "patient_name": "Doe^Jane", "study_date": "20240131"} | source]}
    run = RunRecord("phases", "9.9", "2026-01-02T03:04:05+00:00", {"model": "auto"}, {}, sources)
    return Page(render_phases(comparison, run, phases_chart(comparison), panels or {}))


def test_it_says_what_was_found_with_the_rule():
    text = page(compared(1000.0, 1100.0)).text
    assert text.index("For research use only") < text.index("Warn: the liver's volume deviates by up to 4.8 %")
    for words in (
        "(more than 2 %, at most 5 %)",
        "1050.0",
        "100.0 (9.5 %)",
        "2024-01-31",
        "P1",
        "10:16:12",
        "Iomeprol",
    ):
        assert words in text
    assert "Doe" not in text


def test_a_phase_that_is_left_out_says_why():
    cut = measured("cut", 500.0, left_out="the liver reaches the edge of the CT")
    text = page(compare([measured("a", 1000.0), cut, measured("b", 1000.0)])).text
    assert "left out: the liver reaches the edge of the CT" in text


def test_image_and_header_that_disagree_are_both_shown_and_escaped():
    shown = page(compare([measured("a", 1000.0, series=EVIL), measured("b", 1000.0)]))
    assert "Image and header disagree" in shown.text
    assert "arterial (SeriesDescription:" in shown.text
    assert shown.all("script") == []


def test_segments_stand_beside_each_other():
    parts = [(SegmentVolume("IVa", volume, 9.0),) for volume in (90.0, 110.0)]
    rows = [measured(str(n), 1000.0, segments=part) for n, part in enumerate(parts)]
    text = page(compare(rows)).text
    assert "90.0 (\N{MINUS SIGN}10.0 %)" in text
    assert "110.0 (+10.0 %)" in text


def test_everything_is_inside_the_page():
    shown = page(compared(1000.0, 1001.0), {"0": Image.new("RGB", SIZE_PX)})
    images = [image["src"] or "" for image in shown.all("img")]
    assert len(images) == 2
    assert all(source.startswith("data:image/") for source in images)
    assert shown.all("link") == shown.all("script") == []
    assert all(image["alt"] for image in shown.all("img"))


def test_the_chart_puts_each_phase_at_its_deviation():
    """+4 % is drawn twice as high above the line as -2 % below it."""
    chart = np.asarray(phases_chart(compared(1040.0, 980.0, 980.0))).astype(int)
    assert chart.shape == (HEIGHT_PX, WIDTH_PX, 3)
    left, middle = chart[100:436, 200:272], chart[100:436, 496:570]
    rows = [_rows_of(part, COLORS[verdict]) for part, verdict in ((left, Verdict.WARN), (middle, Verdict.PASS))]
    zero = (436 - 100 + 4) / 2 - 2
    assert (zero - np.median(rows[0])) / (np.median(rows[1]) - zero) == pytest.approx(2, abs=0.1)


def _rows_of(part: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    return np.flatnonzero((np.abs(part - np.array(color)).sum(axis=2) < 12).sum(axis=1) >= 6)


@cache
def found_in(kind: str) -> tuple[MeasuredPhase, Image.Image]:
    ct, segmentation = abdomen(ContrastPhase.LATE_ARTERIAL, kind)
    found = contrast_phase(ct, segmentation)
    phase = MeasuredPhase("a", "", "", "a", found, 1000.0, 0.0)
    return phase, phase_panel(ct, segmentation, phase)


@pytest.mark.parametrize("kind", ["upright", "oblique"])
def test_the_circle_is_drawn_around_the_aorta(kind):
    """The aorta is the one bright disk in front of the spine; the circle's pixels lie at its rim."""
    phase, panel = found_in(kind)
    picture = np.asarray(panel).astype(int)
    circle = np.argwhere(np.abs(picture - np.array(AORTA)).sum(axis=2) < 60)
    assert len(circle) > 30
    disk = np.argwhere(picture[..., 1] > 234)
    assert len(disk) > 50
    nearest = disk[np.linalg.norm(disk - circle.mean(axis=0), axis=1) < 30]
    np.testing.assert_allclose(circle.mean(axis=0), nearest.mean(axis=0), atol=6)
    x, y, _, radius = phase.recognised.evidence.aorta_circles_ras_mm[0]
    np.testing.assert_allclose((x, y), AORTA_RAS_MM, atol=4)
    assert abs(radius - AORTA_RADIUS_MM) < 4.6
