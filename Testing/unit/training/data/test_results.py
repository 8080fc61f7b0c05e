"""Result folders and phantoms as training data."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from dataset_layouts import patient, save
from dicom_series import write_series
from refusals import refused

from LiverTumorSegLib.io.phantom_files import write_phantom_files
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import write_case_files
from LiverTumorSegLib.io.text_files import CsvTable
from LiverTumorSegLib.pipelines import measure
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.training.data.results import PHANTOM, PREDICTED, READER, result_subjects
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure

ONE, TWO = patient(1), patient(2)
LIVER, VESSEL, TUMOR = Structure


def write_result(folder, source, one=ONE, series=None):
    """As livertumorseg measure leaves it behind."""
    study = read_study(source, series=series)
    case = measure(study, study.ct.with_array(one.exclusive()), None, (), Progress())
    folder.mkdir(parents=True)
    write_case_files(folder, case, volumes=CsvTable([], []), lesions=CsvTable([], []))
    return folder


@pytest.fixture
def nifti(tmp_path):
    return save(tmp_path / "cts" / "ct.nii.gz", ONE.ct.array, ONE.ct.affine)


def test_a_readers_result_with_the_ct_it_names(tmp_path, nifti):
    write_result(tmp_path / "results" / "a", nifti)
    (subject,) = result_subjects(tmp_path / "results")
    assert (subject.id, subject.data_set) == (f"{READER}/a", READER)
    assert subject.annotated == ALL_STRUCTURES
    np.testing.assert_array_equal(subject.load().labels.array, ONE.exclusive())


def test_what_a_model_made_is_a_data_set_of_its_own(tmp_path, nifti):
    record = write_result(tmp_path / "a", nifti) / "run.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"command": "segment"}))
    assert result_subjects(tmp_path / "a")[0].id == f"{PREDICTED}/a"


def test_the_series_that_was_segmented_is_found_again(tmp_path):
    write_series(tmp_path / "dicom", ONE.ct, number=1)
    write_series(tmp_path / "dicom", TWO.ct, number=2, prefix="second_")
    write_result(tmp_path / "a", tmp_path / "dicom", TWO, series="#2")
    np.testing.assert_array_equal(result_subjects(tmp_path / "a")[0].load().ct.array, TWO.ct.array)


def test_cts_that_moved_are_found_by_name_and_recognized_by_content(tmp_path, nifti):
    write_result(tmp_path / "results" / "a", nifti)
    (tmp_path / "moved").mkdir()
    moved = shutil.move(nifti, tmp_path / "moved" / "ct.nii.gz")
    with refused("ct.nii.gz", "Give the folder of the CTs"):
        result_subjects(tmp_path / "results")
    (subject,) = result_subjects(tmp_path / "results", images=tmp_path / "moved")
    np.testing.assert_array_equal(subject.load().labels.array, ONE.exclusive())
    save(moved, TWO.ct.array, ONE.ct.affine)
    with refused("another CT than the one that was segmented"):
        subject.load()


def test_classes_that_nobody_looked_at_can_be_left_out(tmp_path, nifti):
    write_result(tmp_path / "a", nifti)
    (subject,) = result_subjects(tmp_path / "a", annotated=frozenset({LIVER, TUMOR}))
    np.testing.assert_array_equal(subject.load().labels.array, ONE.liver + 2 * ONE.tumor.astype(np.uint8))


def test_a_phantom_brings_its_own_ct(tmp_path):
    segmentation, lesions = ONE.ct.with_array(ONE.exclusive()), ONE.ct.with_array(ONE.tumor.astype(np.uint16))
    write_phantom_files(tmp_path / "p", ONE.ct, segmentation, lesions, {})
    (subject,) = result_subjects(tmp_path)
    assert (subject.id, subject.data_set) == (f"{PHANTOM}/p", PHANTOM)
    np.testing.assert_array_equal(subject.load().labels.array, ONE.exclusive())


def test_listing_opens_neither_ct_nor_segmentation(tmp_path, nifti):
    folder = write_result(tmp_path / "a", nifti)
    nifti.write_bytes(b"")
    (folder / "segmentation.nii.gz").write_bytes(b"")
    assert len(result_subjects(tmp_path / "a")) == 1


@pytest.mark.parametrize("source", [None, {}, {"path": 3, "sha256": ""}, "ct.nii"])
def test_a_record_that_does_not_name_its_ct_is_refused(tmp_path, nifti, source):
    record = write_result(tmp_path / "a", nifti) / "run.json"
    record.write_text(json.dumps({"source": source}))
    with refused("run.json", "which CT"):
        result_subjects(tmp_path / "a")


def test_half_a_result_and_an_empty_folder_are_refused(tmp_path, nifti):
    (write_result(tmp_path / "a", nifti) / "segmentation.nii.gz").unlink()
    with refused("segmentation.nii.gz", "complete result folder"):
        result_subjects(tmp_path / "a")
    (tmp_path / "empty").mkdir()
    with refused("no run.json"):
        result_subjects(tmp_path / "empty")
