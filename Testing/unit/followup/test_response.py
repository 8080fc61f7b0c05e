"""The rules of response: the hand-made table of edge cases, and the numbers beside the category."""

from __future__ import annotations

import itertools
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from followup_lesions import lesion
from refusals import refused

from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.followup.response import assess
from LiverTumorSegLib.followup.settings import ResponseSettings, ViableSettings
from LiverTumorSegLib.timeline import Assessment, Category, Criterion, FollowUp

TABLE = tomllib.loads((Path(__file__).parent / "response_cases.toml").read_text())["case"]
ROLES = {"targets": "target", "non_targets": "non-target", "excluded": "excluded"}


def lesions_of(case):
    return [lesion(name, *words, role=role) for key, role in ROLES.items() for name, words in case.get(key, {}).items()]


@pytest.mark.parametrize("case", TABLE, ids=[case["name"] for case in TABLE])
def test_every_edge_case_has_its_category_and_its_reason(case):
    baseline = case.get("baseline", 1) - 1
    found = assess(Criterion(case.get("criterion", "RECIST 1.1")), lesions_of(case), baseline)
    assert [one.category for one in found[: baseline + 1]] == [None] * (baseline + 1)
    assert [one.reason for one in found[baseline + 1 :]] == case["expected"]
    assert [str(one.category) for one in found[baseline + 1 :]] == [reason[:2] for reason in case["expected"]]
    confirmed = case.get("if_confirmed", [""] * len(case["expected"]))
    assert [str(one.if_confirmed or "") for one in found[baseline + 1 :]] == confirmed


def test_the_numbers_of_an_assessment():
    first, second, third = assess(Criterion.RECIST, [lesion("L1", "60", "40", "51"), lesion("L2", "40", "30", "30")], 0)
    assert first == Assessment(None, "baseline: 2 target lesions, 100 mm", 100.0)
    assert (second.total, second.percent_from_baseline) == (70.0, pytest.approx(-30.0))
    assert (second.nadir_visit, second.change_from_nadir, second.percent_from_nadir) == (0, -30.0, pytest.approx(-30.0))
    assert (third.total, third.percent_from_baseline) == (81.0, pytest.approx(-19.0))
    assert (third.nadir_visit, third.change_from_nadir) == (1, 11.0)
    assert third.percent_from_nadir == pytest.approx(100 * 11 / 70)
    assert third.category is Category.SD


def test_of_equal_nadirs_the_first_visit_is_named():
    assert [one.nadir_visit for one in assess(Criterion.RECIST, [lesion("L1", "20", "15", "15", "16")], 0)] == [
        None,
        0,
        1,
        1,
    ]


def test_changes_are_none_where_they_cannot_be_told():
    targets = [lesion("L1", "40", "80", "40"), lesion("L2", "20", "out", "20")]
    _, missing, _ = assess(Criterion.RECIST, targets, 0)
    assert (missing.category, missing.total, missing.percent_from_baseline) == (Category.PD, None, None)
    assert (missing.percent_from_nadir, missing.change_from_nadir, missing.nadir_visit) == (None, None, 0)
    _, _, back = assess(Criterion.RECIST, [lesion("L1", "30", "confirmed", "8")], 0)
    assert (back.percent_from_nadir, back.change_from_nadir, back.nadir_visit) == (None, 8.0, 1)


def test_the_baseline_and_what_lies_before_it_are_told_but_not_judged():
    before, at, _ = assess(Criterion.RECIST, [lesion("L1", "30", "25", "20")], 1)
    assert before == Assessment(None, "before the baseline", 30.0)
    assert at == Assessment(None, "baseline: 1 target lesion, 25 mm", 25.0)
    _, at, _ = assess(Criterion.RECIST, [lesion("L1", "30", "gone", "20")], 1)
    assert at.reason == "baseline: lesion L1 was not found at this visit and no reader has confirmed that it is gone"


def test_without_lesions_nothing_can_be_judged():
    first, second = assess(Criterion.RECIST, [], 0, visits=2)
    assert first.reason == "baseline: no target lesion"
    assert (second.category, second.reason) == (Category.NE, "NE: there is no target lesion")
    assert assess(Criterion.RECIST, [], 0) == ()


def test_a_reader_who_gives_a_doubtful_new_lesion_a_role_makes_it_progression():
    new = lesion("L2", "absent", "12 new doubtful-lesion", role="non-target", by_reader=True)
    _, second = assess(Criterion.RECIST, [lesion("L1", "50", "50"), new], 0)
    assert second.reason == "PD: lesion L2 is new"


def test_a_diameter_changed_by_the_reader_scales_the_product_of_a_split_lesion():
    """Parts 20 x 10 and 10 x 8 (sums 30 and 18) have 280 mm2; a reader who makes the sum 33 makes 308."""
    split = lesion("L1", "30x20", "20x10+10x8")
    first, second = split.sightings
    changed = replace(split, sightings=(first, replace(second, long_axis_mm=33.0, by_reader=True)))
    assert assess(Criterion.WHO, [split], 0)[1].total == pytest.approx(280.0)
    assert assess(Criterion.WHO, [changed], 0)[1].total == pytest.approx(308.0)


def test_lesions_that_name_each_other_as_merged_end_nothing():
    """Data that cannot be: the rules neither hang nor count a size."""
    _, second = assess(Criterion.RECIST, [lesion("L1", "40", "merged L2"), lesion("L2", "20", "merged L1")], 0)
    assert second.category is Category.NE


def test_noise_is_that_of_longest_diameters_at_the_baseline():
    targets = [lesion("L1", "40x30/40:9", "30x30/30:8")]
    by_criterion = {one: assess(one, targets, 0) for one in Criterion}
    assert by_criterion[Criterion.RECIST][1].noise_percent == (-22.1, 25.4)
    assert by_criterion[Criterion.RECIST][0].noise_percent is None
    for other in (Criterion.MRECIST, Criterion.WHO, Criterion.VOLUME):
        assert by_criterion[other][1].noise_percent is None


def naive_category(diameters, visit):
    """RECIST 1.1 for one target that is always measured, in the order PD, CR, PR, SD."""
    baseline, now, nadir = diameters[0], diameters[visit], min(diameters[:visit])
    if now >= 1.2 * nadir - 1e-9 and now - nadir >= 5 - 1e-9:
        return "PD"
    if now == 0:
        return "CR"
    return "PR" if (now - baseline) / baseline <= -0.3 + 1e-9 else "SD"


def test_every_course_of_whole_millimetres_is_judged_as_by_a_naive_version():
    sizes = [0, 5, 10, 14, 20, 24, 25, 26, 30, 35, 36, 42, 50]
    for course in itertools.product([20, 25, 30, 50], sizes, sizes):
        words = ["confirmed" if size == 0 else str(size) for size in course]
        found = assess(Criterion.RECIST, [lesion("L1", *words)], 0)
        assert [str(one.category) for one in found[1:]] == [naive_category(course, n) for n in (1, 2)], course


def test_volumes_have_the_thresholds_of_spheres():
    rule = RULES[Criterion.VOLUME]
    assert rule.pr_percent == pytest.approx(100 * (1 - 0.7**3), abs=0.05)
    assert rule.pd_percent == pytest.approx(100 * (1.2**3 - 1), abs=0.05)


def test_assessments_survive_json():
    targets = (lesion("L1", "40", "gone"), lesion("L2", "absent", "12 new", role="non-target"))
    follow_up = FollowUp("p", 0, (), targets, {one: assess(one, targets, 0) for one in Criterion})
    assert FollowUp.from_json(json.loads(json.dumps(follow_up.to_json()))) == follow_up


@pytest.mark.parametrize(
    "change", [{"measurable_mm": 0.0}, {"too_small_mm": -1.0}, {"new_viable_mm": 0.0}, {"most_targets": 0}]
)
def test_impossible_settings_are_refused(change):
    with refused("positive diameters and at least one target"):
        ResponseSettings(**change)


def test_negative_settings_of_viable_tissue_are_refused():
    with refused("a negative number"):
        ViableSettings(smooth_mm=-1.0)
