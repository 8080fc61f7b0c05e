"""Accuracy, IoU, sensitivity and specificity of voxels, over cases, sizes of tumours and replications, by hand."""

from __future__ import annotations

import json
from math import sqrt

import numpy as np
import pytest
from dicom_series import oblique_affine
from scored_cases import case, lesion, scored

from LiverTumorSegLib.evaluation.agreement import Reference, agreement
from LiverTumorSegLib.evaluation.case_strata import CaseSize, case_size, case_strata
from LiverTumorSegLib.evaluation.overlap import VoxelCounts
from LiverTumorSegLib.evaluation.scores import METRICS
from LiverTumorSegLib.evaluation.summary import summarize
from LiverTumorSegLib.evaluation.tables import markdown
from LiverTumorSegLib.volume import Volume

SHAPE = (10, 8, 5)


def mask(*boxes: tuple[slice, slice, slice]) -> np.ndarray:
    marked = np.zeros(SHAPE, bool)
    for box in boxes:
        marked[box] = True
    return marked


NOTHING, EVERYTHING = mask(), np.ones(SHAPE, bool)
FOUND = mask(np.s_[2:6, 2:4, 1:3])  # 16 voxels, 8 of them right
DRAWN = mask(np.s_[4:7, 2:4, 1:3])  # 12 voxels


def test_the_four_counts_and_what_the_papers_make_of_them():
    counts = VoxelCounts.of(FOUND, DRAWN, 400)
    assert counts == VoxelCounts(8, 8, 4, 380)
    assert counts.accuracy == pytest.approx(388 / 400)
    assert counts.iou == pytest.approx(8 / 20)
    assert counts.sensitivity == pytest.approx(8 / 12)
    assert counts.specificity == pytest.approx(380 / 388)


@pytest.mark.parametrize(
    ("found", "drawn", "accuracy", "iou", "sensitivity", "specificity"),
    [
        (NOTHING, NOTHING, 1.0, 1.0, None, 1.0),
        (FOUND, NOTHING, 384 / 400, 0.0, None, 384 / 400),
        (NOTHING, DRAWN, 388 / 400, 0.0, 0.0, 1.0),
        (EVERYTHING, EVERYTHING, 1.0, 1.0, 1.0, None),
    ],
    ids=["both empty", "only the reference is empty", "only the prediction is empty", "nothing but the structure"],
)
def test_empty_masks(found, drawn, accuracy, iou, sensitivity, specificity):
    counts = VoxelCounts.of(found, drawn, 400)
    scores = (counts.accuracy, counts.iou, counts.sensitivity, counts.specificity)
    assert scores == (accuracy, iou, sensitivity, specificity)


def test_accuracy_and_specificity_count_the_whole_volume_not_the_box_of_what_is_marked():
    grid = oblique_affine((0.7, 0.9, 2.5), tilt_mm=0.3)
    found = Volume(np.where(FOUND, 3, 0).astype(np.uint8), grid)
    compared = agreement(found, Reference(tumor=Volume(DRAWN.astype(np.uint8), grid)))
    tumor = compared.of("tumor")
    assert tumor.voxels == VoxelCounts(8, 8, 4, 380)
    told = compared.to_json()["classes"]["tumor"]
    assert told["accuracy"] == pytest.approx(388 / 400)
    assert told["dice"] == pytest.approx(16 / 28)
    assert (told["iou"], told["sensitivity"], told["specificity"]) == pytest.approx((0.4, 2 / 3, 380 / 388))


def one_case(name: str, iou_percent: int, replication: str = "", role: str | None = None, **sizes):
    """A tumour of 100 voxels found to so many per cent, and nothing false, in a volume of 1000 voxels."""
    missed = 100 - iou_percent
    dice = 2 * iou_percent / (iou_percent + 100)
    voxels = VoxelCounts(iou_percent, 0, missed, 900)
    ml = sizes.get("ml", 10.0)
    expert = [lesion(mm, hit=True) for mm in sizes.get("longest_mm", (20.0,))]
    return case(name, role, scored("tumor", dice, ml=(ml, ml), voxels=voxels), expert=expert, replication=replication)


def test_scores_over_cases_leave_out_those_without_a_value():
    empty = case("c", None, scored("tumor", 1.0, ml=(0.0, 0.0), voxels=VoxelCounts(0, 0, 0, 1000)))
    (group,) = summarize([one_case("a", 40), one_case("b", 80), empty])
    tumor = group.voxels_of("tumor")
    assert tumor.cases == 3
    assert tumor.over_replications is None
    scores = tumor.reported
    assert (scores.sensitivity.cases, scores.sensitivity.mean) == (2, pytest.approx(0.6))
    assert scores.sensitivity.sd == pytest.approx(0.2 * sqrt(2))
    assert (scores.iou.cases, scores.iou.mean) == (3, pytest.approx((0.4 + 0.8 + 1.0) / 3))
    assert scores.accuracy.mean == pytest.approx((0.94 + 0.98 + 1.0) / 3)
    assert group.voxels_of("vessel") is None


def test_over_replications_the_means_of_each_one_are_summarized():
    """Means of IoU 0.5, 0.7 and 0.9: their SD is 0.2, that of the five cases is not."""
    cases = [
        one_case("a", 40, "1"),
        one_case("b", 60, "1"),
        one_case("a", 70, "2"),
        one_case("b", 90, "3"),
        one_case("c", 90, "3"),
    ]
    (group,) = summarize(cases)
    tumor = group.voxels_of("tumor")
    assert tumor.over_cases.iou.mean == pytest.approx(0.7)
    assert tumor.over_cases.iou.cases == 5
    assert tumor.reported is tumor.over_replications
    assert tumor.reported.iou.cases == 3
    assert (tumor.reported.iou.mean, tumor.reported.iou.sd) == pytest.approx((0.7, 0.2))
    told = tumor.to_json()["over_replications"]["iou"]
    assert (told["replications"], told["mean"]) == (3, pytest.approx(0.7))


def test_cases_are_divided_at_ten_centimetres_and_half_a_litre_which_are_large():
    cases = [
        one_case("a", 90, longest_mm=(20.0, 100.0), ml=499.9),
        one_case("b", 70, longest_mm=(99.9,), ml=500.0),
        one_case("c", 50, longest_mm=(30.0, None), ml=1.0),
    ]
    (group,) = summarize(cases, (CaseSize.DIAMETER, CaseSize.VOLUME))
    assert [(stratum.name, stratum.cases) for stratum in group.strata] == [
        ("diameter >= 100 mm", 1),
        ("diameter < 100 mm", 2),
        ("volume >= 500 ml", 1),
        ("volume < 500 ml", 2),
    ]
    means = [stratum.of("tumor").reported.iou.mean for stratum in group.strata]
    assert means == pytest.approx([0.9, 0.6, 0.7, 0.7])
    assert group.strata[1].of("tumor").reported.iou.sd == pytest.approx(0.1 * sqrt(2))
    assert summarize(cases)[0].strata == ()


def test_a_case_without_a_tumor_or_whose_tumor_is_not_judged_has_no_size():
    without = case("a", None, scored("tumor", 0.0, ml=(5.0, 0.0)), found=[lesion(150, hit=False)]).agreement
    liver = case("b", None, scored("liver", 0.9)).agreement
    unmeasured = one_case("c", 50, longest_mm=(None,)).agreement
    assert [case_size(one, by) for one in (without, liver) for by in CaseSize] == [None] * 4
    assert (case_size(unmeasured, CaseSize.DIAMETER), case_size(unmeasured, CaseSize.VOLUME)) == (None, 10.0)
    large, small = case_strata([("", without), ("", liver)], CaseSize.VOLUME)
    assert (large.cases, small.cases, small.structures, small.of("tumor")) == (0, 0, (), None)


def test_a_stratum_over_replications_counts_those_that_have_such_cases():
    cases = [
        one_case("a", 40, "1", longest_mm=(150.0,)),
        one_case("b", 80, "2", longest_mm=(150.0,)),
        one_case("c", 10, "3"),
    ]
    (group,) = summarize(cases, (CaseSize.DIAMETER,))
    large = group.strata[0].of("tumor").reported.iou
    assert (large.cases, large.mean, large.sd) == (2, pytest.approx(0.6), pytest.approx(0.2 * sqrt(2)))


def test_the_report_names_sizes_replications_and_cases_without_a_size():
    cases = [
        one_case("a", 40, "1", "never-seen", longest_mm=(150.0,)),
        one_case("a", 80, "2", "never-seen", longest_mm=(150.0,)),
        case("b", "never-seen", scored("tumor", 1.0, ml=(0.0, 0.0)), replication="2"),
    ]
    text = markdown(cases, summarize(cases, (CaseSize.DIAMETER,)))
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    assert next(line for line in lines if line[2:3] == ["2 replications"] and line[0].startswith("diameter"))[:5] == [
        "diameter >= 100 mm",
        "tumor",
        "2 replications",
        "0.960 ± 0.028",
        "0.730 ± 0.224",
    ]
    assert "no tumor or none is judged: diameter 1 of 3." in text
    assert "| a (2) " in text
    assert "over the whole volume" in text


def test_the_summary_is_plain_json():
    (group,) = summarize([one_case("a", 40)], tuple(CaseSize))
    told = json.loads(json.dumps(group.to_json(), allow_nan=False))
    assert set(told["voxels"]["tumor"]) == {"cases", *METRICS, "over_replications"}
    assert told["voxels"]["tumor"]["sensitivity"]["mean"] == pytest.approx(0.4)
    assert [(one["by"], one["lower"], one["upper"], one["cases"]) for one in told["strata"]] == [
        ("diameter", 100.0, None, 0),
        ("diameter", 0.0, 100.0, 1),
        ("volume", 500.0, None, 0),
        ("volume", 0.0, 500.0, 1),
    ]
