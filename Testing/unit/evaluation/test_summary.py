"""Groups of cases, strata and intervals: numbers worked out by hand or published."""

from __future__ import annotations

import json
from math import sqrt

import pytest
from scored_cases import case, lesion, scored

from LiverTumorSegLib.evaluation.strata import Rate, by_diameter, by_volume
from LiverTumorSegLib.evaluation.summary import Spread, summarize


def test_mean_and_sample_deviation_are_those_of_a_textbook():
    spread = Spread.of([0.2, 0.4, 0.9])
    assert (spread.cases, spread.median, spread.lowest, spread.highest) == (3, 0.4, 0.2, 0.9)
    assert spread.mean == pytest.approx(0.5)
    assert spread.sd == pytest.approx(sqrt((0.09 + 0.01 + 0.16) / 2))
    assert Spread.of([0.7]).sd is None


def test_wilsons_interval_is_the_published_one():
    """Newcombe 1998 (Statistics in Medicine 17:857), table I: 81/263, 15/148, 0/20 and 1/29."""
    for hits, total, expected in (
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ):
        assert Rate(hits, total).interval == pytest.approx(expected, abs=5e-5)


def test_nothing_to_count_gives_no_share_and_no_interval():
    assert (Rate(0, 0).share, Rate(0, 0).interval) == (None, None)


def test_groups_are_never_mixed_and_come_in_their_order():
    groups = summarize(
        [
            case("a", None, scored("liver", 0.5)),
            case("b", "never-seen", scored("liver", 0.8)),
            case("c", "trained-on", scored("liver", 0.99)),
            case("d", "never-seen", scored("liver", 0.6)),
        ]
    )
    assert [(group.role, group.cases) for group in groups] == [("trained-on", 1), ("never-seen", 2), (None, 1)]
    assert groups[1].structures[0].dice.mean == pytest.approx(0.7)
    assert groups[1].structures[0].dice.sd == pytest.approx(0.2 / sqrt(2))


def test_a_case_counts_only_where_it_is_annotated():
    (group,) = summarize(
        [
            case("a", None, scored("liver", 0.9), scored("tumor", 0.4)),
            case("b", None, scored("liver", 0.8), scored("vessel", 0.5)),
        ]
    )
    assert {item.name: item.dice.cases for item in group.structures} == {"liver": 2, "vessel": 1, "tumor": 1}
    assert group.lesions.cases == 1


def test_the_global_dice_weighs_cases_by_their_volume():
    (group,) = summarize(
        [
            case("a", None, scored("tumor", 0.5, ml=(100.0, 100.0))),
            case("b", None, scored("tumor", 1.0, ml=(10.0, 10.0))),
            case("c", None, scored("tumor", 0.0, ml=(20.0, 0.0))),
        ]
    )
    (tumor,) = group.structures
    assert tumor.dice.mean == pytest.approx(0.5)
    assert tumor.global_dice == pytest.approx((0.5 * 200 + 20) / 240)


def test_lesions_are_counted_together_and_per_case():
    (group,) = summarize(
        [
            case(
                "a",
                None,
                scored("tumor", 0.5),
                expert=[lesion(8, hit=False), lesion(30, hit=True), lesion(31, hit=True), lesion(32, hit=True)],
                found=[lesion(30, hit=True), lesion(6, hit=False, ml=0.3), lesion(7, hit=False, ml=0.5)],
            ),
            case("b", None, scored("tumor", 0.5), expert=[lesion(12, hit=False)]),
            case("c", None, scored("tumor", 1.0)),
        ]
    )
    lesions = group.lesions
    assert (lesions.sensitivity, lesions.precision) == (Rate(3, 5), Rate(1, 3))
    assert lesions.sensitivity_per_case.mean == pytest.approx((0.75 + 0) / 2)
    assert (lesions.precision_per_case.cases, lesions.precision_per_case.mean) == (1, pytest.approx(1 / 3))
    assert lesions.false_per_case == pytest.approx(2 / 3)
    assert lesions.false_ml == pytest.approx(0.8)


def test_a_bound_belongs_to_the_larger_stratum():
    reference = [lesion(mm, hit=mm >= 20) for mm in (4.9, 5, 9.99, 10, 20, 49, 50, 120)]
    found = [lesion(mm, hit=False) for mm in (5, 50)]
    strata = by_diameter(reference, found)
    assert [(stratum.name, stratum.sensitivity, stratum.precision) for stratum in strata] == [
        ("under 5 mm", Rate(0, 1), Rate(0, 0)),
        ("5 to 10 mm", Rate(0, 2), Rate(0, 1)),
        ("10 to 20 mm", Rate(0, 1), Rate(0, 0)),
        ("20 to 50 mm", Rate(2, 2), Rate(0, 0)),
        ("50 mm and more", Rate(2, 2), Rate(0, 1)),
    ]


def test_strata_of_volume_and_of_lesions_that_were_not_measured():
    reference = [lesion(None, hit=True, ml=ml) for ml in (0.1, 0.5, 64.9, 65)]
    assert [(s.name, s.sensitivity.total) for s in by_volume(reference, [])] == [
        ("under 0.5 ml", 1),
        ("0.5 to 4 ml", 1),
        ("4 to 65 ml", 1),
        ("65 ml and more", 1),
    ]
    assert all(stratum.sensitivity.total == 0 for stratum in by_diameter(reference, []))


def test_the_summary_is_plain_json_without_infinities():
    groups = summarize([case("a", None, scored("tumor", 0.5), expert=[lesion(60, hit=True)])])
    text = json.dumps([group.to_json() for group in groups], allow_nan=False)
    (group,) = json.loads(text)
    assert group["structures"]["tumor"]["dice"]["sd"] is None
    assert group["lesions"]["by_diameter"][-1] == {
        "name": "50 mm and more",
        "lower": 50.0,
        "upper": None,
        "unit": "mm",
        "sensitivity": {"hits": 1, "total": 1, "share": 1.0, "interval": [pytest.approx(0.2065, abs=1e-4), 1.0]},
        "precision": {"hits": 0, "total": 0, "share": None, "interval": None},
    }


def test_without_cases_there_is_no_group():
    assert summarize([]) == ()
