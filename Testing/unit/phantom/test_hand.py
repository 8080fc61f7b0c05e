"""A reader's outlines: off by what was asked for, no farther than allowed, and another time elsewhere."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.phantom.cohort import cohort
from LiverTumorSegLib.phantom.courses import Place, growing
from LiverTumorSegLib.phantom.hand import FARTHEST_MM, Hand
from LiverTumorSegLib.phantom.longitudinal import PatientSettings, VisitSettings, make_patient
from LiverTumorSegLib.phantom.shapes import Positions


@pytest.fixture(scope="module")
def places():
    return Positions(*np.random.Generator(np.random.PCG64(5)).uniform(-100, 100, (3, 20000)).astype(np.float32))


def test_the_outline_is_off_by_the_asked_deviation_and_never_far(places):
    off = np.concatenate([Hand(0.8, seed).outwards_mm(places).ravel() for seed in range(40)])
    assert off.std() == pytest.approx(0.8, rel=0.05)
    assert abs(off.mean()) < 0.05
    assert np.abs(Hand(1.5, 3).outwards_mm(places)).max() <= FARTHEST_MM


def test_another_drawing_is_another_outline(places):
    first, again, other = (Hand(0.8, seed).outwards_mm(places).ravel() for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.3


def test_masks_differ_from_the_exact_ones_within_the_farthest_distance_of_the_surface():
    visit = VisitSettings(spacing_mm=(1.5, 1.5, 2.0))
    exact = PatientSettings(4, (visit,), (Place((growing((9.0, 8.0, 7.0), [1.0]),)),))
    drawn = replace(exact, visits=(replace(visit, hand=Hand(1.0, 7)),))
    true, found = (make_patient(one).visits[0] for one in (exact, drawn))
    for a, b in (
        (true.segmentation.array > 0, found.segmentation.array > 0),
        (true.lesions.array, found.lesions.array),
    ):
        differ = (a > 0) != (b > 0)
        inside, outside = (ndimage.distance_transform_edt(m, sampling=true.lesions.spacing_mm) for m in (a > 0, a == 0))
        assert differ.any()
        assert np.maximum(inside, outside)[differ].max() < FARTHEST_MM + 2.9, "a voxel's diagonal more"
        assert (inside[differ] > 0).any()
        assert (outside[differ] > 0).any()


def test_a_cohort_drawn_by_hand_has_the_same_patients():
    exact, drawn = cohort(4, 2), cohort(4, 2, reader_mm=1.0)
    assert [patient.places for patient in exact] == [patient.places for patient in drawn]
    hands = [visit.hand for patient in drawn for visit in patient.visits]
    assert len(set(hands)) == len(hands)


def test_a_hand_that_joins_lesions_is_refused():
    with pytest.raises(InputError, match="steadier hand"):
        Hand(2.0)
