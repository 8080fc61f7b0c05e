"""Whether a text that a language model has phrased says what the facts say: numbers, words, lesions, no diagnosis.

Sentence by sentence. What a sentence may say are the facts of the lesions that it names (or, where it names none, of
those named before it in the paragraph) and the facts of the whole case. It is strict: what cannot be read is refused,
and the template's text is there in any case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from LiverTumorSegLib.report.summary_facts import LesionFacts, SummaryFacts
from LiverTumorSegLib.report.summary_numbers import NotANumber, Quantity, plain, quantities

LONGEST = 3000
"""Characters of a text, and so many more for each lesion:"""
LONGEST_PER_LESION = 600

_FORBIDDEN = re.compile(
    r"metasta\w*|carcinom\w*|\bhcc\b|\bccc\b|\bicc\b|cholangio\w*|hepatom\w*|ha?emangio\w*|\bcyst\w*|adenom\w*|\bfnh\b"
    r"|nodular hyperplasia|malignan\w*|benign\w*|cancer\w*|neoplas\w*|lymphom\w*|sarcom\w*|abscess\w*|cirrho\w*"
    r"|fibros\w*|steato\w*|hepatitis|li-?rads|\blr-?\d\w*|consistent with|compatible with|suspicious|suspect\w*"
    r"|suggest\w*|indicative of|typical of|likely|probably|diagnosed|diagnosis of|differential|recommend\w*|biops\w*"
    r"|therap\w*|treatment\w*|prognos\w*|normal\b|abnormal\w*|patholog\w*"
)
"""Words of a diagnosis, a judgement or advice, which no measured fact supports."""
_TERMS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bhypo-?\s?(?:attenuat|dens|enhanc)\w*",
        r"\biso-?\s?(?:attenuat|dens|enhanc)\w*",
        r"\bhyper-?\s?(?:attenuat|dens|enhanc)\w*",
        r"\bround(?:ed|ish)?\b|\bspheric\w*",
        r"\boval\b|\bovoid\b|\bellip\w*",
        r"\birregular\w*",
        r"\bsmooth\w*",
        r"\blobulat\w*|\blobed\b",
        r"\bwell[- ](?:defined|circumscribed|demarcated|delineated)|\bsharp\w*",
        r"\b(?:ill|poorly)[- ](?:defined|circumscribed|demarcated|delineated)|\bindistinct|\bblurr\w*",
        r"(?<!in)homogen\w*",
        r"heterogen\w*|inhomogen\w*",
        r"\bnative\b|\bunenhanced\b|\bnon-?\s?contrast\b",
        r"\barterial\b",
        r"\bportal[- ]?venous\b|\bporto-?venous\b",
        r"\bdelayed\b",
        *(rf"\b(?:left|right) {part}\w*" for part in ("lateral", "medial", "anterior", "posterior")),
        r"\bcaudate\b",
    )
)
"""Each may be said where the same pattern is found in the facts."""
_ROMAN = r"(?:viii|vii|vi|iv[ab]?|v|iii|ii|i)"
_AFTER_SEGMENT = re.compile(rf"\bsegments?\s+({_ROMAN}(?:\s*(?:/|,|and|or|to|-|\u2013)\s*{_ROMAN})*)\b")
_ALONE = re.compile(r"\b(?:viii|vii|vi|iv[ab]?|iii|ii)\b")
_TOUCHING = re.compile(r"\b(?:touch|abut|contact|reach|adjoin|adjacen|border|invad|infiltrat|encas)\w*")
_TOUCHED = (re.compile(r"\bportal vein"), re.compile(r"\bhepatic vein"), re.compile(r"\bsurface|\bcapsul"))
_LOWER = "below|lower|less|under|darker"
_DIRECTION = re.compile(rf"(\d+)\s*hu\s+(?:\w+\s+)?({_LOWER}|above|higher|more|over|brighter|denser)\b")
_NAMED = re.compile(r"\bl[\s-]?(\d+)\b|\blesions?\s+(?:no\.?\s*|#\s*)?(\d+(?:\s*(?:,|and|&)\s*\d+(?![.,]?\d))*)")
_LIST_NUMBER = re.compile(r"^[\s#>*\u2022-]*\(?\d{1,2}[.)]\s+|(?<=\s)\(?\d{1,2}[.)]\s+(?=l\d)", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n(?=\s*(?:[-*#\u2022]|l\d))")
"""A new line ends a sentence only where a list goes on."""
_UNITS = {"mm": "mm", "ml": "ml", "hu": "hu", "percent": "percent", "count": "lesions"}
"""By the end of a fact's key."""


@dataclass(frozen=True)
class _Scope:
    """What a sentence may say: numbers by unit, and all words."""

    numbers: tuple[tuple[str, float], ...]
    words: str

    def __add__(self, other: _Scope) -> _Scope:
        return _Scope(self.numbers + other.numbers, f"{self.words}\n{other.words}")

    def supports(self, quantity: Quantity) -> bool:
        return any(unit == quantity.unit and quantity.says(value) for unit, value in self.numbers)


@dataclass(frozen=True)
class _Sentence:
    """text: plain, without the names of lesions. lesions: it is about; () for the whole case."""

    text: str
    lesions: tuple[LesionFacts, ...]
    quantities: tuple[Quantity, ...]


def reason_to_reject(text: str, facts: SummaryFacts) -> str:
    """Why the text must not be shown, as the end of "The text was rejected: "; "" if it may."""
    longest = LONGEST + LONGEST_PER_LESION * len(facts.lesions)
    if not text.strip():
        return "it is empty"
    if len(text) > longest:
        return f"it has {len(text)} characters, more than {longest}"
    lines = _LIST_NUMBER.sub("\u2022 ", plain(text))
    if forbidden := _FORBIDDEN.search(lines):
        return f'it says "{forbidden.group()}", which is no measured fact'
    for name in (facts.technique.program, facts.technique.model):
        lines = lines.replace(plain(name), " ") if name else lines
    try:
        sentences = list(_sentences(lines, facts))
    except (NotANumber, LookupError) as error:
        return f'it says "{error.args[0]}", which cannot be read as a fact'
    wrong = (reason for sentence in sentences for reason in _unsupported(sentence, facts))
    return next(wrong, "") or _left_out(sentences, facts)


def _sentences(lines: str, facts: SummaryFacts) -> Iterator[_Sentence]:
    """Raises LookupError with the name of a lesion that there is not, NotANumber."""
    by_number = {int(lesion.name[1:]): lesion for lesion in facts.lesions}
    for paragraph in re.split(r"\n\s*\n", lines):
        about: tuple[LesionFacts, ...] = ()
        for sentence in _SENTENCE_END.split(paragraph):
            numbers = [
                int(number) for match in _NAMED.finditer(sentence) for number in re.findall(r"\d+", match.group())
            ]
            unknown = [number for number in numbers if number not in by_number]
            if unknown:
                raise LookupError(f"L{unknown[0]}")  # noqa: EM102 (an argument, not a sentence)
            about = tuple(by_number[number] for number in dict.fromkeys(numbers)) or about
            rest = _NAMED.sub(" it ", sentence)
            yield _Sentence(rest, about, tuple(quantities(rest)))


def _unsupported(sentence: _Sentence, facts: SummaryFacts) -> Iterator[str]:
    """Reasons why a sentence says what its scope does not."""
    lesions = sentence.lesions or facts.lesions
    scope = _scope(_without_lesions(facts))
    for lesion in lesions:
        scope += _scope(replace(lesion, name=""))
    names = " and ".join(lesion.name for lesion in sentence.lesions)
    of = f" of {names}" if names else ""
    for quantity in sentence.quantities:
        if not scope.supports(quantity):
            shown = f"{quantity.text} {quantity.unit}".strip().replace("percent", "%").replace("hu", "HU")
            yield f"it says {shown}, which is not among the facts{of}"
    for term in _TERMS:
        said = term.search(sentence.text)
        if said and not term.search(scope.words):
            yield f'it says "{said.group()}", which is not among the facts{of}'
    yield from _wrong_place(sentence.text, lesions, of)
    yield from _wrong_direction(sentence.text, lesions, of)


def _wrong_place(text: str, lesions: tuple[LesionFacts, ...], of: str) -> Iterator[str]:
    """Segments and contacts that none of the lesions has."""
    segments = {part.lower() for lesion in lesions for part in lesion.segment.split("/")}
    said = [*_ALONE.findall(text)]
    for match in _AFTER_SEGMENT.finditer(text):
        said += re.findall(_ROMAN, match.group(1))
    for segment in said:
        if segment not in segments:
            yield f"it names segment {segment.upper()}, which is not among the facts{of}"
    contacts = " ".join(word for lesion in lesions for word in lesion.contacts)
    if _TOUCHING.search(text):
        for structure in _TOUCHED:
            if (touched := structure.search(text)) and not structure.search(contacts):
                yield f"it names a contact with the {touched.group()}, which is not among the facts{of}"


def _wrong_direction(text: str, lesions: tuple[LesionFacts, ...], of: str) -> Iterator[str]:
    """Such as "46 HU above" where it is below."""
    for match in _DIRECTION.finditer(text):
        sign = -1 if match.group(2) in _LOWER.split("|") else 1
        if not any(lesion.difference_hu == sign * int(match.group(1)) for lesion in lesions):
            yield f'it says "{match.group()}", which is not among the facts{of}'


def _left_out(sentences: list[_Sentence], facts: SummaryFacts) -> str:
    """A lesion counts as told once its longest diameter is."""
    for lesion in facts.lesions:
        about = [sentence for sentence in sentences if lesion in sentence.lesions]
        if not about:
            return f"it leaves out {lesion.name}"
        told = (quantity for sentence in about for quantity in sentence.quantities if quantity.unit == "mm")
        if not any(quantity.says(lesion.long_axis_mm) for quantity in told):
            return f"it leaves out the longest diameter of {lesion.name}"
    if facts.further:
        counts = (told for sentence in sentences for told in sentence.quantities if told.unit == "lesions")
        if not any(quantity.says(float(facts.further.count)) for quantity in counts):
            return f"it leaves out {facts.further.count} further lesions"
    return ""


def _without_lesions(facts: SummaryFacts) -> dict[str, Any]:
    told = facts.to_json()
    told.pop("lesions", None)
    told["technique"] = {key: value for key, value in told["technique"].items() if key not in ("program", "model")}
    return told


def _scope(facts: LesionFacts | dict[str, Any]) -> _Scope:
    told = facts if isinstance(facts, dict) else vars(facts)
    numbers: list[tuple[str, float]] = []
    words: list[str] = []
    _collect(told, "", numbers, words)
    return _Scope(tuple(numbers), "\n".join(words))


def _collect(value: Any, unit: str, numbers: list[tuple[str, float]], words: list[str]) -> None:
    """Units are the ends of keys; numbers in sentences have their own."""
    if isinstance(value, dict):
        for key, item in value.items():
            _collect(item, _UNITS.get(key.rpartition("_")[2], unit), numbers, words)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, unit, numbers, words)
    elif isinstance(value, str):
        text = _NAMED.sub(" it ", plain(value))
        words.append(text)
        numbers.extend((quantity.unit, quantity.value) for quantity in quantities(text))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        numbers.append((unit, float(value)))
