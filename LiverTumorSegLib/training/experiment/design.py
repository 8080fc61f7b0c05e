"""What is compared with what: the cells of Tables 1 and 2 of LVT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.data.splits import FULL, TEST, Split, chosen, k_folds, supervised
from LiverTumorSegLib.training.data.splits import fold as fold_of
from LiverTumorSegLib.training.data.subject import Subject
from LiverTumorSegLib.training.partial_labels import Setting


class Supervision(StrEnum):
    """What is trained on: a quarter with all labels; also the three quarters with one class each; all with all."""

    QUARTER = "25"
    QUARTER_AND_PARTIAL = "25-ps"
    ALL = "100"

    @property
    def full_share(self) -> str:
        """Column FS."""
        return "100 %" if self is Supervision.ALL else "25 %"

    @property
    def has_partial(self) -> bool:
        """Column PS."""
        return self is Supervision.QUARTER_AND_PARTIAL


@dataclass(frozen=True)
class Cell:
    """One way to train; both tables take their rows from these."""

    setting: Setting
    supervision: Supervision

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.setting}-{self.supervision}"

    def subjects(self, split: Split, subjects: Sequence[Subject]) -> tuple[Subject, ...]:
        """Those that it is trained on, each with the labels it may learn from. split: of ``partial_split``."""
        others = [part.name for part in split.parts if part.name != TEST]
        match self.supervision:
            case Supervision.QUARTER:
                return chosen(split, subjects, FULL)
            case Supervision.QUARTER_AND_PARTIAL:
                return supervised(split, subjects, *others)
            case Supervision.ALL:
                return chosen(split, subjects, *others)


CELLS = (
    *(Cell(setting, supervision) for supervision in Supervision for setting in (Setting.MC, Setting.MLX)),
    *(Cell(Setting.ML, supervision) for supervision in (Supervision.QUARTER, Supervision.QUARTER_AND_PARTIAL)),
)
"""Table 1 compares MC with MLx for all three, Table 2 MLx with ML for the first two."""


def runs_of(
    cell: Cell, split: Split, subjects: Sequence[Subject], folds: int, seed: int
) -> tuple[tuple[Subject, ...], ...]:
    """For each of the cell's runs the subjects it is trained on: one fold of them is left out (cross-validation).

    Folds are drawn within each part, so that every run has its share of each kind of labels. Raises InputError where
    there are fewer subjects than folds.
    """
    own = cell.subjects(split, subjects)
    if len(own) < folds:
        raise InputError(
            found=f"{len(own)} subjects for {folds} folds in {cell.name}",
            expected="a subject for each fold",
            remedy="Give more subjects, or fewer folds",
        )
    parts = k_folds(own, folds, seed)
    return tuple(fold_of(parts, own, number)[0] for number in range(1, folds + 1))
