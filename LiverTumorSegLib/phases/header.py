"""What the DICOM header says about the contrast phase: words of its descriptions, and seconds since the injection."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import asdict, dataclass, replace
from typing import Any

from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.study import Source

P = ContrastPhase

_EARLY = r"(?:early|frueh|fruh|precoce|precoz|vroeg)"
_LATE = r"(?:late|spaet|spat|tardive|tardif|tardia|tardivo|laat)"
_ARTERY = r"(?:arteri\w*|art|hap)"
_WITHOUT = r"(?:ohne|without|w ?/ ?o|sans|sin|senza|zonder|no|non)"
_AGENT = r"(?:km|kontrast\w*|contrast\w*|inje\w*|iodine|mdc|cm|enhanced)"
_WORDS: tuple[tuple[ContrastPhase, tuple[str, ...]], ...] = (
    (
        P.NATIVE,
        (
            *(rf"{_WITHOUT} ?(?:iv )?{_AGENT}", r"nativ\w*", r"un ?enhanced", r"pre ?(?:contrast|km)"),
            *(r"noncontrast", r"nect", r"ncct", r"blanco", r"plain", r"basale?", r"c-"),
        ),
    ),
    (P.EARLY_ARTERIAL, (rf"{_EARLY} ?{_ARTERY}", rf"{_ARTERY} {_EARLY}", r"eap")),
    (P.LATE_ARTERIAL, (rf"{_LATE} ?{_ARTERY}", rf"{_ARTERY} {_LATE}", r"lap")),
    (P.ARTERIAL, (_ARTERY,)),
    (
        P.PORTAL_VENOUS,
        (
            *(r"(?:portal\w*|porto\w*|port(?= ven))(?: ?ven\w*)?", r"hepatic ven\w*", r"pvp?", r"pvenous", r"hvp"),
            *(r"vp", r"ven", r"venoe?s\w*", r"venou\w*", r"vein\w*", r"veneu\w*"),
        ),
    ),
    (
        P.DELAYED,
        (
            *(r"delay\w*(?! ?\d)", rf"{_LATE}\w*", r"a?equil\w*", r"excret\w*", r"ausscheid\w*"),
            *(r"urogra\w*", r"dp", r"retard\w*"),
        ),
    ),
)
"""Tried in this order on a text without accents and in lower case; what has matched is taken out of the text."""
_SECONDS = re.compile(r"(?<![\w.,])(\d{2,3}) ?(?:s|sec|sek|secs|seconds?)\b")
_MINUTES = re.compile(r"(?<![\w.,])(\d{1,2}) ?(?:min|mins|minutes?|minuten)\b")
_FROM_SECONDS = ((10, P.EARLY_ARTERIAL), (30, P.LATE_ARTERIAL), (50, P.UNKNOWN), (60, P.PORTAL_VENOUS))
_UNCLEAR_FROM_S, _DELAYED_FROM_S, _LONGEST_S = 100.0, 150.0, 1800.0


@dataclass(frozen=True)
class HeaderPhase:
    """word: the one that names the phase (lower case, no accents), in field (a DICOM keyword) with text; "" where the
    header names no phase, or several.


    delay_s: from the injection to the scan, None where the header has not both. contrast_agent: as the header has it.
    """

    phase: ContrastPhase = ContrastPhase.UNKNOWN
    word: str = ""
    field: str = ""
    text: str = ""
    delay_s: float | None = None
    contrast_agent: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"phase": str(self.phase)}


def header_phase(source: Source) -> HeaderPhase:
    """The series' description first, then the protocol's name, then the times; UNKNOWN if none of them says it."""
    delay_s = injection_delay_s(source)
    known = HeaderPhase(delay_s=delay_s, contrast_agent=source.contrast_agent)
    for field, text in (("SeriesDescription", source.series_description), ("ProtocolName", source.protocol_name)):
        phase, word = named_phase(text)
        if phase is not P.UNKNOWN:
            return replace(known, phase=phase, word=word, field=field, text=text)
    if delay_s is not None and (phase := phase_after(delay_s)) is not P.UNKNOWN:
        return replace(known, phase=phase, word=f"{delay_s:.0f} s", field="ContrastBolusStartTime")
    return known


def named_phase(text: str) -> tuple[ContrastPhase, str]:
    """The phase that a text names, and the word for it; (UNKNOWN, "") where it names none or several.

    English, German, French, Spanish, Italian and Dutch words, and seconds or minutes after the injection.
    """
    plain = _plain(text)
    found: list[tuple[ContrastPhase, str]] = []
    for phase, words in _WORDS:
        matcher = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(words)})(?![a-z0-9])")
        if match := matcher.search(plain):
            found.append((phase, match.group().strip()))
            plain = matcher.sub(" ", plain)
    if len(found) == 1:
        return found[0]
    return (P.UNKNOWN, "") if found else _by_number(plain)


def phase_after(delay_s: float) -> ContrastPhase:
    """So many seconds after the injection's start; UNKNOWN between the phases, before 10 s and after half an hour."""
    if not _FROM_SECONDS[0][0] <= delay_s <= _LONGEST_S or _UNCLEAR_FROM_S < delay_s < _DELAYED_FROM_S:
        return P.UNKNOWN
    if delay_s >= _DELAYED_FROM_S:
        return P.DELAYED
    return [phase for start, phase in _FROM_SECONDS if start <= delay_s][-1]


def injection_delay_s(source: Source) -> float | None:
    """From ContrastBolusStartTime to AcquisitionTime; None where one is missing or they do not fit together."""
    start, scan = _seconds(source.contrast_start_time), _seconds(source.acquisition_time)
    if start is None or scan is None or not 0 < scan - start <= _LONGEST_S:
        return None
    return scan - start


def _by_number(plain: str) -> tuple[ContrastPhase, str]:
    for matcher, factor in ((_SECONDS, 1.0), (_MINUTES, 60.0)):
        if match := matcher.search(plain):
            phase = phase_after(factor * int(match.group(1)))
            return phase, match.group() if phase is not P.UNKNOWN else ""
    return P.UNKNOWN, ""


def _plain(text: str) -> str:
    """Lower case without accents; underscores and other signs become spaces, but for those that mean something."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return re.sub(r"\s+", " ", re.sub(r"[^a-z0-9/.,+\- ]", " ", re.sub(r"[-_](?=[a-z])", " ", letters))).strip()


def _seconds(time: str) -> float | None:
    """DICOM's HHMMSS.ffffff as seconds since midnight."""
    match = re.fullmatch(r"(\d{2})(\d{2})(\d{2}(?:\.\d+)?)", time.strip().replace(":", ""))
    return None if match is None else 3600.0 * int(match[1]) + 60.0 * int(match[2]) + float(match[3])
