"""The network on parameters computes what inference computes, and the variant of the experiment fits its interface."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from refusals import refused

from LiverTumorSegLib.engines.torch_engine import TorchOps
from LiverTumorSegLib.models.lvt import HU_RANGE, lvt_definition, lvt_kernels, lvt_network
from LiverTumorSegLib.models.network import weight_shapes
from LiverTumorSegLib.training.network import TrainableNetwork
from LiverTumorSegLib.training.recipe import Norm
from LiverTumorSegLib.training.stream import input_from_hu
from LiverTumorSegLib.training.variant import VariantNetwork

WIDTHS = (4, 6, 8, 8)


def test_training_and_inference_compute_the_same():
    torch.manual_seed(0)
    network = TrainableNetwork(WIDTHS)
    x = torch.randn(1, 1, 16, 24, 8)
    with torch.no_grad():
        full, half, quarter = network(x)
        answer = lvt_network(4)(TorchOps(), network.weights(), x)
    assert torch.allclose(answer, torch.sigmoid(full), atol=1e-6)
    assert (half.shape, quarter.shape) == ((1, 3, 8, 12, 4), (1, 3, 4, 6, 2))
    shapes = {name: tuple(weight.shape) for name, weight in network.weights().items()}
    assert shapes == weight_shapes(lvt_kernels(list(WIDTHS)))


def test_every_sample_of_a_batch_gets_the_answer_that_it_would_get_alone():
    network = TrainableNetwork(WIDTHS)
    x = torch.randn(2, 1, 8, 16, 8)
    with torch.no_grad():
        together, first = network(x), network(x[:1])
    for both, one in zip(together, first, strict=True):
        assert torch.allclose(both[:1], one, atol=1e-5)


@pytest.mark.parametrize("channels", [3, 4])
def test_every_weight_has_a_gradient(channels):
    networks = (
        TrainableNetwork(WIDTHS, channels),
        VariantNetwork(WIDTHS, channels, residual=True, norm=Norm.BATCH),
        VariantNetwork(WIDTHS, channels, residual=False, norm=Norm.INSTANCE),
    )
    for network in networks:
        levels = network(torch.randn(2, 1, 16, 16, 16))
        assert [tuple(level.shape) for level in levels] == [(2, channels, n, n, n) for n in (16, 8, 4)]
        sum(level.square().mean() for level in levels).backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_a_residual_encoder_has_projections_and_nothing_else_more():
    plain, residual = (VariantNetwork(WIDTHS, residual=is_residual, norm=Norm.BATCH) for is_residual in (False, True))
    more = residual.weights().keys() - plain.weights().keys()
    assert more == {f"encoder.{level}.shortcut.weight" for level in range(4)}
    assert plain.weights().keys() <= residual.weights().keys()


@pytest.mark.parametrize(
    "kind", [TrainableNetwork, lambda widths: VariantNetwork(widths, residual=True, norm=Norm.BATCH)]
)
def test_weights_can_be_taken_over_and_are_checked_before(kind):
    torch.manual_seed(1)
    first, second = kind(WIDTHS), kind(WIDTHS)
    second.load({**first.weights(), **first.auxiliary_weights()})
    x = torch.randn(2, 1, 8, 8, 8)
    with torch.no_grad():
        for a, b in zip(first(x), second(x), strict=True):
            assert torch.equal(a, b)
    other = kind((4, 6, 8, 10)).weights()
    with refused("do not fit the network"):
        second.load(other)
    missing = dict(first.weights())
    missing.pop(next(iter(missing)))
    with refused("do not fit the network"):
        second.load(missing)
    with torch.no_grad():
        for a, b in zip(first(x), second(x), strict=True):
            assert torch.equal(a, b)


def test_half_precision_arrays_can_be_taken_over():
    network = TrainableNetwork(WIDTHS)
    halves = {name: weight.numpy().astype(np.float16) for name, weight in TrainableNetwork(WIDTHS).weights().items()}
    network.load(halves)
    for name, weight in network.weights().items():
        assert weight.dtype == torch.float32
        assert np.array_equal(weight.numpy(), halves[name].astype(np.float32))


def test_hu_become_the_input_that_inference_makes_of_them():
    hu = np.array([-1000.0, -160.0, 40.0, 240.0, 3000.0], np.float32).reshape(1, 1, 5)
    assert input_from_hu(hu, HU_RANGE).ravel().tolist() == [-0.5, -0.5, 0.0, 0.5, 0.5]
    many = np.random.default_rng(0).uniform(-300, 400, (4, 5, 6)).astype(np.float32)
    for hu_range in (HU_RANGE, (-21.55, 195.75)):
        expected = lvt_definition("x", WIDTHS, hu_range=hu_range).input_from_hu(many)
        assert np.allclose(input_from_hu(many, hu_range), expected, atol=1e-6)


def test_two_levels_of_the_network_by_hand():
    """One voxel of every size, kernels of ones: what adds up can be followed."""
    kernels = lvt_kernels([1, 1])
    assert kernels == ((1, 1, 3, 3, 3),) * 4 + ((1, 2, 3, 3, 3), (1, 1, 3, 3, 3), (3, 1, 1, 1, 1))
    weights = {f"conv_{n:02d}.kernel": torch.zeros(shape) for n, shape in enumerate(kernels, 1)}
    weights |= {f"conv_{n:02d}.bias": torch.full(shape[:1], float(n)) for n, shape in enumerate(kernels, 1)}
    answer = lvt_network(2)(TorchOps(), weights, torch.randn(1, 1, 4, 4, 4))
    assert torch.allclose(answer, torch.sigmoid(torch.tensor(7.0)))
