"""What a data set may annotate, and several data sets' masks of one patient as one exclusive label map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from LiverTumorSegLib.arrays import LabelArray, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.label_names import label_of
from LiverTumorSegLib.labels import MAIN_LABELS, main_label

UNKNOWN = 255
"""In a label map for training: nobody knows what this voxel is, so nothing is learned from it."""


class Structure(StrEnum):
    """A class of the LVT system, named as in MAIN_LABELS, in the order of the class weights [L, V, T]."""

    LIVER = "liver"
    VESSEL = "vessel"
    TUMOR = "tumor"

    @property
    def label_value(self) -> int:
        """Its value in an exclusive label map."""
        return MAIN_LABELS[self.value].value


ALL_STRUCTURES = frozenset(Structure)


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was drawn on one image: masks (i, j, k) by structure, and voxels that were marked as unknown.

    The liver is the organ: vessels and tumours that were drawn with it belong to it. A structure without a mask was not
    annotated; one whose mask is empty is not there.
    """

    masks: Mapping[Structure, Mask]
    unknown: Mask | None = None


def exclusive_map(drawings: Iterable[Drawn], shape: tuple[int, int, int]) -> LabelArray:
    """uint8 (i, j, k): 0, 1 liver, 2 vessel, 3 tumor, 255 unknown; the higher value wins where several are true.

    No drawing at all is a map of zeros.
    """
    labels = np.zeros(shape, np.uint8, order="F")
    drawings = tuple(drawings)
    for structure in Structure:  # from the organ to what lies in it
        for drawn in drawings:
            if structure in drawn.masks:
                labels[drawn.masks[structure]] = structure.label_value
    for drawn in drawings:
        if drawn.unknown is not None:
            labels[drawn.unknown] = UNKNOWN
    return labels


def loss_weights(annotated: frozenset[Structure]) -> tuple[float, float, float]:
    """Class weights [liver, vessel, tumor] of a data set: 1 if annotated, else 0 (LVT, Table A.1)."""
    liver, vessel, tumor = (float(structure in annotated) for structure in Structure)
    return liver, vessel, tumor


def parse_structures(text: str) -> frozenset[Structure]:
    """Classes from words such as "liver; Tumour" (semicolon, plus or blank between them).

    Raises InputError for other words and where there is none.
    """
    words = [word for word in text.replace(";", " ").replace("+", " ").split() if word]
    found = {word: label_of((word,)) for word in words}
    unknown = [word for word, label in found.items() if label is None]
    if unknown or not words:
        raise InputError(
            found=f"annotated classes {text!r}",
            expected=f"one or more of {', '.join(Structure)}, separated by semicolons",
            remedy="Name what was drawn in every image of the data set",
        )
    return frozenset(Structure(main_label(label).name) for label in found.values() if label is not None)


def in_words(structures: Iterable[Structure]) -> str:
    """Such as "liver, tumor", in the order of the classes."""
    wanted = set(structures)
    return ", ".join(structure for structure in Structure if structure in wanted)
