"""The loss of SmoothSegNet as a recipe tells it."""

from __future__ import annotations

from dataclasses import dataclass

from LiverTumorSegLib.errors import InputError


@dataclass(frozen=True)
class LossRecipe:
    """lambda_focal focal + lambda_dice Dice + prior_weight (R_pred - R_hat)^2 + vae_weight VAE.

    focal_gamma: of (1 - p)^gamma. prior_weight: alpha of the paper. prior: file with R_hat by case id, as
    ``livertumorseg prior`` writes it, absolute or below the data folder. vae_weight: of a backbone that paints its
    input anew while it trains; others have no such term.
    """

    lambda_focal: float = 1.0
    lambda_dice: float = 1.0
    focal_gamma: float = 2.0
    prior_weight: float = 0.0
    vae_weight: float = 0.1
    prior: str = ""

    def __post_init__(self) -> None:
        weights = (self.lambda_focal, self.lambda_dice, self.focal_gamma, self.prior_weight, self.vae_weight)
        if not all(0 <= weight < float("inf") for weight in weights) or not self.lambda_focal + self.lambda_dice > 0:
            raise InputError(
                found=f"a loss with the weights {', '.join(f'{weight:g}' for weight in weights)}",
                expected="numbers of 0 or more, of lambda_focal and lambda_dice one above 0",
                remedy="Correct [loss] in the recipe",
            )
        if self.prior and not self.prior_weight:
            raise InputError(
                found=f"the prior {self.prior}, which counts nothing",
                expected="loss.prior_weight above 0 (0.5 or 0.6 as published)",
                remedy="Set it, or leave out the prior",
            )
