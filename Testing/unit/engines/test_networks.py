"""The same network on every engine: equal to the naive form, aligned with its input, and stoppable."""

from __future__ import annotations

import numpy as np
import pytest
from engine_runs import ENGINES, needs_both_engines, ready, with_kernels
from numpy_ops import NumpyOps, random_weights

from LiverTumorSegLib.models.kuleuven import LESION, LIVER, lesion_kernels, liver_kernels
from LiverTumorSegLib.models.lvt import lvt_definition
from LiverTumorSegLib.models.ops import kernel_name
from LiverTumorSegLib.settings import Engine, Precision

TINY_LIVER = with_kernels(LIVER, liver_kernels(2))
TINY_LESION = with_kernels(LESION, lesion_kernels(2))
TINY_LVT = lvt_definition("lvt", (3, 4, 5))
NETWORKS = pytest.mark.parametrize(
    ("network", "window"),
    [
        pytest.param(TINY_LIVER, (81, 54, 108), id="liver"),
        pytest.param(TINY_LESION, (116, 100, 62), id="lesion"),
        pytest.param(TINY_LVT, (24, 40, 32), id="lvt"),
    ],
)


def window_of(size, seed=1):
    return np.random.default_rng(seed).normal(scale=0.2, size=size).astype(np.float32)


@pytest.fixture(scope="module")
def naive():
    """Answers of the naive form, computed once per network."""
    answers = {}

    def answer(network, weights, window):
        if network.name not in answers:
            x = window_of(window).astype(np.float64)[None, None]
            answers[network.name] = network.function(NumpyOps(), weights, x)[0]
        return answers[network.name]

    return answer


@NETWORKS
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("precision", "largest", "typical"),
    [(Precision.FP32, 1e-3, 2e-5), (Precision.BF16, 0.5, 2e-2)],
    ids=["fp32", "bf16"],
)
def test_an_engine_gives_the_answer_of_the_naive_form(network, window, engine, precision, largest, typical, naive):
    """Few random features exaggerate rounding: the real networks' bf16 is held to Dice 0.998 elsewhere."""
    weights = random_weights(network.kernels)
    expected = naive(network, weights, window)
    assert expected.std() > 0.05, "an answer without contrast would prove nothing"
    found = ready(network, weights, engine, window, precision).run(window_of(window))
    assert found.shape == (network.channels, *network.window_out(window))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=largest)
    assert np.abs(found - expected).mean() < typical


@NETWORKS
@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_that_knows_no_direction_answers_a_mirrored_window_with_the_mirrored_answer(network, window, engine):
    """So the answer lies exactly in the middle of the window, along every axis: not even half a voxel off."""
    weights = random_weights(network.kernels)
    for name in [name for name in weights if name.endswith("kernel")]:
        for axis in (2, 3, 4):
            weights[name] = ((weights[name] + np.flip(weights[name], axis)) / 2).astype(np.float32)
    net, x = ready(network, weights, engine, window), window_of(window)
    straight = net.run(x)
    for axis in range(3):
        mirrored = net.run(np.flip(x, axis))
        np.testing.assert_allclose(np.flip(mirrored, 1 + axis), straight, atol=1e-3)
        assert np.abs(mirrored - straight).max() > 0.05


def blob(size, center, radius):
    """A rough thing in a window of one value."""
    window = np.full(size, -0.2, np.float32)
    window[tuple(slice(c - radius, c + radius + 1) for c in center)] = window_of([2 * radius + 1] * 3, seed=5)
    return window


def assert_the_answer_moves_along(engine, network, weights, size, center, radius, shift):
    """Right after the same shift, and clearly wrong after one that is a voxel off along any axis."""
    net = ready(network, weights, engine, size)
    before = net.run(blob(size, center, radius))
    after = net.run(blob(size, np.add(center, shift), radius))

    def error(extra):
        return np.abs(after - np.roll(before, np.add(shift, extra), (1, 2, 3))).mean()

    one_off = [error(sign * np.eye(3, dtype=int)[axis]) for axis in range(3) for sign in (-1, 1)]
    assert error((0, 0, 0)) < 0.1 * min(one_off)


@pytest.mark.parametrize("engine", ENGINES)
def test_moving_what_the_lesion_network_sees_moves_its_answer_by_as_many_voxels(engine):
    """By its stride, with one value all around and nothing near an edge, so that the window's statistics stay."""
    weights = random_weights(TINY_LESION.kernels)
    assert_the_answer_moves_along(engine, TINY_LESION, weights, (236, 228, 158), (118, 114, 79), 8, (8, -8, 8))


@pytest.mark.parametrize("engine", ENGINES)
def test_moving_what_the_liver_network_sees_moves_its_answer_by_as_many_voxels(engine):
    """By its stride; kernels are reduced to their centre, so that zero padding plays no part."""
    weights = random_weights(TINY_LIVER.kernels)
    for number, (_out, _in, i, j, k) in enumerate(TINY_LIVER.kernels, start=1):
        only_center = np.zeros((i, j, k), np.float32)
        only_center[i // 2, j // 2, k // 2] = np.sqrt(i * j * k)
        weights[kernel_name(number)] *= only_center
    assert_the_answer_moves_along(engine, TINY_LIVER, weights, (216, 189, 189), (135, 81, 81), 40, (-27, 27, 27))


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("engine", ENGINES)
def test_a_window_that_its_caller_stops_can_be_run_again(engine):
    def stop():
        raise StoppedError

    window = (116, 100, 62)
    net = ready(TINY_LESION, random_weights(TINY_LESION.kernels), engine, window)
    with pytest.raises(StoppedError):
        net.run(window_of(window), stop)
    answer = net.run(window_of(window))
    assert np.isfinite(answer).all()
    np.testing.assert_allclose(net.run(window_of(window)), answer, atol=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_window_of_another_size_is_refused(engine):
    net = ready(TINY_LIVER, random_weights(TINY_LIVER.kernels), engine, (27, 27, 54))
    with pytest.raises(ValueError, match="built for"):
        net.run(window_of((27, 54, 27)))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_callers_window_is_left_as_it_was_and_answers_do_not_share_memory(engine):
    net = ready(TINY_LIVER, random_weights(TINY_LIVER.kernels), engine, (54, 27, 54))
    x = window_of((54, 27, 54))
    x.setflags(write=False)
    first = net.run(x)
    kept = first.copy()
    net.run(window_of((54, 27, 54), seed=9))
    np.testing.assert_array_equal(first, kept)
    np.testing.assert_array_equal(x, window_of((54, 27, 54)))


BATCH = [
    (1, np.float32(1.0), np.float32(0.0)),
    (2, np.float32(0.3), np.float32(0.2)),
    (3, np.float32(2.0), np.float32(-0.4)),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_each_window_of_a_batch_gets_the_answer_that_it_gets_alone(engine):
    """Their brightness and contrast differ, so that statistics over the batch would give other answers."""
    net = ready(TINY_LVT, random_weights(TINY_LVT.kernels), engine, (16, 32, 24))
    windows = np.stack([scale * window_of((16, 32, 24), seed) + shift for seed, scale, shift in BATCH])
    answers = net.run_batch(windows)
    assert answers.shape == (3, 3, 16, 32, 24)
    np.testing.assert_allclose(answers, [net.run(window) for window in windows], atol=1e-5)


@needs_both_engines
def test_engines_agree_on_every_channel_of_the_lvt_network_in_a_window_with_unequal_sides():
    definition, window = lvt_definition("lvt", (8, 16, 32, 48)), (48, 32, 64)
    weights, x = random_weights(definition.kernels), window_of((48, 32, 64))
    first, second = (ready(definition, weights, engine, window).run(x) for engine in (Engine.OPENVINO, Engine.TORCH))
    assert first.std(axis=(1, 2, 3)).min() > 0.05, "a channel without contrast would prove nothing"
    np.testing.assert_allclose(first, second, atol=1e-4)
    assert np.abs(first - second).mean() < 5e-6


@pytest.mark.parametrize("engine", ENGINES)
def test_a_cpu_wants_windows_one_by_one(engine):
    assert ready(TINY_LVT, random_weights(TINY_LVT.kernels), engine, (16, 16, 16)).batch == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_network_says_what_runs_it(engine):
    facts = ready(TINY_LIVER, random_weights(TINY_LIVER.kernels), engine, (54, 27, 54)).describe()
    assert facts["engine"] == engine
    assert (facts["precision"], facts["device"], facts["window"]) == ("fp32", "cpu", "54 x 27 x 54")
    assert facts["version"]
