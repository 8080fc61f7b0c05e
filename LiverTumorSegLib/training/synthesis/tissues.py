"""What a synthetic patient is made of, and which of it is liver, vessel and tumour."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL


class Tissue(IntEnum):
    """Codes of an anatomy (uint8); the order means nothing."""

    AIR = 0
    FAT = 1
    MUSCLE = 2
    BONE = 3
    LUNG = 4
    LIVER = 5
    PORTAL_VEIN = 6
    HEPATIC_VEIN = 7
    TUMOR = 8
    CYST = 9
    GALLBLADDER = 10
    KIDNEY = 11
    SPLEEN = 12
    PANCREAS = 13
    BOWEL_WALL = 14
    BOWEL_CONTENT = 15
    GAS = 16
    HEART = 17
    ARTERY = 18
    VEIN = 19
    SOFT = 20
    MASS = 21
    """Beside the liver: of a kidney, an adrenal gland, the bowel."""


ORGAN = (Tissue.LIVER, Tissue.PORTAL_VEIN, Tissue.HEPATIC_VEIN, Tissue.TUMOR, Tissue.CYST)
"""The liver with what lies in it."""
_LABELS = np.zeros(256, np.uint8)
for _tissue, _label in (
    (Tissue.LIVER, LIVER),
    (Tissue.CYST, LIVER),
    (Tissue.PORTAL_VEIN, VESSEL),
    (Tissue.HEPATIC_VEIN, VESSEL),
    (Tissue.TUMOR, TUMOR),
):
    _LABELS[_tissue] = _label.value


def labels_of(anatomy: LabelArray) -> LabelArray:
    """Tissue codes -> exclusive label map with the values of MAIN_LABELS; a cyst counts as liver."""
    return _LABELS[anatomy]


def is_organ(anatomy: LabelArray) -> np.ndarray:
    """Where the liver is, with what lies in it; bool."""
    return np.isin(anatomy, ORGAN)
