"""MSD Task08_HepaticVessel with and without HV Liver."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dataset_layouts import patient, save, write_hepatic_vessel, write_hv_liver
from refusals import refused

from LiverTumorSegLib.training.data.hepatic_vessel import hepatic_vessel_subjects
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure

PATIENTS = {number: patient(number) for number in (1, 7, 433)}
LIVER, VESSEL, TUMOR = Structure


def test_vessels_and_tumors_of_every_image(tmp_path):
    subjects = hepatic_vessel_subjects(write_hepatic_vessel(tmp_path, PATIENTS))
    assert [subject.id for subject in subjects] == ["hepatic-vessel-001", "hepatic-vessel-007", "hepatic-vessel-433"]
    for subject, one in zip(subjects, PATIENTS.values(), strict=True):
        assert subject.annotated == {VESSEL, TUMOR}
        loaded = subject.load()
        np.testing.assert_array_equal(loaded.ct.array, one.ct.array)
        np.testing.assert_array_equal(loaded.labels.array, 2 * one.vessel.astype(np.uint8) + 3 * one.tumor)


@pytest.mark.parametrize("suffix", ["_liver", ""])
def test_with_hv_liver_all_three_are_annotated(tmp_path, suffix):
    livers = write_hv_liver(tmp_path / "hv", {1: PATIENTS[1]}, suffix)
    subjects = hepatic_vessel_subjects(write_hepatic_vessel(tmp_path / "msd", PATIENTS), livers)
    assert [subject.annotated == ALL_STRUCTURES for subject in subjects] == [True, False, False]
    assert [annotation.data_set for annotation in subjects[0].annotations] == ["hepatic-vessel", "hv-liver"]
    np.testing.assert_array_equal(subjects[0].load().labels.array, PATIENTS[1].exclusive())


def test_livers_alone_where_the_labels_of_msd_are_missing(tmp_path):
    msd = write_hepatic_vessel(tmp_path / "msd", PATIENTS)
    (msd / "labelsTr" / "hepaticvessel_007.nii.gz").unlink()
    subjects = hepatic_vessel_subjects(msd, write_hv_liver(tmp_path / "hv", PATIENTS))
    assert subjects[1].data_set == "hv-liver"
    assert subjects[1].annotated == {LIVER}
    np.testing.assert_array_equal(subjects[1].load().labels.array, PATIENTS[7].liver)


def test_images_of_the_test_set_count_where_their_liver_is_there(tmp_path):
    msd, test = write_hepatic_vessel(tmp_path / "msd", PATIENTS), patient(20)
    save(msd / "imagesTs" / "hepaticvessel_020.nii.gz", test.ct.array, test.ct.affine)
    subjects = hepatic_vessel_subjects(msd, write_hv_liver(tmp_path / "hv", {20: test, 300: test}))
    assert [(subject.id, subject.data_set) for subject in subjects] == [
        ("hepatic-vessel-001", "hepatic-vessel"),
        ("hepatic-vessel-007", "hepatic-vessel"),
        ("hepatic-vessel-020", "hv-liver"),
        ("hepatic-vessel-433", "hepatic-vessel"),
    ]


def test_nothing_but_names_is_read_when_a_folder_is_listed(tmp_path):
    msd = write_hepatic_vessel(tmp_path / "msd", PATIENTS)
    for file in msd.rglob("hepaticvessel_*"):
        file.write_bytes(b"")
    subjects = hepatic_vessel_subjects(msd, write_hv_liver(tmp_path / "hv", PATIENTS))
    assert len(subjects) == 3
    with refused("hepaticvessel_001.nii.gz"):
        subjects[0].load_ct()


def test_a_training_image_without_any_label_is_refused(tmp_path):
    msd = write_hepatic_vessel(tmp_path, PATIENTS)
    (msd / "labelsTr" / "hepaticvessel_007.nii.gz").unlink()
    with refused("no labels for", "imagesTr/hepaticvessel_007.nii.gz"):
        hepatic_vessel_subjects(msd)


def test_labels_without_their_image_are_refused(tmp_path):
    msd = write_hepatic_vessel(tmp_path, PATIENTS)
    (msd / "imagesTr" / "hepaticvessel_007.nii.gz").unlink()
    with refused("no image for", "labelsTr/hepaticvessel_007.nii.gz"):
        hepatic_vessel_subjects(msd)


def test_another_task_of_the_decathlon_is_refused(tmp_path):
    msd = write_hepatic_vessel(tmp_path, PATIENTS)
    (msd / "dataset.json").write_text(json.dumps({"labels": {"0": "background", "1": "liver", "2": "cancer"}}))
    with refused("cancer", "Task08_HepaticVessel"):
        hepatic_vessel_subjects(msd)


@pytest.mark.parametrize("labels", [None, [], {"1": "Vessel"}, {"one": "Vessel", "2": "Tumour"}, "Vessel"])
def test_a_damaged_dataset_json_is_refused(tmp_path, labels):
    msd = write_hepatic_vessel(tmp_path, PATIENTS)
    (msd / "dataset.json").write_text(json.dumps({"labels": labels}))
    with refused("dataset.json"):
        hepatic_vessel_subjects(msd)


def test_the_published_values_count_where_dataset_json_is_missing(tmp_path):
    msd = write_hepatic_vessel(tmp_path, {1: PATIENTS[1]})
    (msd / "dataset.json").unlink()
    assert hepatic_vessel_subjects(msd)[0].load().labels.array.max() == 3


def test_a_liver_on_another_grid_is_refused_when_it_is_read(tmp_path):
    msd = write_hepatic_vessel(tmp_path / "msd", {1: PATIENTS[1]})
    (subject,) = hepatic_vessel_subjects(msd, write_hv_liver(tmp_path / "hv", {1: PATIENTS[7]}))
    with refused("hepaticvessel_001_liver.nii.gz has another grid"):
        subject.load()


def test_couinaud_segments_are_no_liver_mask(tmp_path):
    msd, one = write_hepatic_vessel(tmp_path / "msd", {1: PATIENTS[1]}), PATIENTS[1]
    save(tmp_path / "hv" / "hepaticvessel_001.nii.gz", one.liver + one.vessel.astype(np.uint8), one.ct.affine)
    (subject,) = hepatic_vessel_subjects(msd, tmp_path / "hv")
    with refused("the values 1, 2"):
        subject.load()


def test_livers_that_fit_no_image_and_empty_folders_are_refused(tmp_path):
    msd = write_hepatic_vessel(tmp_path / "msd", PATIENTS)
    with refused("has labels in", "imagesTr"):
        hepatic_vessel_subjects(msd, write_hv_liver(tmp_path / "hv", {5: PATIENTS[1]}))
    (tmp_path / "empty").mkdir()
    with refused("imagesTr"):
        hepatic_vessel_subjects(tmp_path / "empty")
