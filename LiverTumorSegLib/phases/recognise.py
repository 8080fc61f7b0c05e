"""Which phase of contrast enhancement a CT shows: recognised from the image, beside what its header says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from LiverTumorSegLib.phases.enhancement import enhancement_of
from LiverTumorSegLib.phases.header import HeaderPhase, header_phase
from LiverTumorSegLib.phases.phase import ContrastPhase, Enhancement
from LiverTumorSegLib.phases.rules import likelihoods, trust
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.volume import Volume

P = ContrastPhase

SURE_ENOUGH = 0.5
"""With less confidence a phase is not named."""
APART = 0.75
"""Early and late arterial are told apart where one of them has this share of both."""


class Basis(StrEnum):
    """What a phase was taken from."""

    IMAGE = "image"
    HEADER = "header"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Recognised:
    """phase: from the image; where that is not sure enough, from the header; else UNKNOWN.

    confidence: 0 to 1, that the image shows this phase (early and late arterial count as one). seen: the phase that the
    image alone shows, UNKNOWN where it is not sure enough. likelihoods: of each phase by the image.
    """

    phase: ContrastPhase
    confidence: float
    basis: Basis
    seen: ContrastPhase
    evidence: Enhancement = field(default_factory=Enhancement)
    header: HeaderPhase = field(default_factory=HeaderPhase)
    likelihoods: dict[ContrastPhase, float] = field(default_factory=dict)

    @property
    def disagrees(self) -> bool:
        """Whether image and header cannot both be right."""
        return not self.seen.agrees_with(self.header.phase)

    def to_json(self) -> dict[str, Any]:
        return {
            "phase": str(self.phase),
            "confidence": self.confidence,
            "basis": str(self.basis),
            "seen": str(self.seen),
            "disagrees": self.disagrees,
            "evidence_hu": self.evidence.to_json(),
            "header": self.header.to_json(),
            "likelihoods": {str(phase): value for phase, value in self.likelihoods.items()},
        }


def contrast_phase(ct: Volume, segmentation: Volume, source: Source | None = None) -> Recognised:
    """ct: HU; segmentation: uint8 on its grid, values of SEGMENTATION_LABELS (without a liver little is found).

    source: of the CT, for the header's words. Raises ValueError if the grids differ.
    """
    return recognised(enhancement_of(ct, segmentation), source)


def recognised(seen: Enhancement, source: Source | None = None) -> Recognised:
    """The same from values that are known already; with an empty Enhancement the header alone decides."""
    header = HeaderPhase() if source is None else header_phase(source)
    shares = likelihoods(seen)
    phase, confidence = _best(shares, seen)
    shown = phase if confidence >= SURE_ENOUGH else P.UNKNOWN
    if shown is not P.UNKNOWN:
        shown = _as_early_or_late(shown, header.phase)
        return Recognised(shown, confidence, Basis.IMAGE, shown, seen, header, shares)
    if header.phase is not P.UNKNOWN:
        return Recognised(
            header.phase, _share_of(header.phase, shares, seen), Basis.HEADER, shown, seen, header, shares
        )
    return Recognised(P.UNKNOWN, confidence, Basis.NOTHING, shown, seen, header, shares)


def _best(shares: dict[ContrastPhase, float], seen: Enhancement) -> tuple[ContrastPhase, float]:
    """The likeliest phase and its confidence; early and late arterial compete together."""
    arterial = shares[P.EARLY_ARTERIAL] + shares[P.LATE_ARTERIAL]
    groups = {phase: share for phase, share in shares.items() if not phase.is_arterial} | {P.ARTERIAL: arterial}
    best = max(groups, key=lambda phase: groups[phase])
    if best is not P.ARTERIAL:
        return best, groups[best] * trust(seen, best)
    finer = max((P.EARLY_ARTERIAL, P.LATE_ARTERIAL), key=lambda phase: shares[phase])
    return finer if shares[finer] >= APART * arterial else best, arterial * trust(seen, finer)


def _as_early_or_late(shown: ContrastPhase, named: ContrastPhase) -> ContrastPhase:
    """Where the image shows an arterial phase but not which, the header may know."""
    return named if shown is P.ARTERIAL and named.is_arterial else shown


def _share_of(phase: ContrastPhase, shares: dict[ContrastPhase, float], seen: Enhancement) -> float:
    """How far the image supports a phase that the header names."""
    parts = (P.EARLY_ARTERIAL, P.LATE_ARTERIAL) if phase is P.ARTERIAL else (phase,)
    return sum(shares[part] * trust(seen, part) for part in parts)
