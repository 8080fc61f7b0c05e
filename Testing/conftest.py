"""What all tests share: where the real cases are, and what to say where they are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from weights_fixture import kuleuven_weights

__all__ = ["kuleuven_weights", "real_data"]

ROOT = Path(__file__).parents[1]
# Children of the tests (the command line) find the same weights; nothing is fetched into the user's own cache.
os.environ.setdefault("LIVERTUMORSEG_CACHE", str(ROOT / "cache"))


def real_data_folder() -> Path:
    return Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the real cases; the test skips, saying so, where it is absent."""
    folder = real_data_folder()
    if not (folder / "cases").is_dir():
        pytest.skip(f"real CT cases are not in {folder}; set LIVERTUMORSEG_TESTDATA")
    return folder
