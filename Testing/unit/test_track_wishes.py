"""Corrections as they are typed: what the names of visits and lesions mean, what replaces what, what is refused."""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pytest
from followup_pages import LESIONS, examinations, placed, timeline
from refusals import refused

from LiverTumorSegLib.cli.main import build_parser
from LiverTumorSegLib.cli.track_choice import NamedLesion, Wishes, choice_from
from LiverTumorSegLib.cli.track_names import Names, place_inside, place_of
from LiverTumorSegLib.cli.track_wishes import corrected
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.timeline import Role
from LiverTumorSegLib.volume import Volume

KEYS = ["1" * 12, "2" * 12, "3" * 12]


def typed(*words: str) -> argparse.Namespace:
    return build_parser().parse_args(["track", "a", "b", "c", "-o", "out", *words])


def wishes(*words: str) -> Wishes:
    return choice_from(typed(*words)).wishes


def names(*, earlier: bool = True) -> Names:
    return Names(examinations(), timeline() if earlier else None)


def kept(*words: str, old: Corrections | None = None) -> Corrections:
    return corrected(old or Corrections(), wishes(*words), names())


def lesion_at(visit: int, point) -> int:
    """The lesion of a visit in which a place lies."""
    lesions = examinations()[visit].lesions
    i, j, k = np.rint(lesions.ijk_from_ras(np.array([point]))[0]).astype(int)
    return int(lesions.array[i, j, k])


def test_without_corrections_there_are_no_wishes():
    assert wishes().are_none
    assert not wishes("--baseline", "2").are_none


def test_a_role_is_kept_by_a_place_inside_the_lesion_where_it_was_first_seen():
    roles = kept("--target", "L3,L1", "--exclude", "1:2").roles
    assert [(one.role, one.lesion.visit) for one in roles] == [
        (Role.TARGET, KEYS[2]), (Role.TARGET, KEYS[0]), (Role.EXCLUDED, KEYS[0])
    ]  # fmt: skip
    assert [lesion_at(KEYS.index(one.lesion.visit), one.lesion.point_ras_mm) for one in roles] == [2, 1, 2]


def test_visits_are_named_by_number_or_key():
    assert kept("--baseline", "2").baseline == KEYS[1]
    assert kept("--baseline", KEYS[2]).baseline == KEYS[2]
    (one,) = kept("--unreadable", f"{KEYS[1]}:1").diameters
    assert (one.lesion.visit, one.unreadable) == (KEYS[1], True)


def test_numbers_are_those_of_the_report_that_the_reader_has_seen():
    """The visits of that report, not those of the order in which the studies are given now."""
    shuffled = Names(examinations()[::-1], timeline())
    assert shuffled.visit("1") == KEYS[0]
    assert Names(examinations()[::-1], None).visit("1") == KEYS[2]


def test_a_diameter_has_long_and_perhaps_short_axis():
    long, both = kept("--diameter", "2:1=24.5", "--diameter", "3:L3=20x18").diameters
    assert (long.long_axis_mm, long.short_axis_mm, long.lesion.visit) == (24.5, None, KEYS[1])
    assert (both.long_axis_mm, both.short_axis_mm) == (20.0, 18.0)
    assert lesion_at(2, both.lesion.point_ras_mm) == 2


def test_a_diameter_of_what_the_mask_has_missed_names_the_visit_that_was_read():
    (read,) = kept("--diameter", "3:L2=5").diameters
    assert (read.visit, read.lesion.visit, read.long_axis_mm) == (KEYS[2], KEYS[0], 5.0)
    (again,) = kept("--unreadable", "3:L2", old=Corrections(diameters=(read,))).diameters
    assert (again.visit, again.unreadable, again.long_axis_mm) == (KEYS[2], True, None)


def test_a_match_goes_to_the_last_visit_before_it_where_the_lesion_was():
    (one,) = kept("--match", "3:2=L1").matches
    assert (one.later.visit, one.earlier.visit) == (KEYS[2], KEYS[1])
    assert (lesion_at(2, one.later.point_ras_mm), lesion_at(1, one.earlier.point_ras_mm)) == (2, 1)


def test_a_match_with_a_lesion_that_appears_later_is_turned_around():
    (one,) = kept("--match", "1:2=L3").matches
    assert (one.later.visit, one.earlier.visit) == (KEYS[2], KEYS[0])
    (one,) = kept("--match", "1:2=3:2").matches
    assert (one.later.visit, one.earlier.visit) == (KEYS[2], KEYS[0])


def test_a_new_lesion_has_no_earlier_one():
    (one,) = kept("--new", "3:1").matches
    assert one.earlier is None
    assert lesion_at(2, one.later.point_ras_mm) == 1


def test_what_is_gone_is_named_by_where_it_was_seen():
    (one,) = kept("--gone", "3:L2").gone
    assert (one.visit, one.lesion.visit) == (KEYS[2], KEYS[0])
    assert lesion_at(0, one.lesion.point_ras_mm) == 2


def test_a_lesion_that_was_not_found_is_named_by_its_carried_place():
    anchor = names().anchor(NamedLesion("L2", "2"))
    assert anchor.point_ras_mm == pytest.approx(placed(LESIONS[0]["L2"], 1)[0])


def test_a_later_word_replaces_an_earlier_one_about_the_same_and_leaves_others():
    first = kept("--target", "L1,L2", "--diameter", "2:1=24", "--gone", "3:L2")
    second = corrected(first, wishes("--exclude", "1:2", "--diameter", "2:L1=22", "--gone", "2:L2"), names())
    assert [one.role for one in second.roles] == [Role.TARGET, Role.EXCLUDED]
    assert [one.long_axis_mm for one in second.diameters] == [22.0]
    assert [one.visit for one in second.gone] == [KEYS[2], KEYS[1]]
    assert Corrections.from_json(second.to_json()) == second


def test_a_role_replaces_one_that_was_given_at_another_visit_of_the_same_lesion():
    first = corrected(Corrections(), wishes("--target", "2:1"), names())
    second = corrected(first, wishes("--non-target", "L1"), names())
    assert [(one.role, one.lesion.visit) for one in second.roles] == [(Role.NON_TARGET, KEYS[0])]
    assert len(corrected(first, wishes("--non-target", "L2"), names()).roles) == 2


def test_what_was_said_about_a_lesion_can_be_taken_back_at_all_visits_and_all_of_it():
    first = kept("--target", "L1,L2", "--diameter", "2:1=24", "--gone", "3:L2", "--match", "3:2=L1", "--baseline", "2")
    without = corrected(first, wishes("--undo", "L1"), names())
    assert [lesion_at(0, one.lesion.point_ras_mm) for one in without.roles] == [2]
    assert (without.diameters, without.matches, without.gone) == ((), (), first.gone)
    assert without.baseline == KEYS[1]
    assert corrected(first, wishes("--undo", "all"), names()) == Corrections()
    instead = corrected(first, wishes("--undo", "all", "--exclude", "L3"), names())
    assert [one.role for one in instead.roles] == [Role.EXCLUDED]


def test_a_place_inside_a_bent_lesion_is_inside_although_its_centroid_is_not():
    affine = np.array([[0.0, -2.0, 0.3, 5.0], [1.5, 0.2, 0.0, -9.0], [0.0, 0.0, 4.0, 30.0], [0.0, 0.0, 0.0, 1.0]])
    ids = np.zeros((20, 30, 9), np.uint16)
    ids[2:18, 2:28, 4] = 7
    ids[4:18, 5:25, 4] = 0
    lesions = Volume(ids, affine)
    i, j, k = np.rint(lesions.ijk_from_ras(np.array([place_inside(lesions, 7)]))[0]).astype(int)
    assert ids[i, j, k] == 7
    with pytest.raises(ValueError, match="no lesion 3"):
        place_inside(lesions, 3)


def test_the_lesion_of_an_earlier_report_is_the_one_that_lies_on_its_diameter_now():
    part, lesions = timeline().lesions[0].sightings[0].parts[0], examinations()[0].lesions
    middle = np.mean(part.long_axis_ras_mm, axis=0)
    assert place_of(part, lesions) == place_inside(lesions, 1)
    holed = lesions.array.copy()
    away_mm = np.linalg.norm(lesions.ras_from_ijk(np.argwhere(holed > 0).astype(float)) - middle, axis=1)
    holed[tuple(np.argwhere(holed > 0)[away_mm < 6].T)] = 0
    assert place_of(part, lesions.with_array(holed)) == place_inside(lesions.with_array(holed), 1)
    ids = lesions.array.copy()
    ids[ids == 1] = 9  # numbers change when a mask does
    assert place_of(part, lesions.with_array(ids)) == place_inside(lesions, 1)
    nothing = lesions.with_array(np.zeros_like(lesions.array))
    assert place_of(part, nothing) == pytest.approx(tuple(middle))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "biggest"), "--target biggest"),
        (("--target", "3"), "--target 3"),
        (("--match", "2:1"), "--match 2:1"),
        (("--match", "L1=2:1"), "--match L1"),
        (("--new", "L3"), "--new L3"),
        (("--diameter", "2:1=big"), "--diameter 2:1=big"),
        (("--diameter", "2:1=-4"), "--diameter 2:1=-4"),
        (("--diameter", "2:1=nan"), "--diameter 2:1=nan"),
        (("--diameter", "2:1=1x2x3"), "--diameter 2:1=1x2x3"),
        (("--baseline", "first"), "--baseline first"),
        (("--dates", "2024-01-01,2024-13-01,2024-05-01"), "--dates"),
        (("--dates", "2024-01-01,2024-02-01"), "2 dates for 3 studies"),
        (("--target", "L1", "--exclude", "L1"), "lesion L1 with two roles"),
    ],
)
def test_what_cannot_be_understood_is_refused_before_any_work(words, said):
    with refused(said):
        choice_from(typed(*words))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "L9"), "one of L1, L2, L3"),
        (("--target", "1:9"), "1 to 2"),
        (("--new", "7:1"), "1 to 3"),
        (("--baseline", "0"), "1 to 3"),
        (("--baseline", "abcdefabcdef"), "visit abcdefabcdef"),
        (("--gone", "2:1"), "Take its name from the report"),
        (("--match", "1:1=1:2"), "of two visits"),
    ],
)
def test_names_that_nothing_is_known_by_are_refused(words, said):
    with refused(said):
        kept(*words)


def test_names_of_a_report_need_a_report():
    with refused("there is none yet"):
        corrected(Corrections(), wishes("--target", "L1"), names(earlier=False))
    assert corrected(Corrections(), wishes("--target", "1:1"), names(earlier=False)).roles[0].role is Role.TARGET


def test_a_visit_of_the_report_that_is_not_given_any_more_is_refused():
    fewer = Names(examinations()[1:], timeline())
    with refused("visit 1"):
        fewer.anchor(NamedLesion("1", "1"))
    assert fewer.anchor(NamedLesion("L1")).visit == KEYS[1]


def test_one_study_is_no_follow_up():
    with refused("1 study"):
        choice_from(replace_studies(["a"]))


def replace_studies(studies) -> argparse.Namespace:
    arguments = typed()
    arguments.studies = studies
    return arguments


def test_options_are_told_as_they_were_given():
    told = choice_from(typed("--dates", "2024-01-01,2024-02-01,2024-03-01", "--target", "L1", "--other-patient")).told
    assert told["studies"] == ["a", "b", "c"]
    assert told["target"] == "L1"
    assert told["other_patient"] is True
    assert "match" not in told
    assert replace(choice_from(typed()), told={}).track.look_back
