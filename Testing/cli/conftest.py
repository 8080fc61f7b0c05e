"""One phantom and one finished run of the main job on it, shared by the tests of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_runs import cli, events
from weights_fixture import WeightsByName


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a coarse phantom: 1.5 million voxels of 2 x 2 x 4 mm."""
    folder = tmp_path_factory.mktemp("phantom") / "files"
    done = cli("phantom", "-o", folder, "--spacing", 2, 2, 4)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def finished(phantom: Path, kuleuven_weights: WeightsByName, tmp_path_factory: pytest.TempPathFactory):
    """Result folder of the main job on the phantom, and the JSON events of its run."""
    out = tmp_path_factory.mktemp("main") / "result"
    done = cli("segment", phantom / "ct.nii.gz", "-o", out, "--progress", "json")
    assert done.returncode == 0, done.stderr
    return out, events(done)
