"""Any other data set: a ``subjects.csv`` that names images, label files and the annotated classes.

Columns: id, image, labels, annotated; optional data_set (else the folder's name), patient (one for several images of a
person) and series (of a DICOM folder). Paths count from the table's folder. labels is one label map or .seg.nrrd, or
masks such as ``liver=a.nii.gz;tumor=b.nii.gz``. annotated is such as ``liver;tumor``. The values of label maps are
those of a ``labels.json`` beside the label file, else of one beside the table, else 1 liver, 2 vessel, 3 tumor and 255
unknown.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import unreadable
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.training.data.label_maps import BinaryMask, LabelMap, Segments, meanings_of, read_values
from LiverTumorSegLib.training.data.structures import UNKNOWN, in_words, parse_structures
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, LabelSource, Subject

TABLE, VALUES = "subjects.csv", "labels.json"
USUAL_VALUES = meanings_of({**MAIN_LABELS.values(), "unknown": UNKNOWN})
_NEEDED = ("id", "image", "labels", "annotated")
_OPTIONAL = ("data_set", "patient", "series")
_SYNONYMS = {"label": "labels", "classes": "annotated", "annotated_classes": "annotated"}


@dataclass(frozen=True)
class _Row:
    """One line of the table; its number as an editor counts them."""

    table: Path
    line: int
    cells: dict[str, str]

    def path(self, name: str) -> Path:
        """A file or folder, not opened. Raises InputError where it is not there."""
        path = self.table.parent / name
        if not name or not path.exists():
            raise InputError(
                found=f"{path} does not exist" if name else "no path",
                expected="paths of what is there, as seen from the table's folder",
                remedy="Correct the path",
            )
        return path

    def with_line(self, error: InputError) -> InputError:
        """The same error, saying where in the table."""
        where = f"{self.table} line {self.line}"
        return InputError(found=f"{where}: {error.found}", expected=error.expected, remedy=error.remedy)


def table_subjects(table: Path) -> tuple[Subject, ...]:
    """The subjects of a table, in its order; images and labels must exist but are not opened.

    Raises InputError for a table that lacks columns or lines, an id that occurs twice, and a file that is not there.
    """
    subjects: dict[str, Subject] = {}
    for row in _rows(table):
        try:
            subject = _subject(row)
            if subject.id in subjects:
                raise InputError(
                    found=f"the id {subject.id} for the second time",
                    expected="an id of its own for each image",
                    remedy="Rename one (the column patient says who is the same person)",
                )
        except InputError as error:
            raise row.with_line(error) from error
        subjects[subject.id] = subject
    if not subjects:
        raise InputError(found=f"no line in {table}", expected="one for each subject", remedy="Fill in the table")
    return tuple(subjects.values())


def _rows(table: Path) -> Iterator[_Row]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = [_column(name) for name in reader.fieldnames or ()]
            _check_columns(table, names)
            for cells in reader:
                yield _Row(table, reader.line_num, _cells(names, list(cells.values())))
    except OSError as error:
        raise unreadable(table, error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            found=f"{table} cannot be read ({error})",
            expected="comma separated text in UTF-8",
            remedy="Save it as CSV (UTF-8)",
        ) from error


def _column(name: str) -> str:
    plain = name.strip().casefold().replace(" ", "_")
    return _SYNONYMS.get(plain, plain)


def _check_columns(table: Path, names: list[str]) -> None:
    missing = [name for name in _NEEDED if name not in names]
    if missing or len(set(names)) < len(names):
        raise InputError(
            found=f"{table} with the columns {', '.join(names) or 'none'}",
            expected=f"{', '.join(_NEEDED)}, each once, and perhaps {', '.join(_OPTIONAL)}",
            remedy=f"Add {', '.join(missing)} to the first line" if missing else "Name each column once",
        )


def _cells(names: list[str], values: list[object]) -> dict[str, str]:
    """A line's cells by column; one that is too short has empty cells at its end, one that is too long is refused."""
    if len(values) > len(names):
        raise InputError(
            found="more cells than columns",
            expected=f"{len(names)} cells",
            remedy="Put names with a comma between quotation marks",
        )
    texts = [value.strip() if isinstance(value, str) else "" for value in values]
    return dict.fromkeys(_OPTIONAL, "") | dict(zip(names, texts, strict=True))


def _subject(row: _Row) -> Subject:
    cells = row.cells
    image = CtSource(row.path(cells["image"]), cells["series"] or None)
    data_set = cells["data_set"] or row.table.resolve().parent.name
    annotated = parse_structures(cells["annotated"])
    if "=" in cells["labels"]:
        annotations = tuple(Annotation(data_set, image, mask, mask.structures) for mask in _masks(row))
    else:
        annotations = (Annotation(data_set, image, _label_file(row), annotated),)
    subject = Subject(cells["id"], data_set, image, annotations, cells["patient"])
    if subject.annotated != annotated:
        raise InputError(
            found=f"{in_words(annotated)} annotated, with masks of {in_words(subject.annotated)}",
            expected="a mask of each annotated class",
            remedy="Change either",
        )
    return subject


def _masks(row: _Row) -> Iterator[BinaryMask]:
    for part in filter(None, (part.strip() for part in row.cells["labels"].split(";"))):
        name, _, file = part.partition("=")
        for structure in parse_structures(name):
            yield BinaryMask(row.path(file.strip()), structure)


def _label_file(row: _Row) -> LabelSource:
    path = row.path(row.cells["labels"])
    if path.name.endswith(".seg.nrrd"):
        return Segments(path)
    for folder in (path.parent, row.table.parent):
        if (folder / VALUES).is_file():
            return LabelMap(path, read_values(folder / VALUES))
    return LabelMap(path, USUAL_VALUES)
