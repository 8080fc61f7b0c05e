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
    """What the reader measured; None keeps the measured one. unreadable: nobody can measure it at this visit.

    at_visit: where the mask shows nothing, the key of the visit that was read; the lesion is then named by where it was
    seen. "" means the anchor's visit.
    """

    lesion: Anchor
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    unreadable: bool = False
    at_visit: str = ""

    @property
    def visit(self) -> str:
        """The key of the visit that was read."""
        return self.at_visit or self.lesion.visit


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

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Corrections:
        """The inverse of to_json, also after JSON has turned tuples into lists; what is not there is as nobody said it.

        Raises ValueError on another schema, KeyError or TypeError where a correction is not whole.
        """
        if data.get("schema") != SCHEMA:
            message = f"corrections of schema {data.get('schema')!r}, this version reads schema {SCHEMA}"
            raise ValueError(message)
        return cls(
            baseline=data.get("baseline", ""),
            roles=tuple(RoleCorrection(_anchor(item["lesion"]), Role(item["role"])) for item in data.get("roles", ())),
            matches=tuple(
                MatchCorrection(_anchor(item["later"]), None if item["earlier"] is None else _anchor(item["earlier"]))
                for item in data.get("matches", ())
            ),
            diameters=tuple(
                DiameterCorrection(**(item | {"lesion": _anchor(item["lesion"])})) for item in data.get("diameters", ())
            ),
            gone=tuple(GoneCorrection(_anchor(item["lesion"]), item["visit"]) for item in data.get("gone", ())),
            note=data.get("note", ""),
        )


def _anchor(item: dict[str, Any]) -> Anchor:
    x, y, z = (float(value) for value in item["point_ras_mm"])
    return Anchor(item["visit"], (x, y, z))
