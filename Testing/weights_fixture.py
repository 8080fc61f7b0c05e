"""The real fetched networks, once per test session, in the cache that conftest.py chooses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.registry import KULEUVEN

WeightsByName = Callable[[str], dict[str, np.ndarray]]


@pytest.fixture(scope="session")
def kuleuven_weights() -> WeightsByName:
    """Call it with "liver" or "lesion"; the test skips, saying why, where they can be neither found nor fetched."""
    try:
        weights.fetch(KULEUVEN)
        loaded = {file.name: weights.load(KULEUVEN, file.name) for file in KULEUVEN.files}
    except ModelUnavailableError as error:
        pytest.skip(str(error))
    return loaded.__getitem__
