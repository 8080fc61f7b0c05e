"""Unusable input ends in one line and exit code 2, a cancel in exit code 3; neither leaves anything behind."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import nibabel as nib
import numpy as np
import psutil
import pytest
from cli_runs import ROOT, cli, command

AFFINE = np.diag([-2.0, -2.0, 4.0, 1.0])


def nifti(folder: Path, array: np.ndarray) -> Path:
    nib.save(nib.Nifti1Image(array, AFFINE), folder / "ct.nii.gz")
    return folder / "ct.nii.gz"


def missing(folder: Path) -> Path:
    return folder / "nowhere.nii.gz"


def empty_folder(folder: Path) -> Path:
    (folder / "dicom").mkdir()
    return folder / "dicom"


def text_file(folder: Path) -> Path:
    (folder / "ct.nii.gz").write_text("not an image at all\n" * 20)
    return folder / "ct.nii.gz"


def flat_image(folder: Path) -> Path:
    return nifti(folder, np.zeros((64, 64, 1), np.int16))


def not_numbers(folder: Path) -> Path:
    hu = np.full((32, 32, 20), -1000, np.float32)
    hu[8:24, 8:24] = 50
    hu[3, 4, 5] = np.nan
    return nifti(folder, hu)


def truncated(folder: Path) -> Path:
    path = nifti(folder, np.random.default_rng(0).integers(-1000, 500, (40, 40, 40)).astype(np.int16))
    path.write_bytes(path.read_bytes()[:4000])
    return path


@pytest.mark.parametrize("make", [missing, empty_folder, text_file, flat_image, not_numbers, truncated])
def test_unusable_input_is_one_line_with_exit_code_two_and_no_output(tmp_path, make):
    source = make(tmp_path)
    before = sorted(item.name for item in tmp_path.iterdir())
    done = cli("segment", source, "-o", tmp_path / "out", "--model", "classical", "--progress", "none")
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("livertumorseg: ")
    assert "Expected" in lines[0]
    assert sorted(item.name for item in tmp_path.iterdir()) == before


def test_a_folder_of_other_files_is_never_written_to(tmp_path, phantom):
    (tmp_path / "thesis.docx").write_text("years of work")
    done = cli("segment", phantom / "ct.nii.gz", "-o", tmp_path, "--model", "classical", "--progress", "none")
    assert done.returncode == 2
    assert "thesis.docx" in done.stderr
    assert (tmp_path / "thesis.docx").read_text() == "years of work"


@pytest.mark.parametrize(
    "words",
    [
        ("--min-lesion-ml", "-1"),
        ("--engine", "openvino", "--device", "cuda"),
        ("--model", "nonesuch"),
    ],
)
def test_settings_that_make_no_sense_are_refused_before_the_ct_is_read(tmp_path, words):
    done = cli("segment", tmp_path / "not-read.nii.gz", "-o", tmp_path / "out", "--progress", "none", *words)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "not-read" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_path_of_a_script_does_not_mean_the_current_folder(tmp_path):
    done = cli("segment", "", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "an empty path" in done.stderr


@pytest.mark.weights
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", ["read", "liver", "tumors", "vessels", "scene"])
def test_a_cancel_at_any_stage_leaves_no_file_and_no_process(
    tmp_path, phantom, kuleuven_weights, stage, number, record_property
):
    words = command("segment", phantom / "ct.nii.gz", "-o", tmp_path / "out", "--progress", "json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for line in process.stdout:
            if f'"stage": "{stage}"' in line:
                break
        time.sleep(random.Random(stage).uniform(0, 0.5))
        family = psutil.Process(process.pid).children(recursive=True)
        start = time.perf_counter()
        process.send_signal(number)
        _out, err = process.communicate(timeout=60)
        seconds = time.perf_counter() - start
    assert process.returncode == 3, err
    assert err.strip().endswith("livertumorseg: Cancelled; nothing was written.")
    assert list(tmp_path.iterdir()) == []
    assert not [child for child in family if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    record_property("seconds_to_cancel", round(seconds, 2))


@pytest.mark.parametrize("name", ["segment", "measure", "evaluate", "models", "phantom", "demo"])
def test_every_command_explains_itself(name):
    done = cli(name, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5
    if name in ("segment", "measure", "evaluate"):
        assert "(ml" in done.stdout
