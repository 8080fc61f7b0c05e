"""overview.png for all kinds of cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from report_cases import LIVER, TUMOR, box_case, inside, lesion, without_lesion, without_liver

from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.report.drawing import LONG_AXIS
from LiverTumorSegLib.report.overview import ALARM, PAGE_PX, headline, make_overview, point_of_interest, warning_text


def shows_long_axis(image):
    """Looked for in the CT panels; the legend has the colour too."""
    panels = np.asarray(image)[:1200].astype(int)
    return (np.abs(panels - LONG_AXIS) < 30).all(axis=-1).sum() > 50


@pytest.mark.parametrize("name", ["stored as LPS", "slices first", "oblique"])
def test_a_case_with_a_lesion_shows_its_diameter(name):
    image = make_overview(box_case(name))
    assert (image.size, image.mode) == (PAGE_PX, "RGB")
    assert shows_long_axis(image)


def test_cases_without_lesion_or_liver_have_an_overview_without_diameters():
    for case in (without_lesion(box_case()), without_liver(box_case())):
        image = make_overview(case)
        assert image.width == PAGE_PX[0]
        assert not shows_long_axis(image)


def test_a_picture_of_the_scene_takes_the_place_of_the_drawn_one(tmp_path):
    Image.new("RGBA", (300, 300), (250, 0, 250, 255)).save(tmp_path / "scene.png")
    image = np.asarray(make_overview(box_case(), tmp_path / "scene.png"))
    found = (image == (250, 0, 250)).all(axis=-1)
    rows, columns = np.nonzero(found)
    assert rows.size > 500 * 500
    assert rows.min() > PAGE_PX[1] / 2
    assert columns.min() > PAGE_PX[0] / 2


def test_the_planes_meet_in_the_largest_lesion():
    assert inside(TUMOR, np.array(point_of_interest(box_case())))


@pytest.mark.parametrize("name", ["upright", "slices first", "oblique"])
def test_without_lesions_the_planes_meet_in_the_liver(name):
    assert inside(LIVER, np.array(point_of_interest(without_lesion(box_case(name)))))


def test_without_a_liver_the_planes_meet_in_the_middle_of_the_ct():
    assert point_of_interest(without_liver(box_case())) == pytest.approx((0.0, 0.0, 0.0))


def test_the_headline_rounds_to_a_tenth():
    measured = Measurements(1489.349, 29.08, 111.44, 7.482, (lesion(1), lesion(2)))
    assert headline(measured) == (
        "Liver 1489.3 ml · tumors 111.4 ml (7.5 %) · 2 lesions, largest 28.0 x 18.0 mm · vessels 29.1 ml"
    )


def test_the_headline_says_what_was_not_found():
    assert headline(Measurements(1200.0, 10.0, 0.0, 0.0)) == "Liver 1200.0 ml · no lesion found · vessels 10.0 ml"
    assert headline(Measurements(0.0, 0.0, 0.0, None)) == "No liver was found"


def test_the_case_is_not_changed():
    case = box_case("stored as LPS")
    before = case.study.ct.array.copy(), case.segmentation.array.copy()
    make_overview(replace(case))
    assert (case.study.ct.array == before[0]).all()
    assert (case.segmentation.array == before[1]).all()


def test_a_serious_flag_stands_on_the_picture_itself_above_the_panels():
    case = box_case("upright")
    flagged = replace(case, measurements=replace(case.measurements, flags=("implausible-mass",)))
    assert warning_text(case) == ""
    assert warning_text(flagged).startswith("Check: ")
    plain, warned = make_overview(case), make_overview(flagged)
    added = warned.height - plain.height
    assert added > 0
    assert (np.asarray(warned)[58 + added :] == np.asarray(plain)[58:]).all()
    assert (np.asarray(warned)[58 : 58 + added] == np.array(ALARM)).all(axis=2).any()
