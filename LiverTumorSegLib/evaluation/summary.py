"""Many compared cases together, each group of cases for itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from LiverTumorSegLib.evaluation.agreement import STRUCTURES, Agreement, ClassAgreement
from LiverTumorSegLib.evaluation.case_strata import CaseSize, CaseStratum, case_strata, voxel_summaries
from LiverTumorSegLib.evaluation.lesions import share_hit
from LiverTumorSegLib.evaluation.scores import VoxelSummary
from LiverTumorSegLib.evaluation.spread import Spread, spread_of_known
from LiverTumorSegLib.evaluation.strata import Rate, Stratum, by_diameter, by_volume

ROLES = ("trained-on", "chosen-on", "never-seen")
"""What a case was to the model: only the last group says how it does on new patients."""


@dataclass(frozen=True)
class ComparedCase:
    """role: one of ROLES, None where it is not stated. prediction, reference: where they came from.

    replication: the run of a repeated experiment (a random split) that the prediction is of; "" where there is one run.
    """

    name: str
    agreement: Agreement
    role: str | None = None
    prediction: str = ""
    reference: str = ""
    replication: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "case": self.name,
            "role": self.role,
            "replication": self.replication or None,
            "prediction": self.prediction,
            "reference": self.reference,
            **self.agreement.to_json(),
        }


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
    """Cases of one role. structures: those that any case judges. lesions: None where no case judges tumours.

    voxels: their voxel scores. strata: the same by the size of the tumours, where that was asked for.
    """

    role: str | None
    cases: int
    structures: tuple[StructureSummary, ...]
    lesions: LesionSummary | None
    voxels: tuple[VoxelSummary, ...] = ()
    strata: tuple[CaseStratum, ...] = ()

    def voxels_of(self, name: str) -> VoxelSummary | None:
        """The voxel scores of one structure; None where no case judges it."""
        return next((item for item in self.voxels if item.name == name), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "cases": self.cases,
            "structures": {item.name: asdict(item) for item in self.structures},
            "lesions": self.lesions.to_json() if self.lesions else None,
            "voxels": {item.name: item.to_json() for item in self.voxels},
            "strata": [stratum.to_json() for stratum in self.strata],
        }


def summarize(cases: Sequence[ComparedCase], strata: Sequence[CaseSize] = ()) -> tuple[GroupSummary, ...]:
    """One summary for each role that occurs, in the order of ROLES, cases without a role last; () without cases.

    strata: by which sizes of their tumours the cases are divided too.
    """
    groups = {role: [case for case in cases if case.role == role] for role in (*ROLES, None)}
    return tuple(_summary(role, group, strata) for role, group in groups.items() if group)


def _summary(role: str | None, cases: list[ComparedCase], strata: Sequence[CaseSize]) -> GroupSummary:
    group = [case.agreement for case in cases]
    judged = ((name, [found for one in group if (found := one.of(name))]) for name in STRUCTURES)
    replicated = [(case.replication, case.agreement) for case in cases]
    return GroupSummary(
        role,
        len(group),
        tuple(_structure(name, rows) for name, rows in judged if rows),
        _lesions(group),
        voxel_summaries(replicated),
        tuple(stratum for by in strata for stratum in case_strata(replicated, by)),
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
        spread_of_known(share_hit(one.reference_lesions) for one in judged),
        spread_of_known(share_hit(one.predicted_lesions) for one in judged),
        sum((lesion.volume_ml for lesion in predicted if not lesion.hit), start=0.0),
        by_diameter(reference, predicted),
        by_volume(reference, predicted),
    )
