"""Tracked lesions written as short words, for tests of the rules of response.

One word per visit, several facts in one word divided by spaces:
"20" mm; "20x12" with a short axis; "20/15" with a viable diameter; "20:3.5" with ml; parts of a split lesion "12+10".
"absent", "gone" (not confirmed), "confirmed" (gone, and a reader has said so), "out" (of view), "unreadable",
"merged L2". Then "new", "reader" (a reader has measured it), and flags such as "doubtful-lesion". "?" is a size that
nobody has measured.
"""

from __future__ import annotations

import re
from dataclasses import replace

from LiverTumorSegLib.timeline import Part, Role, Sighting, State, TrackedLesion

PART = re.compile(r"(?P<long>[\d.]+)(x(?P<short>[\d.]+))?(/(?P<viable>[\d.]+))?(:(?P<ml>[\d.]+))?")
PLAIN = {
    "absent": Sighting(State.ABSENT, volume_ml=0.0),
    "gone": Sighting(State.GONE, volume_ml=0.0),
    "confirmed": Sighting(State.GONE, volume_ml=0.0, confirmed=True),
    "out": Sighting(State.NOT_EVALUABLE),
    "unreadable": Sighting(State.NOT_EVALUABLE, by_reader=True),
}


def lesion(name: str, *words: str, role: str = "target", by_reader: bool = False) -> TrackedLesion:
    """A lesion with one word per visit."""
    sightings = tuple(sighting(word) for word in words)
    return TrackedLesion(name, Role(role), "as the test says", "", sightings, role_by_reader=by_reader)


def sighting(words: str) -> Sighting:
    first, *others = words.split()
    if first in PLAIN:
        return replace(PLAIN[first], flags=tuple(others))
    if first == "merged":
        return Sighting(State.MERGED, merged_into=others[0])
    facts = [PART.fullmatch(text) for text in first.split("+")] if first != "?" else []
    flags = tuple(word for word in others if word not in ("new", "reader"))
    parts = tuple(_part(n, match, flags) for n, match in enumerate(facts, start=1)) or (_part(1, None, flags),)
    state = State.NEW if "new" in others else State.SPLIT if len(facts) > 1 else State.PERSISTENT
    return Sighting(
        state=state,
        parts=parts,
        long_axis_mm=_sum(facts, "long"),
        short_axis_mm=_sum(facts, "short"),
        measured_long_axis_mm=_sum(facts, "long"),
        viable_mm=_sum(facts, "viable"),
        volume_ml=_sum(facts, "ml"),
        by_reader="reader" in others,
        flags=flags,
    )


def _part(number: int, match: re.Match | None, flags: tuple[str, ...]) -> Part:
    long_mm, short_mm, ml = (float((match and match[name]) or 0.0) for name in ("long", "short", "ml"))
    line = ((0.0, 0.0, 0.0), (long_mm, 0.0, 0.0))
    return Part(number, ml, long_mm, short_mm, line, 0, 0.0, flags)


def _sum(facts: list[re.Match], name: str) -> float | None:
    values = [match[name] for match in facts]
    return None if not values or None in values else float(sum(map(float, values)))
