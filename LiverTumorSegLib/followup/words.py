"""Numbers and names of a reason, as a reader sees them (plain ASCII)."""

from __future__ import annotations

from collections.abc import Sequence

from LiverTumorSegLib.followup.criteria import TOLERANCE
from LiverTumorSegLib.followup.totals import Reading

MOST_DIGITS = 4


def percent_text(percent: float, limit: float) -> str:
    """Such as "+24 %"; with as many digits as it needs to be seen on which side of a threshold it lies."""
    return f"{_rounded(percent, limit, 0):+} %".replace(".0 ", " ")


def change_text(change: float, limit: float, unit: str) -> str:
    """Such as "+4.9 mm", to a tenth; more digits where a threshold asks for them."""
    return f"{_rounded(change, limit, 1):+} {unit}".replace(".0 ", " ")


def amount_text(value: float, unit: str) -> str:
    """Such as "42.5 mm"."""
    return f"{round(value, 1):g} {unit}" if value < 1e5 else f"{value:.0f} {unit}"


def visit_text(visit: int) -> str:
    """Readers count from 1."""
    return f"visit {visit + 1}"


def lesions_text(ids: Sequence[str]) -> str:
    """Such as "lesion L1" or "lesions L1, L2 and L3"; at least one."""
    if len(ids) == 1:
        return f"lesion {ids[0]}"
    return f"lesions {', '.join(ids[:-1])} and {ids[-1]}"


def are(count: int) -> str:
    """The verb."""
    return "is" if count == 1 else "are"


def missing_text(readings: Sequence[Reading], when: str) -> str:
    """Why a total is not known, lesion by lesion."""
    return ", ".join(f"lesion {reading.lesion} {reading.missing.format(when=when)}" for reading in readings)


def _rounded(value: float, limit: float, digits: int) -> float:
    """To the fewest digits (from ``digits`` on) that leave it on its side of the limit."""
    shown = (round(value, more) + 0.0 for more in range(digits, MOST_DIGITS))
    return next((one for one in shown if _side(one, limit) == _side(value, limit)), round(value, MOST_DIGITS))


def _side(value: float, limit: float) -> int:
    return 0 if abs(value - limit) <= TOLERANCE else (1 if value > limit else -1)
