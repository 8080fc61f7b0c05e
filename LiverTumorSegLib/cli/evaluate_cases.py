"""Which cases ``evaluate`` compares: of a table, of two folders, or the one that was named."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.agreement import STRUCTURES
from LiverTumorSegLib.evaluation.summary import ROLES
from LiverTumorSegLib.io.label_names import label_of
from LiverTumorSegLib.io.results import SEGMENTATION
from LiverTumorSegLib.labels import main_label

_COLUMNS = ("case", "prediction", "reference", *STRUCTURES, "role", "annotated", "replication")
_ENDINGS = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".mha", ".mhd")
_SEVERAL_FILES = "|"
_SHOWN = 5


@dataclass(frozen=True)
class PlannedCase:
    """prediction: result folder or label map. reference: the same, None where there are ``masks``: files by structure.

    annotated: what the expert drew, None where that is all that is given. replication: of a repeated experiment, or "".
    """

    name: str
    prediction: Path
    reference: Path | None
    masks: dict[str, tuple[Path, ...]]
    role: str | None = None
    annotated: frozenset[str] | None = None
    replication: str = ""

    @property
    def title(self) -> str:
        """Its name, with its replication."""
        return f"{self.name} ({self.replication})" if self.replication else self.name

    @property
    def reference_files(self) -> tuple[Path, ...]:
        files = tuple(path for paths in self.masks.values() for path in paths)
        return files if self.reference is None else (self.reference, *files)


def cases_of_table(table: Path) -> list[PlannedCase]:
    """The rows of a CSV file (comma, semicolon or tab) with a header; paths are relative to its folder.

    Columns: case, prediction, and reference or some of liver, vessel, tumor (several files: ``|`` between them);
    optional role, annotated and replication (then of every row, and a case is named once in each); others are ignored.
    Raises InputError for a table that cannot be used, and for files that do not exist.
    """
    rows = _rows(table)
    cases = [_case(row, table.parent, f"line {line} of {table.name}") for line, row in rows]
    if not cases:
        raise InputError(found=f"no case in {table}", expected="a line for each case", remedy="Add the cases")
    _check_names(cases, table)
    check_files(cases)
    return cases


def cases_of_folders(predictions: Path, references: Path) -> tuple[list[PlannedCase], list[str]]:
    """Predictions and references of the same name, and the names of references that nobody predicted.

    A case is a result folder (its name) or a label map (its file name without .nii.gz or the like). Raises InputError
    where a prediction has no reference, or there is none at all.
    """
    found, expert = _named_in(predictions), _named_in(references)
    if not found:
        raise InputError(
            found=f"no segmentation in {predictions}",
            expected="result folders or label maps (NIfTI, NRRD, MetaImage)",
            remedy="Check the path",
        )
    alone = [name for name in found if name not in expert]
    if alone:
        raise InputError(
            found=f"no reference for {_listed(alone)} in {references}",
            expected=f"the same names in both folders; the references are called {_listed(expert) or 'nothing'}",
            remedy="Rename the files, or list the pairs in a table (--cases)",
        )
    cases = [PlannedCase(name, path, expert[name], {}) for name, path in found.items()]
    return cases, [name for name in expert if name not in found]


def is_folder_of_cases(path: Path) -> bool:
    """A folder that is not itself a result."""
    return path.is_dir() and not (path / SEGMENTATION).is_file()


def with_defaults(case: PlannedCase, role: str | None, annotated: frozenset[str] | None) -> PlannedCase:
    """The case with what was said for all cases, where nothing was said for itself."""
    return replace(case, role=case.role or role, annotated=case.annotated or annotated)


def structures_named(words: Iterable[str]) -> frozenset[str]:
    """Liver, vessel, tumor, in whatever spelling. Raises InputError for another word."""
    return frozenset(_structure(word) for word in words)


def check_files(cases: Iterable[PlannedCase]) -> None:
    """Raises InputError if a file is missing, before an hour of work has been done on the others."""
    paths = (path for case in cases for path in (case.prediction, *case.reference_files))
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise InputError(
            found=f"{_listed(missing)} not there",
            expected="files that exist",
            remedy="Correct the paths; those in a table are relative to its folder",
        )


def _rows(table: Path) -> list[tuple[int, dict[str, str]]]:
    """Line numbers and cells by column, without empty lines."""
    try:
        text = table.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            found=f"{table} cannot be read ({error})",
            expected="a CSV file in UTF-8",
            remedy="Check the path; in a spreadsheet, save as 'CSV UTF-8'",
        ) from error
    lines = text.splitlines()
    header = lines[0] if lines else ""
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(lines, delimiter=delimiter, restval="")
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    absent = [name for name in _COLUMNS[:2] if name not in reader.fieldnames]
    if absent or not set(_COLUMNS[2:6]) & set(reader.fieldnames):
        raise InputError(
            found=f"{table.name} has the columns {_listed(reader.fieldnames) or 'of an empty file'}",
            expected="case, prediction, and reference (or liver, vessel, tumor); perhaps role, annotated, replication",
            remedy="Name the columns in the first line",
        )
    return list(_cells(reader))


def _cells(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for row in reader:
        cells = {name: (row.get(name) or "").strip() for name in _COLUMNS}
        if any(cells.values()):
            yield reader.line_num, cells


def _case(row: dict[str, str], folder: Path, where: str) -> PlannedCase:
    masks = {name: _files(row[name], folder) for name in STRUCTURES if row[name]}
    if not (row["case"] and row["prediction"]) or bool(row["reference"]) == bool(masks):
        raise InputError(
            found=f"{where} has {', '.join(name for name in _COLUMNS if row[name])} only",
            expected="case, prediction, and either reference or some of liver, vessel, tumor",
            remedy="Fill the line, one way or the other",
        )
    if row["role"] and row["role"] not in ROLES:
        raise InputError(
            found=f"role {row['role']!r} in {where}", expected=", ".join(ROLES), remedy="Correct it or leave it empty"
        )
    return PlannedCase(
        row["case"],
        folder / row["prediction"],
        folder / row["reference"] if row["reference"] else None,
        masks,
        row["role"] or None,
        structures_named(re.split(r"[\s,;+|]+", row["annotated"])) if row["annotated"] else None,
        row["replication"],
    )


def _files(cell: str, folder: Path) -> tuple[Path, ...]:
    return tuple(folder / name.strip() for name in cell.split(_SEVERAL_FILES) if name.strip())


def _structure(word: str) -> str:
    label = label_of((word,))
    if label is None:
        raise InputError(
            found=f"{word!r} among the annotated structures", expected=", ".join(STRUCTURES), remedy="Correct it"
        )
    return main_label(label).name


def _check_names(cases: list[PlannedCase], table: Path) -> None:
    if len({bool(case.replication) for case in cases}) > 1:
        raise InputError(
            found=f"a replication in some lines of {table.name} only",
            expected="one in every line, or in none",
            remedy="Fill the column, or leave it out",
        )
    names = [case.title for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            found=f"{_listed(twice)} more than once in {table.name}",
            expected="a name of its own for each case",
            remedy="Rename them (two readers: patient1-a, patient1-b)",
        )


def _named_in(folder: Path) -> dict[str, Path]:
    """Cases in a folder by name, sorted. Raises InputError where two files have one name."""
    named: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = _name_of(path)
        if name is None:
            continue
        if name in named:
            raise InputError(
                found=f"{named[name].name} and {path.name} in {folder}",
                expected="one file for each case",
                remedy="Move one of them away, or list the pairs in a table (--cases)",
            )
        named[name] = path
    return named


def _name_of(path: Path) -> str | None:
    """None for what is no segmentation."""
    if path.name.startswith("."):
        return None
    if path.is_dir():
        return path.name if (path / SEGMENTATION).is_file() else None
    ending = next((ending for ending in _ENDINGS if path.name.lower().endswith(ending)), None)
    return None if ending is None else path.name[: -len(ending)]


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")
