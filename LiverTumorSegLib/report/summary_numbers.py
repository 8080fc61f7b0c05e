"""Quantities in a text: numbers with their units, in figures and in words."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

_UNITS: tuple[tuple[str, str, float], ...] = (
    (r"mm\b(?![\^³]?\d)|millimet(?:re|er)s?\b", "mm", 1.0),
    (r"cm\b(?![\^³]?\d)|centimet(?:re|er)s?\b", "mm", 10.0),
    (r"ml\b|millilit(?:re|er)s?\b|cc\b|cm\^?3\b|cubic centimet(?:re|er)s?\b", "ml", 1.0),
    (r"l\b|lit(?:re|er)s?\b", "ml", 1000.0),
    (r"hu\b|hounsfield(?: units?)?\b", "hu", 1.0),
    (r"%|percent\b|per cent\b", "percent", 1.0),
    (r"times\b|fold\b", "times", 1.0),
    (r"(?:[a-z\-]+\s+){0,2}(?:lesions?|tumou?rs?|mass|masses|nodules?)\b", "lesions", 1.0),
)
"""Pattern, unit, factor into it; the first that matches behind a number."""
_GAP = r"[\s\-\u2010\u2011]*"
_NUMBER = re.compile(r"(?<![cm]m)(?<![cm]m\^)\d+(?:[.,]\d+)*")
_WORD_BEFORE = re.compile(r"[^\W\d]+\Z")
_SIGN = re.compile(r"(?:^|[\s(\[:=,;])(?P<sign>[+\-\u2212])$")
_LINK = re.compile(r"\s*(?:x|×|\*|by|to|and|or|-|\u2013|\u2014|/|,|±|\+/-)\s*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_WORDS = {word: value for value, word in enumerate(_SMALL)} | {word: 20 + 10 * n for n, word in enumerate(_TENS)}
_OTHERS = {"dozen": 12.0, "hundred": 100.0, "thousand": 1000.0}
_RATIOS = {"half": 0.5, "quarter": 0.25, "twice": 2.0}
_COUNTED = re.compile(r"\s+(?:single\s+|further\s+)?(?:lesion|mass|nodule|mm|ml|hu|percent)\b")
"""Behind a "one" that is a number."""
_IN_WORDS = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[\s\-](?P<ones>{'|'.join(_SMALL[1:10])}))?"
    rf"|(?P<plain>{'|'.join([*reversed(_SMALL), *_OTHERS, *_RATIOS])}))\b"
)


@dataclass(frozen=True)
class Quantity:
    """text: as it was written. value: in ``unit`` ("" for none). step: of its last digit. signed: whether + or - was
    written.
    """

    text: str
    value: float
    unit: str
    step: float
    signed: bool
    start: int
    end: int

    def says(self, fact: float) -> bool:
        """Whether this is the fact, or the fact rounded to fewer decimals, by no more than 5 % of it.

        Without a sign it may say how large a negative fact is.
        """
        value = self.value if self.signed else abs(self.value)
        apart = abs(value - (fact if self.signed else abs(fact)))
        return apart <= 1e-9 or (apart <= self.step / 2 + 1e-9 and apart <= 0.05 * abs(fact))


class NotANumber(ValueError):  # noqa: N818 (reads as what it is)
    """Figures that can be read in no way, or in several."""


def plain(text: str) -> str:
    """Compatibility characters as their plain ones (¹, ½, full-width figures), one kind of space, lower case."""
    return re.sub(r"[^\S\n]", " ", unicodedata.normalize("NFKC", text)).lower()


def quantities(text: str) -> list[Quantity]:
    """All of them in a ``plain`` text, in order. Raises NotANumber.

    Numbers that are joined (28 x 18 mm, 20 to 30 %) share the unit of the last one. "one" counts only before what is
    counted or measured: "one lesion", not "one of them". The unit of what is counted is "lesions", of a ratio "times".
    """
    found = [_in_figures(text, match) for match in _NUMBER.finditer(text)]
    found += [quantity for match in _IN_WORDS.finditer(text) if (quantity := _in_words(text, match))]
    found.sort(key=lambda quantity: quantity.start)
    for n in range(len(found) - 2, -1, -1):
        between = text[found[n].end : found[n + 1].start]
        if not found[n].unit and found[n + 1].unit and _LINK.fullmatch(between):
            factor = _unit_behind(text, found[n + 1].end)[1]
            found[n] = replace(
                found[n], unit=found[n + 1].unit, value=found[n].value * factor, step=found[n].step * factor
            )
    return found


def _in_figures(text: str, match: re.Match[str]) -> Quantity:
    written = match.group()
    if word := _WORD_BEFORE.search(text[: match.start()]):
        raise NotANumber(word.group() + written)
    digits = written.replace(",", "") if _THOUSANDS.fullmatch(written) else written.replace(",", ".")
    try:
        value = float(digits)
    except ValueError as error:
        raise NotANumber(written) from error
    step = 10.0 ** -len(digits.partition(".")[2])
    sign = _SIGN.search(text[: match.start()])
    if sign and sign["sign"] != "+":
        value = -value
    return _with_unit(text, written, value, step, match, signed=bool(sign))


def _in_words(text: str, match: re.Match[str]) -> Quantity | None:
    word = match["plain"]
    if word == "one" and not _COUNTED.match(text, match.end()):
        return None
    if word in _RATIOS:
        return Quantity(word, _RATIOS[word], "times", 0.0, False, match.start(), match.end())
    if word in _OTHERS:
        value = _OTHERS[word]
    else:
        value = float(_WORDS[word] if word else _WORDS[match["tens"]] + _WORDS.get(match["ones"] or "", 0))
    return _with_unit(text, match.group(), value, 0.0, match, signed=False)


def _with_unit(
    text: str, written: str, value: float, step: float, match: re.Match[str], *, signed: bool
) -> Quantity:  # fmt: skip
    unit, factor = _unit_behind(text, match.end())
    return Quantity(written, value * factor, unit, step * factor, signed, match.start(), match.end())


def _unit_behind(text: str, end: int) -> tuple[str, float]:
    for pattern, unit, factor in _UNITS:
        if re.compile(f"{_GAP}(?:{pattern})").match(text, end):
            return unit, factor
    return "", 1.0
