"""Corrections as somebody types them, and as they are kept: lesions by a visit's key and a place inside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from LiverTumorSegLib.cli.track_choice import EVERYTHING, NamedLesion, Wishes
from LiverTumorSegLib.cli.track_names import Names
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import (
    Anchor,
    Corrections,
    DiameterCorrection,
    GoneCorrection,
    MatchCorrection,
    RoleCorrection,
)

Kept = TypeVar("Kept", bound=RoleCorrection | MatchCorrection | DiameterCorrection | GoneCorrection)


def corrected(old: Corrections, wishes: Wishes, names: Names) -> Corrections:
    """What was kept with what somebody wants now, which counts where both are about the same.

    Raises InputError for names that nothing is known by.
    """
    old = _undone(old, wishes, names)
    return replace(
        old,
        baseline=names.visit(wishes.baseline) if wishes.baseline else old.baseline,
        roles=_joined(names, old.roles, [RoleCorrection(names.anchor(name), role) for name, role in wishes.roles]),
        matches=_joined(names, old.matches, [_match(names, later, earlier) for later, earlier in wishes.matches]),
        diameters=_joined(names, old.diameters, _diameters(wishes, names)),
        gone=_joined(names, old.gone, [_gone(names, name) for name in wishes.gone]),
    )


def _undone(old: Corrections, wishes: Wishes, names: Names) -> Corrections:
    """Without what was said about some lesions, at whichever visit."""
    if EVERYTHING in wishes.undo:
        return Corrections(note=old.note)
    places = [names.anchor(name) for name in wishes.undo]

    def stays(*anchors: Anchor | None) -> bool:
        return not any(names.are_same(anchor, place) for anchor in anchors if anchor is not None for place in places)

    return replace(
        old,
        roles=tuple(one for one in old.roles if stays(one.lesion)),
        matches=tuple(one for one in old.matches if stays(one.later, one.earlier)),
        diameters=tuple(one for one in old.diameters if stays(one.lesion)),
        gone=tuple(one for one in old.gone if stays(one.lesion)),
    )


def _match(names: Names, one: NamedLesion, other: NamedLesion | None) -> MatchCorrection:
    """The later visit's lesion comes first, whichever was typed first."""
    anchor = names.anchor(one)
    if other is None:
        return MatchCorrection(anchor, None)
    is_free = other.is_tracked and not other.visit
    second = names.last_before(other, anchor.visit) if is_free else names.anchor(other)
    if second.visit == anchor.visit:
        raise InputError(
            found=f"{one} and {other} of one visit",
            expected="lesions of two visits",
            remedy="Name the visit of each, as --match 2:3=1:1",
        )
    return (
        MatchCorrection(second, anchor)
        if names.is_before(anchor.visit, second.visit)
        else MatchCorrection(anchor, second)
    )


def _diameters(wishes: Wishes, names: Names) -> list[DiameterCorrection]:
    sizes = [replace(_read(names, name), long_axis_mm=long, short_axis_mm=short) for name, long, short in wishes.sizes]
    return sizes + [replace(_read(names, name), unreadable=True) for name in wishes.unreadable]


def _read(names: Names, name: NamedLesion) -> DiameterCorrection:
    """Without a value yet. What the mask does not show at that visit is named by where it was seen before."""
    if name.is_tracked and name.visit and not names.is_shown(name):
        visit = names.visit(name.visit)
        return DiameterCorrection(names.last_before(NamedLesion(name.id), visit), at_visit=visit)
    return DiameterCorrection(names.anchor(name))


def _gone(names: Names, name: NamedLesion) -> GoneCorrection:
    """By the visit where it was seen before; at the visit that was named."""
    if not name.is_tracked:
        raise InputError(
            found=f"--gone {name}",
            expected="a lesion of the report, as 2:L1: at that visit it has no number",
            remedy="Take its name from the report",
        )
    visit = names.visit(name.visit)
    return GoneCorrection(names.last_before(NamedLesion(name.id), visit), visit)


def _joined(names: Names, old: Sequence[Kept], new: Sequence[Kept]) -> tuple[Kept, ...]:
    kept = [one for one in old if not any(_is_replaced(names, one, other) for other in new)]
    return (*kept, *new)


def _is_replaced(names: Names, old: Kept, new: Kept) -> bool:
    """What is said of one visit replaces only what was said of that visit; roles hold for all visits."""
    for kind in (GoneCorrection, DiameterCorrection):
        if isinstance(old, kind) and isinstance(new, kind):
            return old.visit == new.visit and names.are_same(old.lesion, new.lesion)
    one, other = (item.later if isinstance(item, MatchCorrection) else item.lesion for item in (old, new))
    is_of_visit = not isinstance(old, RoleCorrection)
    return (one.visit == other.visit or not is_of_visit) and names.are_same(one, other)
