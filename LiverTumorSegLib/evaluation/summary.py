"""Many compared cases together, each group of cases for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median, stdev
from typing import Any

from LiverTumorSegLib.evaluation.agreement import STRUCTURES, Agreement, ClassAgreement
from LiverTumorSegLib.evaluation.lesions import share_hit
from LiverTumorSegLib.evaluation.strata import Rate, Stratum, by_diameter, by_volume

ROLES = ("trained-on", "chosen-on", "never-seen")
"""What a case was to the model: only the last group says how it does on new patients."""


@dataclass(frozen=True)
class ComparedCase:
    """role: one of ROLES, None where it is not stated. prediction, reference: where they came from."""

    name: str
    agreement: Agreement
    role: str | None = None
    prediction: str = ""
    reference: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "case": self.name,
            "role": self.role,
            "prediction": self.prediction,
            "reference": self.reference,
            **self.agreement.to_json(),
        }


@dataclass(frozen=True)
class Spread:
    """How a score lies over cases. sd: sample standard deviation (n - 1), None for a single case."""

    cases: int
    mean: float
    sd: float | None
    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Raises ValueError without a value."""
        sd = stdev(values) if len(values) > 1 else None
        return cls(len(values), fmean(values), sd, median(values), min(values), max(values))


@dataclass(frozen=True)
class StructureSummary:
    """One structure over the cases in which it is judged.

    global_dice: of all cases as one volume; 1 where all is empty.
    """

    name: str
    dice: Spread
    nsd: Spread
    nsd_tolerance_mm: float
    global_dice: float


@dataclass(frozen=True)
class LesionSummary:
    """Lesions of the cases in which tumours are judged.

    sensitivity, precision: of all lesions together. *_per_case: of the cases that have such lesions.
    false_ml: volume of predicted lesions that hit nothing, all together.
    """

    cases: int
    sensitivity: Rate
    precision: Rate
    sensitivity_per_case: Spread | None
    precision_per_case: Spread | None
    false_ml: float
    by_diameter: tuple[Stratum, ...]
    by_volume: tuple[Stratum, ...]

    @property
    def false_per_case(self) -> float:
        return (self.precision.total - self.precision.hits) / self.cases

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "sensitivity": self.sensitivity.to_json(),
            "precision": self.precision.to_json(),
            "false_per_case": self.false_per_case,
            "by_diameter": [stratum.to_json() for stratum in self.by_diameter],
            "by_volume": [stratum.to_json() for stratum in self.by_volume],
        }


@dataclass(frozen=True)
class GroupSummary:
    """Cases of one role. structures: those that any case judges. lesions: None where no case judges tumours."""

    role: str | None
    cases: int
    structures: tuple[StructureSummary, ...]
    lesions: LesionSummary | None

    def to_json(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "cases": self.cases,
            "structures": {item.name: asdict(item) for item in self.structures},
            "lesions": self.lesions.to_json() if self.lesions else None,
        }


def summarize(cases: Sequence[ComparedCase]) -> tuple[GroupSummary, ...]:
    """One summary for each role that occurs, in the order of ROLES, cases without a role last; () without cases."""
    groups = {role: [case.agreement for case in cases if case.role == role] for role in (*ROLES, None)}
    return tuple(_summary(role, group) for role, group in groups.items() if group)


def _summary(role: str | None, group: list[Agreement]) -> GroupSummary:
    judged = ((name, [found for one in group if (found := one.of(name))]) for name in STRUCTURES)
    return GroupSummary(
        role, len(group), tuple(_structure(name, rows) for name, rows in judged if rows), _lesions(group)
    )


def _structure(name: str, rows: list[ClassAgreement]) -> StructureSummary:
    dice, nsd = Spread.of([row.dice for row in rows]), Spread.of([row.nsd for row in rows])
    total_ml = sum(row.predicted_ml + row.reference_ml for row in rows)
    twice_common_ml = sum(row.dice * (row.predicted_ml + row.reference_ml) for row in rows)
    return StructureSummary(name, dice, nsd, rows[0].nsd_tolerance_mm, twice_common_ml / total_ml if total_ml else 1.0)


def _lesions(group: list[Agreement]) -> LesionSummary | None:
    judged = [one for one in group if one.of("tumor")]
    if not judged:
        return None
    reference = [lesion for one in judged for lesion in one.reference_lesions]
    predicted = [lesion for one in judged for lesion in one.predicted_lesions]
    return LesionSummary(
        len(judged),
        Rate.of(reference),
        Rate.of(predicted),
        _known(share_hit(one.reference_lesions) for one in judged),
        _known(share_hit(one.predicted_lesions) for one in judged),
        sum((lesion.volume_ml for lesion in predicted if not lesion.hit), start=0.0),
        by_diameter(reference, predicted),
        by_volume(reference, predicted),
    )


def _known(values: Iterable[float | None]) -> Spread | None:
    """Of the values that are there; None where there is none."""
    known = [value for value in values if value is not None]
    return Spread.of(known) if known else None
