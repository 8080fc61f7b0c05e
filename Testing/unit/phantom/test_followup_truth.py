"""The judge of follow-ups: what is right counts as right, and every kind of mistake is seen."""

from dataclasses import replace

import numpy as np
import pytest
from followup_truth import Score, examination, found_links, in_numbers_of, measured_alone, states, true_links

from LiverTumorSegLib.phantom.true_tracks import TrueSighting, TrueTrack
from LiverTumorSegLib.timeline import FollowUp, Part, Role, Sighting, State, TrackedLesion, Visit
from LiverTumorSegLib.volume import Volume

B, P, NEW, GONE, SPLIT, MERGED = (
    State.BASELINE, State.PERSISTENT, State.NEW, State.GONE, State.SPLIT, State.MERGED,
)  # fmt: skip


def truth(*courses):
    return [
        TrueTrack(n, tuple(TrueSighting(state, tuple(ids)) for state, *ids in course))
        for n, course in enumerate(courses, 1)
    ]


def timeline(*courses):
    """Per lesion and visit: state, then ids; a word is the lesion that it is counted in."""
    lesions = tuple(
        TrackedLesion(f"L{n}", Role.TARGET, "", "", tuple(sighting(*seen) for seen in course))
        for n, course in enumerate(courses, 1)
    )
    visit = Visit("k", "", "", None, "", "", 2.0, 1500.0, 0.0, 0.0, "")
    return FollowUp("", 0, (visit,) * len(courses[0]), lesions, {})


def sighting(state, *ids):
    line = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    parts = tuple(Part(i, 1.0, 1.0, 1.0, line, 0, 0.0) for i in ids if isinstance(i, int))
    return Sighting(state, parts, merged_into=next((i for i in ids if isinstance(i, str)), ""))


TRUE = truth(
    [(B, 1), (SPLIT, 2, 3)],
    [(B, 2), (MERGED, 1)],
    [(B, 3), (MERGED, 1)],
    [(B, 4), (GONE,)],
    [(State.ABSENT,), (NEW, 4)],
)
RIGHT = timeline(
    [(B, 1), (SPLIT, 2, 3)],
    [(B, 2), (P, 1)],
    [(B, 3), (MERGED, "L2")],
    [(B, 4), (GONE,)],
    [(State.ABSENT,), (NEW, 4)],
)  # fmt: skip


def test_a_right_follow_up_has_all_links_and_states():
    assert found_links(RIGHT) == true_links(TRUE) == {(0, 1, 2), (0, 1, 3), (0, 2, 1), (0, 3, 1)}
    score = Score()
    score.add(TRUE, RIGHT)
    assert (score.right_links, score.found_links, score.true_links, score.false_links) == (4, 4, 4, 0)
    assert all(true is found for true, found in score.states)
    assert score.states.total() == 5


def test_a_lesion_that_was_taken_for_a_new_one_costs_a_link_and_its_state():
    broken = timeline([(B, 1), (GONE,)], [(State.ABSENT,), (NEW, 1)])
    known = truth([(B, 1), (P, 1)])
    assert found_links(broken) == set()
    assert states(known, broken) == [(1, 1, P, GONE)]


def test_a_merger_that_did_not_happen_is_a_wrong_state_of_the_lesion_that_goes_on():
    known = truth([(B, 1), (P, 1)], [(B, 2), (GONE,)])
    found = states(known, timeline([(B, 1), (P, 1)], [(B, 2), (MERGED, "L1")]))
    assert [row[3] for row in found] == [MERGED, MERGED]


def test_exchanged_lesions_are_two_wrong_links():
    known, exchanged = truth([(B, 1), (P, 1)], [(B, 2), (P, 2)]), timeline([(B, 1), (P, 2)], [(B, 2), (P, 1)])
    score = Score()
    score.add(known, exchanged)
    assert (score.right_links, score.found_links, score.true_links) == (0, 2, 2)


def test_a_new_lesion_that_was_joined_to_a_gone_one_has_two_wrong_states():
    known = truth([(B, 1), (GONE,)], [(State.ABSENT,), (NEW, 1)])
    assert [row[3] for row in states(known, timeline([(B, 1), (P, 1)]))] == [P, P]


def test_links_of_lesions_that_are_none_are_counted_apart():
    score = Score()
    score.add(truth([(B, 1), (P, 1)]), timeline([(B, 1), (P, 1)], [(B, 2), (P, 2)]))
    assert (score.right_links, score.found_links, score.true_links, score.false_links) == (1, 1, 1, 1)


def test_a_lesion_that_is_not_tracked_has_no_state():
    assert states(truth([(B, 1), (P, 1)]), timeline([(B, 2), (P, 2)])) == [(1, 1, P, None)]


def test_truth_in_the_numbers_of_what_was_measured():
    drawn, measured = np.zeros((2, 12, 4, 4), np.uint16)
    drawn[0:3], drawn[5:7], drawn[9] = 1, 2, 3
    measured[0:2], measured[6], measured[11] = 7, 5, 6
    volumes = [Volume(array, np.diag([1.0, 2.0, 3.0, 1.0])) for array in (drawn, measured)]
    (found,) = in_numbers_of(truth([(B, 1, 2, 3)]), volumes[:1], volumes[1:])
    assert found.sightings[0].lesion_ids == (7, 5)


@pytest.fixture(scope="module")
def one_examination():
    labels = np.ones((30, 30, 12), np.uint8)
    labels[4:12, 5:11, 3:8] = 3
    return examination(0, Volume(labels, np.diag([0.8, 0.8, 2.5, 1.0])))


def test_diameters_of_the_visit_alone_are_recognised_and_a_changed_one_is_not(one_examination):
    lesion = one_examination.measurements.lesions[0]
    names = ("id", "volume_ml", "long_axis_mm", "short_axis_mm", "long_axis_ras_mm", "slice_index", "slice_position_mm")
    part = Part(**{name: getattr(lesion, name) for name in names})
    for changed, same in ((part, True), (replace(part, long_axis_mm=np.nextafter(part.long_axis_mm, 99)), False)):
        seen = TrackedLesion("L1", Role.TARGET, "", "", (Sighting(B, (changed,)),))
        assert measured_alone([one_examination], FollowUp("", 0, (), (seen,), {})) is same
