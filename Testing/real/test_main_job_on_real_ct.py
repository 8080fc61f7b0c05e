"""The main job on two real CTs with expert masks. The built-in network was trained on both, of the fetched ones nobody
knows what they were trained on: no accuracy.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import NETWORK_FILES, cli

pytestmark = [pytest.mark.real, pytest.mark.weights, pytest.mark.slow]


def segmented(source: Path, folder: Path) -> Path:
    done = cli("segment", source, "-o", folder / "out", "--progress", "none")
    assert done.returncode == 0, done.stderr
    assert {file.name for file in (folder / "out").iterdir()} == NETWORK_FILES
    return folder / "out"


def agreement(out: Path, case: Path) -> dict[str, Any]:
    tumors = case / "liver_tumors_instances.nii.gz"
    words = ["--liver", case / "liver.nii.gz"]
    words += ["--vessel", case / "portal_vein.nii.gz", case / "hepatic_veins_and_vena_cava.nii.gz"]
    words += ["--tumor", tumors] if tumors.exists() else []
    done = cli("evaluate", out, *words, "--progress", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ircad01(real_data, kuleuven_weights, tmp_path_factory):
    return segmented(real_data / "dicom" / "ircad01_dicom.zip", tmp_path_factory.mktemp("ircad01"))


@pytest.fixture(scope="module")
def ircad07(real_data, kuleuven_weights, tmp_path_factory):
    return segmented(real_data / "cases" / "ircad07" / "ct.nii.gz", tmp_path_factory.mktemp("ircad07"))


def test_on_ircad01_liver_vessels_and_the_five_largest_tumors_are_found(ircad01, real_data):
    facts = agreement(ircad01, real_data / "cases" / "ircad01")
    assert facts["classes"]["liver"]["dice"] >= 0.96
    assert facts["classes"]["vessel"]["dice"] >= 0.58
    assert facts["classes"]["tumor"]["dice"] >= 0.84
    assert all(lesion["covered"] > 0.1 for lesion in facts["reference_lesions"][:5])
    false = [lesion["volume_ml"] for lesion in facts["predicted_lesions"] if lesion["covered"] <= 0.1]
    assert all(volume_ml < 1 for volume_ml in false), false


def test_on_ircad07_vessels_are_found_and_the_case_with_a_mass_beside_the_liver_is_flagged(ircad07, real_data):
    facts = agreement(ircad07, real_data / "cases" / "ircad07")
    assert facts["classes"]["vessel"]["dice"] >= 0.58
    assert facts["classes"]["liver"]["dice"] >= 0.89
    measured = json.loads((ircad07 / "measurements.json").read_text())
    assert "low-confidence" in measured["flags"]
    assert all("doubtful-lesion" in lesion["flags"] for lesion in measured["lesions"])
    assert sum(lesion["volume_ml"] for lesion in measured["lesions"]) < 10


def test_the_same_patient_as_nifti_gives_the_same_numbers(ircad01, real_data, kuleuven_weights, tmp_path):
    again = segmented(real_data / "cases" / "ircad01" / "ct.nii.gz", tmp_path)
    first, second = (json.loads((out / "measurements.json").read_text()) for out in (ircad01, again))
    assert second["liver"]["volume_ml"] == pytest.approx(first["liver"]["volume_ml"], rel=1e-6)
    assert len(second["lesions"]) == len(first["lesions"])


def test_expert_masks_of_ircad01_measure_1489_ml_and_seven_lesions(real_data, tmp_path):
    import nibabel as nib
    import numpy as np

    case = real_data / "cases" / "ircad01"
    liver, tumors = (nib.load(case / f"{name}.nii.gz") for name in ("liver", "liver_tumors_instances"))
    labels = np.where(np.asarray(tumors.dataobj) > 0, 3, np.asarray(liver.dataobj) > 0).astype(np.uint8)
    nib.save(nib.Nifti1Image(labels, liver.affine), tmp_path / "expert.nii.gz")
    done = cli("measure", case / "ct.nii.gz", tmp_path / "expert.nii.gz", "-o", tmp_path / "out", "--progress", "none")
    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "out" / "measurements.json").read_text())
    assert measured["liver"]["volume_ml"] == pytest.approx(
        (labels > 0).sum() * np.prod(liver.header.get_zooms()) / 1000
    )
    assert measured["liver"]["volume_ml"] == pytest.approx(1489.4, abs=0.1)
    assert len(measured["lesions"]) == 7
