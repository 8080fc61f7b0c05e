"""What the values of a label map mean: names, colours, hierarchy and SNOMED CT codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A coded concept of a terminology (SNOMED CT unless said otherwise)."""

    value: str
    meaning: str
    scheme: str = "SCT"


_TERMINOLOGY_CONTEXT = "Segmentation category and type - 3D Slicer General Anatomy list"
_NO_REGION = "Anatomic codes - DICOM master list~^^~^^"

ANATOMICAL_STRUCTURE = Code("123037004", "Anatomical Structure")
ALTERED_STRUCTURE = Code("49755003", "Morphologically Altered Structure")


@dataclass(frozen=True)
class Label:
    """One value of an exclusive label map.

    name: the key in labels.json. title: what a reader sees. color: 8-bit RGB.
    parent: the label whose organ volume includes this one, or None.
    """

    value: int
    name: str
    title: str
    color: tuple[int, int, int]
    category: Code
    code: Code
    parent: str | None = None

    @property
    def terminology(self) -> str:
        """The entry that 3D Slicer stores with a segment: category and type, without modifier or region."""
        category, code = (f"{c.scheme}^{c.value}^{c.meaning}" for c in (self.category, self.code))
        return f"{_TERMINOLOGY_CONTEXT}~{category}~{code}~^^~{_NO_REGION}"


@dataclass(frozen=True)
class LabelSet:
    """Labels in the order of their values; names and values are unique."""

    labels: tuple[Label, ...]

    def __post_init__(self) -> None:
        for field in ("value", "name"):
            seen = [getattr(label, field) for label in self.labels]
            if len(set(seen)) != len(seen):
                message = f"duplicate {field} in a label set: {seen}"
                raise ValueError(message)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __getitem__(self, name: str) -> Label:
        for label in self.labels:
            if label.name == name:
                return label
        raise KeyError(name)

    def values(self) -> dict[str, int]:
        """name -> value, as in labels.json."""
        return {label.name: label.value for label in self.labels}


LIVER = Label(1, "liver", "Liver", (221, 130, 101), ANATOMICAL_STRUCTURE, Code("10200004", "Liver"))
VESSEL = Label(
    2, "vessel", "Liver vessels", (0, 151, 206), ANATOMICAL_STRUCTURE, Code("59820001", "Blood vessel"), "liver"
)
TUMOR = Label(3, "tumor", "Liver tumors", (145, 216, 51), ALTERED_STRUCTURE, Code("4147007", "Mass"), "liver")

MAIN_LABELS = LabelSet((LIVER, VESSEL, TUMOR))
"""The exclusive label map of the main job; the organ is the union of all three."""

PORTAL_VEIN = Label(
    4, "portal_vein", "Portal vein", (150, 95, 235), ANATOMICAL_STRUCTURE, Code("32764006", "Portal vein"), "liver"
)
HEPATIC_VEIN = Label(
    5, "hepatic_vein", "Hepatic veins", (0, 151, 206), ANATOMICAL_STRUCTURE, Code("8993003", "Hepatic vein"), "liver"
)
VEINS = (PORTAL_VEIN, HEPATIC_VEIN)
"""The vessels of a liver, once they are told apart; VESSEL is one that is not."""
VESSEL_VALUES = tuple(label.value for label in (VESSEL, *VEINS))
"""Of all vessels, told apart or not."""

VENA_CAVA = Label(
    1, "vena_cava", "Inferior vena cava", (120, 170, 255), ANATOMICAL_STRUCTURE, Code("64131007", "Inferior vena cava")
)
CAVA_LABELS = LabelSet((VENA_CAVA,))
"""vena_cava.nii.gz: it lies outside the organ, so it has a map of its own."""

SEGMENTATION_LABELS = LabelSet((*MAIN_LABELS, *VEINS))
"""All that an exclusive label map of a result may hold; the organ is the union of all."""


def main_label(label: Label) -> Label:
    """What a label of SEGMENTATION_LABELS is among those of MAIN_LABELS: a vein is a vessel."""
    return VESSEL if label in VEINS else label


I, II, III, IV, V, VI, VII, VIII = (  # noqa: E741, the names that surgeons use
    Label(value, name, f"Segment {name}", color, ANATOMICAL_STRUCTURE, Code(code, f"Couinaud hepatic segment {name}"))
    for value, (name, color, code) in enumerate(
        (
            ("I", (144, 110, 190), "71133005"),
            ("II", (96, 186, 70), "277956007"),
            ("III", (178, 214, 84), "277957003"),
            ("IV", (242, 194, 48), "277958008"),
            ("V", (240, 140, 52), "277959000"),
            ("VI", (74, 178, 194), "277960005"),
            ("VII", (60, 122, 190), "277961009"),
            ("VIII", (212, 92, 98), "277962002"),
        ),
        start=1,
    )
)
COUINAUD_LABELS = LabelSet((I, II, III, IV, V, VI, VII, VIII))
"""couinaud.nii.gz: the eight segments share out the organ among them."""

IVA, IVB = (
    Label(value, name, f"Segment {name}", color, ANATOMICAL_STRUCTURE, Code(code, f"Couinaud hepatic segment {name}"))
    for value, name, color, code in (
        (9, "IVa", (246, 212, 106), "871688003"),
        (10, "IVb", (206, 158, 30), "871689006"),
    )
)
"""On request these two are there in the place of IV: its upper and its lower part."""
PARTS_OF_IV = (IVA, IVB)
ALL_COUINAUD_LABELS = LabelSet((*COUINAUD_LABELS, *PARTS_OF_IV))
"""All values that couinaud.nii.gz may hold."""
NINE_LABELS = LabelSet((I, II, III, IVA, IVB, V, VI, VII, VIII))


AS_READ = (I, II, III, IV, *PARTS_OF_IV, V, VI, VII, VIII)
"""All of them in the order in which they are read."""


def couinaud_labels_of(*, iv_is_divided: bool) -> LabelSet:
    """Those that share out an organ, in the order in which they are read."""
    return NINE_LABELS if iv_is_divided else COUINAUD_LABELS


def values_of_segment(name: str) -> tuple[int, ...]:
    """Values that a segment may have in a map: IV also those of its parts. Raises KeyError for an unknown name."""
    parts = tuple(part.value for part in PARTS_OF_IV) if name == IV.name else ()
    return (ALL_COUINAUD_LABELS[name].value, *parts)


SECTIONS = {
    "caudate": (I,),
    "left lateral": (II, III),
    "left medial": (IV, IVA, IVB),
    "right anterior": (V, VIII),
    "right posterior": (VI, VII),
}
"""The other naming scheme that readers expect."""
