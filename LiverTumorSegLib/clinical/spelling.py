"""When two spellings mean the same word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher

_ALIKE = 0.88
_TIMES_AS_FREQUENT = 5
_LEAST_LETTERS = 5


def word_key(text: str) -> str:
    """Case, spaces and punctuation do not matter; comparisons (<, >, =), + and % do."""
    return re.sub(r"[^\w<>=≤≥+%]+|_+", " ", text.casefold()).replace("≤", "<=").replace("≥", ">=").strip()


def same_words(texts: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Spelling -> the one that stands for it, and what was taken for a slip of the pen, as "found -> taken for".

    Spellings with one key are one word, written as it is written most often. A rare word that differs by a few letters
    of a long word from one that is at least five times as frequent is a slip; digits, numerals and single letters
    (stages, classes) must be the same.
    """
    counts = Counter(texts)
    by_key: dict[str, Counter[str]] = {}
    for text, count in counts.items():
        by_key.setdefault(word_key(text), Counter())[text] += count
    totals = {key: spellings.total() for key, spellings in by_key.items()}
    shown = {key: min(s, key=lambda text, s=s: (-s[text], text)) for key, s in by_key.items()}  # type: ignore[misc]
    slips = {key: near for key in totals if (near := _meant(key, totals)) is not None}
    spelling = {text: shown[slips.get(key, key)] for key, spellings in by_key.items() for text in spellings}
    return spelling, [f"{shown[key]!r} -> {shown[near]!r}" for key, near in slips.items()]


def nearest_word(text: str, words: Iterable[str]) -> str | None:
    """The word of a known list that a text means, slips of the pen included; None where it means none."""
    keys = {word_key(word): word for word in words}
    key = word_key(text)
    if key in keys:
        return keys[key]
    alike = [word for other, word in keys.items() if _is_slip(key, other)]
    return alike[0] if len(alike) == 1 else None


def _meant(key: str, totals: Mapping[str, int]) -> str | None:
    alike = [
        other for other, count in totals.items() if count >= _TIMES_AS_FREQUENT * totals[key] and _is_slip(key, other)
    ]
    return max(alike, key=lambda other: totals[other]) if alike else None


def _is_slip(key: str, other: str) -> bool:
    """Whether two different keys are one word but for a few letters of long parts."""
    parts, others = key.split(), other.split()
    if key == other or len(parts) != len(others):
        return False
    return all(a == b or _long_and_alike(a, b) for a, b in zip(parts, others, strict=True))


def _long_and_alike(a: str, b: str) -> bool:
    if min(len(a), len(b)) < _LEAST_LETTERS or not (a.isalpha() and b.isalpha()):
        return False
    return a[0] == b[0] and SequenceMatcher(None, a, b).ratio() >= _ALIKE
