"""Tables of patients as hospitals keep them: a sheet of an Excel workbook, or a CSV file."""

from __future__ import annotations

import csv
import datetime
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import read_bytes, sha256

SheetCell = str | int | float | bool | datetime.date | datetime.datetime | None
_EXCEL = (".xlsx", ".xlsm")
_DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Sheet:
    """header: column names of the first row that has any. rows: of as many cells; empty rows are left out.

    name: of the sheet, "" of a CSV file, whose cells are all text. sha256: of the file.
    """

    path: Path
    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[SheetCell, ...], ...]
    sha256: str


def read_sheet(path: Path, name: str | None = None) -> Sheet:
    """name: of the sheet, by default the first one. Columns without a name are left out.

    Raises InputError for a file that cannot be read, an unknown sheet, and a table without patients or with two columns
    of one name.
    """
    if path.is_dir():
        raise _unreadable(path, "it is a folder")
    data = read_bytes(path)
    if path.suffix.lower() in _EXCEL:
        title, rows = _excel_rows(path, name)
    elif path.suffix.lower() == ".xls":
        raise _unreadable(path, "an Excel file of before 2007")
    elif name is not None:
        raise InputError(
            found=f"the sheet {name!r} was asked for, but {path.name} is a text file",
            expected="a sheet of an Excel workbook",
            remedy="Leave out --sheet",
        )
    else:
        title, rows = "", _csv_rows(path, data)
    header, body = _table(path, rows)
    return Sheet(path, title, header, body, sha256(data))


def _excel_rows(path: Path, name: str | None) -> tuple[str, list[tuple[Any, ...]]]:
    """Values as they were calculated last."""
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            found=f"openpyxl cannot be imported ({error}), which reads Excel files",
            expected="the packages of the clinical prior",
            remedy="Install them: pip install 'livertumorseg[clinical]'; or save the table as CSV",
        ) from error
    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException) as error:
        raise _unreadable(path, str(error)) from error
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    if name is not None and name not in sheets:
        raise InputError(
            found=f"no sheet {name!r} in {path.name}",
            expected=f"one of {', '.join(sheets)}",
            remedy="Correct --sheet",
        )
    title = next(iter(sheets)) if name is None else name
    return title, list(sheets[title].iter_rows(values_only=True))


def _csv_rows(path: Path, data: bytes) -> list[tuple[Any, ...]]:
    """UTF-8, or as Windows writes it; the delimiter is the most frequent one of the first line."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise _unreadable(path, "it is not a text file")
    lines = text.splitlines()
    header = next((line for line in lines if line.strip()), "")
    return [tuple(row) for row in csv.reader(lines, delimiter=max(_DELIMITERS, key=header.count))]


def _table(path: Path, rows: Iterable[Sequence[Any]]) -> tuple[tuple[str, ...], tuple[tuple[SheetCell, ...], ...]]:
    filled = [row for row in rows if any(_is_filled(cell) for cell in row)]
    if len(filled) < 2:
        raise InputError(
            found=f"{path.name} holds {'nothing' if not filled else 'a header without patients'}",
            expected="column names in the first row, and a row for each patient",
            remedy="Check the file, or choose another sheet (--sheet)",
        )
    names = ["" if cell is None else " ".join(str(cell).split()) for cell in filled[0]]
    places = [n for n, name in enumerate(names) if name]
    twice = [name for name, count in Counter(names[n] for n in places).items() if count > 1]
    if twice:
        raise InputError(
            found=f"two columns called {' and '.join(twice)} in {path.name}",
            expected="a name of its own for each column",
            remedy="Rename one of them",
        )
    body = tuple(tuple(row[n] if n < len(row) else None for n in places) for row in filled[1:])
    return tuple(names[n] for n in places), body


def _is_filled(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _unreadable(path: Path, reason: str) -> InputError:
    return InputError(
        found=f"{path} cannot be read as a table ({reason})",
        expected="an Excel workbook (.xlsx) or a CSV file",
        remedy="Check the path, or save the table as one of them",
    )
