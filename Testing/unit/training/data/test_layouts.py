"""Folders are recognized by the names in them, a thousand subjects without reading a voxel."""

from __future__ import annotations

import pytest
from dataset_layouts import patient, write_hepatic_vessel, write_hv_liver, write_ircad, write_lits
from refusals import refused

from LiverTumorSegLib.training.data.layouts import Layout, find_subjects, recognize
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure

ONE = patient(1)
LIVER, VESSEL, TUMOR = Structure


@pytest.fixture
def folders(tmp_path):
    write_lits(tmp_path / "lits", {1: ONE})
    write_hepatic_vessel(tmp_path / "Task08_HepaticVessel", {1: ONE, 2: ONE})
    write_hv_liver(tmp_path / "hv", {2: ONE})
    write_ircad(tmp_path / "3Dircadb1", 4, ONE)
    table = tmp_path / "clinic" / "subjects.csv"
    table.parent.mkdir()
    table.write_text("id,image,labels,annotated\nx,../lits,../hv,tumor\n")
    result = tmp_path / "out" / "a"
    result.mkdir(parents=True)
    (result / "run.json").write_text("{}")
    return {path.name: path for path in tmp_path.iterdir()}


def test_every_layout_is_recognized(folders):
    assert {name: recognize(folder) for name, folder in folders.items()} == {
        "lits": Layout.LITS,
        "Task08_HepaticVessel": Layout.HEPATIC_VESSEL,
        "hv": Layout.HV_LIVER,
        "3Dircadb1": Layout.IRCAD,
        "clinic": Layout.TABLE,
        "out": Layout.RESULTS,
    }


def test_all_subjects_of_several_folders(folders):
    found = find_subjects([folders[name] for name in ("hv", "lits", "Task08_HepaticVessel", "3Dircadb1", "clinic")])
    assert {subject.id: subject.annotated for subject in found} == {
        "lits-001": {LIVER, TUMOR},
        "hepatic-vessel-001": {VESSEL, TUMOR},
        "hepatic-vessel-002": ALL_STRUCTURES,
        "ircad-04": ALL_STRUCTURES,
        "x": {TUMOR},
    }


def test_livers_without_their_images_are_refused(folders):
    with refused("1 folders of HV Liver with 0 of HepaticVessel"):
        find_subjects([folders["hv"], folders["lits"]])


def test_one_folder_under_two_names_is_refused(folders, tmp_path):
    write_lits(tmp_path / "again", {1: ONE})
    with refused("the ids lits-001 in two"):
        find_subjects([folders["lits"], tmp_path / "again"])


def test_a_folder_of_anything_else_is_refused_with_what_is_known(tmp_path):
    with refused("no files and no data set", "volume-N.nii", "subjects.csv"):
        recognize(tmp_path)
    (tmp_path / "ct.nii.gz").write_bytes(b"")
    with refused("1 files"):
        recognize(tmp_path)
    with refused("is not a folder"):
        recognize(tmp_path / "absent")


def test_a_thousand_subjects_are_listed_from_files_that_cannot_be_read(tmp_path):
    for number in range(1000):
        (tmp_path / f"volume-{number}.nii").touch(mode=0)
        (tmp_path / f"segmentation-{number}.nii").touch(mode=0)
    subjects = find_subjects([tmp_path])
    assert len(subjects) == 1000
    with refused("volume-0.nii"):
        subjects[0].load()
