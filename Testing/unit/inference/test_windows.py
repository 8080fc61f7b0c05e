import numpy as np
import pytest

from LiverTumorSegLib.engines import Network
from LiverTumorSegLib.inference.windows import (
    Blend,
    fewest_windows,
    gaussian,
    run_tiles,
    starts_along,
    tent,
    tiles,
    touching,
    window_at,
)
from LiverTumorSegLib.models.kuleuven import LESION, LIVER


def test_a_window_over_the_edge_is_filled_and_keeps_voxels_in_place():
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    window = window_at(array, (-1, 1, 2), (3, 4, 5), -9.0)
    assert window.shape == (3, 4, 5)
    assert np.array_equal(window[1:3, 0:2, 0:2], array[0:2, 1:3, 2:4])
    assert (window == -9.0).sum() == 60 - 8


def test_a_window_that_misses_the_array_is_all_fill():
    assert (window_at(np.zeros((2, 3, 4), np.float32), (5, 0, -9), (2, 2, 2), 7.0) == 7.0).all()


@pytest.mark.parametrize(("length", "window"), [(10, 10), (11, 10), (20, 10), (21, 10), (95, 42), (7, 42)])
def test_windows_along_an_axis_cover_all_of_it_and_are_as_few_as_can_be(length, window):
    starts = starts_along(length, window)
    covered = np.zeros(length, bool)
    for start in starts:
        covered[max(0, start) : start + window] = True
    assert covered.all()
    assert len(starts) == -(-length // window)


def test_one_window_on_a_short_axis_is_centred():
    assert starts_along(7, 11) == [-2]
    assert starts_along(8, 12) == [-2]


@pytest.mark.parametrize(("length", "window", "overlap"), [(33, 16, 0.5), (90, 16, 0.5), (77, 32, 0.3), (150, 30, 0.7)])
def test_neighbours_overlap_by_at_least_what_is_asked_for_with_no_window_too_many(length, window, overlap):
    starts = starts_along(length, window, overlap)
    steps = np.diff(starts)
    assert starts[0] == 0
    assert starts[-1] == length - window
    assert steps.max() - steps.min() <= 1
    assert steps.max() <= np.ceil(window * (1 - overlap))
    assert (len(starts) - 2) * window * (1 - overlap) < length - window


@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.6, 0.75])
@pytest.mark.parametrize("length", [49, 50, 64, 96, 97, 133, 200])
def test_starts_are_their_own_mirror_image_unless_an_odd_number_shares_an_odd_rest(length, overlap):
    starts = starts_along(length, 48, overlap)
    mirrored = [length - 48 - start for start in reversed(starts)]
    assert starts == mirrored or (len(starts) % 2 == 1 and (length - 48) % 2 == 1)


@pytest.mark.parametrize("overlap", [0.0, 0.5])
@pytest.mark.parametrize("weights", [tent, gaussian])
def test_blending_equal_patches_gives_the_array_back_whatever_the_tiling(weights, overlap):
    array, size = np.random.default_rng(1).random((23, 17, 9)).astype(np.float32), (10, 17, 12)
    blend = Blend(2, array.shape, weights(size))
    for corner in tiles(array.shape, size, overlap):
        patch = window_at(array, corner, size, 0.0)
        blend.add(np.stack([patch, -patch]), corner)
    np.testing.assert_allclose(blend.finished(), [array, -array], atol=1e-6)


def test_where_no_patch_lies_the_blend_is_zero():
    blend = Blend(1, (5, 5, 5), tent((2, 2, 2)))
    blend.add(np.ones((1, 2, 2, 2), np.float32), (0, 0, 0))
    assert blend.finished().sum() == pytest.approx(8.0)


def test_a_patch_with_another_number_of_channels_is_refused_not_spread_over_all():
    with pytest.raises(ValueError, match="1 channels where 3"):
        Blend(3, (5, 5, 5), tent((2, 2, 2))).add(np.ones((1, 2, 2, 2), np.float32), (0, 0, 0))


@pytest.mark.parametrize("length", [16, 24, 40])
def test_gaussian_weights_fall_to_exp_of_minus_a_half_at_an_eighth_of_the_window_from_its_centre(length):
    weights = gaussian((length, length + 8, 2 * length))
    across = weights[:, length // 2 + 4, length]
    x = np.arange(length) - (length - 1) / 2
    np.testing.assert_allclose(across / across.max(), np.exp(-0.5 * (x**2 - 0.25) / (length / 8) ** 2), rtol=1e-5)
    for axis in range(3):
        np.testing.assert_array_equal(weights, np.flip(weights, axis))
    assert weights.min() > 0


def test_only_windows_that_hold_a_true_voxel_touch_a_mask():
    mask = np.zeros((8, 9, 4), bool)
    mask[5, 4, 3] = True
    corners = [(-2, 0, 0), (1, 0, 0), (2, 0, 0), (4, 4, -1), (5, 5, 0)]
    assert touching(mask, corners, (4, 5, 5)) == [(2, 0, 0), (4, 4, -1)]


class CentreOf(Network):
    """A network that answers with its input's centre: tiling must then give the input back, voxel for voxel."""

    def __init__(self, definition, window_in):
        self.window_in, self.window_out, self._margin = window_in, definition.window_out(window_in), definition.margin

    def describe(self):
        return {}

    def run(self, window, poll):
        poll()
        return window[None, *(slice(m, n - m) for m, n in zip(self._margin, window.shape, strict=True))]


@pytest.mark.parametrize("definition", [LIVER, LESION], ids=["liver", "lesion"])
@pytest.mark.parametrize("shape", [(61, 75, 33), (201, 164, 56)])
def test_tiling_shifts_nothing(definition, shape):
    array = np.random.default_rng(2).random(shape).astype(np.float32)
    network = CentreOf(definition, definition.trained_window)
    events = []
    answer = run_tiles(array, tiles(shape, network.window_out), network, events.append)
    assert np.allclose(answer, array, atol=1e-6)
    assert events[0].fraction == 0.0
    assert events[-1].fraction < 1.0


@pytest.mark.parametrize("shape", [(201, 164, 56), (242, 191, 56), (30, 20, 5), (300, 260, 120)])
def test_fitted_windows_are_legal_bounded_and_cost_no_more_than_the_trained_one(shape):
    window = fewest_windows(shape, LESION)
    assert LESION.legal_window(window) == window
    assert np.prod(window) <= 6_500_000
    cost = len(tiles(shape, LESION.window_out(window))) * np.prod(window)
    usual = len(tiles(shape, LESION.window_out(LESION.trained_window))) * np.prod(LESION.trained_window)
    assert cost <= usual
