"""Splits: deterministic, balanced, and no patient on both sides."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from refusals import refused

from LiverTumorSegLib.training.data.label_maps import BinaryMask
from LiverTumorSegLib.training.data.split_file import read_split, write_split
from LiverTumorSegLib.training.data.splits import (
    Part,
    Split,
    Supervision,
    check_split,
    chosen,
    fold,
    k_folds,
    partial_split,
    supervised,
)
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject

LIVER, VESSEL, TUMOR = Structure


def subject(name: str, data_set: str = "a", structures=ALL_STRUCTURES, patient: str = "") -> Subject:
    """One that is never read."""
    image = CtSource(Path(f"{name}.nii"))
    masks = (BinaryMask(Path(f"{name}-{structure}.nii"), structure) for structure in sorted(structures))
    annotations = tuple(Annotation(data_set, image, mask, mask.structures) for mask in masks)
    return Subject(name, data_set, image, annotations, patient)


HV = tuple(subject(f"hepatic-vessel-{number:03d}") for number in range(303))
MIXED = (
    tuple(subject(f"lits-{n}", "lits", {LIVER, TUMOR}, f"p{n // 2}") for n in range(44))
    + tuple(subject(f"hv-{n}", "hv", {VESSEL, TUMOR}) for n in range(23))
    + tuple(subject(f"ircad-{n}", "ircad") for n in range(7))
    + (subject("rescan", "clinic", {LIVER}, "hv-3"),)
)


def patients_of(subjects) -> set[str]:
    return {one.patient for one in subjects}


def test_every_subject_is_validated_once_and_no_patient_leaks():
    split = k_folds(MIXED, 5, seed=3)
    validated = []
    for number in range(1, 6):
        training, validation = fold(split, MIXED, number)
        assert not patients_of(training) & patients_of(validation)
        assert {one.id for one in (*training, *validation)} == {one.id for one in MIXED}
        validated += [one.id for one in validation]
    assert sorted(validated) == sorted(one.id for one in MIXED)


def test_folds_are_balanced_within_every_data_set():
    split = k_folds(MIXED, 5, seed=3)
    by_fold = [Counter(one.data_set for one in fold(split, MIXED, number)[1]) for number in range(1, 6)]
    assert {counts["ircad"] for counts in by_fold} == {1, 2}
    assert {counts["hv"] for counts in by_fold} == {4, 5}
    assert {counts["lits"] for counts in by_fold} <= {8, 10}  # patients of two images
    assert max(counts.total() for counts in by_fold) - min(counts.total() for counts in by_fold) <= 2


def test_the_seed_alone_decides():
    assert k_folds(MIXED, 5, seed=3) == k_folds(MIXED, 5, seed=3)
    assert k_folds(MIXED, 5, seed=3) != k_folds(MIXED, 5, seed=4)
    other_way = k_folds(MIXED[::-1], 5, seed=3)
    for part in k_folds(MIXED, 5, seed=3).parts:
        assert set(other_way.part(part.name).subjects) == set(part.subjects)


def test_the_parts_are_the_same_on_every_machine_and_version():
    """Dealt like cards in the order of ``printf '1\\nID' | sha256sum``; were this to change, old networks would meet
    their training patients in new test sets."""
    order = sorted((one.id for one in HV[:8]), key=lambda name: hashlib.sha256(f"1\n{name}".encode()).hexdigest())
    split = k_folds(HV[:8], 3, seed=1)
    assert [part.subjects for part in split.parts] == [tuple(sorted(order[n::3])) for n in range(3)]
    assert split.parts[0].subjects == ("hepatic-vessel-002", "hepatic-vessel-006", "hepatic-vessel-007")


def test_the_parts_of_the_paper_have_its_sizes():
    split = partial_split(HV)
    assert {part.name: len(part.subjects) for part in split.parts} == {
        "full": 61,
        "liver-only": 61,
        "vessel-only": 61,
        "tumor-only": 60,
        "test": 60,
    }


def test_partial_supervision_keeps_one_class_each():
    split = partial_split(HV, seed=7)
    weights = {part.name: {one.loss_weights for one in supervised(split, HV, part.name)} for part in split.parts}
    assert weights == {
        "full": {(1, 1, 1)},
        "liver-only": {(1, 0, 0)},
        "vessel-only": {(0, 1, 0)},
        "tumor-only": {(0, 0, 1)},
        "test": {(1, 1, 1)},
    }
    assert {one.loss_weights for one in chosen(split, HV, "liver-only")} == {(1, 1, 1)}


def test_partial_supervision_may_lack_one_class_instead():
    split = partial_split(HV, supervision=Supervision.ALL_BUT_ONE)
    for name, weights in (("liver", (0, 1, 1)), ("vessel", (1, 0, 1)), ("tumor", (1, 1, 0))):
        assert {one.loss_weights for one in supervised(split, HV, f"without-{name}")} == {weights}


def test_folds_of_the_training_parts_have_a_share_of_every_supervision():
    split = partial_split(HV, seed=7)
    training = supervised(split, HV, "full", "liver-only", "vessel-only", "tumor-only")
    folds = k_folds(training, 5, seed=7)
    for number in range(1, 6):
        weights = Counter(one.loss_weights for one in fold(folds, training, number)[1])
        assert len(weights) == 4
        assert set(weights.values()) <= {12, 13}
    assert not patients_of(training) & patients_of(chosen(split, HV, "test"))


def test_partial_supervision_needs_all_three_classes():
    with refused("lits-0 with liver, tumor only (44 such", "HepaticVessel with HV Liver"):
        partial_split((*MIXED[:44], *HV))


@pytest.mark.parametrize(("count", "number"), [(1, 10), (5, 4), (0, 10)])
def test_too_few_patients_or_parts_are_refused(count, number):
    with refused(f"{number} patients for {count} parts"):
        k_folds(HV[:number], count)


def test_two_images_of_a_patient_are_one_patient():
    pairs = tuple(subject(f"s{n}", patient=f"p{n // 2}") for n in range(8))
    with refused("4 patients for 5 parts"):
        k_folds(pairs, 5)


def test_a_split_of_other_subjects_is_refused():
    split = k_folds(HV[:20], 5)
    with refused("has 1 subjects that the split lacks, and lacks 0", "hepatic-vessel-020"):
        fold(split, HV[:21], 1)
    with refused("lacks 2 of its subjects"):
        chosen(split, HV[:18], "fold-1")


def test_a_split_that_tears_a_patient_apart_is_refused():
    split = k_folds(HV[:20], 5)
    first, second = split.parts[0].subjects[0], split.parts[1].subjects[0]
    one_person = tuple(replace(one, patient="p") if one.id in (first, second) else one for one in HV[:20])
    with refused("patient p in fold-1 and fold-2", "every patient in one part"):
        check_split(split, one_person)


def test_a_part_that_is_not_there_is_refused():
    split = k_folds(HV[:20], 3)
    with refused("no part 'fold-4'", "fold-1, fold-2, fold-3"):
        fold(split, HV[:20], 4)
    with refused("no part 'test'"):
        supervised(split, HV[:20], "test")


@pytest.mark.parametrize(
    "parts",
    [(), (Part("a", ("x",)), Part("a", ("y",))), (Part("a", ("x",)), Part("b", ("x",))), (Part("a", ("x", "x")),)],
)
def test_a_split_with_anything_twice_is_refused(parts):
    with refused("split"):
        Split(0, parts)


@pytest.mark.parametrize("split", [k_folds(MIXED, 4, seed=9), partial_split(HV, seed=5)])
def test_a_split_comes_back_from_its_file(tmp_path, split):
    write_split(tmp_path / "split.json", split)
    assert read_split(tmp_path / "split.json") == split


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"seed": None},
        {"parts": None},
        {"parts": [3]},
        {"parts": [{"name": "a", "structures": ["spleen"], "subjects": []}]},
        {"parts": [{"name": "a", "structures": ["liver"], "subjects": "abc"}]},
        {"parts": [{"name": "a", "structures": ["liver"]}]},
        {"parts": [{"name": "a", "structures": ["liver"], "subjects": ["x", "x"]}]},
    ],
)
def test_a_damaged_file_is_refused(tmp_path, change):
    write_split(tmp_path / "split.json", k_folds(HV[:9], 3))
    data = json.loads((tmp_path / "split.json").read_text())
    (tmp_path / "split.json").write_text(json.dumps(data | change))
    with refused("split"):
        read_split(tmp_path / "split.json")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with refused("cannot be written"):
        write_split(tmp_path / "absent" / "split.json", k_folds(HV[:9], 3))
