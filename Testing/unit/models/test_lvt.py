from __future__ import annotations

import numpy as np
import pytest
from numpy_ops import NumpyOps, random_weights

from LiverTumorSegLib.models.lvt import CHANNELS, lvt_definition
from LiverTumorSegLib.models.network import weight_shapes

SMALL = lvt_definition("lvt", (2, 3, 4, 5), window=(48, 32, 64))


def test_every_multiple_of_the_coarsest_voxel_is_a_window_and_comes_out_as_large():
    for n in range(1, 70):
        legal = SMALL.legal_window((n, 48, 64)) == (n, 48, 64)
        assert legal == (n % 8 == 0), n
    assert SMALL.window_out((8, 64, 24)) == (8, 64, 24)


def test_the_network_gives_one_probability_per_channel_over_its_whole_window():
    x = np.random.default_rng(1).normal(scale=0.2, size=(1, 1, 16, 8, 24))
    out = SMALL.function(NumpyOps(), random_weights(SMALL.kernels), x)
    assert out.shape == (1, len(CHANNELS), 16, 8, 24)
    assert SMALL.channels == len(CHANNELS)
    assert 0 < out.min() < out.max() < 1


def test_hu_become_minus_half_to_half():
    seen = SMALL.input_from_hu(np.array([[[-1000, -160, -60, 40, 140, 240, 900]]], np.int16))
    np.testing.assert_allclose(seen, [[[-0.5, -0.5, -0.25, 0.0, 0.25, 0.5, 0.5]]], atol=1e-7)


def test_the_grid_is_isotropic_and_the_window_the_trained_one():
    assert (SMALL.spacing_mm, SMALL.trained_window) == ((1.5, 1.5, 1.5), (48, 32, 64))


def test_the_weights_are_those_of_the_training_without_its_auxiliary_heads():
    weights = random_weights(SMALL.kernels)
    SMALL.check_weights(weights)
    assert len(weight_shapes(SMALL.kernels)) == 2 * (2 * 4 + 2 * 3 + 1)


def test_a_window_that_does_not_fit_the_levels_is_refused_and_the_next_one_named():
    with pytest.raises(ValueError, match=r"\(48, 40, 64\)"):
        lvt_definition("lvt", (2, 3, 4, 5), window=(48, 36, 64))


def test_an_empty_hu_range_is_refused():
    with pytest.raises(ValueError, match="lower end first"):
        lvt_definition("lvt", (2, 3, 4), hu_range=(240.0, -160.0))
