"""What a reader has put right in a follow-up: kept in a small JSON file beside the results, and used by every run.

A lesion is named by a visit's key and a place inside it (RAS, mm), not by its number, which changes when a mask does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.timeline import Role

SCHEMA = 1


@dataclass(frozen=True)
class Anchor:
    """A lesion of a visit: the one at this place, or the nearest within a few mm."""

    visit: str
    point_ras_mm: Vector


@dataclass(frozen=True)
class RoleCorrection:
    """lesion is, or is not, a target, or is no lesion at all."""

    lesion: Anchor
    role: Role


@dataclass(frozen=True)
class MatchCorrection:
    """later is the same lesion as earlier; earlier None: it is a new one."""

    later: Anchor
    earlier: Anchor | None


@dataclass(frozen=True)
class DiameterCorrection:
    """What the reader measured; None keeps the measured one. unreadable: nobody can measure it at this visit."""

    lesion: Anchor
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    unreadable: bool = False


@dataclass(frozen=True)
class GoneCorrection:
    """The lesion (named by where it was seen) has disappeared at a visit: 0 mm."""

    lesion: Anchor
    visit: str


@dataclass(frozen=True)
class Corrections:
    """All that a reader has put right. baseline: a visit's key, "" for the first visit."""

    baseline: str = ""
    roles: tuple[RoleCorrection, ...] = ()
    matches: tuple[MatchCorrection, ...] = ()
    diameters: tuple[DiameterCorrection, ...] = ()
    gone: tuple[GoneCorrection, ...] = ()
    note: str = field(default="")

    def to_json(self) -> dict[str, Any]:
        return {"schema": SCHEMA} | asdict(self)
