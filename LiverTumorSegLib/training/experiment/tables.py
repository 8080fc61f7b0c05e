"""The results as Tables 1 and 2 of LVT, in Markdown; the numbers are in results.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from LiverTumorSegLib.training.experiment.design import Cell, Supervision
from LiverTumorSegLib.training.experiment.scores import Scores, mean_and_deviation
from LiverTumorSegLib.training.partial_labels import Setting

Results = Mapping[Cell, Sequence[Mapping[str, Scores]]]
"""For each cell its runs, for each run its scores by test set."""

_HEADS = {Setting.MC: "MC", Setting.MLX: "MLx"}
_YES, _NO = "✓", "✗"


@dataclass(frozen=True)
class Table:
    """title: above it. header and rows as cells of Markdown."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def in_markdown(self) -> str:
        lines = (self.header, ("---",) * len(self.header), *self.rows)
        return "\n".join([f"**{self.title}**", "", *(f"| {' | '.join(line)} |" for line in lines)]) + "\n"


def table_1(results: Results, test_sets: Sequence[str]) -> Table:
    """DSC of MC and MLx: with a quarter, with that and partial labels, and with all. Cells without results are "-"."""
    columns = [(name, what) for name in test_sets for what in ("liver", "vessel", "tumor")]
    rows = [
        (
            supervision.full_share,
            _YES if supervision.has_partial else _NO,
            head,
            *_numbers(results, Cell(setting, supervision), columns),
        )
        for supervision in Supervision
        for setting, head in _HEADS.items()
    ]
    header = ("FS", "PS", "Head", *(f"{name}: {what}" for name, what in columns))
    return Table("Table 1. DSC, multi-class (MC) vs. multi-label exclusive (MLx)", header, tuple(rows))


def table_2(results: Results, test_sets: Sequence[str]) -> Table:
    """DSC and tumour detection without and with overlapping classes (MLx and ML)."""
    columns = [(name, what) for name in test_sets for what in ("vessel", "tumor", "sensitivity", "precision")]
    rows = [
        (
            supervision.full_share,
            _YES if supervision.has_partial else _NO,
            _YES if setting is Setting.ML else _NO,
            *_numbers(results, Cell(setting, supervision), columns),
        )
        for supervision in (Supervision.QUARTER, Supervision.QUARTER_AND_PARTIAL)
        for setting in (Setting.MLX, Setting.ML)
    ]
    header = ("FS", "PS", "LVT overlap", *(f"{name}: {what}" for name, what in columns))
    return Table("Table 2. Overlapping classes; sensitivity and precision of lesions", header, tuple(rows))


def _numbers(results: Results, cell: Cell, columns: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(_cell([run[name] for run in results.get(cell, ())], what) for name, what in columns)


def _cell(runs: Sequence[Scores], what: str) -> str:
    both = mean_and_deviation(run.to_json()[what] for run in runs)
    if both is None:
        return "-"
    mean, deviation = both
    return f"{mean:.3f} ± {deviation:.3f}" if len(runs) > 1 else f"{mean:.3f}"
