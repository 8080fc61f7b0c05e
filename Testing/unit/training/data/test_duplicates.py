"""The same image in several data sets becomes one subject; nobody is in two sets."""

from __future__ import annotations

from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from dataset_layouts import Patient, patient, save, write_hepatic_vessel, write_hv_liver, write_ircad, write_lits
from refusals import refused

from LiverTumorSegLib.training.data.duplicates import merge_duplicates, possible_doubles, without_possible_doubles
from LiverTumorSegLib.training.data.hepatic_vessel import hepatic_vessel_subjects
from LiverTumorSegLib.training.data.ircad import ircad_subjects
from LiverTumorSegLib.training.data.lits import lits_subjects
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.training.data.subject import Subject
from LiverTumorSegLib.training.data.table import table_subjects
from LiverTumorSegLib.training.data.turns import Turn, every_turn
from LiverTumorSegLib.volume import Volume

ONE = patient(1)
LIVER, VESSEL, TUMOR = Structure
TURN = Turn((1, 0, 2), (True, False, True))


def lits_copy(one: Patient, *, tumor: np.ndarray | None = None) -> Patient:
    """The same patient as LiTS has it: axes in another order, the header lost."""
    masks = (one.liver, one.vessel, one.cava, one.tumor if tumor is None else tumor)
    return Patient(Volume(TURN.array(one.ct.array), np.eye(4)), *(TURN.array(mask) for mask in masks))


@pytest.fixture
def both(tmp_path) -> tuple[Subject, ...]:
    """LiTS 5, 28 and 29; 3D-IRCADb 1, which is LiTS 28."""
    write_ircad(tmp_path / "ircad", 1, ONE)
    copy = lits_copy(ONE, tumor=ONE.vessel)
    write_lits(tmp_path / "lits", {5: patient(5), 28: copy, 29: patient(29)})
    return lits_subjects(tmp_path / "lits") + ircad_subjects(tmp_path / "ircad")


def test_a_copy_with_turned_axes_and_lost_header_becomes_one_subject(both, tmp_path):
    merged = merge_duplicates(both, tmp_path / "cache")
    assert [subject.id for subject in merged.subjects] == ["lits-005", "ircad-01", "lits-029"]
    subject = merged.subjects[1]
    assert (subject.also, subject.data_set, subject.annotated) == (("lits-028",), "ircad", ALL_STRUCTURES)
    loaded = subject.load()
    np.testing.assert_allclose(loaded.ct.affine, ONE.ct.affine, atol=1e-8)
    np.testing.assert_array_equal(loaded.labels.array, ONE.exclusive())


def test_it_is_told_whose_masks_are_used(both, tmp_path):
    (merge,) = merge_duplicates(both, tmp_path / "cache").merges
    assert merge.members == ("lits-028", "ircad-01")
    assert dict(merge.kept) == dict.fromkeys(Structure, "ircad")
    assert merge.set_aside == ((LIVER, "lits"), (TUMOR, "lits"))
    assert "lits-028 = ircad-01 are one image" in merge.sentence()
    assert "Not used: liver of lits; tumor of lits." in merge.sentence()


def test_another_priority_takes_masks_of_the_copy_onto_the_grid_with_the_true_header(both, tmp_path):
    merged = merge_duplicates(both, tmp_path / "cache", priority=("lits", "ircad"))
    subject, (merge,) = merged.subjects[1], merged.merges
    assert subject.id == "ircad-01"
    assert dict(merge.kept) == {LIVER: "lits", TUMOR: "lits", VESSEL: "ircad"}
    expected = ONE.liver.astype(np.uint8)
    expected[ONE.vessel] = 3  # what LiTS calls a tumor in this test
    loaded = subject.load()
    np.testing.assert_allclose(loaded.ct.affine, ONE.ct.affine, atol=1e-8)
    np.testing.assert_array_equal(loaded.labels.array, expected)


def test_copies_in_all_48_orders_give_the_same_labels(tmp_path):
    masks = ("liver", "vessel", "cava", "tumor")
    msd = write_hepatic_vessel(tmp_path / "msd", {1: ONE})
    for number, turn in enumerate(every_turn()):
        turned = turn.volume(ONE.ct)
        header = turned.affine if number % 2 else np.eye(4)
        copy = Patient(Volume(turned.array, header), *(turn.array(getattr(ONE, name)) for name in masks))
        lits = lits_subjects(write_lits(tmp_path / f"{number}", {3: copy}))
        (subject,) = merge_duplicates(hepatic_vessel_subjects(msd) + lits, tmp_path / "cache").subjects
        assert subject.loss_weights == (1, 1, 1)
        np.testing.assert_array_equal(subject.load().labels.array, ONE.exclusive())


def test_vessels_of_one_and_liver_of_the_other_are_united(tmp_path):
    lits = lits_subjects(write_lits(tmp_path / "lits", {4: ONE}))
    msd = hepatic_vessel_subjects(write_hepatic_vessel(tmp_path / "msd", {9: ONE}))
    (subject,) = merge_duplicates(lits + msd, tmp_path / "cache").subjects
    assert (subject.id, subject.also) == ("hepatic-vessel-009", ("lits-004",))
    assert {a.data_set: a.structures for a in subject.annotations} == {
        "hepatic-vessel": {VESSEL, TUMOR},
        "lits": {LIVER},
    }
    np.testing.assert_array_equal(subject.load().labels.array, ONE.exclusive())


def test_data_sets_without_a_priority_come_last_in_the_order_given(tmp_path):
    livers = write_hv_liver(tmp_path / "hv", {1: ONE})
    msd = hepatic_vessel_subjects(write_hepatic_vessel(tmp_path / "msd", {1: ONE}), livers)
    tables = []
    for name in ("x", "y"):
        save(tmp_path / name / "ct.nii", ONE.ct.array, ONE.ct.affine)
        save(tmp_path / name / "labels.nii", ONE.exclusive(), ONE.ct.affine)
        lines = "id,image,labels,annotated\n" + f"{name}-1,ct.nii,labels.nii,liver;tumor\n"
        (tmp_path / name / "subjects.csv").write_text(lines)
        tables += table_subjects(tmp_path / name / "subjects.csv")
    (subject,) = merge_duplicates((*tables, *msd), tmp_path / "cache").subjects
    assert subject.id == "hepatic-vessel-001"
    (subject,) = merge_duplicates(tables, tmp_path / "cache").subjects
    assert (subject.id, {a.data_set for a in subject.annotations}) == ("x-1", {"x"})


def test_merging_twice_changes_nothing(both, tmp_path):
    once = merge_duplicates(both, tmp_path / "cache")
    again = merge_duplicates(once.subjects, tmp_path / "cache")
    assert again.subjects == once.subjects
    assert again.merges == ()


def test_different_images_stay_apart(tmp_path):
    subjects = lits_subjects(write_lits(tmp_path / "lits", {n: patient(n) for n in range(4)}))
    merged = merge_duplicates(subjects, tmp_path / "cache")
    assert merged.subjects == subjects
    assert (merged.merges, merged.warnings) == ((), ())


def test_other_images_of_a_patient_follow(tmp_path):
    """P1 = a, b; Q1 = c, d; R1 = e, f. b is c and d is e: all six are one person."""
    images = {"a": 1, "b": 2, "c": 2, "d": 3, "e": 3, "f": 4, "g": 5}
    lines = ["id,image,labels,annotated,patient"]
    for name, patient_of in zip(images, ("P1", "P1", "Q1", "Q1", "R1", "R1", "S1"), strict=True):
        one = patient(images[name])
        save(tmp_path / f"{name}.nii", one.ct.array, one.ct.affine)
        save(tmp_path / f"{name}-labels.nii", one.exclusive(), one.ct.affine)
        lines.append(f"{name},{name}.nii,{name}-labels.nii,liver,{patient_of}")
    (tmp_path / "subjects.csv").write_text("\n".join(lines))
    merged = merge_duplicates(table_subjects(tmp_path / "subjects.csv"), tmp_path / "cache")
    assert {subject.id: subject.patient for subject in merged.subjects} == {
        **dict.fromkeys("abdf", "P1"),
        "g": "S1",
    }


def test_images_that_changed_after_merging_are_refused(both, tmp_path):
    merged = merge_duplicates(both, tmp_path / "cache", priority=("lits",))
    path = tmp_path / "lits" / "Training Batch 1" / "volume-28.nii"
    image = nib.load(path)
    changed = np.asarray(image.dataobj).copy()
    changed[6, 6, 4] += 1
    save(path, changed, image.affine)
    with refused("volume-28.nii", "not the same image any more", "Merge"):
        merged.subjects[1].load()


def test_an_unreadable_image_is_named(both, tmp_path):
    (tmp_path / "lits" / "Training Batch 2" / "volume-29.nii").write_bytes(b"")
    with refused("volume-29.nii"):
        merge_duplicates(both, tmp_path / "cache")


def test_lits_numbers_of_ircad_without_a_twin_are_suspected(both, tmp_path):
    """LiTS 29 may be patient 2 with other voxels, but only as long as a patient of 3D-IRCADb has no twin."""
    merged = merge_duplicates(both, tmp_path / "cache")
    assert possible_doubles(merged.subjects) == ()
    write_ircad(tmp_path / "ircad", 2, patient(2))
    more = merge_duplicates((*both, *ircad_subjects(tmp_path / "ircad")[1:]), tmp_path / "cache")
    assert [subject.id for subject in possible_doubles(more.subjects)] == ["lits-029"]
    assert [s.id for s in without_possible_doubles(more.subjects)] == ["lits-005", "ircad-01", "ircad-02"]
    assert "lits-029 may be patients of 3D-IRCADb" in more.warnings[0]


def test_lits_without_ircad_is_not_suspected_but_its_lost_spacing_is_told(both, tmp_path):
    merged = merge_duplicates(both[:3], tmp_path / "cache")
    assert possible_doubles(merged.subjects) == ()
    (warning,) = merged.warnings
    assert "lits-028, lits-029" in warning
    assert "1 x 1 x 1 mm" in warning


def test_progress_counts_the_images(both, tmp_path):
    events = []
    merge_duplicates(both, tmp_path / "cache", report=events.append)
    assert [event.fraction for event in events] == [0, 0.25, 0.5, 0.75, 1]


def test_a_subject_listed_twice_is_one(both, tmp_path):
    twice = (*both, replace(both[0], id="again"))
    merged = merge_duplicates(twice, tmp_path / "cache")
    assert len(merged.subjects) == 3
    assert merged.subjects[0].also == ("again",)
