"""Why a case deserves a look, in words: features outside what is usual."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields

from LiverTumorSegLib.uncertainty.case_features import COUNTED_ML, CaseFeatures
from LiverTumorSegLib.uncertainty.inputs import volume_excess


@dataclass(frozen=True)
class Limits:
    """The last usual values; anything beyond is a reason to look (docs/conventions.md says where they come from).

    Shares and probabilities are 0 to 1. Names as in CaseFeatures.
    """

    organ_probability: float
    border_entropy: float
    voices_dice: float
    voices_volume_ratio: float
    solidity: float
    cut_cm2: float = 1.0
    implausible_share: float = 0.01
    least_confidence: float = 0.5

    @classmethod
    def from_json(cls, data: dict[str, float]) -> Limits:
        return cls(**{field.name: data[field.name] for field in fields(cls)})

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def reasons_in_words(case: CaseFeatures, limits: Limits) -> tuple[str, ...]:
    """One sentence for each feature that is out of the usual range; () where none is."""
    return (*_of_masses(case, limits), *_of_networks(case, limits), *_of_anatomy(case, limits))


def _of_masses(case: CaseFeatures, limits: Limits) -> Iterator[str]:
    if case.implausible_share > limits.implausible_share:
        yield f"{percent(case.implausible_share)} of the liver is a mass that may lie beside it."
    if case.least_confidence < limits.least_confidence:
        yield f"A lesion of {COUNTED_ML:g} ml or more is doubtful (confidence {percent(case.least_confidence)})."


def _of_networks(case: CaseFeatures, limits: Limits) -> Iterator[str]:
    if case.voices_dice is not None and case.voices_dice < limits.voices_dice:
        yield f"The networks disagree about {percent(1 - case.voices_dice)} of the liver."
    if case.voices_volume_ratio is not None and case.voices_volume_ratio < limits.voices_volume_ratio:
        yield f"One network's liver has {percent(case.voices_volume_ratio)} of the volume of another's."
    if case.organ_probability < limits.organ_probability:
        yield (
            f"The networks are {percent(case.organ_probability, 1)} sure of what they call liver, on average; "
            f"{percent(limits.organ_probability, 1)} and more is usual."
        )
    if case.border_entropy > limits.border_entropy:
        yield (
            f"The liver's border is unclear to the networks: uncertainty {case.border_entropy:.2f} of 1, "
            f"up to {limits.border_entropy:.2f} is usual."
        )


def _of_anatomy(case: CaseFeatures, limits: Limits) -> Iterator[str]:
    if volume_excess(case.organ_ml) > 0:
        yield f"The liver's volume of {case.organ_ml:.0f} ml is implausible."
    if case.solidity < limits.solidity:
        yield f"The liver's shape is unusual: it fills {percent(case.solidity)} of its convex hull."
    if case.cut_cm2 > limits.cut_cm2:
        yield f"The edge of the CT cuts the liver off over {case.cut_cm2:.0f} cm²."


def percent(share: float, digits: int = 0) -> str:
    """0.093 -> "9 %"."""
    return f"{100 * share:.{digits}f} %"
