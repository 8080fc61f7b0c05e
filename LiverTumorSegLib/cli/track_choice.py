"""What somebody wants of a follow-up: read from the command line; what makes no sense is refused before any work."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from LiverTumorSegLib.cli.options import settings_from
from LiverTumorSegLib.cli.track_command import Switch
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.track_settings import TrackSettings
from LiverTumorSegLib.settings import Contents, SegmentSettings
from LiverTumorSegLib.timeline import Role

_LESION = re.compile(r"(?:(?P<visit>[0-9a-f]{12}|\d+):)?(?P<id>L?\d+)", re.IGNORECASE)
_ROLES = {"target": Role.TARGET, "non_target": Role.NON_TARGET, "exclude": Role.EXCLUDED}
_NOT_TOLD = frozenset({"work", "command", "progress", "output", "contents"})


@dataclass(frozen=True)
class NamedLesion:
    """As a reader names it. visit: its number from 1, its key, or "" where id is that of a tracked lesion ("L1").

    id: "L1", or the number in the visit's own result.
    """

    id: str
    visit: str = ""

    @property
    def is_tracked(self) -> bool:
        """Whether the name is that of the last report."""
        return self.id.startswith("L")

    def __str__(self) -> str:
        return f"{self.visit}:{self.id}" if self.visit else self.id


EVERYTHING = NamedLesion("all")


@dataclass(frozen=True)
class Wishes:
    """Corrections as they were typed: what they name is found once the visits are known.

    undo: lesions whose earlier corrections are to be forgotten, EVERYTHING for all. baseline: number or key of a visit,
    "" for none. matches: a lesion of a visit and the one that it is. sizes: long
    and short axis in mm, None where not given.
    """

    undo: tuple[NamedLesion, ...] = ()
    baseline: str = ""
    roles: tuple[tuple[NamedLesion, Role], ...] = ()
    matches: tuple[tuple[NamedLesion, NamedLesion | None], ...] = ()
    sizes: tuple[tuple[NamedLesion, float, float | None], ...] = ()
    unreadable: tuple[NamedLesion, ...] = ()
    gone: tuple[NamedLesion, ...] = ()

    @property
    def are_none(self) -> bool:
        return self == Wishes()


@dataclass(frozen=True)
class TrackChoice:
    """dates: of the studies in the order given, None for those of the headers. told: the options, for run.json."""

    studies: tuple[Path, ...]
    cts: tuple[Path, ...]
    dates: tuple[str, ...] | None
    wishes: Wishes
    track: TrackSettings
    segment: SegmentSettings
    offline: bool
    contents: Contents
    told: dict[str, Any] = field(default_factory=dict)


def choice_from(arguments: argparse.Namespace) -> TrackChoice:
    """Raises InputError for too few studies, and for names, dates and numbers that cannot be understood."""
    if len(arguments.studies) < 2:
        raise InputError(
            found="1 study",
            expected="two or more examinations of one patient (CTs or result folders)",
            remedy="Name the other ones too",
        )
    return TrackChoice(
        studies=tuple(arguments.studies),
        cts=tuple(arguments.ct),
        dates=_dates(arguments.dates, len(arguments.studies)),
        wishes=_wishes(arguments),
        track=TrackSettings(other_patient=arguments.other_patient, look_back=arguments.look_back is Switch.ON),
        segment=settings_from(arguments),
        offline=arguments.offline,
        contents=arguments.contents,
        told=_told(arguments),
    )


def _wishes(arguments: argparse.Namespace) -> Wishes:
    roles = [
        (_lesion(word, f"--{name.replace('_', '-')}"), role)
        for name, role in _ROLES.items()
        for word in _words(getattr(arguments, name))
    ]
    twice = [str(lesion) for number, (lesion, _) in enumerate(roles) if lesion in [one for one, _ in roles[:number]]]
    if twice:
        raise InputError(
            found=f"lesion {twice[0]} with two roles",
            expected="each lesion in one of --target, --non-target and --exclude",
            remedy="Leave it out of the others",
        )
    matches = [
        *(_match(text) for text in arguments.match),
        *((_at_visit(text, "--new"), None) for text in arguments.new),
    ]
    return Wishes(
        undo=_undo(arguments.undo),
        baseline=_baseline(arguments.baseline),
        roles=tuple(roles),
        matches=tuple(matches),
        sizes=tuple(_size(text) for text in arguments.diameter),
        unreadable=tuple(_at_visit(text, "--unreadable") for text in arguments.unreadable),
        gone=tuple(_at_visit(text, "--gone") for text in arguments.gone),
    )


def _undo(text: str | None) -> tuple[NamedLesion, ...]:
    words = _words(text)
    return (EVERYTHING,) if words == [EVERYTHING.id] else tuple(_lesion(word, "--undo") for word in words)


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _baseline(text: str | None) -> str:
    if text is None:
        return ""
    if not re.fullmatch(r"\d+|[0-9a-f]{12}", text.lower()):
        raise _not_understood(text, "--baseline", "the number of a visit, as 1, or its key")
    return text.lower()


def _lesion(text: str, option: str) -> NamedLesion:
    """L2, or 1:3."""
    found = _LESION.fullmatch(text)
    name = NamedLesion(found["id"].upper(), (found["visit"] or "").lower()) if found else None
    if name is None or not (name.visit or name.is_tracked):
        raise _not_understood(
            text, option, "names of lesions as L2, or a visit and the lesion's number in its result, as 1:3"
        )
    return name


def _at_visit(text: str, option: str) -> NamedLesion:
    """2:3 or 2:L1."""
    name = _lesion(text, option)
    if not name.visit:
        raise _not_understood(text, option, "a visit and a lesion, as 2:3 or 2:L1")
    return name


def _match(text: str) -> tuple[NamedLesion, NamedLesion | None]:
    left, sign, right = text.partition("=")
    if not sign:
        raise _not_understood(text, "--match", "a lesion of a visit and the one that it is, as 2:3=L1")
    return _at_visit(left, "--match"), _lesion(right, "--match")


def _size(text: str) -> tuple[NamedLesion, float, float | None]:
    left, _, right = text.partition("=")
    try:
        values = [float(word) for word in right.lower().split("x")]
    except ValueError:
        values = []
    if not 1 <= len(values) <= 2 or not all(0 <= value < 1000 for value in values):
        raise _not_understood(text, "--diameter", "a lesion of a visit and mm, as 2:3=24.5 or 2:3=24.5x18")
    return _at_visit(left, "--diameter"), values[0], values[1] if len(values) > 1 else None


def _dates(text: str | None, studies: int) -> tuple[str, ...] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    try:
        dates = tuple(date.fromisoformat(word).isoformat() for word in words)
    except ValueError as error:
        raise _not_understood(text, "--dates", "dates as 2024-01-31,2024-05-02") from error
    if len(dates) != studies:
        raise InputError(
            found=f"{len(dates)} dates for {studies} studies",
            expected="one for each study, in the order of the studies",
            remedy="Complete --dates, or leave it out",
        )
    return dates


def _not_understood(text: str, option: str, expected: str) -> InputError:
    return InputError(
        found=f"{option} {text}", expected=expected, remedy="See --help, and the report for the names of the lesions"
    )


def _told(arguments: argparse.Namespace) -> dict[str, Any]:
    """All options that somebody has given, as JSON can hold them."""
    given = {
        name: value for name, value in vars(arguments).items() if name not in _NOT_TOLD and value not in (None, [])
    }
    return {name: _plain(value) for name, value in given.items()}


def _plain(value: object) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float)) else str(value)
