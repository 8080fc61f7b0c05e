"""What a run tells about itself while it goes: a CSV line every few steps."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from LiverTumorSegLib.io.text_files import CsvTable, write_csv

HEADER = ("step", "loss", "rate", "seconds", "validation_loss")
EVERY = 10
"""Steps."""


@dataclass(frozen=True)
class Line:
    """loss: moving average. rate: of the next step. seconds: that the run has taken so far, over all its parts."""

    step: int
    loss: float
    rate: float
    seconds: float
    validation_loss: float | None = None

    def cells(self) -> list[str | int]:
        validation = "" if self.validation_loss is None else f"{self.validation_loss:.4f}"
        return [self.step, f"{self.loss:.4f}", f"{self.rate:.6f}", f"{self.seconds:.1f}", validation]


def start(path: Path, step: int) -> None:
    """Make the file, or take out what was written after ``step``: those steps are done again.

    A file of another form (an earlier version's) is kept as NAME-before.csv.
    """
    rows = _rows(path)
    if rows and tuple(rows[0]) != HEADER:
        path.replace(path.with_stem(f"{path.stem}-before"))
        rows = []
    write_csv(path, CsvTable(HEADER, [row for row in rows[1:] if int(row[0]) <= step]))


def append(path: Path, line: Line) -> None:
    """At the end of a file that ``start`` has made."""
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerow(line.cells())


def _rows(path: Path) -> list[list[str]]:
    """Whole lines only: a run may have been killed while it wrote the last one."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    rows = list(csv.reader(text[: text.rfind("\n") + 1].splitlines()))
    return [row for row in rows if row]
