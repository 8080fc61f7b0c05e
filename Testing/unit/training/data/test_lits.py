"""LiTS as published."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from dataset_layouts import patient, save, write_lits
from refusals import refused

from LiverTumorSegLib.training.data.lits import has_lost_its_spacing, lits_subjects, may_be_of_ircad
from LiverTumorSegLib.training.data.structures import Structure

PATIENTS = {number: patient(number) for number in (0, 3, 28, 110)}
LIVER, VESSEL, TUMOR = Structure


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_volumes_of_both_batches_are_found_in_the_order_of_their_numbers(tmp_path, ending):
    subjects = lits_subjects(write_lits(tmp_path, PATIENTS, ending))
    assert [subject.id for subject in subjects] == ["lits-000", "lits-003", "lits-028", "lits-110"]
    for subject, one in zip(subjects, PATIENTS.values(), strict=True):
        assert subject.annotated == {LIVER, TUMOR}
        loaded = subject.load()
        np.testing.assert_array_equal(loaded.ct.array, one.ct.array)
        np.testing.assert_allclose(loaded.ct.affine, one.ct.affine, atol=1e-5)
        np.testing.assert_array_equal(loaded.labels.array, one.liver + 2 * one.tumor.astype(np.uint8))


def test_volumes_and_segmentations_may_lie_in_folders_of_their_own(tmp_path):
    write_lits(tmp_path, PATIENTS)
    (tmp_path / "segmentations").mkdir()
    for file in list(tmp_path.rglob("segmentation-*")):
        shutil.move(file, tmp_path / "segmentations" / file.name)
    assert len(lits_subjects(tmp_path)) == 4


def test_nothing_is_read_when_a_folder_is_listed(tmp_path):
    write_lits(tmp_path, PATIENTS)
    for file in tmp_path.rglob("*.nii"):
        file.write_bytes(b"not an image")
    subjects = lits_subjects(tmp_path)
    assert len(subjects) == 4
    with refused("volume-0.nii"):
        subjects[0].load()


def test_hidden_files_and_the_test_set_are_passed_over(tmp_path):
    write_lits(tmp_path, PATIENTS)
    (tmp_path / "._volume-7.nii").write_bytes(b"")
    (tmp_path / "test-volume-9.nii").write_bytes(b"")
    assert len(lits_subjects(tmp_path)) == 4


@pytest.mark.parametrize(("gone", "lacking"), [("segmentation-3", "labels"), ("volume-3", "image")])
def test_half_a_pair_is_refused(tmp_path, gone, lacking):
    write_lits(tmp_path, PATIENTS)
    (tmp_path / "Training Batch 2" / f"{gone}.nii").unlink()
    with refused(f"no {lacking} for", "-3.nii"):
        lits_subjects(tmp_path)


def test_one_number_in_two_files_is_refused(tmp_path):
    write_lits(tmp_path, PATIENTS)
    shutil.copy(tmp_path / "Training Batch 2" / "volume-3.nii", tmp_path / "volume-3.nii")
    with refused("volume-3.nii", "one file of number 3"):
        lits_subjects(tmp_path)


def test_an_empty_folder_and_a_missing_one_are_refused(tmp_path):
    with refused("no volume-N.nii", "Training Batch"):
        lits_subjects(tmp_path)
    with refused("is not a folder"):
        lits_subjects(tmp_path / "absent")


def test_vessels_of_another_data_set_in_a_segmentation_are_refused(tmp_path):
    write_lits(tmp_path, {3: PATIENTS[3]})
    one = PATIENTS[3]
    save(tmp_path / "Training Batch 2" / "segmentation-3.nii", one.exclusive(), one.ct.affine)
    with refused("unknown values 3", "1 liver, 2 tumor"):
        lits_subjects(tmp_path)[0].load()


def test_numbers_shared_with_ircad_are_known(tmp_path):
    subjects = lits_subjects(write_lits(tmp_path, dict.fromkeys((27, 28, 47, 48, 49), PATIENTS[3])))
    assert [may_be_of_ircad(subject) for subject in subjects] == [False, True, True, True, False]
    assert [has_lost_its_spacing(subject) for subject in subjects] == [False, True, True, False, False]
