"""One patient at four visits, in which everything happens that can: what is true of each lesion is written here.

Lesions by name, in the patient's own space; each visit is moved, turned and drawn on another grid, and the third one
does not show the lower part of the liver.
"""

from __future__ import annotations

from functools import cache

from followup_cases import Ball, Scan, moved

from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.track import Tracked, follow_up

ONE_PIECE, TWO_PIECES = [Ball((62, -12, -28), (16, 7, 7))], [Ball.of(52, -12, -28, 6), Ball.of(73, -12, -28, 5)]
GROWN_TOGETHER = [Ball((13, -14, 25), (17, 7.5, 7))]
MEETING = {"left one": [Ball.of(4, -14, 25, 6.5)], "right one": [Ball.of(22, -14, 25, 6)]}
FIRST = {
    "steady": [Ball.of(60, 2, 25, 14)],
    "shrinking": [Ball.of(-42, 22, 24, 11)],
    "splitting": ONE_PIECE,
    "growing": [Ball.of(28, -30, 0, 8.5)],
    **MEETING,
    "coming back": [Ball.of(20, 20, -2, 5.5)],
}
SECOND = {
    "steady": FIRST["steady"],
    "shrinking": [Ball.of(-42, 22, 24, 8)],
    "growing": [Ball.of(28, -30, 0, 11.5)],
    "splitting": TWO_PIECES,
    "left one": GROWN_TOGETHER,
    "new": [Ball.of(46, 24, 4, 7)],
}
THIRD = {**SECOND, "splitting": [], "coming back": FIRST["coming back"]}
FOURTH = {**SECOND, **MEETING, "new": [Ball.of(46, 24, 4, 9)], "shrinking": []}
LESIONS = (FIRST, SECOND, THIRD, FOURTH)
NAMES = ("steady", "shrinking", "splitting", "growing", "left one", "right one", "coming back", "new")
"""In the order of their first visit and volume there: L1 to L8."""
MOVES = (
    moved((0, 0, 0)),
    moved((18, -15, 20), (9, -6, 5)),
    moved((-20, 10, -22), (0, 4, -8)),
    moved((5, 12, 28), (-7, 5, 3)),
)
LOWER_PART_CUT = (slice(None), slice(None), slice(44, None))
SCANS = tuple(
    Scan(
        [ball for balls in lesions.values() for ball in balls],
        move,
        grid,
        date,
        "P-1",
        keep=keep,
        name=f"visit {n + 1}",
    )
    for n, (lesions, move, grid, date, keep) in enumerate(
        (
            (LESIONS[0], MOVES[0], "upright", "20200110", (slice(None),) * 3),
            (LESIONS[1], MOVES[1], "oblique", "20200310", (slice(None),) * 3),
            (LESIONS[2], MOVES[2], "left-handed", "20200512", LOWER_PART_CUT),
            (LESIONS[3], MOVES[3], "slices first", "20200714", (slice(None),) * 3),
        )
    )
)


@cache
def examination(visit: int) -> Examination:
    return SCANS[visit].examination()


@cache
def story() -> Tracked:
    """Given in another order than that of time."""
    return follow_up([examination(visit) for visit in (2, 0, 3, 1)])
