"""The phases of contrast enhancement, and what is seen of one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class ContrastPhase(StrEnum):
    """When after the contrast agent a CT was taken. ARTERIAL: early or late, which cannot be told."""

    NATIVE = "native"
    EARLY_ARTERIAL = "early arterial"
    LATE_ARTERIAL = "late arterial"
    ARTERIAL = "arterial"
    PORTAL_VENOUS = "portal-venous"
    DELAYED = "delayed"
    UNKNOWN = "unknown"

    @property
    def is_arterial(self) -> bool:
        return self in (ContrastPhase.EARLY_ARTERIAL, ContrastPhase.LATE_ARTERIAL, ContrastPhase.ARTERIAL)

    def agrees_with(self, other: ContrastPhase) -> bool:
        """Whether both may be true; an unknown phase contradicts nothing."""
        if ContrastPhase.UNKNOWN in (self, other) or self is other:
            return True
        return self.is_arterial and other.is_arterial and ContrastPhase.ARTERIAL in (self, other)


@dataclass(frozen=True)
class Enhancement:
    """Median HU of structures in one CT; None where a structure was not found.

    vessel: of liver vessels that were not told apart. cortex_medulla: 85th minus 15th percentile inside the kidneys.
    is_excreting: contrast agent in the renal pelvis, None without kidneys. aorta_share: of the slices beside the liver
    in which the aorta is clear; aorta_circles_ras_mm: R, A, S and radius there, so that a reader can check it.
    """

    liver: float | None = None
    aorta: float | None = None
    portal_vein: float | None = None
    hepatic_vein: float | None = None
    vessel: float | None = None
    kidney: float | None = None
    cortex_medulla: float | None = None
    is_excreting: bool | None = None
    aorta_share: float | None = None
    aorta_circles_ras_mm: tuple[tuple[float, float, float, float], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)
