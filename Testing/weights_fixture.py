"""The real fetched networks, once per test session, in the project's ignored cache folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.registry import KULEUVEN

PROJECT_CACHE = Path(__file__).parents[1] / "cache"

WeightsByName = Callable[[str], dict[str, np.ndarray]]


@pytest.fixture(scope="session")
def kuleuven_weights() -> WeightsByName:
    """Call it with "liver" or "lesion"; the test skips, saying why, where they can be neither found nor fetched."""
    chosen = os.environ.get(weights.CACHE_VARIABLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(weights.CACHE_VARIABLE, chosen or str(PROJECT_CACHE))
        try:
            weights.fetch(KULEUVEN)
            loaded = {file.name: weights.load(KULEUVEN, file.name) for file in KULEUVEN.files}
        except ModelUnavailableError as error:
            pytest.skip(str(error))
    return loaded.__getitem__
