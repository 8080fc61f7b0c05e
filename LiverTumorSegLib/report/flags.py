"""Machine flags in plain words: what was seen, what it means for the numbers, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.registry import CLASSICAL


class Severity(StrEnum):
    """How much a flag matters to somebody who uses the numbers."""

    NOTE = "note"
    CHECK = "check"
    STOP = "stop"


@dataclass(frozen=True)
class FlagText:
    """One flag as a person reads it."""

    flag: str
    title: str
    meaning: str
    action: str
    severity: Severity = Severity.CHECK


_TEXTS = (
    FlagText(
        "no-liver-found",
        "No liver was found",
        "Nothing in this CT looked enough like a liver, or none was drawn. Volumes of 0 mean that nothing was "
        "measured, not that nothing is there.",
        "Check that the CT shows the upper abdomen, is a CT in Hounsfield units and is the series you meant. A liver "
        "can be drawn by hand and measured with the measure command.",
        Severity.STOP,
    ),
    FlagText(
        "no-network",
        "Classical outlines, without a network",
        "No trained network was used. The outlines come from thresholds and shape alone and are a rough first "
        "look: lesions may be missed or made up, and the liver's border may be wrong by centimetres.",
        "Do not use these numbers. Run again with another model: a network comes with the program, better ones are "
        "fetched once.",
        Severity.STOP,
    ),
    FlagText(
        "liver-volume-implausible",
        "The liver's volume is implausible",
        "The liver is far smaller or larger than livers of adults are. Part of it may be missing, or a neighbour may "
        "have been taken in.",
        "Look at the liver's outline in all three planes, correct it and measure again.",
        Severity.STOP,
    ),
    FlagText(
        "implausible-mass",
        "A large lesion may lie beside the liver, not in it",
        "Little of what surrounds this lesion is liver. A mass of a neighbouring organ may have been taken for a part "
        "of the liver; liver volume, tumor volume and tumor burden are then too large.",
        "Look at the lesion in all three planes. If it lies outside, remove it from liver and tumors and "
        "measure again.",
        Severity.STOP,
    ),
    FlagText(
        "low-confidence",
        "The networks are unsure of this case",
        "What they say of this liver, how far they agree and what the result looks like resemble cases in which the "
        "outlines were wrong. The reasons stand under Confidence.",
        "Look at liver and lesions in all three planes, correct them and measure again before any number is used.",
        Severity.STOP,
    ),
    FlagText(
        "doubtful-lesion",
        "This may be no lesion",
        "The networks' answers in and around this lesion resemble those of false finds more than those of true ones.",
        "Look at it in all three planes, and in other phases if there are any; remove it if it is none.",
    ),
    FlagText(
        "liver-touches-edge",
        "The liver is cut off by the edge of the CT",
        "The segmented liver reaches the first or last slice, or a side of the image. The true liver is larger; the "
        "volume is that of the part that was scanned, and the tumor burden refers to that part.",
        "Use the liver volume only as a lower bound, or choose a series that covers the whole liver.",
    ),
    FlagText(
        "touches-edge",
        "The lesion is cut off by the edge of the CT",
        "The lesion reaches the first or last slice, or a side of the image. Its volume and diameters are lower "
        "bounds.",
        "Use a series that covers the lesion if its size matters.",
    ),
    FlagText(
        "oblique",
        "The slices are not axial",
        "The slice planes are tilted by more than 5 degrees. Diameters are measured within the tilted slices as they "
        "were acquired.",
        "Compare only with measurements that were made in the same plane.",
        Severity.NOTE,
    ),
    FlagText(
        "non-axial",
        "Coronal or sagittal acquisition",
        "The thickest voxel side does not lie along the patient's long axis, so the axial planes that diameters are "
        "measured in are reconstructed through thick slices.",
        "Prefer an axial series for diameters; volumes are not affected.",
    ),
    FlagText(
        "few-slices",
        "The lesion is seen in fewer than three slices",
        "So few slices catch the lesion that its largest extent may lie between them.",
        "Treat the diameter as approximate; prefer thinner slices.",
    ),
    FlagText(
        "thin-lesion",
        "The lesion is small compared with the slice distance",
        "The longest diameter is less than twice the distance between slices: below what RECIST 1.1 calls measurable.",
        "Do not choose it as a target lesion on this series.",
    ),
    FlagText(
        "ld-slice-not-largest-area",
        "The longest diameter is not in the slice with the largest area",
        "A reader who measures in the slice where the lesion looks largest would get a shorter diameter.",
        "Check the slice that was chosen before comparing with a reader's measurement.",
        Severity.NOTE,
    ),
    FlagText(
        "feret-differs",
        "The lesion is bent or branched",
        "The largest distance between two points of its outline leaves the lesion and is more than 5 % longer than the "
        "longest diameter inside it, which is the one reported.",
        "Check whether this is one lesion or several that touch.",
        Severity.NOTE,
    ),
    FlagText(
        "lesions-differ-from-tumor",
        "The lesion map does not cover the tumor segment",
        "The lesions that were given and the tumor segment do not consist of the same voxels. The tumor segment was "
        "measured; parts of it without a lesion number became lesions of their own.",
        "Check that the lesion map belongs to this segmentation.",
    ),
)

_BY_FLAG = {text.flag: text for text in _TEXTS}


def known_flags() -> frozenset[str]:
    """All flags that have words."""
    return frozenset(_BY_FLAG)


def explain(flag: str) -> FlagText:
    """The words for a flag; a flag of a newer version is shown as it is, never dropped."""
    unknown = FlagText(
        flag,
        flag.replace("-", " ").capitalize(),
        f'This version has no explanation for the flag "{flag}".',
        "See docs/conventions.md of the version that made this result.",
    )
    return _BY_FLAG.get(flag, unknown)


def explain_all(flags: Iterable[str]) -> list[FlagText]:
    """Words for several flags, each once, the most serious first."""
    texts = [explain(flag) for flag in dict.fromkeys(flags)]
    rank = list(reversed(Severity))
    return sorted(texts, key=lambda text: rank.index(text.severity))


def case_flags(case: Case) -> list[str]:
    """Flags of the whole case; a run without a network and a case without a liver say so even if nobody flagged it."""
    flags = list(case.measurements.flags)
    if case.measurements.liver_ml <= 0:
        flags.append("no-liver-found")
    if case.run.model.get("id") == CLASSICAL.id:
        flags.append("no-network")
    return list(dict.fromkeys(flags))
