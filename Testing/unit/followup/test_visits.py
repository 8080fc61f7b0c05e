"""The order of examinations, whose they are, and what is told of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.track_settings import TrackSettings
from LiverTumorSegLib.followup.visits import comparison_warnings, in_order, mask_sha256, visit_of
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.volume import Volume

SETTINGS = TrackSettings()


def exam(name: str, date: str = "", slice_mm: float = 3.0, tilt: float = 0.0, **other) -> Examination:
    affine = np.diag([2.0, 2.5, slice_mm, 1.0])
    affine[2, 1] = 2.5 * np.tan(np.radians(tilt))
    labels = np.zeros((30, 25, 20), np.uint8)
    labels[5:25, 5:20, 3:17] = 1
    labels[10:14, 9:13, 8:11] = 3
    segmentation = Volume(labels, affine)
    measured, lesions = measure_case(segmentation)
    phase = other.pop("phase", "")
    source = Source(name, "nifti", name.ljust(64, "0"), study_date=date, **other)
    return Examination(segmentation, lesions, measured, source, name, phase=phase)


def names(ordered):
    return [one.result for one in ordered.examinations]


def test_examinations_are_ordered_by_their_dates():
    ordered = in_order([exam("b", "20210302"), exam("c", "20220101"), exam("a", "20201231")], None, SETTINGS)
    assert names(ordered) == ["a", "b", "c"]
    assert ordered.dates == ("2020-12-31", "2021-03-02", "2022-01-01")
    assert ordered.warnings == ()


def test_given_dates_come_before_those_of_the_header():
    ordered = in_order([exam("a", "20210302"), exam("b", "20210401")], ["2021-05-01", ""], SETTINGS)
    assert names(ordered) == ["b", "a"]


def test_without_dates_the_given_order_holds_and_nobody_knows_the_months():
    ordered = in_order([exam("b"), exam("a", "20210302")], None, SETTINGS)
    assert names(ordered) == ["b", "a"]
    assert "Not every examination has a date: they are taken in the order given." in ordered.warnings
    assert visit_of(1, ordered, 0, None, SETTINGS).months is None


def test_the_same_day_keeps_the_given_order_and_is_told():
    ordered = in_order([exam("b", "20210302"), exam("a", "20210302")], None, SETTINGS)
    assert names(ordered) == ["b", "a"]
    assert ordered.warnings == ("Visit 1 and visit 2 are of the same day: they are taken in the order given.",)


@pytest.mark.parametrize(
    ("examinations", "dates", "message"),
    [
        ([], None, "no study"),
        ([exam("a"), exam("a", "20200101")], None, "the same CT twice: a and a"),
        ([exam("a"), exam("b")], ["2020-01-01"], "1 dates for 2 studies"),
        ([exam("a"), exam("b")], ["2020-01-01", "spring"], "'spring'"),
        ([exam("a", "20210101"), exam("b"), exam("c", "20200101")], None, "an unknown day"),
        ([exam("a", patient_id="P1"), exam("b", patient_id="P2")], None, r"patient id: P1 and P2"),
        (
            [exam("a", patient_sex="F", patient_birth_date="19500101"), exam("b", patient_sex="M")],
            None,
            r"\(sex: F and M\)",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(examinations, dates, message):
    with pytest.raises(InputError, match=message):
        in_order(examinations, dates, SETTINGS)


def test_unknown_data_of_a_patient_do_not_contradict():
    ordered = in_order([exam("a", patient_id="P1"), exam("b"), exam("c", patient_id="P1 ")], None, SETTINGS)
    assert len(ordered.examinations) == 3


def test_other_patients_are_followed_on_request_and_that_is_told():
    studies = [exam("a", "20200101", patient_id="P1"), exam("b", "20200201", patient_id="P2")]
    ordered = in_order(studies, None, replace(SETTINGS, other_patient=True))
    assert "patient id: P1 and P2" in ordered.warnings[0]


def warnings_of(*examinations):
    ordered = in_order(list(examinations), None, SETTINGS)
    visits = [visit_of(n, ordered, 0, None, SETTINGS) for n in range(len(examinations))]
    return comparison_warnings(ordered, visits, SETTINGS)


def test_what_does_not_compare_well_is_told():
    assert warnings_of(exam("a", "20200101", 3.0), exam("b", "20200201", 4.4)) == []
    assert warnings_of(exam("a", "20200101", 3.0), exam("b", "20200201", 4.6)) == [
        "The distance of slices differs: 3.0 mm at visit 1, 4.6 mm at visit 2."
    ]
    assert warnings_of(exam("a", "20200101", phase="arterial"), exam("b", "20200201", phase="portal venous")) == [
        "The contrast phase differs: arterial at visit 1, portal venous at visit 2."
    ]
    assert warnings_of(exam("a", "20200101", tilt=4.0)) == []
    assert warnings_of(exam("a", "20200101", tilt=7.0)) == ["The slices of visit 1 are tilted by more than 5 degrees."]


def test_a_tilted_stack_has_the_distance_of_its_planes():
    ordered = in_order([exam("a", "20200101", 3.0, tilt=20.0)], None, SETTINGS)
    visit = visit_of(0, ordered, 0, None, SETTINGS)
    assert visit.slice_thickness_mm == pytest.approx(3.0 * np.cos(np.radians(20.0)))
    assert "oblique" in visit.flags


def test_the_hash_of_a_mask_asks_for_voxels_ids_and_grid_but_not_for_the_order_in_memory():
    one = exam("a")
    turned = replace(one, segmentation=one.segmentation.with_array(np.asfortranarray(one.segmentation.array)))
    assert mask_sha256(turned) == mask_sha256(one)
    assert mask_sha256(exam("a", slice_mm=3.1)) != mask_sha256(one)
    labels, ids = one.segmentation.array.copy(), one.lesions.array.copy()
    labels[6, 6, 6], ids[ids == 1] = 2, 2
    assert mask_sha256(replace(one, segmentation=one.segmentation.with_array(labels))) != mask_sha256(one)
    assert mask_sha256(replace(one, lesions=one.lesions.with_array(ids))) != mask_sha256(one)
