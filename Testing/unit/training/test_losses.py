"""Losses against values computed by hand, a naive loop over voxels, MONAI, and numerical gradients."""

from __future__ import annotations

from functools import partial
from math import exp, log

import numpy as np
import pytest
import torch

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.losses import (
    SMOOTH,
    cross_entropy,
    cross_entropy_and_dice,
    deeply_supervised,
    soft_dice,
)
from LiverTumorSegLib.training.partial_labels import (
    HEPATIC_VESSEL,
    HV_LIVER,
    IGNORE,
    IRCAD,
    LITS,
    OF_A_CT,
    Annotated,
    Setting,
    Targets,
    downsampled,
    targets_from_labels,
)

SETTINGS = pytest.mark.parametrize("setting", OF_A_CT)
MULTI_LABEL = pytest.mark.parametrize("setting", [Setting.MLX, Setting.ML])
LOSSES = pytest.mark.parametrize("loss", [cross_entropy, soft_dice, cross_entropy_and_dice])
DATA_SETS = pytest.mark.parametrize(
    "annotated", [LITS, HEPATIC_VESSEL, HV_LIVER, IRCAD, Annotated(vessel=0.5, tumor=2.0)]
)
SIZE = (4, 6, 5)
NATS = log(2)
"""Cross-entropy of a probability of one half."""


def row(*values: int) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.uint8).reshape(1, 1, 1, -1)


def logits_of(*channels: list[float]) -> torch.Tensor:
    """One sample of 1 x 1 x n voxels from one list for each channel, for gradients."""
    tensor = torch.tensor(channels, dtype=torch.float64)
    return tensor.reshape(1, len(channels), 1, 1, -1).requires_grad_()


def random_labels(annotated: Annotated, seed: int, size: tuple[int, int, int] = SIZE) -> torch.Tensor:
    """One map with every value that the data set may have, and a tenth of ignored voxels."""
    draw = np.random.default_rng(seed)
    values = [0, *(value for value, weight in enumerate(annotated.weights, start=1) if weight)]
    labels = draw.choice(values, size)
    labels[draw.random(size) < 0.1] = IGNORE
    return torch.from_numpy(labels.astype(np.uint8))[None]


def random_logits(setting: Setting, samples: int, seed: int, size: tuple[int, int, int] = SIZE) -> torch.Tensor:
    draw = np.random.default_rng(seed)
    return torch.from_numpy(draw.normal(0, 2, (samples, setting.channels, *size))).requires_grad_()


def gradient(loss: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad(loss, logits)
    return found


def logit(p: float) -> float:
    return log(p / (1 - p))


# ---- by hand


def test_binary_cross_entropy_of_a_complete_sample_by_hand():
    targets = targets_from_labels(row(1, 2), [IRCAD], Setting.ML)
    logits = logits_of([logit(0.8), logit(0.6)], [logit(0.1), logit(0.5)], [logit(0.3), logit(0.3)])
    liver, vessel, tumor = -(log(0.8) + log(0.6)) / 2, -(log(0.9) + log(0.5)) / 2, -log(0.7)
    assert cross_entropy(logits, targets).item() == pytest.approx((liver + vessel + tumor) / 3, abs=1e-12)


def test_the_same_answer_in_the_exclusive_setting_has_the_vessel_out_of_the_liver():
    targets = targets_from_labels(row(1, 2), [IRCAD], Setting.MLX)
    logits = logits_of([logit(0.8), logit(0.6)], [logit(0.1), logit(0.5)], [logit(0.3), logit(0.3)])
    liver, vessel, tumor = -(log(0.8) + log(0.4)) / 2, -(log(0.9) + log(0.5)) / 2, -log(0.7)
    assert cross_entropy(logits, targets).item() == pytest.approx((liver + vessel + tumor) / 3, abs=1e-12)


def test_partial_annotation_averages_over_its_own_classes_with_their_weights():
    targets = targets_from_labels(row(0, 3, IGNORE), [Annotated(liver=1.0, tumor=3.0)], Setting.ML)
    logits = logits_of([logit(0.2), logit(0.9), 7.0], [5.0, 5.0, 5.0], [logit(0.4), logit(0.5), -7.0])
    liver, tumor = -(log(0.8) + log(0.9)) / 2, -(log(0.6) + log(0.5)) / 2
    assert cross_entropy(logits, targets).item() == pytest.approx((liver + 3 * tumor) / 4, abs=1e-12)


def test_soft_dice_by_hand():
    targets = targets_from_labels(row(0, 1, 2, IGNORE), [Annotated(liver=1.0, vessel=2.0)], Setting.ML)
    logits = logits_of(
        [logit(0.2), logit(0.5), logit(0.8), 9.0], [logit(0.1), logit(0.2), logit(0.9), 9.0], [3.0, 3.0, 3.0, 3.0]
    )
    # liver: y = 0 1 1, p = 0.2 0.5 0.8; vessel: y = 0 0 1, p = 0.1 0.2 0.9
    liver = 1 - (2 * 1.3 + SMOOTH) / (2 + 0.04 + 0.25 + 0.64 + SMOOTH)
    vessel = 1 - (2 * 0.9 + SMOOTH) / (1 + 0.01 + 0.04 + 0.81 + SMOOTH)
    assert soft_dice(logits, targets).item() == pytest.approx((liver + 2 * vessel) / 3, abs=1e-12)


def softmax_logits(*probabilities: tuple[float, float, float, float]) -> torch.Tensor:
    """One voxel for each tuple of background, liver, vessel, tumour."""
    return logits_of(*([log(p) for p in channel] for channel in zip(*probabilities, strict=True)))


VOXELS = ((0.7, 0.1, 0.1, 0.1), (0.2, 0.5, 0.2, 0.1), (0.1, 0.1, 0.2, 0.6))


def test_softmax_cross_entropy_of_a_complete_sample_is_the_mean_of_all_voxels():
    targets = targets_from_labels(row(0, 1, 3), [IRCAD], Setting.MC)
    expected = -(log(0.7) + log(0.5) + log(0.6)) / 3
    assert cross_entropy(softmax_logits(*VOXELS), targets).item() == pytest.approx(expected, abs=1e-12)


def test_softmax_cross_entropy_of_a_partial_sample_is_the_mean_of_its_foreground():
    targets = targets_from_labels(row(0, 1, 3), [LITS], Setting.MC)
    expected = -(log(0.5) + log(0.6)) / 2
    assert cross_entropy(softmax_logits(*VOXELS), targets).item() == pytest.approx(expected, abs=1e-12)


def test_class_weights_of_the_softmax_weigh_the_voxels_of_their_class():
    targets = targets_from_labels(row(0, 1, 3), [Annotated(liver=1.0, tumor=3.0)], Setting.MC)
    expected = -(log(0.5) + 3 * log(0.6)) / 4
    assert cross_entropy(softmax_logits(*VOXELS), targets).item() == pytest.approx(expected, abs=1e-12)


def test_dice_of_the_softmax_looks_at_annotated_structures_in_their_foreground():
    targets = targets_from_labels(row(0, 1, 3), [LITS], Setting.MC)
    liver = 1 - (2 * 0.5 + SMOOTH) / (1 + 0.25 + 0.01 + SMOOTH)
    tumor = 1 - (2 * 0.6 + SMOOTH) / (1 + 0.01 + 0.36 + SMOOTH)
    assert soft_dice(softmax_logits(*VOXELS), targets).item() == pytest.approx((liver + tumor) / 2, abs=1e-12)


@MULTI_LABEL
def test_an_undecided_network_costs_one_bit_in_every_class(setting):
    targets = targets_from_labels(random_labels(LITS, 0), [LITS], setting)
    assert cross_entropy(torch.zeros((1, 3, *SIZE)), targets).item() == pytest.approx(NATS, abs=1e-6)


@SETTINGS
@DATA_SETS
def test_a_certain_and_right_answer_costs_nothing_and_a_wrong_one_stays_finite(setting, annotated):
    targets = targets_from_labels(random_labels(annotated, 1), [annotated], setting)
    right = ((2 * targets.values - 1) * 1e4).requires_grad_()
    assert cross_entropy_and_dice(right, targets).item() == pytest.approx(0, abs=1e-6)
    wrong = (-right).detach().requires_grad_()
    loss = cross_entropy_and_dice(wrong, targets)
    assert 1e3 < loss.item() < 1e5
    assert bool(gradient(loss, wrong).isfinite().all())


@MULTI_LABEL
def test_a_structure_that_is_absent_from_targets_and_answer_costs_no_dice(setting):
    targets = targets_from_labels(row(0, 0, 0), [IRCAD], setting)
    absent = torch.full((1, 3, 1, 1, 3), -1e4)
    assert soft_dice(absent, targets).item() == 0
    assert soft_dice(-absent, targets).item() == pytest.approx(1, abs=1e-5)


# ---- what is not known has no gradient


@SETTINGS
@LOSSES
@DATA_SETS
def test_the_gradient_is_exactly_zero_where_nothing_is_known_and_nowhere_else(setting, loss, annotated):
    labels = random_labels(annotated, 2)
    targets = targets_from_labels(labels, [annotated], setting)
    logits = random_logits(setting, 1, 3)
    found = gradient(loss(logits, targets), logits)
    if setting is Setting.MC:  # a known voxel moves all channels of a softmax
        known = (labels != IGNORE) & ((labels != 0) if annotated is not IRCAD else True)
        expected = known[:, None].expand_as(found)
    else:
        weights = torch.tensor(annotated.weights)[None, :, None, None, None]
        expected = (labels != IGNORE)[:, None] & (weights > 0)
    assert torch.equal(found != 0, expected)


@LOSSES
def test_vessels_and_tumours_do_not_teach_an_unannotated_liver(loss):
    labels = random_labels(HEPATIC_VESSEL, 4)
    targets = targets_from_labels(labels, [HEPATIC_VESSEL], Setting.ML)
    logits = random_logits(Setting.ML, 1, 5)
    liver, vessel, tumor = gradient(loss(logits, targets), logits)[0]
    assert not liver.any()
    assert bool(vessel.any() and tumor.any())


@LOSSES
def test_vessels_and_tumours_pull_an_annotated_liver_up_in_ml_and_down_in_mlx(loss):
    labels = row(0, 1, 2, 3)
    for setting, rising in ((Setting.ML, [False, True, True, True]), (Setting.MLX, [False, True, False, False])):
        logits = torch.zeros((1, 3, 1, 1, 4), dtype=torch.float64, requires_grad=True)
        liver = gradient(loss(logits, targets_from_labels(labels, [IRCAD], setting)), logits)[0, 0].flatten()
        assert (liver < 0).tolist() == rising


@LOSSES
@MULTI_LABEL
def test_without_vessel_labels_a_vessel_inside_the_liver_costs_nothing(loss, setting):
    targets = targets_from_labels(row(0, 1, 1, 3), [LITS], setting)
    logits = random_logits(setting, 1, 6, (1, 1, 4)).detach()
    other = logits.clone()
    other[0, 1] = torch.tensor([-1e4, 1e4, 3.0, 1e4])
    assert loss(logits, targets).item() == loss(other, targets).item()


@SETTINGS
@LOSSES
def test_what_is_not_known_does_not_change_the_loss(setting, loss):
    labels = random_labels(IRCAD, 7)
    targets = targets_from_labels(labels, [IRCAD], setting)
    logits = random_logits(setting, 1, 8).detach()
    other = torch.where((labels == IGNORE)[:, None], 1e4, logits)
    assert loss(logits, targets).item() == loss(other, targets).item()


@SETTINGS
@LOSSES
@pytest.mark.parametrize("annotated", [IRCAD, LITS])
@pytest.mark.parametrize("magnitude", [1.0, 1e4])
def test_a_sample_of_which_nothing_is_known_gives_zero_without_gradient(setting, loss, annotated, magnitude):
    targets = targets_from_labels(torch.full((1, *SIZE), IGNORE, dtype=torch.uint8), [annotated], setting)
    logits = (random_logits(setting, 1, 9).detach() * magnitude).requires_grad_()
    value = loss(logits, targets)
    assert value.item() == 0
    assert torch.equal(gradient(value, logits), torch.zeros_like(logits))


@SETTINGS
@LOSSES
def test_weights_that_sum_to_zero_give_zero_without_gradient(setting, loss):
    known = targets_from_labels(random_labels(IRCAD, 10), [IRCAD], setting)
    targets = Targets(setting, known.values, torch.zeros_like(known.class_weights), known.known)
    logits = random_logits(setting, 1, 11)
    value = loss(logits, targets)
    assert value.item() == 0
    assert torch.equal(gradient(value, logits), torch.zeros_like(logits))


@LOSSES
@pytest.mark.parametrize("annotated", [LITS, HEPATIC_VESSEL, HV_LIVER])
def test_a_partial_sample_without_foreground_gives_the_softmax_nothing_to_learn(loss, annotated):
    targets = targets_from_labels(row(0, 0, 0, 0), [annotated], Setting.MC)
    logits = random_logits(Setting.MC, 1, 12, (1, 1, 4))
    value = loss(logits, targets)
    assert value.item() == 0
    assert not gradient(value, logits).any()


# ---- several samples


@SETTINGS
@LOSSES
def test_a_mixed_batch_is_the_mean_of_its_samples(setting, loss):
    annotated = [HV_LIVER, IRCAD, LITS]
    labels = torch.cat([random_labels(one, seed) for seed, one in enumerate(annotated, start=20)])
    logits = random_logits(setting, 3, 23)
    whole = loss(logits, targets_from_labels(labels, annotated, setting))
    singles = [
        loss(logits[n : n + 1], targets_from_labels(labels[n : n + 1], [one], setting))
        for n, one in enumerate(annotated)
    ]
    torch.testing.assert_close(whole, sum(singles) / 3, rtol=1e-13, atol=0)
    parts = torch.stack([gradient(single, logits)[n] for n, single in enumerate(singles)])
    torch.testing.assert_close(gradient(whole, logits), parts / 3, rtol=1e-12, atol=1e-16)


@LOSSES
@MULTI_LABEL
def test_a_mixed_batch_weighs_the_single_classes_as_eq_1_says(loss, setting):
    """One sample annotates the liver only, the other all: L = l_1L / 2 + (l_2L + l_2V + l_2T) / 6."""
    labels = torch.cat([random_labels(HV_LIVER, 30), random_labels(IRCAD, 31)])
    logits = random_logits(setting, 2, 32)
    targets = targets_from_labels(labels, [HV_LIVER, IRCAD], setting)

    def one_class(sample: int, k: int) -> torch.Tensor:
        alone = slice(sample, sample + 1)
        weights = torch.eye(3)[k : k + 1]
        return loss(logits[alone], Targets(setting, targets.values[alone], weights, targets.known[alone]))

    expected = one_class(0, 0) / 2 + sum(one_class(1, k) for k in range(3)) / 6
    torch.testing.assert_close(loss(logits, targets), expected, rtol=1e-13, atol=0)


@SETTINGS
def test_a_sample_of_which_nothing_is_known_leaves_the_gradient_of_the_others_alone(setting):
    labels = torch.cat([random_labels(IRCAD, 33), torch.full((1, *SIZE), IGNORE, dtype=torch.uint8)])
    logits = random_logits(setting, 2, 34)
    whole = gradient(cross_entropy_and_dice(logits, targets_from_labels(labels, [IRCAD, LITS], setting)), logits)
    alone = cross_entropy_and_dice(logits[:1], targets_from_labels(labels[:1], [IRCAD], setting))
    torch.testing.assert_close(whole, gradient(alone, logits) / 2, rtol=1e-12, atol=1e-16)


# ---- against independent versions


def naive_loss(setting: Setting, annotated: list[Annotated], labels: np.ndarray, logits: np.ndarray) -> float:
    """Cross-entropy plus Dice from labels alone, voxel by voxel, in plain Python numbers."""
    return sum(map(partial(naive_sample, setting), annotated, labels, logits)) / len(labels)


def naive_sample(setting: Setting, annotated: Annotated, labels: np.ndarray, logits: np.ndarray) -> float:
    if setting is Setting.MC:
        return naive_softmax(annotated, labels, logits)
    entropy = dice = 0.0
    for k, weight in enumerate(annotated.weights):
        members = {1, 2, 3} if k == 0 and setting is Setting.ML else {k + 1}
        losses, both, either = [], 0.0, 0.0
        for voxel in np.ndindex(labels.shape):
            if labels[voxel] == IGNORE:
                continue
            p, y = 1 / (1 + exp(-logits[(k, *voxel)])), float(int(labels[voxel]) in members)
            losses.append(-(y * log(p) + (1 - y) * log(1 - p)))
            both, either = both + y * p, either + y * y + p * p
        entropy += weight * sum(losses) / len(losses)
        dice += weight * (1 - (2 * both + SMOOTH) / (either + SMOOTH))
    return (entropy + dice) / sum(annotated.weights)


def naive_softmax(annotated: Annotated, labels: np.ndarray, logits: np.ndarray) -> float:
    class_weights = [1.0 if all(annotated.weights) else 0.0, *annotated.weights]
    voxels = [v for v in np.ndindex(labels.shape) if labels[v] != IGNORE and class_weights[labels[v]] > 0]
    answers = {}
    for voxel in voxels:
        powers = [exp(logits[(c, *voxel)]) for c in range(4)]
        answers[voxel] = [power / sum(powers) for power in powers]
    entropy = sum(-class_weights[labels[v]] * log(answers[v][labels[v]]) for v in voxels)
    dice = 0.0
    for k, weight in enumerate(annotated.weights, start=1):
        both = sum(answers[v][k] for v in voxels if labels[v] == k)
        either = sum((labels[v] == k) + answers[v][k] ** 2 for v in voxels)
        dice += weight * (1 - (2 * both + SMOOTH) / (either + SMOOTH))
    return entropy / sum(class_weights[labels[v]] for v in voxels) + dice / sum(annotated.weights)


@SETTINGS
@pytest.mark.parametrize(
    "annotated", [[IRCAD], [LITS, HV_LIVER], [HEPATIC_VESSEL, IRCAD, Annotated(liver=0.5, vessel=2.0, tumor=1.0)]]
)
def test_the_loss_agrees_with_a_naive_one(setting, annotated):
    labels = torch.cat([random_labels(one, seed) for seed, one in enumerate(annotated, start=40)])
    logits = random_logits(setting, len(annotated), 43).detach()
    found = cross_entropy_and_dice(logits, targets_from_labels(labels, annotated, setting)).item()
    assert found == pytest.approx(naive_loss(setting, annotated, labels.numpy(), logits.numpy()), rel=1e-12)


def complete_batch(setting: Setting) -> tuple[torch.Tensor, Targets]:
    """Two samples in which every voxel is known, as MONAI wants it."""
    labels = torch.cat([random_labels(IRCAD, seed) for seed in (50, 51)])
    labels[labels == IGNORE] = 0
    return random_logits(setting, 2, 52), targets_from_labels(labels, [IRCAD, IRCAD], setting)


def test_the_complete_softmax_loss_is_monais():
    losses = pytest.importorskip("monai.losses")
    logits, targets = complete_batch(Setting.MC)
    monais = losses.DiceCELoss(softmax=True, squared_pred=True, include_background=False)(
        logits, targets.values.double()
    )
    found = cross_entropy_and_dice(logits, targets)
    torch.testing.assert_close(found, monais, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient(found, logits), gradient(monais, logits), rtol=1e-9, atol=1e-15)


@MULTI_LABEL
def test_the_complete_sigmoid_loss_is_monais(setting):
    """MONAI's takes the binary cross-entropy of single channels only, so each class is a sample of its own there."""
    losses = pytest.importorskip("monai.losses")
    logits, targets = complete_batch(setting)
    monais = losses.DiceCELoss(sigmoid=True, squared_pred=True)(
        logits.flatten(0, 1)[:, None], targets.values.double().flatten(0, 1)[:, None]
    )
    found = cross_entropy_and_dice(logits, targets)
    torch.testing.assert_close(found, monais, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient(found, logits), gradient(monais, logits), rtol=1e-9, atol=1e-15)


def test_the_masked_dice_is_monais_masked_dice():
    losses = pytest.importorskip("monai.losses")
    labels = random_labels(IRCAD, 53)
    targets = targets_from_labels(labels, [IRCAD], Setting.ML)
    logits = random_logits(Setting.ML, 1, 54)
    # MONAI masks its input before the sigmoid, which would make 1/2 of what is masked: it is given probabilities.
    masked = losses.MaskedDiceLoss(squared_pred=True)(
        torch.sigmoid(logits), targets.values.double(), targets.known.double()
    )
    torch.testing.assert_close(soft_dice(logits, targets), masked, rtol=1e-12, atol=0)


@SETTINGS
@LOSSES
def test_gradients_are_those_of_finite_differences(setting, loss):
    annotated = [LITS, IRCAD]
    size = (1, 3, 2)
    labels = torch.cat([random_labels(one, seed, size) for seed, one in enumerate(annotated, start=60)])
    targets = targets_from_labels(labels, annotated, setting)
    assert torch.autograd.gradcheck(lambda logits: loss(logits, targets), random_logits(setting, 2, 62, size))


def test_gradients_of_deep_supervision_are_those_of_finite_differences():
    targets = targets_from_labels(random_labels(LITS, 63, (2, 4, 2)), [LITS], Setting.ML)
    levels = tuple(random_logits(Setting.ML, 1, 64, size) for size in ((2, 4, 2), (1, 2, 2)))
    assert torch.autograd.gradcheck(lambda *outputs: deeply_supervised(outputs, targets), levels)


# ---- precision


@SETTINGS
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_under_autocast_the_loss_is_the_one_of_float32(setting, dtype):
    targets = targets_from_labels(random_labels(LITS, 70), [LITS], setting)
    logits = random_logits(setting, 1, 71).detach().to(dtype)
    with torch.autocast("cpu", dtype=dtype):
        found = cross_entropy_and_dice(logits, targets)
    assert found.dtype is torch.float32
    assert found.item() == cross_entropy_and_dice(logits.float(), targets).item()


@SETTINGS
def test_a_network_under_bf16_autocast_gets_finite_gradients(setting):
    torch.manual_seed(72)
    network = torch.nn.Conv3d(1, setting.channels, 3, padding=1)
    targets = targets_from_labels(random_labels(HEPATIC_VESSEL, 73), [HEPATIC_VESSEL], setting)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = network(torch.randn((1, 1, *SIZE)) * 100)
        assert logits.dtype is torch.bfloat16
        loss = deeply_supervised([logits, logits[:, :, ::2, ::2]], targets)
    loss.backward()
    assert all(bool(one.grad.isfinite().all()) and bool(one.grad.any()) for one in network.parameters())


# ---- deep supervision


@SETTINGS
def test_one_level_is_the_plain_loss(setting):
    targets = targets_from_labels(random_labels(LITS, 80), [LITS], setting)
    logits = random_logits(setting, 1, 81)
    assert deeply_supervised([logits], targets).item() == cross_entropy_and_dice(logits, targets).item()


@SETTINGS
def test_levels_weigh_one_half_and_a_quarter_of_the_first_and_sum_to_one(setting):
    targets = targets_from_labels(random_labels(LITS, 82, (8, 4, 6)), [LITS], setting)
    sizes = ((8, 4, 6), (4, 2, 3), (2, 1, 3))
    levels = [random_logits(setting, 1, seed, size) for seed, size in enumerate(sizes, start=83)]
    full, half, quarter = (
        cross_entropy_and_dice(logits, downsampled(targets, size)).item()
        for logits, size in zip(levels, sizes, strict=True)
    )
    expected = (4 * full + 2 * half + quarter) / 7
    assert deeply_supervised(levels, targets).item() == pytest.approx(expected, rel=1e-12)


def test_voxels_that_are_not_known_stay_so_at_every_level():
    labels = torch.full((1, 4, 4, 2), IGNORE, dtype=torch.uint8)
    labels[:, 2:] = 3
    targets = targets_from_labels(labels, [LITS], Setting.ML)
    levels = [random_logits(Setting.ML, 1, 86, size) for size in ((4, 4, 2), (2, 2, 1))]
    fine, coarse = torch.autograd.grad(deeply_supervised(levels, targets), levels)
    assert not fine[:, :, :2].any()
    assert not coarse[:, :, :1].any()
    assert bool(coarse[:, :, 1:].any())
    assert not coarse[:, 1].any()


def test_outputs_that_do_not_fit_the_targets_are_refused():
    targets = targets_from_labels(random_labels(IRCAD, 87), [IRCAD], Setting.MC)
    with pytest.raises(InputError, match="Setting mc needs 4 channels"):
        cross_entropy(torch.zeros((1, 3, *SIZE)), targets)
    with pytest.raises(InputError, match=r"\(1, 4, 4, 6, 4\)"):
        soft_dice(torch.zeros((1, 4, 4, 6, 4)), targets)
    with pytest.raises(InputError, match="logits of shape"):
        deeply_supervised([torch.zeros((1, 4, 2, 3, 5))], targets)
    with pytest.raises(InputError, match="no logits"):
        deeply_supervised([], targets)
    with pytest.raises(InputError, match="order of decreasing resolution"):
        deeply_supervised([torch.zeros((1, 4, *SIZE)), torch.zeros((1, 4, 8, 6, 5))], targets)
