"""Header and rows of a file -> the table of patients that regressions are fitted to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.clinical.cells import Cell, missing_code
from LiverTumorSegLib.clinical.cleaning import clean_column
from LiverTumorSegLib.clinical.columns import Column, Kind, Table
from LiverTumorSegLib.clinical.known_columns import (
    GROUP_WORDS,
    PUBLISHED,
    Group,
    id_column,
    known_column,
    near_names,
    plain_name,
)
from LiverTumorSegLib.errors import InputError

LEAST_KNOWN = 0.5
"""Share of the patients in whom a column must be known."""
PUBLISHED_WORD = "published"
_SHOWN = 5


@dataclass(frozen=True)
class ColumnChoice:
    """Which columns predict. Names as in the table (case and punctuation do not matter), or words of Group.

    target: column that is predicted, None where it comes from elsewhere. only: nothing but these; "published" means the
    15 of the SmoothSegNet paper. outcome: also what is known only after treatment. A column that is named itself is
    used whatever its group. classes: columns whose numbers are names. missing: codes for what is not known.
    """

    target: str | None = None
    id: str | None = None
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    outcome: bool = False
    classes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class RawTable:
    """As read from a file: column names and rows of as many cells."""

    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def cells(self, name: str) -> list[Cell]:
        place = self.header.index(name)
        return [row[place] for row in self.rows]

    def find(self, wanted: str, what: str = "column") -> str:
        """The column's own name. Raises InputError, with similar names, where there is none."""
        plain = {plain_name(name): name for name in self.header}
        if wanted in self.header:
            return wanted
        if plain_name(wanted) in plain:
            return plain[plain_name(wanted)]
        near = near_names(wanted, self.header)
        raise InputError(
            found=f"no {what} {wanted!r} in the table",
            expected=f"one of its {len(self.header)} columns, such as {_listed(near or self.header)}",
            remedy=f"Perhaps {' or '.join(near)} is meant" if near else "Correct the name",
        )


def read_ids(raw: RawTable, name: str | None) -> tuple[str, ...]:
    """The case ids. Raises InputError for empty or repeated ones."""
    column = raw.find(name, "id column") if name else id_column(raw.header)
    ids = tuple("" if cell is None else _id_text(cell) for cell in raw.cells(column))
    empty = [str(n + 1) for n, one in enumerate(ids) if not one]
    if empty:
        raise InputError(
            found=f"no id in the column {column} of patient {_listed(empty)}",
            expected="an id for each patient",
            remedy="Fill them in, or choose the column with --id",
        )
    twice = [one for one, count in Counter(ids).items() if count > 1]
    if twice:
        raise InputError(
            found=f"{_listed(twice)} more than once in the column {column}",
            expected="one row for each patient",
            remedy="Merge the rows, or choose the column with the case ids (--id)",
        )
    return ids


def read_table(raw: RawTable, choice: ColumnChoice) -> Table:
    """The columns that predict, cleaned. Raises InputError for names that the table lacks, and where none is left."""
    ids = read_ids(raw, choice.id)
    names, left_out = _chosen(raw, choice)
    classes = {raw.find(name) for name in choice.classes}
    missing = frozenset(missing_code(code) for code in choice.missing)
    columns: list[Column] = []
    notes: list[str] = []
    for name in names:
        cleaned = clean_column(name, raw.cells(name), is_class=name in classes, missing=missing)
        reason = cleaned.reason if cleaned.column is None else _unusable(cleaned.column)
        if cleaned.column is None or reason:
            left_out[name] = reason
            continue
        columns.append(cleaned.column)
        notes += cleaned.notes
    if not columns:
        raise InputError(
            found="no column that can predict anything",
            expected="one or more columns of facts about the patients",
            remedy="Loosen --features and --exclude",
        )
    return Table(ids, tuple(columns), left_out, tuple(notes))


def read_target(raw: RawTable, name: str, missing: Sequence[str] = ()) -> Column:
    """The column that is predicted. Raises InputError where it is absent or holds no numbers."""
    name = raw.find(name)
    cleaned = clean_column(name, raw.cells(name), missing=frozenset(missing_code(code) for code in missing))
    if cleaned.column is None or cleaned.column.kind is not Kind.NUMBER:
        some = dict.fromkeys(str(cell) for cell in raw.cells(name) if cell is not None)
        raise InputError(
            found=f"the column {name} holds {_listed(list(some)) or 'nothing'}",
            expected="numbers, as something to predict",
            remedy="Choose a numeric column",
        )
    return cleaned.column


def _chosen(raw: RawTable, choice: ColumnChoice) -> tuple[list[str], dict[str, str]]:
    """Names in the table's order, and those left out with the reason."""
    named = _named(raw, choice.only)
    excluded, out_groups = _named(raw, choice.exclude), _groups(choice.exclude) | _usual_groups(raw, choice)
    included = _named(raw, choice.include) | {name for name in named if PUBLISHED_WORD not in choice.only}
    out_groups -= _groups(choice.include) - _groups(choice.exclude)
    if PUBLISHED_WORD in choice.only:
        named |= {raw.find(name) for name in PUBLISHED}
    own = {raw.find(choice.id, "id column") if choice.id else id_column(raw.header)}
    own |= {raw.find(choice.target)} if choice.target else set()
    names, left_out = [], {}
    for name in raw.header:
        if name in own or (choice.only and name not in named):
            continue
        reason = "--exclude" if name in excluded else _group_reason(name, out_groups, is_included=name in included)
        if reason:
            left_out[name] = reason
        else:
            names.append(name)
    return names, left_out


def _usual_groups(raw: RawTable, choice: ColumnChoice) -> set[Group]:
    """What is left out unless it is asked for: outcomes, readings, and stages where the size itself is predicted."""
    target = known_column(raw.find(choice.target)) if choice.target else None
    groups = {Group.READINGS} if choice.outcome else {Group.READINGS, Group.OUTCOME}
    if target is not None and target.group in (Group.READINGS, Group.SIZE):
        groups.add(Group.SIZE)
    return groups


def _group_reason(name: str, out_groups: set[Group], *, is_included: bool) -> str:
    """Why a column is left out, "" where it is not."""
    known = known_column(name)
    if is_included or known is None or known.group is None or known.group not in out_groups:
        return ""
    return f"{GROUP_WORDS[known.group]} ({known.reason})"


def _groups(words: Iterable[str]) -> set[Group]:
    return {Group(word.casefold()) for word in words if word.casefold() in set(Group)}


def _named(raw: RawTable, words: Iterable[str]) -> set[str]:
    special = {*Group, PUBLISHED_WORD}
    return {raw.find(word) for word in words if word.casefold() not in special}


def _unusable(column: Column) -> str:
    known = column.known
    if known.size < LEAST_KNOWN * column.values.size:
        return f"known in only {known.size} of {column.values.size} patients"
    if np.unique(known).size < 2:
        return "the same in all patients"
    return ""


def _id_text(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
