"""Machine-readable warnings; their meaning is in docs/conventions.md, their words in report/flags.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from LiverTumorSegLib.registry import CLASSICAL

OBLIQUE = "oblique"
NON_AXIAL = "non-axial"
FEW_SLICES = "few-slices"
THIN_LESION = "thin-lesion"
TOUCHES_EDGE = "touches-edge"
LD_SLICE_NOT_LARGEST_AREA = "ld-slice-not-largest-area"
FERET_DIFFERS = "feret-differs"
IMPLAUSIBLE_MASS = "implausible-mass"
"""Of a lesion, and of the case as soon as one lesion has it."""
DOUBTFUL_LESION = "doubtful-lesion"

NO_LIVER_FOUND = "no-liver-found"
LIVER_TOUCHES_EDGE = "liver-touches-edge"
LIVER_VOLUME_IMPLAUSIBLE = "liver-volume-implausible"
LESIONS_DIFFER_FROM_TUMOR = "lesions-differ-from-tumor"
NO_NETWORK = "no-network"
"""Set by the pipeline that ran without one."""
LOW_CONFIDENCE = "low-confidence"
"""This one and doubtful-lesion are set where networks made the masks, and vanish with the first edit."""

LESION_FLAGS = (
    TOUCHES_EDGE,
    IMPLAUSIBLE_MASS,
    OBLIQUE,
    NON_AXIAL,
    FEW_SLICES,
    THIN_LESION,
    LD_SLICE_NOT_LARGEST_AREA,
    FERET_DIFFERS,
    DOUBTFUL_LESION,
)
CASE_FLAGS = (
    NO_NETWORK,
    NO_LIVER_FOUND,
    LIVER_TOUCHES_EDGE,
    LIVER_VOLUME_IMPLAUSIBLE,
    IMPLAUSIBLE_MASS,
    LESIONS_DIFFER_FROM_TUMOR,
    LOW_CONFIDENCE,
)


def raised(conditions: dict[str, bool]) -> tuple[str, ...]:
    """The flags whose condition holds, in the order given."""
    return tuple(flag for flag, holds in conditions.items() if holds)


def flags_of_run(run: Mapping[str, Any]) -> tuple[str, ...]:
    """Flags that stay with a result however its mask is edited: run is its run.json, {} if nothing is known."""
    return raised({NO_NETWORK: run.get("model", {}).get("id") == CLASSICAL.id})
