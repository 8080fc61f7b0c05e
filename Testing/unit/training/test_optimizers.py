"""Rates and optimizers, at steps where the value is known by hand."""

from __future__ import annotations

import math

import pytest
import torch
from training_runs import small

from LiverTumorSegLib.training.optimizers import make_optimizer, rate_at, set_rate
from LiverTumorSegLib.training.recipe import Optimizer
from LiverTumorSegLib.training.schedules import RATES


def test_the_rate_warms_up_and_comes_down_to_a_hundredth():
    training = small(steps=100, warmup_steps=10).training
    assert rate_at(0, training) == pytest.approx(1e-3)
    assert rate_at(9, training) == pytest.approx(1e-2, rel=0.03)
    assert rate_at(100, training) == pytest.approx(1e-4)


def test_without_warm_up_the_rate_begins_at_its_highest():
    assert rate_at(0, small(warmup_steps=0).training) == 1e-2


def test_schedules_by_hand():
    assert RATES["constant"](0.7) == 1.0
    assert [RATES["cosine"](done) for done in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.505, 0.01])
    assert [RATES["poly"](done) for done in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5**0.9, 0.0])


def test_a_rate_beyond_the_last_step_is_the_last_one():
    training = small(steps=100, schedule="poly").training
    assert rate_at(150, training) == 0.0
    assert math.isclose(rate_at(50, training), 1e-2 * 0.5**0.9)


def test_sgd_has_the_momentum_of_nnu_net():
    network = torch.nn.Linear(1, 1)
    optimizer = make_optimizer(small(optimizer=Optimizer.SGD, weight_decay=3e-5).training, network)
    (group,) = optimizer.param_groups
    assert (group["momentum"], group["nesterov"], group["weight_decay"]) == (0.99, True, 3e-5)
    set_rate(optimizer, 0.5)
    assert group["lr"] == 0.5
    assert isinstance(make_optimizer(small().training, network), torch.optim.AdamW)
