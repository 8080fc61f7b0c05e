"""prior.json as training reads it, and ratios counted in masks."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from LiverTumorSegLib.errors import CancelledError, InputError
from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.io.prior_files import read_prior
from LiverTumorSegLib.io.ratio_files import mask_files, ratios_of_masks
from LiverTumorSegLib.io.results import write_labels_json
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.volume import Volume

AFFINE = np.array([[0.0, -0.7, 0.1, 5], [0.8, 0, 0, -3], [0, 0.1, 5, 40], [0, 0, 0, 1]])
"""Oblique and anisotropic: ratios count voxels, whatever their shape."""


def label_map(values: dict[int, int]) -> np.ndarray:
    """A map with so many voxels of each value."""
    flat = np.zeros(4 * 5 * 6, np.uint8)
    at = 3
    for value, count in values.items():
        flat[at : at + count] = value
        at += count
    return flat.reshape(4, 5, 6)


def save(path: Path, values: dict[int, int]) -> None:
    nibabel.save(nibabel.Nifti1Image(label_map(values), AFFINE), path)


def prior(tmp_path: Path, **changes: object) -> Path:
    predictions = {
        "HCC_001": {"predicted": 0.25, "fold": 1, "observed": 0.3},
        "HCC_002": {"predicted": 0, "fold": None},
    }
    path = tmp_path / "prior.json"
    path.write_text(json.dumps({"schema": 1, "target": "tlvr", "predictions": predictions} | changes))
    return path


def test_training_gets_a_ratio_for_each_case(tmp_path):
    assert read_prior(prior(tmp_path)) == {"HCC_001": 0.25, "HCC_002": 0.0}
    assert read_prior(tmp_path) == read_prior(tmp_path / "prior.json")


def test_a_prior_of_something_else_is_refused(tmp_path):
    with pytest.raises(InputError, match="predicts 'Tr_Size'"):
        read_prior(prior(tmp_path, target="Tr_Size"))
    with pytest.raises(InputError, match="schema 2"):
        read_prior(prior(tmp_path, schema=2))
    with pytest.raises(InputError, match="None as a prediction"):
        read_prior(prior(tmp_path, predictions={"a": {"predicted": None}}))
    with pytest.raises(InputError, match="cannot be read"):
        read_prior(tmp_path / "absent.json")


def test_the_tumor_ratio_counts_the_liver_with_vessels_and_tumors(tmp_path):
    """HCC_001: 5 of 20 + 5 + 5 voxels; HCC_002: 10 of 40, with its own values; HCC_003: nothing; HCC_004: no tumor."""
    save(tmp_path / "HCC_001.nii.gz", {1: 20, 2: 5, 3: 5})
    (tmp_path / "HCC_002").mkdir()
    save(tmp_path / "HCC_002" / "segmentation.nii.gz", {7: 30, 2: 10, 9: 25})
    (tmp_path / "HCC_002" / "labels.json").write_text('{"liver": 7, "tumor": 2, "spleen": 9}')
    save(tmp_path / "HCC_003.nii", {})
    write_seg_nrrd(tmp_path / "HCC_004.seg.nrrd", Volume(label_map({1: 12, 3: 4}), AFFINE), MAIN_LABELS)
    (tmp_path / "notes.txt").write_text("not a mask")
    (tmp_path / "other").mkdir()
    files = mask_files(tmp_path)
    assert list(files) == ["HCC_001", "HCC_002", "HCC_003", "HCC_004"]
    ratios, warnings = ratios_of_masks(files)
    assert ratios == {"HCC_001": 5 / 30, "HCC_002": 10 / 40, "HCC_004": 4 / 16}
    assert any(warning.startswith("HCC_003: no voxel of liver or tumor") for warning in warnings)


def test_folders_without_masks_and_two_masks_of_one_case_are_refused(tmp_path):
    with pytest.raises(InputError, match="no segmentation in"):
        mask_files(tmp_path)
    with pytest.raises(InputError, match="no folder"):
        mask_files(tmp_path / "absent")
    save(tmp_path / "a.nii.gz", {1: 3})
    save(tmp_path / "a.nii", {1: 3})
    with pytest.raises(InputError, match="both of the case a"):
        mask_files(tmp_path)


def test_counting_can_be_stopped(tmp_path):
    save(tmp_path / "a.nii.gz", {1: 3})
    write_labels_json(tmp_path, MAIN_LABELS)

    def stop(_event):
        raise CancelledError

    with pytest.raises(CancelledError):
        ratios_of_masks(mask_files(tmp_path), stop)
