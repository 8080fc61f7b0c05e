"""What a user gets who cannot fetch anything, and what a CT without a liver gives."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from cli_runs import NETWORK_FILES, RESULT_FILES, cli, events


def test_offline_the_built_in_network_works_alone_and_says_so(phantom, tmp_path):
    out = tmp_path / "out"
    done = cli(
        "segment", phantom / "ct.nii.gz", "-o", out, "--offline", "--progress", "json",
        LIVERTUMORSEG_CACHE=str(tmp_path / "empty"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = events(done)[-1]
    assert "no-network" not in result["measurements"]["flags"]
    assert any("built-in network alone" in warning for warning in result["warnings"])
    assert json.loads((out / "run.json").read_text())["model"]["id"] == "built-in"
    assert result["measurements"]["liver"]["volume_ml"] > 500
    assert {file.name for file in out.iterdir()} == NETWORK_FILES
    assert "built-in network alone" in (out / "report.html").read_text()


def test_the_classical_outline_is_an_honest_flagged_result(phantom, tmp_path):
    out = tmp_path / "out"
    done = cli("segment", phantom / "ct.nii.gz", "-o", out, "--model", "classical", "--progress", "json")
    assert done.returncode == 0, done.stderr
    result = events(done)[-1]
    assert "no-network" in result["measurements"]["flags"]
    assert result["measurements"]["liver"]["volume_ml"] > 500
    assert {file.name for file in out.iterdir()} == RESULT_FILES
    assert "without a network" in (out / "report.html").read_text()


def test_a_model_asked_for_by_name_is_never_replaced(phantom, tmp_path):
    done = cli(
        "segment", phantom / "ct.nii.gz", "-o", tmp_path / "out", "--offline", "--model", "kuleuven",
        LIVERTUMORSEG_CACHE=str(tmp_path / "empty"),
    )  # fmt: skip
    assert done.returncode == 2
    assert "models fetch" in done.stderr
    assert not (tmp_path / "out").exists()


def write_head(path: Path) -> None:
    """A skull with something grey in it, 2.2 x 2.2 x 4 mm."""
    rng = np.random.default_rng(3)
    grid = np.indices((96, 96, 40)).astype(float)
    head = sum(((axis - c) / r) ** 2 for axis, c, r in zip(grid, (48, 48, 18), (36, 42, 30), strict=True)) < 1
    skull = head & ~(
        sum(((axis - c) / (r - 4)) ** 2 for axis, c, r in zip(grid, (48, 48, 18), (36, 42, 30), strict=True)) < 1
    )
    hu = np.where(skull, 900, np.where(head, 35, -1000)) + rng.normal(0, 8, head.shape)
    nib.save(nib.Nifti1Image(hu.astype(np.int16), np.diag([-2.2, -2.2, 4.0, 1.0])), path)


def test_what_the_built_in_network_takes_for_a_liver_in_a_head_is_flagged(tmp_path):
    """A known fault of that network alone."""
    write_head(tmp_path / "head.nii.gz")
    done = cli("segment", tmp_path / "head.nii.gz", "-o", tmp_path / "out", "--model", "built-in", "--progress", "none")
    assert done.returncode == 0, done.stderr
    flags = set(json.loads((tmp_path / "out" / "measurements.json").read_text())["flags"])
    assert "no-liver-found" in flags or {"liver-volume-implausible", "low-confidence"} <= flags


@pytest.mark.weights
@pytest.mark.parametrize("model", ["combined", "kuleuven", "classical"])
def test_a_ct_without_liver_is_a_result_with_a_warning(tmp_path, model, kuleuven_weights):
    write_head(tmp_path / "head.nii.gz")
    out = tmp_path / "out"
    done = cli("segment", tmp_path / "head.nii.gz", "-o", out, "--model", model, "--progress", "none")
    assert done.returncode == 0, done.stderr
    measured = json.loads((out / "measurements.json").read_text())
    assert "no-liver-found" in measured["flags"]
    assert measured["liver"]["volume_ml"] == 0
    assert measured["tumor"]["burden_percent"] is None
    assert "no-liver-found" in done.stdout
