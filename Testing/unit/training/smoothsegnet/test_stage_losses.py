"""The loss of SmoothSegNet: values worked out by hand, slopes by differences, and what must leave no trace."""

from __future__ import annotations

import math

import monai
import numpy as np
import pytest
import torch
from refusals import refused

from LiverTumorSegLib.training.losses import soft_dice
from LiverTumorSegLib.training.partial_labels import HEPATIC_VESSEL, HV_LIVER, IGNORE, IRCAD, LITS, Setting
from LiverTumorSegLib.training.smoothsegnet.loss_recipe import LossRecipe
from LiverTumorSegLib.training.smoothsegnet.losses import Priors, focal, prior_term, stage_loss
from LiverTumorSegLib.training.smoothsegnet.targets import stage_targets

WITH_PRIOR = LossRecipe(prior_weight=0.5)
P = [[0.2, 0.5, 0.3], [0.1, 0.3, 0.6]]
"""Background, liver, tumour of two voxels, which are liver and tumour."""


def logits_of(voxels: list[list[float]]) -> torch.Tensor:
    """(1, channels, n, 1, 1): the logits whose softmax these are, shifted so that they are no logarithms."""
    return torch.tensor(voxels, dtype=torch.float64).log().T[None, :, :, None, None] + 0.7


def tumor_targets(values: list[int]):
    return stage_targets(torch.tensor(values, dtype=torch.uint8)[None, :, None, None], [IRCAD], Setting.TUMOR)


def priors(*ratios: float, organ: float = 0.0, tumor: float = 0.0) -> Priors:
    ones = torch.ones(len(ratios), dtype=torch.float64)
    return Priors(torch.tensor(ratios, dtype=torch.float64), organ * ones, tumor * ones)


NOTHING = priors(math.nan)


def test_the_channels_of_each_stage():
    labels = torch.tensor([0, 1, 2, 3, IGNORE], dtype=torch.uint8)[None, :, None, None]
    liver = stage_targets(labels, [IRCAD], Setting.LIVER)
    assert liver.values[0, :, :4, 0, 0].tolist() == [[1, 0, 0, 0], [0, 1, 1, 1]]
    for setting in (Setting.TUMOR, Setting.MULTICLASS):
        both = stage_targets(labels, [LITS], setting)
        assert both.values[0, :, :4, 0, 0].tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]
        assert both.known[0, 0, :, 0, 0].tolist() == [True, True, True, True, False]
    assert (Setting.LIVER.channels, Setting.TUMOR.channels, Setting.TUMOR.structures) == (2, 3, 2)


def test_a_data_set_without_what_the_stage_asks_for_is_refused():
    labels = torch.ones((1, 2, 2, 2), dtype=torch.uint8)
    assert stage_targets(labels, [HV_LIVER], Setting.LIVER).values[0, 1].all()
    with refused("without an annotated tumor", "stage tumor"):
        stage_targets(labels, [HV_LIVER], Setting.TUMOR)
    with refused("without an annotated liver"):
        stage_targets(labels, [HEPATIC_VESSEL], Setting.LIVER)
    with pytest.raises(ValueError, match="setting ml"):
        stage_targets(labels, [IRCAD], Setting.ML)


@pytest.mark.parametrize(("gamma", "expected"), [(0.0, 0.601986), (1.0, 0.275452), (2.0, 0.127509)])
def test_focal_is_as_by_hand(gamma, expected):
    """-ln 0.5 = 0.693147, -ln 0.6 = 0.510826; times 1, 0.5 and 0.4, 0.25 and 0.16; mean of both voxels."""
    assert float(focal(logits_of(P), tumor_targets([1, 3]), gamma)) == pytest.approx(expected, abs=1e-6)


def test_dice_is_as_by_hand():
    """Liver 1 - 2 x 0.5 / (0.25 + 0.09 + 1) = 0.253731, tumour 1 - 2 x 0.6 / (0.09 + 0.36 + 1) = 0.172414."""
    assert float(soft_dice(logits_of(P), tumor_targets([1, 3]))) == pytest.approx(0.213073, abs=1e-5)


@pytest.mark.parametrize(
    ("organ", "tumor", "expected"),
    [
        # The sample alone: R = (0.3 + 0.6) / (0.8 + 0.9 + 1) = 1/3, and (1/3 - 1/4)^2.
        (0.0, 0.0, 0.00694444),
        # A case with 10 voxels of organ, 3 of tumour; shown are 2 and 1, so 8 and 2 lie outside:
        # (0.9 + 2) / (1.7 + 8 + 1) = 0.271028.
        (10.0, 3.0, 0.000442178),
    ],
)
def test_the_prior_term_is_as_by_hand(organ, tumor, expected):
    found = prior_term(logits_of(P), tumor_targets([1, 3]), priors(0.25, organ=organ, tumor=tumor))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_the_sum_is_as_by_hand():
    recipe = LossRecipe(lambda_focal=2.0, lambda_dice=3.0, prior_weight=0.5)
    found = float(stage_loss(logits_of(P), tumor_targets([1, 3]), priors(0.25), recipe))
    assert found == pytest.approx(2 * 0.127509 + 3 * 0.213073 + 0.5 * 0.00694444, abs=2e-5)


def parts_of_a_case() -> tuple[torch.Tensor, list[tuple[slice, slice, slice]]]:
    """Labels of a whole CT, and patches that show more or less of its liver."""
    i, j, k = np.indices((24, 14, 10))
    labels = ((i - 11) ** 2 / 100 + (j - 7) ** 2 / 30 + (k - 5) ** 2 / 16 < 1).astype(np.uint8)
    labels[(i - 5) ** 2 + (j - 7) ** 2 + (k - 4) ** 2 < 7] = 3
    full = slice(None)
    boxes = [
        (full, full, full),
        (slice(0, 8), full, full),
        (slice(12, 24), slice(4, 9), full),
        (full, full, slice(5, 6)),
    ]
    return torch.from_numpy(labels)[None], boxes


def test_a_perfect_answer_has_the_ratio_of_the_case_in_every_patch():
    labels, boxes = parts_of_a_case()
    organ, tumor = int((labels > 0).sum()), int((labels == 3).sum())
    assert 0.02 < tumor / organ < 0.2
    naive = []
    for box in boxes:
        targets = stage_targets(labels[(slice(None), *box)], [LITS], Setting.TUMOR)
        sure = targets.values.double() * 60
        found = prior_term(sure, targets, priors(0.5, organ=float(organ), tumor=float(tumor)))
        assert float(found) == pytest.approx((tumor / (organ + 1) - 0.5) ** 2, abs=1e-9)
        naive.append(float(prior_term(sure, targets, priors(0.5))))
    assert max(naive) - min(naive) > 0.05  # what the patch's own ratio would have said


def test_a_perfect_answer_and_a_perfect_prior_cost_nothing():
    """Sums of raw logits in the place of probabilities gave 0.853 for a ratio of 0.0156 (design/methods.md)."""
    labels = torch.zeros((1, 16, 16, 16), dtype=torch.uint8)
    labels[0, 4:12, 4:12, 4:12] = 1
    labels[0, 5:7, 5:7, 5:7] = 3
    targets = stage_targets(labels, [LITS], Setting.TUMOR)
    assert float(prior_term(targets.values.double() * 60, targets, priors(8 / 512))) < 1e-8


def test_the_term_asks_for_more_tumor_where_less_than_expected_was_said():
    labels, boxes = parts_of_a_case()
    organ, tumor = float((labels > 0).sum()), float((labels == 3).sum())
    targets = stage_targets(labels[(slice(None), *boxes[1])], [LITS], Setting.TUMOR)
    for ratio, sign in ((0.9, -1), (0.0, 1)):
        logits = torch.zeros(targets.values.shape, dtype=torch.float64, requires_grad=True)
        prior_term(logits, targets, priors(ratio, organ=organ, tumor=tumor)).backward()
        assert (torch.sign(logits.grad[:, 2]) == sign).all()


def test_slopes_are_those_of_the_differences():
    torch.manual_seed(0)
    logits = torch.randn((2, 3, 3, 2, 2), dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 1, 2, 3, 3, IGNORE, 1, 0, 0, 1, 3, 1] * 2, dtype=torch.uint8).reshape(2, 3, 2, 2)
    targets = stage_targets(labels, [IRCAD] * 2, Setting.TUMOR)
    expected = priors(0.2, math.nan, organ=20.0, tumor=5.0)
    recipe = LossRecipe(lambda_focal=0.7, lambda_dice=1.3, focal_gamma=1.5, prior_weight=50.0)
    assert torch.autograd.gradcheck(lambda x: stage_loss(x, targets, expected, recipe), logits, eps=1e-6)
    assert torch.autograd.gradcheck(lambda x: prior_term(x, targets, expected), logits, eps=1e-6)


def slopes(loss, logits: torch.Tensor) -> tuple[float, torch.Tensor]:
    given = logits.clone().requires_grad_()
    value = loss(given)
    value.backward()
    return float(value.detach()), given.grad


def test_without_a_prior_the_term_leaves_no_trace():
    targets = tumor_targets([1, 3])
    assert float(prior_term(logits_of(P), targets, NOTHING)) == 0.0
    with_term = slopes(lambda x: stage_loss(x, targets, NOTHING, WITH_PRIOR), logits_of(P))
    without = slopes(lambda x: stage_loss(x, targets, NOTHING, LossRecipe()), logits_of(P))
    assert with_term[0] == without[0]
    assert torch.equal(with_term[1], without[1])
    assert with_term[1].isfinite().all()


def test_a_case_without_a_prior_does_not_change_what_another_one_learns():
    both = torch.cat([logits_of(P), logits_of(P[::-1])])
    targets = stage_targets(
        torch.tensor([[1, 3], [3, 1]], dtype=torch.uint8)[:, :, None, None], [LITS] * 2, Setting.TUMOR
    )
    value, grad = slopes(lambda x: prior_term(x, targets, priors(0.25, math.nan)), both)
    alone, own = slopes(lambda x: prior_term(x, tumor_targets([1, 3]), priors(0.25)), logits_of(P))
    assert value == pytest.approx(alone / 2)
    assert torch.allclose(grad[0], own[0] / 2)
    assert not grad[1].any()


@pytest.mark.parametrize("values", [[1, 1], [0, 0], [IGNORE, IGNORE]], ids=["no tumour", "no liver", "nothing known"])
@pytest.mark.parametrize("scale", [0.0, 200.0])
def test_empty_samples_have_finite_losses_and_slopes(values, scale):
    targets = tumor_targets(values)
    logits = torch.tensor([1.0, -0.5, 0.25]).reshape(1, 3, 1, 1, 1).expand(1, 3, 2, 1, 1) * scale
    value, grad = slopes(lambda x: stage_loss(x, targets, priors(0.3), WITH_PRIOR), logits)
    assert math.isfinite(value)
    assert grad.isfinite().all()
    if values[0] == IGNORE:
        assert value == 0.0
        assert not grad.any()


def test_where_the_sample_shows_no_liver_nothing_is_expected():
    assert float(prior_term(logits_of(P), tumor_targets([0, 0]), priors(0.9, organ=500.0, tumor=20.0))) == 0.0
    assert float(prior_term(logits_of(P), tumor_targets([1, 1]), priors(0.9))) > 0.1


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_a_certain_answer_has_a_finite_slope(gamma):
    targets = tumor_targets([1, 3])
    for sign in (1, -1):
        value, grad = slopes(lambda x: focal(x, targets, gamma), sign * targets.values * 300)
        assert math.isfinite(value)
        assert grad.isfinite().all()


def test_the_first_stage_has_no_prior_term():
    labels = torch.ones((1, 2, 2, 2), dtype=torch.uint8)
    targets = stage_targets(labels, [HV_LIVER], Setting.LIVER)
    logits = torch.randn((1, 2, 2, 2, 2))
    assert stage_loss(logits, targets, priors(0.3), WITH_PRIOR) == stage_loss(logits, targets, NOTHING, LossRecipe())


def random_case(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn((2, 3, 6, 5, 4), generator=generator),
        torch.tensor([0, 1, 3], dtype=torch.uint8)[torch.randint(0, 3, (2, 6, 5, 4), generator=generator)],
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_dice_and_focal_are_monais(seed):
    """MONAI averages its focal loss over the channels too; its Dice has the same small number in both parts."""
    logits, labels = random_case(seed)
    targets = stage_targets(labels, [LITS] * 2, Setting.TUMOR)
    dice = monai.losses.DiceLoss(
        include_background=False, softmax=True, squared_pred=True, smooth_nr=1e-5, smooth_dr=1e-5
    )
    assert float(soft_dice(logits, targets)) == pytest.approx(float(dice(logits, targets.values)), abs=1e-6)
    for gamma in (0.0, 2.0):
        theirs = monai.losses.FocalLoss(use_softmax=True, gamma=gamma)
        assert float(focal(logits, targets, gamma)) == pytest.approx(
            3 * float(theirs(logits, targets.values)), abs=1e-6
        )


def test_half_precision_is_summed_in_float32():
    logits, labels = random_case(2)
    targets = stage_targets(labels, [LITS] * 2, Setting.TUMOR)
    expected = Priors(torch.tensor([0.1, 0.2]), torch.zeros(2), torch.zeros(2))
    rough = logits.bfloat16()
    found = stage_loss(rough, targets, expected, WITH_PRIOR)
    assert found.dtype is torch.float32
    assert float(found) == pytest.approx(float(stage_loss(rough.float(), targets, expected, WITH_PRIOR)), abs=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"lambda_focal": -1.0}, {"lambda_focal": 0.0, "lambda_dice": 0.0}, {"prior_weight": math.inf}]
)
def test_impossible_weights_are_refused(wrong):
    with refused("a loss with the weights"):
        LossRecipe(**wrong)
    with refused("prior.json, which counts nothing"):
        LossRecipe(prior="prior.json")
