"""CTs resampled for training: any frame comes out upright and cubic, once, and is found again."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from phantoms import affine_of, rotation, sphere, stored_as, voxelize
from real_cases import load_case
from refusals import refused
from scipy import ndimage

from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.training.data.label_maps import LabelMap, Meaning
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, LabelledCt, Subject
from LiverTumorSegLib.training.expert_cases import WHOLE_BODY, case_subjects
from LiverTumorSegLib.training.preparation import on_cubic_grid, prepare, prepare_loaded
from LiverTumorSegLib.training.prepared import PreparedCase
from LiverTumorSegLib.volume import Volume

SPACING_MM = 2.0
SHAPE = (60, 50, 24)
LIVER_RAS, TUMOR_RAS = (12.0, -8.0, 30.0), (30.0, 2.0, 40.0)
LIVER_OF_WHOLE_BODY = 40
VALUES = ((1, Meaning.LIVER), (2, Meaning.VESSEL), (3, Meaning.TUMOR), (255, Meaning.UNKNOWN))


def oblique() -> LabelledCt:
    """A liver of 20 mm and a tumour of 8 mm at known places, on a tilted grid of flat voxels, stored backwards."""
    affine = affine_of((1.25, 1.5, 4.0), (0.0, 0.0, 0.0), rotation(20, 2) @ rotation(15, 0))
    affine[:3, 3] = np.array((20.0, -4.0, 34.0)) - affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    liver, tumor = (voxelize(SHAPE, affine, sphere(r, at)) for r, at in ((20.0, LIVER_RAS), (8.0, TUMOR_RAS)))
    labels = np.where(tumor.array, 3, liver.array.astype(np.uint8)).astype(np.uint8)
    hu = np.array([-100, 110, 0, 50], np.int16)[labels]
    turned = [stored_as(Volume(array, affine), (2, 0, 1), (True, False, True)) for array in (hu, labels)]
    return LabelledCt(*turned, ALL_STRUCTURES)


def subject(folder: Path, case: LabelledCt, name: str = "one") -> Subject:
    folder.mkdir(exist_ok=True)
    image, labels = folder / f"{name}.nii.gz", folder / f"{name}-labels.nii.gz"
    write_nifti(image, case.ct)
    write_nifti(labels, case.labels)
    source = CtSource(image)
    return Subject(name, "test", source, (Annotation("test", source, LabelMap(labels, VALUES), ALL_STRUCTURES),))


def test_an_oblique_anisotropic_ct_comes_out_upright_with_everything_in_its_place():
    made = on_cubic_grid(oblique(), SPACING_MM)
    np.testing.assert_allclose(made.ct.affine[:3, :3], np.diag([SPACING_MM] * 3))
    assert made.labels.same_grid(made.ct)
    assert made.labels.array.dtype == np.uint8
    for value, radius_mm, at in ((3, 8.0, TUMOR_RAS),):
        mask = made.labels.array == value
        center = made.ct.ras_from_ijk(np.array([ndimage.center_of_mass(mask)]))[0]
        assert center == pytest.approx(at, abs=0.7)
        assert mask.sum() * SPACING_MM**3 == pytest.approx(4 / 3 * np.pi * radius_mm**3, rel=0.08)
    in_liver = made.ct.ijk_from_ras(np.array([LIVER_RAS])).round().astype(int)[0]
    assert made.labels.array[tuple(in_liver)] == 1
    assert made.ct.array[tuple(in_liver)] == pytest.approx(110, abs=1)


def test_axes_run_to_the_right_the_front_and_the_head():
    made = on_cubic_grid(oblique(), SPACING_MM)
    liver, tumor = (ndimage.center_of_mass(made.labels.array == value) for value in (1, 3))
    apart = (np.array(tumor) - np.array(liver)) * SPACING_MM
    # The tumour covers a part of the liver, which moves its centre away from it by a little.
    assert apart == pytest.approx(np.array(TUMOR_RAS) - np.array(LIVER_RAS), abs=1.5)


def test_corners_that_an_oblique_ct_does_not_reach_are_air_and_background():
    made = on_cubic_grid(oblique(), SPACING_MM)
    assert made.ct.array[0, 0, 0] == -1000
    assert made.labels.array[0, 0, 0] == 0


def test_detail_that_the_new_grid_cannot_hold_is_averaged_not_picked():
    stripes = np.zeros((60, 12, 12), np.int16)
    stripes[::2], stripes[1::2] = 200, -200
    case = LabelledCt(Volume(stripes, np.eye(4)), Volume(np.zeros(stripes.shape, np.uint8), np.eye(4)), ALL_STRUCTURES)
    made = on_cubic_grid(case, 3.0).ct.array
    # A third of the voxels, each in the middle of a stripe: without smoothing they would be 200 or -200.
    assert np.abs(made[2:-2]).max() < 5


def test_where_the_grid_becomes_finer_values_are_only_interpolated():
    hu = np.zeros((8, 8, 8), np.int16)
    hu[4:] = 100
    case = LabelledCt(
        Volume(hu, np.diag([4.0, 4.0, 4.0, 1.0])),
        Volume((hu > 0).astype(np.uint8), np.diag([4.0, 4.0, 4.0, 1.0])),
        ALL_STRUCTURES,
    )
    line = on_cubic_grid(case, 2.0).ct.array[:, 5, 5]
    # Voxel 3 lies at 12 mm, voxel 4 at 16; the new voxels at 11, 13, 15 and 17 mm.
    assert line[[5, 6, 7, 8, 9]] == pytest.approx([0, 0, 25, 75, 100])


def test_a_prepared_case_says_what_it_holds(tmp_path):
    (case,) = prepare([subject(tmp_path / "data", oblique())], tmp_path / "run", SPACING_MM)
    expected = on_cubic_grid(oblique(), SPACING_MM)
    hu, labels = case.arrays()
    assert hu.dtype == np.int16
    assert np.abs(hu - expected.ct.array).max() <= 0.5 + 1e-3
    np.testing.assert_array_equal(labels, expected.labels.array)
    assert not hu.flags.writeable
    assert case.spacing_mm == SPACING_MM
    assert case.annotated.weights == (1, 1, 1)
    assert set(case.places) == {"liver", "tumor"}
    for name, value in (("liver", 1), ("tumor", 3)):
        assert (labels.ravel()[case.places[name]] == value).all()
        assert case.places[name].size == (labels == value).sum()


def test_what_is_prepared_already_is_kept_and_what_changed_is_made_anew(tmp_path):
    one = subject(tmp_path / "data", oblique())
    run = tmp_path / "run"
    (first,) = prepare([one], run, SPACING_MM)
    made = (first.folder / "hu.npy").stat().st_mtime_ns
    assert prepare([one], run, SPACING_MM) == (first,)
    assert (first.folder / "hu.npy").stat().st_mtime_ns == made
    (coarse,) = prepare([one], run, 4.0)
    (partial,) = prepare([one.only(frozenset({Structure.LIVER}))], run, SPACING_MM)
    changed = oblique()
    rewritten = subject(
        tmp_path / "data", LabelledCt(changed.ct, changed.labels.with_array(changed.labels.array * 0), ALL_STRUCTURES)
    )
    (other,) = prepare([rewritten], run, SPACING_MM)
    assert len({first, coarse, partial, other}) == 4
    assert partial.annotated.weights == (1, 0, 0)
    assert other.places == {}
    assert sorted(path.name for path in run.iterdir()) == sorted(c.folder.name for c in (first, coarse, partial, other))


def test_arrays_are_prepared_like_files_and_known_by_their_content(tmp_path):
    from_files = prepare([subject(tmp_path / "data", oblique())], tmp_path / "run", SPACING_MM)[0]
    loaded = prepare_loaded(oblique(), "array", tmp_path / "run", SPACING_MM)
    for ours, theirs in zip(loaded.arrays(), from_files.arrays(), strict=True):
        assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert prepare_loaded(oblique(), "array", tmp_path / "run", SPACING_MM) == loaded
    brighter = oblique()
    brighter = LabelledCt(brighter.ct.with_array(brighter.ct.array + np.int16(1)), brighter.labels, ALL_STRUCTURES)
    assert prepare_loaded(brighter, "array", tmp_path / "run", SPACING_MM) != loaded


def test_progress_tells_each_subject_and_a_stopped_preparation_keeps_what_is_done(tmp_path):
    subjects = [subject(tmp_path / "data", oblique(), name) for name in ("a", "b")]
    told = []

    def stop(event):
        told.append((event.fraction, event.message))
        if event.message == "b":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(subjects, tmp_path / "run", SPACING_MM, stop)
    assert told == [(0.0, "a"), (0.5, "b")]
    assert [path.name[:2] for path in (tmp_path / "run").iterdir()] == ["a-"]


def test_padding_far_below_air_is_air(tmp_path):
    case = oblique()
    padded = LabelledCt(case.ct.with_array(np.full(case.ct.shape, -3024, np.int16)), case.labels, ALL_STRUCTURES)
    assert prepare_loaded(padded, "x", tmp_path, SPACING_MM).arrays()[0].min() == -1024


def test_a_damaged_case_says_which_folder_to_remove(tmp_path):
    case = prepare_loaded(oblique(), "x", tmp_path, SPACING_MM)
    (case.folder / "labels.npy").write_bytes(b"no array")
    with refused("labels.npy", str(case.folder)):
        case.arrays()


def test_a_missing_image_is_named(tmp_path):
    one = subject(tmp_path / "data", oblique())
    one.image.path.unlink()
    with refused("one.nii.gz"):
        prepare([one], tmp_path / "run", SPACING_MM)


def test_no_subjects_give_no_cases(tmp_path):
    assert prepare([], tmp_path, SPACING_MM) == ()


def test_a_case_that_is_not_there_is_named(tmp_path):
    with refused("ct.nii.gz"):
        case_subjects(tmp_path, ["ircad99"])


@pytest.mark.real
@pytest.mark.parametrize("name", ["ircad01", "ircad07"])
def test_expert_cases_have_the_masks_that_results_are_judged_by(real_data, name):
    (one,) = case_subjects(real_data, [name])
    loaded, reference = one.load(), load_case(real_data, name)
    tumor = reference.lesions > 0
    expected = np.where(tumor, 3, np.where(reference.vessels, 2, reference.organ)).astype(np.uint8)
    np.testing.assert_array_equal(loaded.labels.array, expected)
    np.testing.assert_array_equal(loaded.ct.array, reference.ct.array)
    assert loaded.annotated == ALL_STRUCTURES


@pytest.mark.real
def test_of_a_body_that_a_model_drew_the_liver_alone_counts(real_data):
    (one,) = case_subjects(real_data, [WHOLE_BODY])
    loaded = one.load()
    drawn = np.asarray(nibabel.load(real_data / WHOLE_BODY / "labels.nii.gz").dataobj)
    np.testing.assert_array_equal(loaded.labels.array == 1, drawn == LIVER_OF_WHOLE_BODY)
    assert set(np.unique(loaded.labels.array)) == {0, 1}
    assert loaded.annotated == {Structure.LIVER}


def test_a_prepared_case_can_be_named_by_its_folder(tmp_path):
    case = prepare_loaded(oblique(), "x", tmp_path, SPACING_MM)
    assert PreparedCase(case.folder).spacing_mm == SPACING_MM
