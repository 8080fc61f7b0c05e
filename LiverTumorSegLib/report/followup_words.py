"""A follow-up in words and rounded numbers, for pages and pictures."""

from __future__ import annotations

from LiverTumorSegLib.followup.flags import BY_POOR_REGISTRATION, OUT_OF_VIEW, OUTSIDE_LIVER
from LiverTumorSegLib.followup.noise import BETWEEN_READERS
from LiverTumorSegLib.followup.visits import POOR_REGISTRATION
from LiverTumorSegLib.report.flags import explain
from LiverTumorSegLib.timeline import (
    Assessment,
    Category,
    Criterion,
    FollowUp,
    Growth,
    Registration,
    Role,
    Sighting,
    State,
    TrackedLesion,
)

MOST_DAYS = 3652.5
"""A volume that takes more than ten years to double does not grow as far as anybody can tell."""
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
CATEGORY_TITLES = {
    Category.CR: "complete response",
    Category.PR: "partial response",
    Category.SD: "stable disease",
    Category.PD: "progressive disease",
    Category.NE: "not evaluable",
}
CRITERION_TITLES = {
    Criterion.RECIST: "RECIST 1.1",
    Criterion.MRECIST: "mRECIST",
    Criterion.WHO: "WHO",
    Criterion.VOLUME: "Volume",
}
CRITERION_SUMS = {
    Criterion.RECIST: "Sum of the targets' longest diameters",
    Criterion.MRECIST: "Sum of the targets' viable diameters",
    Criterion.WHO: "Sum of the targets' products of diameters",
    Criterion.VOLUME: "Volume of the targets",
}
STATE_WORDS = {
    State.BASELINE: "present",
    State.ABSENT: "not there yet",
    State.PERSISTENT: "present",
    State.NEW: "new",
    State.GONE: "not found",
    State.SPLIT: "split",
    State.MERGED: "merged",
    State.NOT_EVALUABLE: "not evaluable",
}
_FLAGS = {
    POOR_REGISTRATION: "The liver does not lie well over that of the visit before",
    BY_POOR_REGISTRATION: "Compared although the livers do not lie well over each other",
    OUT_OF_VIEW: "Its place is out of view",
    OUTSIDE_LIVER: "Its place is not drawn as liver here: resected, or not drawn",
}
_UNITS = {"mm2": "mm²"}


def unit_text(unit: str) -> str:
    """As a reader writes it."""
    return _UNITS.get(unit, unit)


def number_text(value: float) -> str:
    """To a tenth, with a true minus."""
    return f"{value:.1f}".replace("-", MINUS)


def amount_text(value: float, unit: str) -> str:
    """Such as "42.5 mm"; squares without decimals."""
    text = f"{value:.0f}".replace("-", MINUS) if unit == "mm2" else number_text(value)
    return f"{text} {unit_text(unit)}"


def percent_text(percent: float | None) -> str:
    """Such as "+12.3 %" or "−30 %"; a dash for None."""
    return DASH if percent is None else f"{signed_text(percent)} %"


def signed_text(value: float) -> str:
    """To a tenth, which is left out where it is 0, with its sign."""
    rounded = round(value, 1) + 0.0
    return f"{rounded:+.1f}".removesuffix(".0").replace("-", MINUS) if rounded else "0"


def interval_text(interval: tuple[float, float] | None) -> str:
    """Such as "−22 to +25 %"; a dash for None."""
    if interval is None:
        return DASH
    low, high = (f"{limit:+.0f}".replace("-", MINUS) for limit in interval)
    return f"{low} to {high} %"


def is_within(percent: float | None, interval: tuple[float, float] | None) -> bool:
    """Whether two readers of the same tumors may differ by as much."""
    return percent is not None and interval is not None and interval[0] <= percent <= interval[1]


def lesion_noise() -> tuple[float, float]:
    """Of one lesion's diameter."""
    return BETWEEN_READERS.one


def short_visit(timeline: FollowUp, visit: int) -> str:
    """Its date, else its number; readers count from 1."""
    return timeline.visits[visit].date or f"visit {visit + 1}"


def visit_text(timeline: FollowUp, visit: int) -> str:
    """Such as "Visit 2 (2024-03-01)"."""
    date = timeline.visits[visit].date
    return f"Visit {visit + 1} ({date})" if date else f"Visit {visit + 1}"


def response_text(one: Assessment) -> str:
    """Such as "PD, progressive disease"; "" for the baseline and what lies before it."""
    return "" if one.category is None else f"{one.category}, {CATEGORY_TITLES[one.category]}"


def confirmed_text(one: Assessment) -> str:
    """What it becomes once a reader confirms what was not found; "" where nothing hangs on that."""
    if one.if_confirmed is None or one.if_confirmed is one.category:
        return ""
    return f"{one.if_confirmed}, {CATEGORY_TITLES[one.if_confirmed]}, once you confirm that what was not found is gone"


def lesion_changes(timeline: FollowUp, lesion: TrackedLesion) -> list[float | None]:
    """Of the longest diameter per visit, in percent of the baseline's; None before it and where it cannot be told."""
    sizes = [size_mm(seen) for seen in lesion.sightings]
    start = sizes[timeline.baseline]
    if not start:
        return [None] * len(sizes)
    changes = [None if size is None else 100 * (size / start - 1) for size in sizes]
    return [change if visit >= timeline.baseline else None for visit, change in enumerate(changes)]


def size_mm(seen: Sighting) -> float | None:
    """The longest diameter that counts: 0 for what a reader has confirmed to be gone."""
    if seen.state is State.GONE:
        return 0.0 if seen.confirmed else None
    return seen.long_axis_mm


def state_text(seen: Sighting) -> str:
    """What became of it, in words."""
    words = STATE_WORDS[seen.state]
    if seen.state is State.PERSISTENT and not seen.parts:
        return "seen by the reader, not in the mask"
    if seen.state is State.GONE:
        return "gone (confirmed)" if seen.confirmed else "not found, not confirmed"
    if seen.state is State.SPLIT:
        return f"split into {len(seen.parts)} parts"
    if seen.merged_into:
        return f"merged, counted in {seen.merged_into}"
    if seen.state is State.NOT_EVALUABLE:
        return f"{words} ({_why_not(seen)})"
    return words


def _why_not(seen: Sighting) -> str:
    if seen.by_reader:
        return "by the reader"
    return "outside the liver" if OUTSIDE_LIVER in seen.flags else "out of view"


def flag_text(flag: str) -> str:
    """A few words for a flag of a lesion or a visit."""
    return _FLAGS.get(flag) or explain(flag).title


def role_text(lesion: TrackedLesion) -> str:
    """Its role, and who gave it."""
    return f"{lesion.role} (reader)" if lesion.role_by_reader else str(lesion.role)


def is_counted(lesion: TrackedLesion) -> bool:
    """Whether it is a lesion at all, as far as the reader has said."""
    return lesion.role is not Role.EXCLUDED


def growth_text(growth: Growth | None) -> str:
    """Such as "+12.3 % per month, doubles in 180 days"."""
    if growth is None:
        return DASH
    rate = f"{percent_text(growth.percent_per_month)} per month"
    if growth.doubling_days is None or abs(growth.doubling_days) > MOST_DAYS:
        return rate
    days = abs(growth.doubling_days)
    return f"{rate}, {'doubles' if growth.doubling_days > 0 else 'halves'} in {days:.0f} days"


def registration_text(found: Registration | None) -> str:
    """How the previous liver was laid over this one."""
    if found is None:
        return DASH
    words = "" if found.is_usable else "not usable: "
    return f"{words}Dice {found.dice:.2f}, volume changes {found.jacobian_low:.2f} to {found.jacobian_high:.2f}"
