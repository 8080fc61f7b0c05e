"""From measured descriptors to the words of a summary; the thresholds, and why something was not measured."""

from __future__ import annotations

from LiverTumorSegLib.labels import SECTIONS
from LiverTumorSegLib.measurements import Appearance, Attenuation, Lesion

ISO_HU = 10.0
"""A smaller difference to the parenchyma is called isoattenuating."""
HETEROGENEOUS_FROM = 1.5
"""Standard deviation over that of the parenchyma."""
IRREGULAR_BELOW = 0.9
"""Compactness; a box has 0.89."""
ROUND_FROM = 0.75
"""Shortest over longest axis."""
LOBULATED_BELOW = 0.92
"""Solidity; whatever is convex in its slices has 0.98."""
WELL_DEFINED_MM = 4.0
"""Width of the edge; a scanner alone makes 2 to 3 mm of a sharp one."""
FATTY_BELOW_HU = 40.0
"""Of the liver on a native CT: about 30 % fat (Kodama et al., AJR 2007;188:1307)."""

TERMS = (
    f"Terms: hypo- or hyperattenuating, {ISO_HU:g} HU or more below or above the parenchyma; heterogeneous, SD at "
    f"least {HETEROGENEOUS_FROM:g} times that of the parenchyma; round, shortest axis at least {ROUND_FROM:g} of the "
    f"longest; irregular, unlike any ellipsoid (compactness below {IRREGULAR_BELOW:g}); lobulated, dents in the "
    f"outline (solidity below {LOBULATED_BELOW:g}); well defined, edge of at most {WELL_DEFINED_MM:g} mm (10 to 90 % "
    "of the step)."
)

_REASONS = {
    "too-small": "too small",
    "too-few-slices": "seen in too few slices, rows or columns",
    "coarse-pixels": "pixels of more than 2 mm",
    "little-contrast": "too little difference to what surrounds it",
    "little-parenchyma-around": "too little parenchyma around it",
}
_VESSELS = {"portal_vein": "portal vein", "hepatic_vein": "hepatic veins", "vessel": "vessels"}


def attenuation_word(appearance: Appearance) -> str:
    """hypo-, iso- or hyperattenuating; "" where it was not measured or there is no parenchyma to compare with."""
    difference_hu = appearance.difference_hu
    if difference_hu is None:
        return ""
    if abs(difference_hu) < ISO_HU:
        return "isoattenuating"
    return "hypoattenuating" if difference_hu < 0 else "hyperattenuating"


def texture_word(appearance: Appearance, parenchyma: Attenuation | None) -> str:
    """Compared with the parenchyma of the same CT, whose noise it shares; "" where there is nothing to compare."""
    if appearance.sd_hu is None or parenchyma is None or parenchyma.sd_hu <= 0:
        return ""
    return "heterogeneous" if appearance.sd_hu >= HETEROGENEOUS_FROM * parenchyma.sd_hu else "homogeneous"


def shape_word(appearance: Appearance) -> str:
    """round, oval or irregular; "" where it was not measured."""
    if appearance.compactness is None or appearance.axis_ratio is None:
        return ""
    if appearance.compactness < IRREGULAR_BELOW:
        return "irregular"
    return "round" if appearance.axis_ratio >= ROUND_FROM else "oval"


def outline_word(appearance: Appearance) -> str:
    """smooth or lobulated; "" where it was not measured."""
    if appearance.solidity is None:
        return ""
    return "lobulated" if appearance.solidity < LOBULATED_BELOW else "smooth"


def margin_word(appearance: Appearance) -> str:
    """well or ill defined; "" where it was not measured."""
    if appearance.edge_width_mm is None:
        return ""
    return "well defined" if appearance.edge_width_mm <= WELL_DEFINED_MM else "ill defined"


def contact_words(appearance: Appearance) -> tuple[str, ...]:
    """What a lesion touches: the liver's surface, and vessels by their names."""
    surface = ("the surface of the liver",) if appearance.at_surface else ()
    return (*surface, *(_VESSELS.get(name, name.replace("_", " ")) for name in appearance.touches))


def reason_words(reason: str) -> str:
    """Why something was not measured; an unknown reason of a newer version as it is."""
    return _REASONS.get(reason, reason.replace("-", " "))


def sections_of(lesion: Lesion) -> tuple[str, ...]:
    """Names of the sections of the segments in the lesion's title, such as "right anterior"."""
    named = lesion.segments_title.split("/")
    return tuple(section for section, labels in SECTIONS.items() if any(label.name in named for label in labels))


def joined(words: tuple[str, ...] | list[str]) -> str:
    """a, b and c."""
    *first, last = words or ("",)
    return f"{', '.join(first)} and {last}" if first else last
