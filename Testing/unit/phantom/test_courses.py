"""What lesions become, in the anatomy at rest."""

import numpy as np
import pytest

from LiverTumorSegLib.phantom.courses import Blob, Place, at_visit, growing, merging, overlap, splitting


def groups(place, visit):
    return [{piece.track for piece in group} for group in at_visit([place], [(0.0, 0.0, 0.0)], visit)]


def test_a_factor_is_one_of_the_diameter_and_0_leaves_nothing():
    course = growing((4.0, 6.0, 8.0), [0.0, 1.0, 1.5])
    assert course.blobs == ((), (Blob((4.0, 6.0, 8.0)),), (Blob((6.0, 9.0, 12.0)),))


def test_a_split_lesion_is_two_with_the_asked_gap_between():
    place = Place((splitting((12.0, 9.0, 9.0), 3, 1, gap_mm=4.0),))
    left, right = place.courses[0].blobs[1]
    inner = [right.offset_ras_mm[0] - right.radii_mm[0], left.offset_ras_mm[0] + left.radii_mm[0]]
    assert inner[0] - inner[1] == pytest.approx(4)
    assert right.offset_ras_mm[0] + right.radii_mm[0] == pytest.approx(12)
    assert [groups(place, n) for n in range(3)] == [[{1}], [{1}, {1}], [{1}, {1}]]


@pytest.mark.parametrize(("first", "second"), [((4.0, 4.0, 4.0), (4.0, 3.0, 4.0)), ((9.0, 8.0, 7.0), (5.0, 6.0, 5.0))])
def test_merging_lesions_are_apart_by_the_gap_and_then_one(first, second):
    place = Place(merging(first, second, 3, 2, gap_mm=5.0))
    a, b = (course.blobs[0][0] for course in place.courses)
    assert b.offset_ras_mm[1] - a.offset_ras_mm[1] - a.radii_mm[1] - b.radii_mm[1] == pytest.approx(5)
    assert [groups(place, n) for n in range(3)] == [[{1}, {2}], [{1}, {2}], [{1, 2}]]


def test_ellipsoids_overlap_when_they_do_along_the_line_between_them():
    blob = Blob((2.0, 5.0, 2.0))
    assert overlap(blob, Blob((2.0, 5.0, 2.0), (0.0, 9.9, 0.0)))
    assert not overlap(blob, Blob((2.0, 5.0, 2.0), (0.0, 10.1, 0.0)))
    assert not overlap(blob, Blob((2.0, 5.0, 2.0), (4.1, 0.0, 0.0)))
    assert overlap(blob, Blob((1.0, 1.0, 1.0)))


def test_a_place_has_room_for_every_visit():
    place = Place(merging((4.0, 5.0, 6.0), (7.0, 4.0, 3.0), 2, 1))
    room = np.array(place.room.radii_mm)
    sides = np.random.Generator(np.random.PCG64(1)).standard_normal((5000, 3))
    sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    for course in place.courses:
        for (blob,) in course.blobs:
            surface = sides * blob.radii_mm + blob.offset_ras_mm
            assert np.linalg.norm(surface / room, axis=1).max() < 1.003


def test_tracks_are_numbered_over_all_places():
    places = [Place((growing((4.0, 4.0, 4.0), [1.0]),)), Place(merging((4.0, 4.0, 4.0), (4.0, 4.0, 4.0), 1, 1))]
    found = at_visit(places, [(0.0, 0.0, 0.0), (40.0, 0.0, 0.0)], 0)
    assert [[piece.track for piece in group] for group in found] == [[1], [2], [3]]
    assert [group[0].lesion.id for group in found] == [1, 2, 3]
    assert found[1][0].lesion.center_ras[0] == 40
