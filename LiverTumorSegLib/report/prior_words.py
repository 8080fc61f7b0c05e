"""What a clinical prior's numbers mean, in sentences that page, Markdown and terminal share."""

from __future__ import annotations

from math import inf
from statistics import fmean, median

from LiverTumorSegLib.clinical.prior import (
    PUBLISHED_MAE,
    PUBLISHED_MSE,
    PUBLISHED_N,
    PUBLISHED_PATIENTS,
    PUBLISHED_R,
    TLVR,
    ModelScores,
    Prior,
)
from LiverTumorSegLib.clinical.regressions import LINEAR_MODELS, TITLES, Model
from LiverTumorSegLib.clinical.scores import Estimate

TARGET_TITLE = "Tumor / liver ratio (TLVR)"


def target_title(prior: Prior) -> str:
    """What is predicted, in words."""
    return TARGET_TITLE if prior.target == TLVR else prior.target


def number_text(value: float | None, digits: int = 3) -> str:
    """To so many significant digits, with a true minus sign."""
    return "-" if value is None else f"{value:#.{digits}g}".removesuffix(".").replace("-", "\N{MINUS SIGN}")


def r_text(value: float | None) -> str:
    """A correlation; a dash where it is not defined."""
    return "-" if value is None else f"{value:.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


def interval_text(estimate: Estimate, *, is_r: bool = False) -> str:
    """The 95 % interval, "" where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    write = r_text if is_r else number_text
    return f"{write(estimate.low)} to {write(estimate.high)}"


def is_better_than_mean(prior: Prior) -> bool:
    """Whether the mean squared error of patients left out is below that of telling everyone the others' mean."""
    own, mean = (one.cross_validated.mse.value for one in (prior.own, prior.scores_of(Model.MEAN)))
    return own is not None and mean is not None and own < mean


def headline(prior: Prior) -> str:
    """The honest number, with the other one beside it."""
    left_out, fitted = prior.own.cross_validated.r, prior.own.in_sample.r
    return (
        f"r = {r_text(left_out.value)} (95 % {interval_text(left_out, is_r=True)}) for patients that the model has not "
        f"seen; r = {r_text(fitted.value)} for those that it was fitted to."
    )


def verdict(prior: Prior) -> str:
    """What that is worth."""
    own, mean = prior.own.cross_validated, prior.scores_of(Model.MEAN).cross_validated
    compared = f"MSE {number_text(own.mse.value)}, against {number_text(mean.mse.value)} of the mean of the others"
    if is_better_than_mean(prior):
        sure = "" if own.r.low is not None and own.r.low > 0 else " The interval of r holds 0: it may be chance."
        return f"Better than no prior at all on new patients ({compared}).{sure}"
    return f"No better than no prior at all on new patients ({compared}): its numbers scatter more than they tell."


def chance_text(prior: Prior) -> str:
    """What as many columns of nothing reach."""
    text = (
        f"In-sample, {prior.terms} free weights fitted to pure noise of {prior.patients} patients reach r = "
        f"{r_text(prior.chance_r)}."
    )
    if not prior.shuffled.in_sample:
        return text
    return (
        f"{text} With the targets dealt to other patients ({len(prior.shuffled.in_sample)} times), the top-n "
        f"regression has r = {r_text(fmean(prior.shuffled.in_sample))} in-sample (up to "
        f"{r_text(max(prior.shuffled.in_sample))}) "
        f"and {r_text(fmean(prior.shuffled.cross_validated))} cross-validated."
    )


def published_text(prior: Prior) -> str:
    """Which of the numbers the paper's 0.820 is comparable with."""
    top = prior.scores_of(Model.TOP_N)
    own = (
        f"in-sample r = {r_text(top.in_sample.r.value)}"
        if prior.target == TLVR
        else f"in-sample r = {r_text(top.in_sample.r.value)}, of another target"
    )
    noise = (PUBLISHED_N / (PUBLISHED_PATIENTS - 1)) ** 0.5
    return (
        f"SmoothSegNet reports r = {PUBLISHED_R:.3f}, MSE {PUBLISHED_MSE:g}, MAE {PUBLISHED_MAE:g} for TLVR "
        f"({PUBLISHED_N} columns, TTP among them). Its cross-validation served to choose the number of columns; that "
        "patients were left out for the r itself is not said, and its MSE and MAE are met in-sample, not "
        "cross-validated (docs/prior.md). So 0.820 is comparable with the in-sample number of the top-n regression "
        f"here ({own}), and not with the cross-validated one ({r_text(top.cross_validated.r.value)}). Noise in "
        f"{PUBLISHED_N} columns of {PUBLISHED_PATIENTS} patients would reach about {r_text(noise)}."
    )


def count_text(prior: Prior) -> str:
    """How many columns, and how sure that number is."""
    counts = prior.curves.counts_in_folds
    return (
        f"The final top-n regression takes {prior.curves.count} of {len(prior.columns)} columns. Chosen anew in each "
        f"of {len(counts)} fits without the patients of a fold, the number was {min(counts)} to {max(counts)}, "
        f"{median(counts):g} in the median. With ranking and number chosen on all patients, the same curve looks like "
        f"r = {r_text(prior.curves.best_outside)}: a cross-validation that has seen its patients."
    )


def better_models(prior: Prior) -> str:
    """A remark where another model predicts new patients better than the one chosen; "" where none does."""
    best = min(prior.models, key=_left_out_mse)
    stored = min((one for one in prior.models if one.model in LINEAR_MODELS), key=_left_out_mse)
    if _left_out_mse(best) >= _left_out_mse(prior.own):
        return ""
    text = f"{TITLES[best.model]} has the lowest MSE on new patients ({number_text(_left_out_mse(best))})"
    if best.model in LINEAR_MODELS:
        return f"{text}: --model {best.model}."
    text += ", but it is no equation that could be read and stored"
    if stored is prior.own:
        return f"{text}."
    return f"{text}; of the equations it is --model {stored.model} ({number_text(_left_out_mse(stored))})."


def _left_out_mse(one: ModelScores) -> float:
    value = one.cross_validated.mse.value
    return inf if value is None else value


def outcome_text(prior: Prior) -> str:
    """A warning where columns are used that nobody has before treatment, "" otherwise."""
    if not prior.uses_outcome:
        return ""
    return (
        "Columns are used that are known only after treatment (--outcome): this prior cannot be applied to a patient "
        "who is yet to be treated, and its agreement says nothing about what was known then."
    )
