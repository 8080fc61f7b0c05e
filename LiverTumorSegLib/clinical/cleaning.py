"""A column as people filled it in -> numbers; what was changed on the way is told. No target is looked at here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from LiverTumorSegLib.clinical.cells import Cell, Number, conversion, days, read_cell, truth, unit_in
from LiverTumorSegLib.clinical.columns import Column, Kind
from LiverTumorSegLib.clinical.known_columns import order_of
from LiverTumorSegLib.clinical.spelling import nearest_word, same_words

_MOSTLY = 0.8
"""Share of the known cells that must be numbers (or dates) for the others to be slips."""
_FREE_TEXT_WORDS, _FREE_TEXT_SHARE = 10, 0.5
_SHOWN = 3

Read = Number | date | str | None


@dataclass(frozen=True, eq=False)
class Cleaned:
    """column: None where it cannot be used, for the reason given. notes: what was changed, in sentences."""

    column: Column | None
    reason: str = ""
    notes: tuple[str, ...] = ()


def clean_column(
    name: str, cells: Sequence[Cell], *, is_class: bool = False, missing: frozenset[str] = frozenset()
) -> Cleaned:
    """The kind is found from what is in it. is_class: its numbers are names. missing: further codes of nothing."""
    read = [read_cell(cell, missing) for cell in cells]
    known = [cell for cell in read if cell is not None]
    if not known:
        return Cleaned(None, "it is empty")
    if order_of(name) and not is_class:
        return as_ordered(name, read, order_of(name))
    numbers = sum(isinstance(cell, Number) for cell in known)
    dates = sum(isinstance(cell, date) for cell in known)
    if not is_class and max(numbers, dates) >= _MOSTLY * len(known):
        return (
            _as_numbers(name, read, unit_in(name) or _usual_unit(read)) if numbers >= dates else _as_dates(name, read)
        )
    if not is_class and all(isinstance(cell, str) and truth(cell) is not None for cell in known):
        return Cleaned(Column(name, Kind.NUMBER, _array([_truth(cell) for cell in read])))
    return _as_levels(name, read)


def column_like(
    name: str,
    cells: Sequence[Cell],
    kind: Kind,
    words: tuple[str, ...],
    unit: str,
    missing: frozenset[str] = frozenset(),
) -> Cleaned:
    """A column read as an earlier one was: of the same kind, words and unit; other words count as not known."""
    read = [read_cell(cell, missing) for cell in cells]
    if kind is not Kind.NUMBER:
        return as_ordered(name, read, words, kind)
    if any(isinstance(cell, date) for cell in read):
        return _as_dates(name, read)
    return _as_numbers(name, [_number_of_truth(cell) for cell in read], unit)


def as_ordered(name: str, read: Sequence[Read], words: tuple[str, ...], kind: Kind = Kind.ORDERED) -> Cleaned:
    """Cells as indices of known words, -> NaN (and a note) where a cell says something else."""
    index = {word: float(n) for n, word in enumerate(words)}
    meant = {text: nearest_word(text, words) for cell in read if (text := _words(cell)) is not None}
    strange = [text for text, word in meant.items() if word is None]
    values = [np.nan if text is None or meant[text] is None else index[str(meant[text])] for text in map(_words, read)]
    return Cleaned(Column(name, kind, _array(values), words), notes=_not_understood(name, strange))


def _as_numbers(name: str, read: Sequence[Read], unit: str) -> Cleaned:
    """unit: that others are converted to; numbers without one have it."""
    values, strange, converted, bounds = [], [], Counter[str](), 0
    for cell in read:
        factor = conversion(cell.unit or unit, unit) if isinstance(cell, Number) else None
        values.append(cell.value * factor if isinstance(cell, Number) and factor is not None else np.nan)
        if isinstance(cell, Number) and factor is not None:
            bounds += cell.is_bound
            converted[cell.unit] += factor != 1.0
        elif cell is not None:
            strange.append(_words(cell) or "")
    notes = list(_not_understood(name, strange))
    notes += [
        f"{name}: {count} values in {found} were converted to {unit}." for found, count in converted.items() if count
    ]
    if bounds:
        notes.append(f"{name}: {bounds} values given as < or > of a number count as that number.")
    return Cleaned(Column(name, Kind.NUMBER, _array(values), unit=unit), notes=tuple(notes))


def _as_dates(name: str, read: Sequence[Read]) -> Cleaned:
    strange = [_words(cell) or "" for cell in read if cell is not None and not isinstance(cell, date)]
    values = [days(cell) if isinstance(cell, date) else np.nan for cell in read]
    notes = (f"{name}: dates count as days since 2000-01-01.", *_not_understood(name, strange))
    return Cleaned(Column(name, Kind.NUMBER, _array(values)), notes=notes)


def _as_levels(name: str, read: Sequence[Read]) -> Cleaned:
    texts = [_words(cell) for cell in read]
    spelling, slips = same_words(text for text in texts if text is not None)
    counts = Counter(spelling[text] for text in texts if text is not None)
    if len(counts) > _FREE_TEXT_WORDS and len(counts) > _FREE_TEXT_SHARE * counts.total():
        return Cleaned(None, f"free text ({len(counts)} different entries)")
    words = tuple(sorted(counts))
    values = [np.nan if text is None else float(words.index(spelling[text])) for text in texts]
    notes = (f"{name}: taken as slips of the pen: {_listed(slips)}.",) if slips else ()
    return Cleaned(Column(name, Kind.LEVELS, _array(values), words), notes=notes)


def _usual_unit(read: Sequence[Read]) -> str:
    units = Counter(cell.unit for cell in read if isinstance(cell, Number) and cell.unit)
    return units.most_common(1)[0][0] if units else ""


def _words(cell: Read) -> str | None:
    """A cell as the name of a class."""
    if isinstance(cell, Number):
        return cell.text
    return None if cell is None else str(cell)


def _truth(cell: Read) -> float:
    answer = truth(cell) if isinstance(cell, str) else None
    return np.nan if answer is None else answer


def _number_of_truth(cell: Read) -> Read:
    answer = truth(cell) if isinstance(cell, str) else None
    return cell if answer is None else Number(answer, str(cell))


def _not_understood(name: str, strange: Sequence[str]) -> tuple[str, ...]:
    return (f"{name}: {len(strange)} entries count as not known: {_listed(strange)}.",) if strange else ()


def _listed(texts: Sequence[str]) -> str:
    shown = [repr(text) if "->" not in text else text for text in texts[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")


def _array(values: Sequence[float]) -> np.ndarray:
    return np.array(values, float)
