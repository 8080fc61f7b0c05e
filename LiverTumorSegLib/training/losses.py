"""Cross-entropy and soft Dice that ask only about what is known: eq. 1 and 2 of LVT, and Dice over voxels.

All functions are pure, and give one number: every sample's own loss, averaged over the batch. A sample's gradient so
depends neither on what shares the batch with it nor on how many processes share the batch. A sample of which nothing is
known counts with 0 and has no gradient. Whatever autocast does around them, they compute in float32 (of float64: in
float64).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch.nn import functional

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.partial_labels import Setting, Targets, downsampled

SMOOTH = 1e-5
"""Added to both parts of the Dice fraction, as nnU-Net and MONAI do: a class that is absent from a sample and from the
answer is right. So small that a false answer to an absent class is left to the cross-entropy."""

_VOXELS = (2, 3, 4)

Logits = Float[torch.Tensor, "b c i j k"]
LevelLogits = Float[torch.Tensor, "b c _ _ _"]
PerClass = Float[torch.Tensor, "b c"]
Scalar = Float[torch.Tensor, ""]


def deeply_supervised(levels: Sequence[LevelLogits], targets: Targets) -> Scalar:
    """Cross-entropy plus Dice at every resolution, weighted 1, 1/2, 1/4, ... and divided by the sum of these.

    levels: logits from full to lowest resolution, the first of the targets' size; see ``downsampled`` for the others.
    One level alone is ``cross_entropy_and_dice``. Raises InputError where there is none, and where one does not fit.
    """
    if not levels:
        raise InputError(
            found="no logits",
            expected="those of one or more resolutions",
            remedy="Pass the network's outputs as a list",
        )
    check_fit(levels[0], targets)
    losses = [cross_entropy_and_dice(logits, downsampled(targets, tuple(logits.shape[2:]))) for logits in levels]
    weights = [0.5**level for level in range(len(levels))]
    return sum(weight * loss for weight, loss in zip(weights, losses, strict=True)) / sum(weights)


def cross_entropy_and_dice(logits: Logits, targets: Targets) -> Scalar:
    """The sum of both: from 0 for a certain and right answer. Raises InputError where the shapes differ."""
    return cross_entropy(logits, targets) + soft_dice(logits, targets)


def cross_entropy(logits: Logits, targets: Targets) -> Scalar:
    """Mean over the known voxels, in nats: eq. 2 with eq. 3 for a softmax, else eq. 1 with eq. 4.

    0 where nothing is known. Raises InputError where the shapes differ.
    """
    check_fit(logits, targets)
    logits = at_least_float32(logits)
    if targets.setting is Setting.MC:
        return _multi_class_entropy(logits, targets)
    return _binary_entropy(logits, targets)


def soft_dice(logits: Logits, targets: Targets) -> Scalar:
    """1 - (2 sum y p + SMOOTH) / (sum y^2 + sum p^2 + SMOOTH), over the known voxels of each sample and structure.

    Eq. 5 has this fraction for each voxel by itself, which is constant where y is 0; the sums make it Dice, the squares
    stay. Structures are averaged with their weights as in eq. 1. A softmax's background takes no part: it fills most of
    a sample, and is unknown in partial ones. Each sample has its own Dice, because w belongs to a sample: sums over the
    batch would mix data sets that draw vessels differently, and differ with the number of processes.

    0 where nothing is known, or where a structure is absent from targets and answer; close to 1 where it is absent from
    one of them. Raises InputError where the shapes differ.
    """
    check_fit(logits, targets)
    known, structures = targets.known, slice(-targets.setting.structures, None)
    p = _probabilities(at_least_float32(logits), targets.setting)[:, structures] * known
    y = targets.values[:, structures].to(p.dtype) * known
    both = 2 * (y * p).sum(_VOXELS) + SMOOTH
    either = (y.square() + p.square()).sum(_VOXELS) + SMOOTH
    return _over_classes(1 - both / either, targets.class_weights[:, structures])


def _binary_entropy(logits: Logits, targets: Targets) -> Scalar:
    values = targets.values.to(logits.dtype)
    losses = functional.binary_cross_entropy_with_logits(logits, values, reduction="none") * targets.known
    return _over_classes(ratio(losses.sum(_VOXELS), targets.known.sum(_VOXELS)), targets.class_weights)


def _multi_class_entropy(logits: Logits, targets: Targets) -> Scalar:
    """A voxel counts with the weight of its class: with weights of 0 and 1 this is W of eq. 2."""
    losses = -(targets.values * functional.log_softmax(logits, 1)).sum(1)
    voxels = (targets.values * targets.weights).sum(1)
    return ratio((losses * voxels).flatten(1).sum(1), voxels.flatten(1).sum(1)).mean()


def _over_classes(losses: PerClass, weights: PerClass) -> Scalar:
    """Eq. 1 for each sample, then the mean of the samples."""
    return ratio((losses * weights).sum(1), weights.sum(1)).mean()


def ratio(total: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Total / weight; 0 where the weight is 0, as the total is 0 there, without a NaN in its gradient."""
    return total / torch.where(weight > 0, weight, 1)


def _probabilities(logits: Logits, setting: Setting) -> Logits:
    return torch.softmax(logits, 1) if setting.is_softmax else torch.sigmoid(logits)


def at_least_float32(logits: Logits) -> Logits:
    """Sums over millions of voxels need it; einsum and matmul would be bf16 again under autocast, so there are none."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def check_fit(logits: LevelLogits, targets: Targets) -> None:
    """Raises InputError where the shapes differ."""
    found, expected = tuple(logits.shape), tuple(targets.values.shape)
    if found != expected:
        raise InputError(
            found=f"logits of shape {found} for targets of shape {expected}",
            expected="the same samples, channels and voxels",
            remedy=f"Setting {targets.setting} needs {targets.setting.channels} channels, as large as the label maps",
        )
