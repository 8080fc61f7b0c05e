"""The phases of one examination beside each other: whether the liver has the same volume in all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from LiverTumorSegLib.measurements import SegmentVolume
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.phases.recognise import Recognised

SCHEMA = 1
PASS_PERCENT, WARN_PERCENT = 2.0, 5.0
"""Of the liver's deviation from the mean, inclusive: up to the first it passes, beyond the second it is reviewed."""
ROUNDING = 1e-9
_IN_TIME = (
    *(ContrastPhase.NATIVE, ContrastPhase.EARLY_ARTERIAL, ContrastPhase.ARTERIAL, ContrastPhase.LATE_ARTERIAL),
    *(ContrastPhase.PORTAL_VENOUS, ContrastPhase.DELAYED),
)


class Verdict(StrEnum):
    """On a deviation of the liver's volume."""

    PASS = "pass"
    WARN = "warn"
    REVIEW = "review"
    NOT_EVALUABLE = "not evaluable"


@dataclass(frozen=True)
class MeasuredPhase:
    """One CT of the examination.

    key: names its CT. series: the header's description. time: HHMMSS.f as in DICOM, "" unknown. result: the folder of
    its result. segments: of Couinaud, () where the liver was not divided. left_out: why its volumes are not
    compared with the others, in words; "" where they are. flags: of the case.
    """

    key: str
    series: str
    time: str
    result: str
    recognised: Recognised
    liver_ml: float
    tumor_ml: float
    segments: tuple[SegmentVolume, ...] = ()
    left_out: str = ""
    flags: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("key", "series", "time", "result", "liver_ml", "tumor_ml")}
        return plain | {
            "recognised": self.recognised.to_json(),
            "segments": [asdict(segment) for segment in self.segments],
            "left_out": self.left_out,
            "flags": list(self.flags),
        }


@dataclass(frozen=True)
class Spread:
    """A volume over the phases. percent: deviation from the mean per phase, None for one that is left out.

    mean_ml, largest_percent (without sign), spread_ml and spread_percent (of largest minus smallest): None with fewer
    than two phases; the percentages are None also where the mean is 0.
    """

    percent: tuple[float | None, ...]
    mean_ml: float | None = None
    spread_ml: float | None = None
    spread_percent: float | None = None

    @property
    def largest_percent(self) -> float | None:
        known = [abs(value) for value in self.percent if value is not None]
        return max(known) if known else None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"percent": list(self.percent), "largest_percent": self.largest_percent}


@dataclass(frozen=True)
class Comparison:
    """Phases in the order of time, with the same order in everything "per phase". titles: unique names.

    verdicts: per phase; verdict: the worst of them. segments: by name, of those that every compared phase has.
    """

    phases: tuple[MeasuredPhase, ...]
    titles: tuple[str, ...]
    liver: Spread
    tumor: Spread
    segments: dict[str, Spread]
    verdicts: tuple[Verdict, ...]
    verdict: Verdict
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Schema 1 of phases.json; keys may be added later, never renamed."""
        return {
            "schema": SCHEMA,
            "verdict": str(self.verdict),
            "limits_percent": {"pass": PASS_PERCENT, "warn": WARN_PERCENT},
            "phases": [
                {"title": title, "verdict": str(verdict)} | phase.to_json()
                for title, verdict, phase in zip(self.titles, self.verdicts, self.phases, strict=True)
            ],
            "liver": self.liver.to_json(),
            "tumor": self.tumor.to_json(),
            "segments": {name: spread.to_json() for name, spread in self.segments.items()},
            "warnings": list(self.warnings),
        }


def compare(phases: Sequence[MeasuredPhase], warnings: tuple[str, ...] = ()) -> Comparison:
    """All phases of one examination; those that are left out count neither for the mean nor for the verdict."""
    ordered = in_time(phases)
    liver = spread_of([None if one.left_out else one.liver_ml for one in ordered])
    verdicts = tuple(judged(percent) for percent in liver.percent)
    return Comparison(
        tuple(ordered),
        _titles(ordered),
        liver,
        spread_of([None if one.left_out else one.tumor_ml for one in ordered]),
        _segments(ordered),
        verdicts,
        _worst(verdicts),
        warnings + tuple(_disagreements(ordered)),
    )


def judged(percent: float | None) -> Verdict:
    """A deviation from the mean, in percent of it; None: it cannot be told."""
    if percent is None:
        return Verdict.NOT_EVALUABLE
    if abs(percent) <= PASS_PERCENT + ROUNDING:
        return Verdict.PASS
    return Verdict.WARN if abs(percent) <= WARN_PERCENT + ROUNDING else Verdict.REVIEW


def spread_of(volumes_ml: Sequence[float | None]) -> Spread:
    """None: left out. With fewer than two others nothing can be told."""
    known = [volume for volume in volumes_ml if volume is not None]
    if len(known) < 2:
        return Spread((None,) * len(volumes_ml))
    mean = sum(known) / len(known)
    spread = max(known) - min(known)
    if mean <= 0:
        return Spread((None,) * len(volumes_ml), mean, spread)
    percent = tuple(None if volume is None else 100 * (volume - mean) / mean for volume in volumes_ml)
    return Spread(percent, mean, spread, 100 * spread / mean)


def in_time(phases: Sequence[MeasuredPhase]) -> list[MeasuredPhase]:
    """By the time of day where all have one that differs, else by phase where all are known, else as given."""
    keys: tuple[Callable[[MeasuredPhase], Any], ...] = (
        lambda one: one.time or None,
        lambda one: _IN_TIME.index(one.recognised.phase) if one.recognised.phase in _IN_TIME else None,
    )
    times = [phase.time for phase in phases]
    if all(times) and len(set(times)) == len(times):
        return sorted(phases, key=keys[0])
    if all(keys[1](phase) is not None for phase in phases):
        return sorted(phases, key=keys[1])
    return list(phases)


def _titles(phases: Sequence[MeasuredPhase]) -> tuple[str, ...]:
    """The phases' names; those that occur twice are numbered."""
    names = [str(one.recognised.phase) for one in phases]
    count, seen = Counter(names), Counter[str]()
    titles = []
    for name in names:
        seen[name] += 1
        titles.append(f"{name} {seen[name]}" if count[name] > 1 else name)
    return tuple(titles)


def _segments(phases: Sequence[MeasuredPhase]) -> dict[str, Spread]:
    volumes = [None if one.left_out else {part.name: part.volume_ml for part in one.segments} for one in phases]
    compared = [parts for parts in volumes if parts is not None]
    if not compared:
        return {}
    names = [name for name in compared[0] if all(name in parts for parts in compared)]
    return {name: spread_of([None if parts is None else parts[name] for parts in volumes]) for name in names}


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    for verdict in (Verdict.REVIEW, Verdict.WARN, Verdict.PASS):
        if verdict in verdicts:
            return verdict
    return Verdict.NOT_EVALUABLE


def _disagreements(phases: Sequence[MeasuredPhase]) -> list[str]:
    return [
        f"{one.series or one.key}: the image looks {one.recognised.seen} "
        f"({one.recognised.confidence:.0%} sure), the header says {one.recognised.header.phase} "
        f"({one.recognised.header.text or one.recognised.header.word!r})."
        for one in phases
        if one.recognised.disagrees
    ]
