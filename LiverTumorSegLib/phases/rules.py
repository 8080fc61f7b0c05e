"""From how bright vessels and organs are to how likely each contrast phase is.

The order of events is that of LI-RADS v2018 (early arterial: the portal vein is not yet enhanced; late arterial: it is,
the hepatic veins are not; portal-venous: both are, and the liver is at its peak; delayed: all fade towards one level).
The values are round ones for an adult at 100 to 120 kV after about 0.5 g iodine per kg; their spreads are wide, since
dose, heart and tube voltage differ. See docs/phases.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from LiverTumorSegLib.phases.phase import ContrastPhase, Enhancement

P = ContrastPhase
PHASES = (P.NATIVE, P.EARLY_ARTERIAL, P.LATE_ARTERIAL, P.PORTAL_VENOUS, P.DELAYED)
"""That the image can tell apart, in the order of time."""


@dataclass(frozen=True)
class Expected:
    """HU: mean and standard deviation over patients."""

    mean: float
    spread: float


@dataclass(frozen=True)
class Feature:
    """Something that is read off the image (None: it cannot be), and what each phase lets expect of it."""

    title: str
    value: Callable[[Enhancement], float | None]
    expected: Mapping[ContrastPhase, Expected]


def _portal(seen: Enhancement) -> float | None:
    """Vessels that were not told apart stand in for the portal vein, which is most of what is drawn."""
    return seen.portal_vein if seen.portal_vein is not None else seen.vessel


def _minus(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def _by_phase(*values: tuple[int, int]) -> dict[ContrastPhase, Expected]:
    """Mean and spread in whole HU, in the order of PHASES."""
    return {phase: Expected(float(mean), float(spread)) for phase, (mean, spread) in zip(PHASES, values, strict=True)}


FEATURES = (
    Feature("aorta", lambda e: e.aorta, _by_phase((42, 10), (300, 90), (280, 80), (155, 28), (112, 18))),
    Feature(
        "aorta above portal vein",
        lambda e: _minus(e.aorta, _portal(e)),
        _by_phase((0, 10), (245, 90), (145, 70), (-8, 22), (0, 12)),
    ),
    Feature(
        "portal vein above liver",
        lambda e: _minus(_portal(e), e.liver),
        _by_phase((-10, 16), (-6, 18), (45, 30), (54, 22), (20, 15)),
    ),
    Feature(
        "hepatic veins above portal vein",
        lambda e: _minus(e.hepatic_vein, e.portal_vein),
        _by_phase((0, 10), (0, 14), (-55, 30), (-8, 20), (0, 10)),
    ),
    Feature("liver", lambda e: e.liver, _by_phase((55, 16), (58, 16), (72, 18), (110, 20), (92, 18))),
    Feature(
        "renal cortex above medulla",
        lambda e: e.cortex_medulla,
        _by_phase((5, 8), (95, 40), (95, 35), (38, 26), (14, 12)),
    ),
)
CORRELATED = 2.0
"""Features share structures: their evidence counts for so many times less than if they were independent."""
FAR = 3.5
"""Spreads beyond which a value is simply strange."""
EXCRETING = {P.NATIVE: 0.02, P.EARLY_ARTERIAL: 0.02, P.LATE_ARTERIAL: 0.02, P.PORTAL_VENOUS: 0.04, P.DELAYED: 0.6}
"""How often contrast agent is seen in the renal pelvis (from about two minutes on)."""
USUAL_MISFIT = 1.3
"""Root mean square of the distances (in spreads) to the best phase; beyond it nothing fits well, and trust falls."""


NO_AGENT_HU, ABOVE_AORTA_HU = 65.0, 30.0
"""Blood without contrast agent is darker than the first; then nothing that is so much brighter than it is a vein."""


def usable(seen: Enhancement) -> Enhancement:
    """Without veins that cannot be veins: before contrast agent networks do not see them and take other things."""
    if seen.aorta is None or seen.aorta >= NO_AGENT_HU:
        return seen
    most = seen.aorta + ABOVE_AORTA_HU
    portal, hepatic, vessel = (
        None if value is None or value > most else value for value in (seen.portal_vein, seen.hepatic_vein, seen.vessel)
    )
    return replace(seen, portal_vein=portal, hepatic_vein=hepatic, vessel=vessel)


def likelihoods(seen: Enhancement) -> dict[ContrastPhase, float]:
    """Of PHASES, adding up to 1: a softmax of the distances from what each lets expect, in spreads.

    Nothing seen: all are as likely.
    """
    seen = usable(seen)
    scores = np.array([_score(seen, phase) for phase in PHASES])
    shares = np.exp(scores - scores.max())
    return {phase: float(share) for phase, share in zip(PHASES, shares / shares.sum(), strict=True)}


def trust(seen: Enhancement, phase: ContrastPhase) -> float:
    """0 to 1: how much of the evidence is there, and how well it fits to a phase of PHASES."""
    seen = usable(seen)
    distances = _distances(seen, phase)
    if not distances:
        return 0.0
    misfit = float(np.sqrt(np.mean(np.square(distances))))
    fit = float(np.exp(-0.5 * max(0.0, misfit - USUAL_MISFIT) ** 2))
    return fit * _completeness(seen)


def _completeness(seen: Enhancement) -> float:
    """Without the aorta arterial and venous phases are hard to tell apart; from the liver alone nothing is."""
    has_veins = _portal(seen) is not None or seen.hepatic_vein is not None
    if seen.aorta is not None:
        return 1.0 if has_veins else 0.8
    return 0.65 if has_veins else 0.4


def _score(seen: Enhancement, phase: ContrastPhase) -> float:
    score = 0.0
    for feature in FEATURES:
        value = feature.value(seen)
        if value is not None:
            expected = feature.expected[phase]
            distance = min(abs(value - expected.mean) / expected.spread, FAR)
            score -= (0.5 * distance**2 + float(np.log(expected.spread))) / CORRELATED
    if seen.is_excreting is not None:
        share = EXCRETING[phase]
        score += float(np.log(share if seen.is_excreting else 1 - share))
    return score


def _distances(seen: Enhancement, phase: ContrastPhase) -> list[float]:
    """In spreads, of the features that are known."""
    values = [(feature.value(seen), feature.expected[phase]) for feature in FEATURES]
    return [abs(value - expected.mean) / expected.spread for value, expected in values if value is not None]
