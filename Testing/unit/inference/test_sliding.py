"""Windows, flips and ensembles change what is averaged, not where it lies: held against nets whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from engine_runs import ENGINES, ready
from numpy_ops import random_weights

from LiverTumorSegLib.engines import Network
from LiverTumorSegLib.errors import CancelledError, InputError
from LiverTumorSegLib.inference.sliding import SlidingSettings, sliding_opinions, sliding_probabilities
from LiverTumorSegLib.inference.windows import tiles
from LiverTumorSegLib.models.lvt import lvt_definition
from LiverTumorSegLib.settings import Engine

LVT = lvt_definition("lvt", (3, 4, 5), window=(16, 24, 32))
ONE_WINDOW, ALL_FLIPS = SlidingSettings(overlap=0.0), SlidingSettings(flip_axes=(0, 1, 2))
needs_openvino = pytest.mark.skipif(not any(Engine.OPENVINO in p.values for p in ENGINES), reason="needs OpenVINO")


def hu_of(shape, seed=1):
    return np.random.default_rng(seed).integers(-300, 400, shape, dtype=np.int16)


class Answering(Network):
    """Answers each window with ``what(window)``, (channel, i, j, k); keeps what it saw."""

    def __init__(self, what, window=(16, 24, 32), batch=1):
        self.window_in = self.window_out = window
        self.batch, self._what, self.seen, self.batches = batch, what, [], []

    def describe(self):
        return {}

    def run(self, window, poll):
        poll()
        self.seen.append(window.copy())
        return np.asarray(self._what(window), np.float32)

    def run_batch(self, windows, poll):
        self.batches.append(len(windows))
        return super().run_batch(windows, poll)


def constant(*values, **more):
    return Answering(lambda window: np.stack([np.full(window.shape, value) for value in values]), **more)


def itself(window):
    """Three channels between 0 and 1 that know no neighbour."""
    return np.stack([window + 0.5, 0.5 - window, (window + 0.5) ** 2])


def pointwise_definition():
    """One 1 x 1 x 1 convolution and a sigmoid: no norm, no neighbours."""

    def function(ops, weights, x):
        return ops.sigmoid(ops.convolution(x, weights["conv_01.kernel"], weights["conv_01.bias"], (0, 0, 0)))

    return replace(LVT, name="pointwise", function=function, kernels=((3, 1, 1, 1, 1),))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("window", [(16, 16, 16), (32, 16, 48), (64, 64, 64)])
@pytest.mark.parametrize("settings", [ONE_WINDOW, SlidingSettings(overlap=0.3), SlidingSettings(0.5, (0, 2))])
def test_windows_and_flips_change_nothing_of_a_network_that_sees_single_voxels(engine, window, settings):
    definition, hu = pointwise_definition(), hu_of((37, 50, 21))
    weights = random_weights(definition.kernels)
    found = sliding_probabilities([ready(definition, weights, engine, window)], hu, definition, settings)
    kernel, bias = (weights[f"conv_01.{name}"].reshape(3, 1, 1, 1).astype(np.float64) for name in ("kernel", "bias"))
    expected = 1 / (1 + np.exp(-(kernel * definition.input_from_hu(hu) + bias)))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(40, 61, 33), (5, 60, 9)])
def test_a_constant_answer_is_constant_up_to_the_edge(shape):
    found = sliding_probabilities([constant(0.3, 1.0, 0.0)], hu_of(shape), LVT, ALL_FLIPS)
    for channel, value in zip(found, (0.3, 1.0, 0.0), strict=True):
        np.testing.assert_allclose(channel, value, rtol=1e-6)
    assert found.max() <= 1.0


def test_overlapping_windows_are_averaged_with_gaussian_weights():
    """A window's answer is a number of its own; the mean at each voxel is worked out one voxel at a time."""
    numbers = iter(np.linspace(0.1, 0.9, 99))

    def numbered(window):
        return np.broadcast_to(next(numbers), (3, *window.shape))

    shape, size = (24, 24, 56), (16, 24, 32)
    found = sliding_probabilities([Answering(numbered)], hu_of(shape), LVT)
    corners = tiles(shape, size, 0.5)
    middle, deviation = (np.array(size) - 1) / 2, np.array(size) / 8
    for voxel in [(0, 0, 0), (12, 3, 30), (9, 23, 25), (23, 11, 55)]:
        weights = []
        for corner in corners:
            at = np.subtract(voxel, corner)
            inside = (at >= 0).all() and (at < size).all()
            weights.append(np.exp(-0.5 * (((at - middle) / deviation) ** 2).sum()) if inside else 0.0)
        expected = np.average(np.linspace(0.1, 0.9, 99)[: len(corners)], weights=weights)
        assert found[(1, *voxel)] == pytest.approx(expected, rel=1e-5)


def symmetric(weights):
    """The same kernels, their own mirror image along every axis."""
    out = dict(weights)
    for name in [name for name in weights if name.endswith("kernel")]:
        for axis in (2, 3, 4):
            out[name] = ((out[name] + np.flip(out[name], axis)) / 2).astype(np.float32)
    return out


@needs_openvino
def test_flips_add_nothing_to_a_symmetric_network_on_a_symmetric_volume():
    hu = hu_of((40, 36, 48))
    for axis in range(3):
        hu = np.maximum(hu, np.flip(hu, axis))
    network = ready(LVT, symmetric(random_weights(LVT.kernels)), Engine.OPENVINO, (16, 24, 32))
    single = sliding_probabilities([network], hu, LVT)
    assert single.std() > 0.05
    opinions = sliding_opinions([network], hu, LVT, ALL_FLIPS)
    np.testing.assert_allclose(opinions.mean, single, atol=1e-4)
    assert opinions.deviation.max() < 1e-4
    np.testing.assert_allclose(np.flip(single, (1, 2, 3)), single, atol=1e-4)


@needs_openvino
@pytest.mark.parametrize("axes", [(0,), (1, 2), (0, 1, 2)])
def test_a_flipped_volume_gets_the_flipped_answer_of_any_network_that_is_averaged_over_these_flips(axes):
    hu, there = hu_of((40, 36, 26)), tuple(1 + axis for axis in axes)
    network = ready(LVT, random_weights(LVT.kernels), Engine.OPENVINO, (16, 24, 32))

    def difference(settings):
        straight = sliding_probabilities([network], hu, LVT, settings)
        flipped = sliding_probabilities([network], np.flip(hu, axes), LVT, settings)
        return np.abs(np.flip(flipped, there) - straight).max()

    assert difference(SlidingSettings(flip_axes=axes)) < 1e-4
    assert difference(SlidingSettings()) > 0.1


def test_an_ensemble_of_one_network_twice_equals_it_and_has_no_doubts():
    hu = hu_of((20, 30, 40))
    one = sliding_probabilities([Answering(itself)], hu, LVT)
    opinions = sliding_opinions([Answering(itself), Answering(itself)], hu, LVT)
    np.testing.assert_array_equal(opinions.mean, one)
    assert not opinions.deviation.any()


def test_an_ensemble_averages_probabilities_and_its_deviation_is_that_between_its_members():
    hu = hu_of((20, 30, 40))
    members = [constant(0.2, 0.0, 1.0), constant(0.6, 0.0, 1.0), constant(0.4, 0.0, 0.4)]
    opinions = sliding_opinions(members, hu, LVT, SlidingSettings(flip_axes=(1,)))
    for channel, (mean, deviation) in enumerate([(0.4, np.sqrt(0.08 / 3)), (0.0, 0.0), (0.8, np.sqrt(0.08))]):
        np.testing.assert_allclose(opinions.mean[channel], mean, atol=1e-6)
        np.testing.assert_allclose(opinions.deviation[channel], deviation, atol=1e-6)
    np.testing.assert_allclose(sliding_probabilities(members, hu, LVT), opinions.mean, atol=1e-6)


def test_the_deviation_over_flips_is_that_of_the_answers_flipped_back():
    """One window, and a network that answers with a ramp along each axis: two answers per axis, mirror images."""
    i, j, k = (np.linspace(0, 1, n) for n in (16, 24, 32))
    shape = (16, 24, 32)
    ramps = [np.broadcast_to(x, shape) for x in (i[:, None, None], j[None, :, None], k[None, None, :])]
    found = sliding_opinions([Answering(lambda _window: np.stack(ramps))], hu_of(shape), LVT, ALL_FLIPS)
    for channel, ramp in enumerate(ramps):
        np.testing.assert_allclose(found.mean[channel], 0.5, atol=1e-6)
        np.testing.assert_allclose(found.deviation[channel], np.abs(ramp - 0.5), atol=1e-6)


@needs_openvino
def test_a_volume_smaller_than_the_window_is_seen_in_the_middle_of_air():
    hu = hu_of((10, 24, 7))
    network = ready(LVT, random_weights(LVT.kernels), Engine.OPENVINO, (16, 24, 32))
    padded = np.full((16, 24, 32), -1000, np.int16)
    padded[3:13, :, 13:20] = hu
    expected = network.run(LVT.input_from_hu(padded))[:, 3:13, :, 13:20]
    np.testing.assert_allclose(sliding_probabilities([network], hu, LVT), expected, atol=1e-6)


def test_the_network_sees_hu_mapped_whatever_their_type_and_memory_order():
    hu = np.asfortranarray(hu_of((20, 30, 40)))
    before = hu.copy()
    for array in (hu, hu.astype(np.float64)):
        found = sliding_probabilities([Answering(itself)], array, LVT)
        np.testing.assert_allclose(found, itself(LVT.input_from_hu(hu)), atol=1e-6)
    np.testing.assert_array_equal(hu, before)


def test_a_region_leaves_windows_out_and_changes_nothing_inside_it():
    hu, region = hu_of((60, 70, 50)), np.zeros((60, 70, 50), bool)
    region[40:52, 5:20, 30:44] = True

    def mean_of_window(window):  # an answer that depends on which windows are run
        return np.full((3, *window.shape), window.mean() + 0.5)

    everywhere, there = Answering(mean_of_window), Answering(mean_of_window)
    whole = sliding_probabilities([everywhere], hu, LVT)
    part = sliding_probabilities([there], hu, LVT, region=region)
    np.testing.assert_array_equal(part[:, region], whole[:, region])
    assert 0 < len(there.seen) < len(everywhere.seen) / 4
    assert not part[:, :20].any()


def test_channels_that_are_wanted_come_alone_and_in_that_order():
    hu = hu_of((40, 61, 33))
    every = sliding_probabilities([Answering(itself)], hu, LVT)
    some = sliding_probabilities([Answering(itself)], hu, LVT, wanted=(2, 0))
    np.testing.assert_array_equal(some, every[[2, 0]])


def test_an_empty_region_needs_no_network_and_gets_zeros():
    network = Answering(itself)
    assert not sliding_probabilities([network], hu_of((20, 30, 40)), LVT, region=np.zeros((20, 30, 40), bool)).any()
    assert network.seen == []


def test_windows_go_in_batches_as_large_as_the_network_wants_and_the_answer_is_the_same():
    hu, events = hu_of((40, 50, 33)), []
    one, several = Answering(itself), Answering(itself, batch=4)
    expected = sliding_opinions([one], hu, LVT, SlidingSettings(flip_axes=(2,)))
    found = sliding_opinions([several], hu, LVT, SlidingSettings(flip_axes=(2,)), report=events.append)
    np.testing.assert_array_equal(found.mean, expected.mean)
    assert set(one.batches) == {1}
    assert max(several.batches) == 4
    assert sum(several.batches) == sum(one.batches)
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)


def test_progress_starts_at_zero_never_goes_back_and_stays_below_one():
    events = []
    sliding_probabilities([Answering(itself)] * 2, hu_of((30, 30, 40)), LVT, ALL_FLIPS, report=events.append)
    fractions = [event.fraction for event in events]
    assert fractions[0] == 0.0
    assert fractions == sorted(fractions)
    assert 0.9 < fractions[-1] < 1.0
    assert len(set(fractions)) == len(tiles((30, 30, 40), (16, 24, 32), 0.5)) * 16


def test_whoever_reports_can_stop_the_sweep_at_the_next_window():
    network, asked = Answering(itself), []

    def report(event):
        asked.append(event)
        if len(asked) == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        sliding_probabilities([network], hu_of((40, 50, 60)), LVT, report=report)
    assert len(network.seen) == 2


@pytest.mark.parametrize("overlap", [-0.1, 1.0, float("nan")])
def test_an_impossible_overlap_is_refused(overlap):
    with pytest.raises(InputError, match="overlap"):
        SlidingSettings(overlap=overlap)


@pytest.mark.parametrize("axes", [(3,), (0, 0), (-1,)])
def test_axes_that_a_volume_does_not_have_are_refused(axes):
    with pytest.raises(InputError, match="flips along"):
        SlidingSettings(flip_axes=axes)


def test_networks_and_regions_that_do_not_fit_are_refused():
    hu = hu_of((20, 30, 40))
    with pytest.raises(ValueError, match="0 networks"):
        sliding_probabilities([], hu, LVT)
    with pytest.raises(ValueError, match="one window size"):
        sliding_probabilities([Answering(itself), Answering(itself, window=(16, 16, 16))], hu, LVT)
    with pytest.raises(ValueError, match="1 channels where 3"):
        sliding_probabilities([constant(0.5)], hu, LVT)
    with pytest.raises((ValueError, TypeError), match="region"):  # a TypeError where shapes are checked by the types
        sliding_probabilities([Answering(itself)], hu, LVT, region=np.ones((20, 30, 41), bool))
