"""One cell of a table as people fill them in -> a number, words, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

Cell = str | int | float | bool | date | datetime | None
"""What a spreadsheet or a CSV file holds."""

_MISSING = {
    "", "-", "--", ".", "?", "na", "n/a", "n.a.", "n.a", "nan", "null", "nil", "missing", "unknown", "unk",
    "not stated", "not available", "not known", "not done", "not applicable", "no biopsy", "nd", "n.d.", "#n/a",
    "#value!", "#div/0!", "#ref!", "#name?", "#null!", "#num!", "<na>",
}  # fmt: skip
_TRUE, _FALSE = {"yes", "y", "true", "positive", "pos"}, {"no", "n", "false", "negative", "neg"}
_NUMBER = re.compile(
    r"^(?P<sign><=|>=|<|>|≤|≥|~|about |ca\. ?)?\s*"
    r"(?P<number>[-+−]?(?:\d{1,3}(?: \d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)*|[.,]\d+)(?:e[-+]?\d+)?)\s*"
    r"(?P<unit>[a-zµμ%][a-zµμ/%^0-9 .]*)?$",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"^[-+]?[1-9]\d{0,2}(,\d{3})+$")
_ISO_DATE = re.compile(r"^(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?$")
_MM, _DAYS = "length", "time"
_UNITS = {
    "mm": (_MM, 1.0), "cm": (_MM, 10.0), "dm": (_MM, 100.0), "m": (_MM, 1000.0), "inch": (_MM, 25.4),
    "day": (_DAYS, 1.0), "d": (_DAYS, 1.0), "week": (_DAYS, 7.0), "wk": (_DAYS, 7.0), "w": (_DAYS, 7.0),
    "month": (_DAYS, 30.4375), "mo": (_DAYS, 30.4375), "year": (_DAYS, 365.25), "yr": (_DAYS, 365.25),
    "y": (_DAYS, 365.25),
}  # fmt: skip
"""What is converted into each other: kind, and how many mm or days one is."""
_EPOCH = date(2000, 1, 1)


@dataclass(frozen=True)
class Number:
    """text: as written. unit: of it, "" without. is_bound: it was written as < or > of this number."""

    value: float
    text: str
    unit: str = ""
    is_bound: bool = False


def read_cell(cell: Cell, missing: frozenset[str] = frozenset()) -> Number | date | str | None:
    """missing: further codes for what is not known, such as 999. Words come back without superfluous spaces."""
    if isinstance(cell, bool):
        return Number(float(cell), "yes" if cell else "no")
    if isinstance(cell, datetime):
        return cell.date()
    if cell is None or isinstance(cell, date):
        return cell
    text = " ".join(str(cell).split()).strip("'\"")
    if text.casefold() in _MISSING or _code(text) in missing:
        return None
    if isinstance(cell, int | float):
        return Number(float(cell), f"{cell:g}")
    return _from_text(text)


def missing_code(text: str) -> str:
    """A code for what is not known, as cells are compared with it: 999 and 999.0 are the same."""
    return _code(" ".join(text.split()))


def days(value: date) -> float:
    """A date as days since 2000-01-01."""
    return float((value - _EPOCH).days)


def truth(words: str) -> float | None:
    """1 for yes, 0 for no in their usual spellings, None for other words."""
    plain = words.casefold()
    return 1.0 if plain in _TRUE else 0.0 if plain in _FALSE else None


def conversion(unit: str, into: str) -> float | None:
    """Factor from one unit to another; 1 for the same words, None where they do not belong together."""
    unit, into = _plain_unit(unit), _plain_unit(into)
    if unit == into:
        return 1.0
    if unit not in _UNITS or into not in _UNITS or _UNITS[unit][0] != _UNITS[into][0]:
        return None
    return _UNITS[unit][1] / _UNITS[into][1]


def unit_in(name: str) -> str:
    """The unit that a column's name ends with, as "size (cm)" or "size_mm"; "" without one."""
    found = re.search(r"[\s_(\[]([a-zA-Z]+)[)\]]?$", name.strip())
    unit = _plain_unit(found.group(1)) if found else ""
    return unit if unit in _UNITS and len(unit) > 1 else ""


def _from_text(text: str) -> Number | date | str:
    dated = _ISO_DATE.match(text)
    if dated:
        try:
            return date(*(int(part) for part in dated.groups()))
        except ValueError:
            return text
    found = _NUMBER.match(text)
    value = _value(found["number"]) if found else None
    if found is None or value is None:
        return text
    return Number(value, text, (found["unit"] or "").strip(), is_bound=(found["sign"] or "")[:1] in tuple("<>≤≥"))


def _value(text: str) -> float | None:
    """A decimal comma is understood unless three digits follow; of a comma and a point the last one counts."""
    text = text.replace(" ", "").replace("−", "-")
    if _THOUSANDS.match(text):
        text = text.replace(",", "")
    last = max(text.rfind("."), text.rfind(","))
    if last >= 0 and "," in text:
        text = text[:last].replace(".", "").replace(",", "") + "." + text[last + 1 :]
    try:
        return float(text)
    except ValueError:
        return None


def _plain_unit(unit: str) -> str:
    plain = unit.casefold().strip(" .")
    return plain[:-1] if plain.endswith("s") and plain[:-1] in _UNITS else plain


def _code(text: str) -> str:
    try:
        return f"{float(text):g}"
    except ValueError:
        return text.casefold()
