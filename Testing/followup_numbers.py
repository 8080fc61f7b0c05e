"""The numbers of a follow-up of three visits, known by hand.

Baseline, then two visits. L1 (target) shrinks and comes back: 40, 20, 26 mm. L2 (target) is not found from the second
visit on. L3 appears at the third. The sum of the targets is 60 mm at the baseline.
"""

from __future__ import annotations

from LiverTumorSegLib.timeline import (
    Assessment,
    Category,
    Criterion,
    FollowUp,
    Part,
    Role,
    Sighting,
    State,
    TrackedLesion,
    Visit,
)

DATES = ("2024-01-10", "2024-04-10", "2024-07-10")
KEYS = ("aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc")
SPACINGS_MM = ((2.0, 2.2, 4.0), (2.6, 2.4, 3.0), (1.8, 3.0, 3.5))
PLACES_RAS = ((-5.0, 10.0, 40.0), (-3.0, -4.0, 62.0), (-8.0, 15.0, 11.0))
"""Of L1, visit by visit: the patient lies somewhere else each time."""


def timeline(*, dates: bool = True) -> FollowUp:
    """The numbers of the follow-up."""
    months = (0.0, 2.99, 5.98)
    visits = tuple(
        Visit(
            key=KEYS[n],
            title=f"CT {n + 1}",
            date=DATES[n] if dates else "",
            months=months[n] if dates else None,
            result=f"/nowhere/{n}",
            phase="",
            slice_thickness_mm=SPACINGS_MM[n][2],
            liver_ml=1500.04 + n,
            tumor_ml=(45.0, 4.0, 12.0)[n],
            burden_percent=(3.0, 0.27, 0.8)[n],
            mask_sha256="0",
        )
        for n in range(3)
    )
    return FollowUp(
        patient_id="P1",
        baseline=0,
        visits=visits,
        lesions=(_first(), _second(), _third()),
        assessments={Criterion.RECIST: _recist(), Criterion.VOLUME: _volume()},
    )


def _recist() -> tuple[Assessment, ...]:
    return (
        Assessment(None, "Baseline", 60.0),
        Assessment(
            Category.NE, "NE: L2 was not found", None, nadir_visit=0, if_confirmed=Category.PR
        ),
        Assessment(Category.PD, "PD: new lesion L3", None, nadir_visit=0),
    )  # fmt: skip


def _volume() -> tuple[Assessment, ...]:
    return (
        Assessment(None, "Baseline", 40.0),
        Assessment(Category.PR, "PR: -90 %", 4.0, -90.0, -90.0, -36.0, 0),
        Assessment(Category.PD, "PD: +125 % over the nadir of visit 2", 9.0, -77.5, 125.0, 5.0, 1),
    )


def _first() -> TrackedLesion:
    return TrackedLesion(
        "L1",
        Role.TARGET,
        "the largest",
        "VII",
        (
            seen(State.BASELINE, 40.0, 20.0, PLACES_RAS[0]),
            seen(State.PERSISTENT, 20.0, 4.0, PLACES_RAS[1]),
            seen(State.PERSISTENT, 26.0, 9.0, PLACES_RAS[2]),
        ),
    )


def _second() -> TrackedLesion:
    places = ((12.0, 20.0, 50.0), (13.5, 7.0, 71.0), (9.0, 24.0, 20.5))
    return TrackedLesion(
        "L2",
        Role.TARGET,
        "the second largest",
        "V/VI",
        (
            seen(State.BASELINE, 20.0, 20.0, places[0]),
            Sighting(State.GONE, volume_ml=0.0, center_ras_mm=places[1]),
            Sighting(State.GONE, volume_ml=0.0, center_ras_mm=places[2]),
        ),
    )


def _third() -> TrackedLesion:
    places = ((20.0, 0.0, 30.0), (21.0, -14.0, 52.0), (18.0, 5.0, 2.0))
    return TrackedLesion(
        "L3",
        Role.NON_TARGET,
        "new at visit 3",
        "II",
        (
            Sighting(State.ABSENT, volume_ml=0.0, center_ras_mm=places[0]),
            Sighting(State.ABSENT, volume_ml=0.0, center_ras_mm=places[1]),
            seen(State.NEW, 11.5, 3.0, places[2]),
        ),
    )


def seen(state: State, long_mm: float, volume_ml: float, center_ras: tuple[float, float, float]) -> Sighting:
    """A lesion in one part, whose long axis lies along R with its middle at the centre."""
    r, a, s = center_ras
    line = ((r - long_mm / 2, a, s), (r + long_mm / 2, a, s))
    part = Part(1, volume_ml, long_mm, long_mm / 2, line, 5, s)
    return Sighting(state, (part,), long_mm, long_mm / 2, long_mm, None, volume_ml, center_ras)
