"""Measuring what readers drew, and comparing with experts, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_runs import cli

AFFINE = np.array([[-2.0, 0, 0, 60], [0, -2.0, 0.3, 50], [0, 0, 4.0, -30], [0, 0, 0, 1]])
SHAPE = (60, 50, 30)


def save(path: Path, array: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array, AFFINE), path)
    return path


@pytest.fixture
def drawn(tmp_path) -> Path:
    """Folder with ct.nii.gz, and mask.nii.gz of a liver (1) with two tumours (3) that do not touch."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[10:45, 8:40, 6:24] = 1
    labels[15:20, 15:20, 10:14] = 3
    labels[30:34, 15:20, 10:14] = 3
    hu = np.where(labels == 0, -100, np.where(labels == 3, 50, 110)).astype(np.int16)
    hu[:4] = -1000
    save(tmp_path / "ct.nii.gz", hu)
    save(tmp_path / "mask.nii.gz", labels)
    return tmp_path


def measured(drawn: Path, *words: object) -> dict:
    done = cli("measure", drawn / "ct.nii.gz", drawn / "mask.nii.gz", "-o", drawn / "out", "--progress", "json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_readers_grouping_of_lesions_is_kept(drawn):
    ids = np.where(nib.load(drawn / "mask.nii.gz").get_fdata() == 3, 7, 0).astype(np.uint8)
    assert len(measured(drawn)["measurements"]["lesions"]) == 2
    grouped = measured(drawn, "--lesions", save(drawn / "ids.nii.gz", ids))["measurements"]["lesions"]
    assert [lesion["volume_ml"] for lesion in grouped] == pytest.approx([(5 * 5 * 4 + 4 * 5 * 4) * 0.016])


def test_lesion_ids_of_another_grid_are_refused(drawn):
    ids = save(drawn / "ids.nii.gz", np.ones((10, 10, 10), np.uint8))
    done = cli("measure", drawn / "ct.nii.gz", drawn / "mask.nii.gz", "-o", drawn / "out", "--lesions", ids)
    assert done.returncode == 2
    assert not (drawn / "out").exists()


def test_values_that_nobody_named_are_warned_about(drawn):
    assert any("values were taken as 1 liver, 2 vessel, 3 tumor" in text for text in measured(drawn)["warnings"])
    (drawn / "labels.json").write_text('{"liver": 1, "tumor": 3}')
    assert not any("were taken as" in text for text in measured(drawn)["warnings"])


def test_an_expert_mask_of_255_is_split_into_its_lesions(drawn):
    measured(drawn)
    expert = np.where(nib.load(drawn / "mask.nii.gz").get_fdata() == 3, 255, 0).astype(np.uint8)
    done = cli("evaluate", drawn / "out", "--tumor", save(drawn / "expert.nii.gz", expert), "--progress", "json")
    facts = json.loads(done.stdout)
    assert [lesion["covered"] for lesion in facts["reference_lesions"]] == [1.0, 1.0]
    assert facts["classes"]["tumor"]["dice"] == 1.0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no expert mask"),
        (("--liver", "ct.nii.gz"), "different values"),
        (("--liver", "mask.nii.gz", "--json", "nowhere/numbers.json"), "cannot be written"),
    ],
)
def test_evaluate_refuses_what_is_no_mask_and_where_it_cannot_write(drawn, words, told):
    measured(drawn)
    done = cli("evaluate", drawn / "out", *(drawn / word if "." in word else word for word in words))
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_json_file_holds_what_is_printed(drawn):
    measured(drawn)
    words = ("evaluate", drawn / "out", "--liver", drawn / "mask.nii.gz", "--json", drawn / "numbers.json")
    facts = json.loads(cli(*words, "--progress", "json").stdout)
    assert {"event": "result", **json.loads((drawn / "numbers.json").read_text())} == facts
