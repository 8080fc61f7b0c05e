"""A patient over time keeps what its truth says, on every visit's own grid."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from LiverTumorSegLib.errors import CancelledError, InputError
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.phantom import PhantomSettings, make_phantom
from LiverTumorSegLib.phantom.breathing import Breathing
from LiverTumorSegLib.phantom.cohort import ORDER, Kind, cohort
from LiverTumorSegLib.phantom.courses import Place, growing, merging, splitting
from LiverTumorSegLib.phantom.longitudinal import PatientSettings, VisitSettings, make_patient
from LiverTumorSegLib.phantom.motion import Motion
from LiverTumorSegLib.phantom.true_tracks import links
from LiverTumorSegLib.timeline import State

TUMOR = MAIN_LABELS["tumor"].value
VISITS = (
    VisitSettings(spacing_mm=(1.5, 1.5, 2.0)),
    VisitSettings(
        Motion((24.0, -12.0, 13.0), (3.0, -5.0, 8.0), Breathing((0.0, 3.0, -12.0))), (1.3, 1.3, 2.5), tilt_deg=12.0
    ),
    VisitSettings(
        Motion((-9.0, 22.0, -15.0), (-8.0, 2.0, -3.0), Breathing((0.0, -2.0, 9.0))), (2.4, 1.4, 1.2), orientation="SAR"
    ),
)
STABLE, GROWING, NEW, GONE, SPLIT, MERGED, OTHER_MERGED = range(7)
PLACES = (
    Place((growing((14.0, 12.0, 11.0), [1.0, 1.0, 1.0]),)),
    Place((growing((6.0, 7.0, 6.0), [1.0, 1.5, 1.8]),)),
    Place((growing((5.0, 6.0, 5.0), [0.0, 1.0, 1.0]),)),
    Place((growing((7.0, 7.0, 7.0), [1.0, 0.0, 0.0]),)),
    Place((splitting((12.0, 9.0, 9.0), 3, 1),)),
    Place(merging((6.0, 6.0, 6.0), (5.0, 5.0, 5.0), 3, 2)),
)


@pytest.fixture(scope="module")
def settings():
    return PatientSettings(5, VISITS, PLACES)


@pytest.fixture(scope="module")
def patient(settings):
    return make_patient(settings)


def digest(patient):
    arrays = [array for visit in patient.visits for array in (visit.segmentation.array, visit.lesions.array)]
    return hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)).hexdigest()


def test_what_became_of_every_lesion(patient):
    b, p = State.BASELINE, State.PERSISTENT
    assert [[seen.state for seen in track.sightings] for track in patient.tracks] == [
        [b, p, p],
        [b, p, p],
        [State.ABSENT, State.NEW, p],
        [b, State.GONE, State.GONE],
        [b, State.SPLIT, State.SPLIT],
        [b, p, State.MERGED],
        [b, p, State.MERGED],
    ]
    assert [[len(seen.lesion_ids) for seen in track.sightings] for track in patient.tracks] == [
        [1, 1, 1], [1, 1, 1], [0, 1, 1], [1, 0, 0], [1, 2, 2], [1, 1, 1], [1, 1, 1],
    ]  # fmt: skip


def test_every_id_of_a_map_belongs_to_one_track_and_mergers_to_two(patient):
    for number, visit in enumerate(patient.visits):
        there = set(np.unique(visit.lesions.array)) - {0}
        named = [i for track in patient.tracks for i in track.sightings[number].lesion_ids]
        assert set(named) == there == set(range(1, len(there) + 1))
        assert len(named) - len(there) == (1 if number == 2 else 0)
    merged = [patient.tracks[n].sightings[2].lesion_ids for n in (MERGED, OTHER_MERGED)]
    assert merged[0] == merged[1]


def test_links_are_pairs_of_ids_of_one_track(patient):
    split, before = patient.tracks[SPLIT].sightings[1].lesion_ids, patient.tracks[SPLIT].sightings[0].lesion_ids[0]
    assert {(before, split[0]), (before, split[1])} <= links(patient.tracks, 0)
    assert len(links(patient.tracks, 0)) == 6
    assert len(links(patient.tracks, 1)) == 3 + 4 + 2


def test_ids_count_from_the_largest_lesion(patient):
    for visit in patient.visits:
        voxels = np.bincount(visit.lesions.array.ravel())[1:]
        assert (np.diff(voxels) <= 0).all()


def test_lesions_are_connected_and_apart_from_each_other(patient):
    for visit in patient.visits:
        _, parts = ndimage.label(visit.lesions.array > 0, np.ones((3, 3, 3)))
        assert parts == visit.lesions.array.max()
        np.testing.assert_array_equal(visit.lesions.array > 0, visit.segmentation.array == TUMOR)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_counted_volumes_are_the_analytic_ones(patient, number):
    volume = patient.visits[number].lesions
    for track in patient.tracks:
        seen = track.sightings[number]
        if seen.state is State.MERGED:
            continue
        counted = np.isin(volume.array, seen.lesion_ids).sum() * volume.voxel_ml if seen.lesion_ids else 0.0
        assert counted == pytest.approx(seen.volume_ml, rel=0.06)


def test_a_known_growth_has_the_known_volumes(patient):
    grown = patient.tracks[GROWING]
    exact = 4 / 3 * np.pi * 6 * 7 * 6 / 1000
    changes = [
        np.linalg.det(v.motion.jacobian(np.array(s.centers_ras_mm)))[0]
        for v, s in zip(patient.visits, grown.sightings, strict=True)
    ]
    for seen, factor, change in zip(grown.sightings, (1, 1.5, 1.8), changes, strict=True):
        assert seen.volume_ml == pytest.approx(exact * factor**3 / change)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_lesion_lies_where_the_map_takes_its_place(patient, number):
    visit, track = patient.visits[number], patient.tracks[STABLE]
    at_rest = patient.visits[0].motion.anatomy_from_visit(np.array(track.sightings[0].centers_ras_mm))
    expected = visit.motion.visit_from_anatomy(at_rest)[0]
    np.testing.assert_allclose(track.sightings[number].centers_ras_mm[0], expected, atol=1e-9)
    voxels = np.argwhere(visit.lesions.array == track.sightings[number].lesion_ids[0])
    np.testing.assert_allclose(visit.lesions.ras_from_ijk(voxels).mean(axis=0), expected, atol=0.6)


@pytest.mark.parametrize("number", [1, 2])
def test_the_label_of_a_voxel_is_that_of_the_anatomy_at_rest_at_its_origin(patient, settings, number):
    """Against the first visit, which is at rest on a grid of its own: nearest voxels agree but at surfaces."""
    rest, visit = patient.visits[0].segmentation, patient.visits[number]
    organ = np.argwhere(ndimage.binary_erosion(visit.segmentation.array > 0, iterations=3))[::97]
    ijk = np.round(rest.ijk_from_ras(visit.motion.anatomy_from_visit(visit.segmentation.ras_from_ijk(organ)))).astype(
        int
    )
    assert len(organ) > 2000
    assert (rest.array[tuple(ijk.T)] > 0).mean() > 0.999
    wrong = rest.ijk_from_ras(visit.segmentation.ras_from_ijk(organ))
    inside = ((wrong >= 0) & (wrong <= np.array(rest.shape) - 1)).all(axis=1)
    assert (rest.array[tuple(np.round(wrong[inside]).astype(int).T)] > 0).mean() < 0.97, "the motion matters"


def test_the_axes_of_the_truth_are_those_of_a_fine_count(patient):
    """Of the largest lesion, in the slice nearest to its centre: the farthest pixels."""
    for number in (0, 1):
        visit, seen = patient.visits[number], patient.tracks[STABLE].sightings[number]
        axis = slice_axis(visit.lesions.affine)
        voxels = np.argwhere(visit.lesions.array == seen.lesion_ids[0])
        middle = round(float(visit.lesions.ijk_from_ras(np.array(seen.centers_ras_mm))[0, axis]))
        plane = visit.lesions.ras_from_ijk(voxels[voxels[:, axis] == middle])
        farthest = np.linalg.norm(plane[:, None] - plane[None], axis=2).max()
        assert farthest == pytest.approx(seen.long_axes_mm[0], abs=1.5)


def test_at_rest_a_patient_is_the_phantom(settings):
    lesion = Place((growing((9.0, 9.0, 9.0), [1.0]),))
    visit = VisitSettings(spacing_mm=(2.0, 2.0, 4.0))
    made = make_patient(PatientSettings(1, (visit,), (lesion,)), with_ct=True).visits[0]
    phantom = make_phantom(replace(PhantomSettings.small(), lesions=(lesion.room,)))
    np.testing.assert_array_equal(made.segmentation.array, phantom.segmentation.array)
    np.testing.assert_array_equal(made.ct.array, phantom.ct.array)


def test_with_and_without_ct_the_masks_are_the_same_and_another_visit_has_other_noise(settings):
    rough = tuple(replace(visit, spacing_mm=(2.5, 2.5, 4.0), orientation="LPS") for visit in (VISITS[1], VISITS[1]))
    places = (Place((growing((9.0, 9.0, 9.0), [1.0, 1.0]),)),)
    whole = make_patient(PatientSettings(5, rough, places), with_ct=True)
    around = make_patient(PatientSettings(5, rough, places))
    for a, b in zip(whole.visits, around.visits, strict=True):
        first = np.round(a.lesions.ijk_from_ras(b.lesions.affine[:3, 3][None])[0]).astype(int)
        box = tuple(slice(start, start + n) for start, n in zip(first, b.lesions.shape, strict=True))
        np.testing.assert_array_equal(a.segmentation.array[box], b.segmentation.array)
        np.testing.assert_array_equal(a.lesions.array[box], b.lesions.array)
        assert (a.segmentation.array > 0).sum() == (b.segmentation.array > 0).sum()
    inside = whole.visits[0].segmentation.array == 1
    first, second = (visit.ct.array[inside].astype(float) for visit in whole.visits)
    assert np.median(first) == pytest.approx(108, abs=4)
    assert (first - second).std() == pytest.approx(12 * np.sqrt(2), rel=0.1)


def test_what_was_not_scanned_is_not_evaluable_and_not_gone(settings):
    at = make_patient(replace(settings, visits=VISITS[:1], places=_first_visit(PLACES)))
    height = {track.id: track.sightings[0].centers_ras_mm[0][2] for track in at.tracks if track.sightings[0].lesion_ids}
    top = float(np.median(list(height.values())))
    visits = (VISITS[0], replace(VISITS[0], top_mm=top), VISITS[2])
    cut = make_patient(replace(settings, visits=visits))
    states = [track.sightings[1].state for track in cut.tracks]
    assert State.NOT_EVALUABLE in states
    for track in cut.tracks:
        if track.sightings[1].state is State.NOT_EVALUABLE:
            assert min(z for _, _, z in track.sightings[1].centers_ras_mm) > top
    assert cut.tracks[GONE].sightings[1].state is State.GONE
    volume = cut.visits[1].lesions
    assert volume.ras_from_ijk(np.array([[0, 0, volume.shape[2] - 1]]))[0, 2] <= top


def _first_visit(places):
    return tuple(
        replace(place, courses=tuple(replace(c, blobs=c.blobs[:1]) for c in place.courses))
        for place in places
        if place.courses[0].blobs[0]
    )


def test_the_same_settings_give_the_same_patient(settings, patient):
    assert digest(make_patient(settings)) == digest(patient)


def test_courses_of_another_number_of_visits_are_refused():
    with pytest.raises(ValueError, match="2 visits in a patient with 3"):
        PatientSettings(1, VISITS, (Place((growing((4.0, 4.0, 4.0), [1.0, 1.0]),)),))


def test_lesions_that_do_not_fit_are_refused():
    large = Place((growing((35.0, 35.0, 35.0), [1.0]),))
    with pytest.raises(InputError, match="no room in the liver"):
        make_patient(PatientSettings(1, VISITS[:1], (large,) * 8))


def test_a_callback_that_cancels_stops_the_work(settings):
    def cancel(event):
        raise CancelledError

    with pytest.raises(CancelledError):
        make_patient(settings, progress=cancel)


def test_a_cohort_is_the_same_for_the_same_seed_and_longer_ones_go_on():
    assert cohort(12, 3) == cohort(20, 3)[:12]
    assert cohort(12, 3) != cohort(12, 4)


def test_a_cohort_has_the_promised_mix():
    patients = cohort(60, 1)
    visits = [visit for patient in patients for visit in patient.visits]
    assert {len(patient.visits) for patient in patients} == {2, 3, 4}
    lesions = [sum(len(place.courses) for place in patient.places) for patient in patients]
    assert lesions.count(0) == 6
    assert sum(n >= 12 for n in lesions) == 6
    many = [kind is Kind.MANY_SMALL for _, kind in zip(patients, ORDER * 6, strict=True)]
    assert max(n for n, is_many in zip(lesions, many, strict=True) if not is_many) <= 16
    shifts = [np.linalg.norm(visit.motion.shift_ras_mm) for visit in visits]
    turns = [np.linalg.norm(visit.motion.turn_deg) for visit in visits]
    assert 25 < max(shifts) <= 30
    assert 8 < max(turns) <= 10
    assert len({visit.spacing_mm[2] for visit in visits}) == 7
    assert 0 < sum(visit.top_mm < 100 for visit in visits) < len(visits) / 5
    assert all(patient.visits[0].top_mm == 400 for patient in patients)
