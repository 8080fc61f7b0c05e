"""JSON and CSV files. Needs nothing but Python: an application may write them before anything is installed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError

Cell = str | int | float | None


@dataclass(frozen=True)
class CsvTable:
    """Column names (with units) and rows of as many cells; None is an empty cell."""

    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Indented UTF-8 with a newline at the end, keys in the order given. Raises ValueError for NaN and infinity."""
    text = json.dumps(data, indent=2, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_text(path: Path, text: str) -> None:
    """UTF-8 with plain newlines."""
    path.write_text(text, encoding="utf-8", newline="\n")


def write_csv(path: Path, table: CsvTable) -> None:
    """Comma separated UTF-8 with a header line. Raises ValueError if a row is not as long as the header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.header)
        writer.writerows(_checked(table.rows, len(table.header)))


def read_json(path: Path) -> dict[str, Any]:
    """Raises InputError if the file is not a JSON object."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise _not_json(path, str(error)) from error
    if not isinstance(data, dict):
        raise _not_json(path, "a list or a number")
    return data


def _checked(rows: Iterable[Sequence[Cell]], columns: int) -> Iterable[Sequence[Cell]]:
    for row in rows:
        if len(row) != columns:
            message = f"a row of {len(row)} cells in a table of {columns} columns: {row}"
            raise ValueError(message)
        yield row


def _not_json(path: Path, reason: str) -> InputError:
    return InputError(
        found=f"{path} cannot be read ({reason})",
        expected="a JSON object as this program writes it",
        remedy="Make the result again",
    )
