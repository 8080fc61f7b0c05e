"""A subject: nothing is read before it is asked for, and then image and labels fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dataset_layouts import patient, save, write_hepatic_vessel, write_hv_liver, write_lits
from refusals import refused

from LiverTumorSegLib.training.data.hepatic_vessel import hepatic_vessel_subjects
from LiverTumorSegLib.training.data.label_maps import BinaryMask
from LiverTumorSegLib.training.data.lits import lits_subjects
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject, fully_annotated

LIVER, VESSEL, TUMOR = Structure
ONE = patient(3)


@pytest.fixture
def complete(tmp_path) -> Subject:
    msd = write_hepatic_vessel(tmp_path / "msd", {3: ONE})
    (subject,) = hepatic_vessel_subjects(msd, write_hv_liver(tmp_path / "hv", {3: ONE}))
    return subject


def test_ct_and_labels_come_on_one_grid(complete):
    loaded = complete.load()
    np.testing.assert_array_equal(loaded.ct.array, ONE.ct.array)
    np.testing.assert_array_equal(loaded.labels.array, ONE.exclusive())
    assert loaded.labels.same_grid(loaded.ct)
    assert loaded.labels.array.dtype == np.uint8
    assert loaded.annotated == ALL_STRUCTURES
    assert complete.loss_weights == (1, 1, 1)
    assert fully_annotated(complete)
    np.testing.assert_array_equal(complete.load_ct().ct.array, ONE.ct.array)


def test_a_liver_without_the_rest_is_the_whole_organ_without_cutouts(complete):
    labels = complete.only(frozenset({LIVER})).load().labels.array
    np.testing.assert_array_equal(labels, ONE.liver.astype(np.uint8))


def test_only_vessels_or_only_tumors_leave_the_rest_as_background(complete):
    for structure, mask in ((VESSEL, ONE.vessel), (TUMOR, ONE.tumor)):
        partial = complete.only(frozenset({structure}))
        assert partial.annotated == {structure}
        assert partial.id == complete.id
        np.testing.assert_array_equal(partial.load().labels.array, mask * np.uint8(structure.label_value))


def test_what_was_not_annotated_cannot_be_kept(tmp_path):
    (subject,) = lits_subjects(write_lits(tmp_path, {3: ONE}))
    assert subject.loss_weights == (1, 0, 1)
    with refused("lits-003 annotated with liver, tumor", "vessel among them"):
        subject.only(frozenset({LIVER, VESSEL}))
    with refused():
        subject.only(frozenset())


def test_the_patient_is_the_subject_unless_told_otherwise(complete):
    assert complete.patient == complete.id
    assert replace(complete, patient="p").only(frozenset({LIVER})).patient == "p"


def mask_of(path, structure, data_set="x") -> Annotation:
    mask = BinaryMask(path, structure)
    return Annotation(data_set, CtSource(path), mask, mask.structures)


def test_one_class_from_two_files_is_refused(tmp_path):
    twice = (mask_of(tmp_path / "a", LIVER), mask_of(tmp_path / "b", LIVER))
    with refused("s with two annotations of liver"):
        Subject("s", "x", CtSource(tmp_path), twice)


def test_a_subject_without_annotation_or_name_is_refused(tmp_path):
    with refused("no annotation"):
        Subject("s", "x", CtSource(tmp_path), ())
    with refused("a subject without a name"):
        Subject(" ", "x", CtSource(tmp_path), (mask_of(tmp_path, LIVER),))
    with refused("a data set without a name"):
        mask_of(tmp_path, LIVER, "")


def test_annotating_what_the_labels_do_not_hold_is_refused(tmp_path):
    with refused("vessel as annotated", "its classes (liver)"):
        Annotation("x", CtSource(tmp_path), BinaryMask(tmp_path / "a.nii", LIVER), frozenset({VESSEL}))


def test_files_that_went_missing_are_named_when_they_are_needed(complete):
    complete.annotations[0].labels.path.unlink()
    with refused("hepaticvessel_003.nii.gz does not exist"):
        complete.load()


def test_another_ct_in_the_place_of_the_segmented_one_is_refused(tmp_path):
    path = save(tmp_path / "ct.nii", ONE.ct.array, ONE.ct.affine)
    source = CtSource(path, sha256=CtSource(path).read().source.sha256)
    source.read()
    save(path, patient(4).ct.array, ONE.ct.affine)
    with refused("another CT than the one that was segmented"):
        source.read()
