"""A computer without a network: networks come from a folder that was carried over, or one network works alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import slicer
from LiverTumorSegModule.sample_data import load_phantom
from LiverTumorSegModule.surroundings import python_words
from module_widget import opened_module, wait_until

from LiverTumorSegLib.io import weights
from LiverTumorSegLib.mrml.result import results_of
from LiverTumorSegLib.registry import COMBINED, KULEUVEN

COARSE = ("--spacing", 3, 3, 5)


@pytest.fixture(scope="session")
def carried_folder(tmp_path_factory):
    """What the manual says to download on another computer."""
    folder = tmp_path_factory.mktemp("carried")
    words = ["--no-deps", "--python-version", KULEUVEN.package_python, "--only-binary", ":all:", "-d", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", *words, KULEUVEN.package], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"the networks' package cannot be downloaded: {done.stderr.strip().splitlines()[-1]}")
    return folder


@pytest.fixture
def module(scene, tmp_path, monkeypatch):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "cache"))
    with opened_module() as widget:
        yield widget


def segment_the_phantom(module):
    ct = load_phantom(python_words(), Path(slicer.app.temporaryPath), COARSE)
    module.ui.inputSelector.setCurrentNode(ct)
    module.ui.segmentButton.click()
    wait_until(lambda: module.logic.activity is None, module, 300)
    return ct


def test_offline_with_a_folder_the_networks_come_from_it_without_a_question(module, carried_folder):
    module.ui.offlineCheckBox.checked = True
    module.ui.offlineFolderEdit.currentPath = str(carried_folder)
    ct = segment_the_phantom(module)
    assert module.errors == []
    assert module.questions == []
    (result,) = results_of(ct)
    assert result.run["model"]["id"] == COMBINED.id
    assert weights.is_present(KULEUVEN)
    assert "present" in module.ui.modelStatusLabel.text


def test_offline_without_a_folder_the_built_in_network_works_alone_and_this_is_seen(module):
    module.ui.offlineCheckBox.checked = True
    assert "built-in" in module.ui.modelStatusLabel.text
    ct = segment_the_phantom(module)
    assert module.errors == []
    (result,) = results_of(ct)
    assert result.run["model"]["id"] == "built-in"
    assert "built-in" in module.ui.statusLabel.text


def test_a_folder_without_the_networks_is_a_failure_that_names_it(module, tmp_path):
    (tmp_path / "empty").mkdir()
    module.ui.offlineFolderEdit.currentPath = str(tmp_path / "empty")
    ct = segment_the_phantom(module)
    assert len(module.errors) == 1
    assert str(tmp_path / "empty") in module.errors[0][0]
    assert results_of(ct) == []
