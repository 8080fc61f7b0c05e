"""Focal loss, Dice and the knowledge-informed term of SmoothSegNet, on probabilities.

SmoothSegNet, eq. 1 to 6 (docs/models/smoothsegnet.md). All functions are pure and give one number: every
sample's own loss, averaged over the batch. They compute in float32 (of float64: in float64). Where they differ from the
paper's text: docs/decisions/0023-prior-loss.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch.nn import functional

from LiverTumorSegLib.training.losses import Logits, Scalar, at_least_float32, check_fit, ratio, soft_dice
from LiverTumorSegLib.training.partial_labels import Targets
from LiverTumorSegLib.training.smoothsegnet.loss_recipe import LossRecipe

_SMALLEST = 1e-7
"""Of 1 - p: below it a power with an exponent under 1 has no finite slope."""
ONE_VOXEL = 1.0
"""Added to the organ in R: an empty answer has the ratio 0 and a slope of at most 1 per voxel."""
_VOXELS = (1, 2, 3)

PerSample = Float[torch.Tensor, " b"]


@dataclass(frozen=True, eq=False)
class Priors:
    """What is expected of each sample's case.

    ratio: R_hat, tumour volume / liver volume (tumours are liver); NaN where there is none. organ_voxels,
    tumor_voxels: of the whole case, in voxels of the sample; 0 where the sample is all there is.
    """

    ratio: PerSample
    organ_voxels: PerSample
    tumor_voxels: PerSample

    def to(self, device: torch.device) -> Priors:
        """The same on a device."""
        return Priors(self.ratio.to(device), self.organ_voxels.to(device), self.tumor_voxels.to(device))

    def __getitem__(self, samples: slice) -> Priors:
        return Priors(self.ratio[samples], self.organ_voxels[samples], self.tumor_voxels[samples])


def stage_loss(logits: Logits, targets: Targets, priors: Priors, loss: LossRecipe) -> Scalar:
    """Eq. 2 and 4: lambda_focal focal + lambda_dice Dice + prior_weight (R_pred - R_hat)^2.

    Raises InputError where the shapes differ.
    """
    total = loss.lambda_focal * focal(logits, targets, loss.focal_gamma) + loss.lambda_dice * soft_dice(logits, targets)
    if loss.prior_weight and targets.setting.structures > 1:
        total = total + loss.prior_weight * prior_term(logits, targets, priors)
    return total


def focal(logits: Logits, targets: Targets, gamma: float) -> Scalar:
    """Mean over the known voxels of -(1 - p)^gamma log p, where p is the softmax probability of the true channel.

    Eq. 6 sums over the voxels, which would weigh large patches more. 0 where nothing is known. gamma 0 is the
    cross-entropy in nats. Raises InputError where the shapes differ.
    """
    check_fit(logits, targets)
    log_p = (functional.log_softmax(at_least_float32(logits), 1) * targets.values).sum(1)
    wrong = (-torch.expm1(log_p)).clamp_min(_SMALLEST)
    known = targets.known[:, 0].to(log_p.dtype)
    return ratio((-wrong.pow(gamma) * log_p * known).sum(_VOXELS), known.sum(_VOXELS)).mean()


def prior_term(logits: Logits, targets: Targets, priors: Priors) -> Scalar:
    """Eq. 3: mean over the samples of (R_pred - R_hat)^2; a sample without R_hat, or without liver, counts with 0.

    R_hat is a ratio of a whole liver, a sample may show a part of it. So R_pred is that of the whole liver too: what
    the network says in the sample, and what is known outside it,
    (sum p_tumour + tumour outside) / (sum p_liver + sum p_tumour + organ outside + ONE_VOXEL), over known voxels.
    A perfect answer then has the case's own ratio in every sample, however much of the liver that shows.

    Samples of which nothing is expected have no gradient. Raises InputError where the shapes differ, IndexError for
    channels without a tumour.
    """
    check_fit(logits, targets)
    p = torch.softmax(at_least_float32(logits), 1) * targets.known
    said_organ, said_tumor = p[:, 1:].sum((1, 2, 3, 4)), p[:, 2].sum(_VOXELS)
    shown = (targets.values * targets.known).to(p.dtype).sum((2, 3, 4))
    shown_organ, shown_tumor = shown[:, 1] + shown[:, 2], shown[:, 2]
    organ = said_organ + (priors.organ_voxels - shown_organ).clamp_min(0)
    tumor = said_tumor + (priors.tumor_voxels - shown_tumor).clamp_min(0)
    is_expected = torch.isfinite(priors.ratio) & (shown_organ > 0)
    apart = tumor / (organ + ONE_VOXEL) - torch.where(is_expected, priors.ratio, 0)
    return (apart.square() * is_expected).mean()
