"""What ``evaluate -o`` writes: numbers for programs, tables and pictures for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from LiverTumorSegLib import __version__
from LiverTumorSegLib.evaluation.case_strata import CASE_BOUNDS, CASE_UNITS, CaseSize
from LiverTumorSegLib.evaluation.charts import lesions_chart, scores_chart
from LiverTumorSegLib.evaluation.lesions import HIT_SHARE
from LiverTumorSegLib.evaluation.strata import DIAMETER_BOUNDS_MM, VOLUME_BOUNDS_ML
from LiverTumorSegLib.evaluation.summary import ComparedCase, GroupSummary, summarize
from LiverTumorSegLib.evaluation.surface import TOLERANCE_MM
from LiverTumorSegLib.evaluation.tables import markdown
from LiverTumorSegLib.io.output_folder import OutputKind
from LiverTumorSegLib.io.text_files import write_json

NUMBERS, TABLES, SCORES, LESIONS = "evaluation.json", "evaluation.md", "scores.png", "lesions.png"
EVALUATION = OutputKind("an earlier evaluation", NUMBERS, frozenset({NUMBERS, TABLES, SCORES, LESIONS}))
SCHEMA = 1


@dataclass(frozen=True)
class Evaluation:
    """unpredicted: names of references without a prediction, which are in no number. strata: of the cases, by size."""

    cases: Sequence[ComparedCase]
    warnings: Sequence[str] = ()
    unpredicted: Sequence[str] = ()
    strata: Sequence[CaseSize] = ()

    @property
    def groups(self) -> tuple[GroupSummary, ...]:
        return summarize(self.cases, self.strata)

    def to_json(self) -> dict[str, Any]:
        """Keys: docs/evaluation.md."""
        return {
            "schema": SCHEMA,
            "version": __version__,
            "definitions": {
                "nsd_tolerance_mm": TOLERANCE_MM,
                "hit_share": HIT_SHARE,
                "diameter_bounds_mm": DIAMETER_BOUNDS_MM,
                "volume_bounds_ml": VOLUME_BOUNDS_ML,
                "case_bounds": {f"{by}_{CASE_UNITS[by]}": bound for by, bound in CASE_BOUNDS.items()},
            },
            "groups": [group.to_json() for group in self.groups],
            "cases": [case.to_json() for case in self.cases],
            "unpredicted": list(self.unpredicted),
            "warnings": list(self.warnings),
        }


def write_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Everything, evaluation.json last; lesions.png only where tumours are judged. folder: exists."""
    groups = evaluation.groups
    scores_chart(evaluation.cases, groups).save(folder / SCORES)
    pictures = [SCORES]
    lesions = lesions_chart(groups)
    if lesions is not None:
        lesions.save(folder / LESIONS)
        pictures.append(LESIONS)
    text = markdown(evaluation.cases, groups, pictures)
    notes = [*evaluation.warnings, *(f"No prediction for {name}." for name in evaluation.unpredicted)]
    if notes:
        text += "\n## Notes\n\n" + "".join(f"- {note}\n" for note in notes)
    (folder / TABLES).write_text(text, encoding="utf-8", newline="\n")
    write_json(folder / NUMBERS, evaluation.to_json())
