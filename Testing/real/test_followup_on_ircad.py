"""A real patient warped into follow-ups of itself: what the follow-up says of lesions whose course is known.

3D-IRCADb 1, expert masks. The second visit lies 26 mm and 6 degrees off, has breathed out, and has tilted slices of
2.5 mm; lesion 5 has grown by 4 mm on each side, 3 is gone, 2 is in two parts, one is new. The third one is cut
off below lesions 5, 6 and 7, and through lesion 4.
"""

import numpy as np
import pytest
from followup_truth import examination, found_links, in_numbers_of, measured_alone, states, true_links
from real_cases import load_case
from warped_case import around_liver, free_place, grown, maps_of, parted, warped, with_ball, with_lesions, without_top

from LiverTumorSegLib.followup.track import follow_up
from LiverTumorSegLib.phantom.breathing import Breathing
from LiverTumorSegLib.phantom.motion import Motion
from LiverTumorSegLib.phantom.true_tracks import TrueSighting, TrueTrack
from LiverTumorSegLib.timeline import State

pytestmark = pytest.mark.real

SECOND = Motion((18.0, -14.0, 12.0), (3.0, -3.0, 4.2), Breathing((0.0, 3.0, -10.0)))
THIRD = Motion((-12.0, 15.0, -16.0), (-2.0, 4.0, -3.0), Breathing((0.0, -2.0, 8.0)))
GROWN, GONE, SPLIT, PART, NEW = 5, 3, 2, 8, 9
CUT_BELOW_MM = 1.0
"""Carried places are wrong by some mm, so what lies just behind a cut must not be called gone."""
B, P, NE = State.BASELINE, State.PERSISTENT, State.NOT_EVALUABLE
COURSES = {
    1: ((B, 1), (P, 1), (P, 1)),
    SPLIT: ((B, SPLIT), (State.SPLIT, SPLIT, PART), (State.SPLIT, SPLIT, PART)),
    GONE: ((B, GONE), (State.GONE,), (State.GONE,)),
    4: ((B, 4), (P, 4), (P, 4)),
    GROWN: ((B, GROWN), (P, GROWN), (NE,)),
    6: ((B, 6), (P, 6), (NE,)),
    7: ((B, 7), (P, 7), (NE,)),
    NEW: ((State.ABSENT,), (State.NEW, NEW), (P, NEW)),
}
"""Per visit: the true state and the ids as drawn."""


@pytest.fixture(scope="module")
def scans(real_data):
    first = around_liver(load_case(real_data, "ircad01"))
    organ, lesions = first.segmentation.array > 0, first.lesions
    lesions = lesions.with_array(grown(lesions, GROWN, 4.0, organ))
    lesions = lesions.with_array(parted(lesions, SPLIT, 5.0, PART))
    lesions = lesions.with_array(np.where(lesions.array == GONE, 0, lesions.array).astype(np.uint16))
    low = organ & (np.arange(organ.shape[2]) < organ.shape[2] // 2)
    lesions = lesions.with_array(with_ball(lesions, free_place(lesions, low, 12.0), 9.0, NEW, organ))
    later = with_lesions(first, lesions.array)
    second = warped(later, SECOND, np.array([0.9, 0.9, 2.5]), 8.0)
    third = warped(later, THIRD, np.array([1.2, 1.2, 1.25]), 0.0)
    lowest = min(height(third, lesion) for lesion in (GROWN, 6, 7))
    return first, second, without_top(third, lowest - CUT_BELOW_MM)


def height(scan, lesion):
    return scan.lesions.ras_from_ijk(np.argwhere(scan.lesions.array == lesion))[:, 2].min()


@pytest.fixture(scope="module")
def examinations(scans):
    return [
        examination(n, scan.segmentation, scan.lesions, ct=lambda scan=scan: scan.ct) for n, scan in enumerate(scans)
    ]


@pytest.fixture(scope="module")
def tracked(examinations):
    return follow_up(examinations)


@pytest.fixture(scope="module")
def truth(scans, examinations):
    drawn = [
        TrueTrack(number, tuple(TrueSighting(state, tuple(ids)) for state, *ids in course))
        for number, course in COURSES.items()
    ]
    return in_numbers_of(drawn, [scan.lesions for scan in scans], [one.lesions for one in examinations])


def test_the_warped_patient_has_the_lesions_that_it_should_have(scans):
    for number, scan in enumerate(scans):
        expected = sorted(i for course in COURSES.values() for i in course[number][1:])
        assert sorted(set(np.unique(scan.lesions.array)) - {0}) == expected
    before, after = (np.sum(scan.lesions.array == GROWN) * scan.lesions.voxel_ml for scan in scans[:2])
    assert 1.5 < after / before < 4
    liver_ml = [np.sum(scan.segmentation.array > 0) * scan.segmentation.voxel_ml for scan in scans[:2]]
    assert liver_ml[1] == pytest.approx(liver_ml[0], rel=0.06)


def test_every_lesion_is_followed_to_what_it_has_become(truth, tracked):
    assert found_links(tracked.timeline) == true_links(truth)


def test_the_states_are_those_that_were_made(truth, tracked):
    wrong = [row for row in states(truth, tracked.timeline) if row[2] is not row[3]]
    assert wrong == []


def test_the_livers_come_to_lie_over_each_other(tracked):
    for visit in tracked.timeline.visits[1:]:
        assert visit.registration.is_usable
        assert visit.registration.dice >= 0.95


def test_diameters_are_to_the_bit_those_of_each_visit_measured_by_itself(examinations, tracked):
    assert measured_alone(examinations, tracked.timeline)


def test_lesions_in_view_are_carried_to_within_millimetres_of_where_the_warp_took_them(scans, tracked):
    first = scans[0]
    for number, motion, in_view in ((1, SECOND, range(1, 8)), (2, THIRD, (1, SPLIT, GONE, 4))):
        places = [np.argwhere(first.lesions.array == lesion) for lesion in in_view]
        centers = np.array([first.lesions.ras_from_ijk(voxels).mean(axis=0) for voxels in places])
        expected = maps_of(first, motion)[0](centers)
        off = np.linalg.norm(tracked.carried(centers, 0, number) - expected, axis=1)
        assert np.linalg.norm(expected - centers, axis=1).min() > 12
        assert off.mean() < 4
        assert off.max() < 8
