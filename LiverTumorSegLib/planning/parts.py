"""The two parts of a liver that a resection makes, as a label map with names, colours and codes."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.labels import ANATOMICAL_STRUCTURE, LIVER, Label, LabelSet
from LiverTumorSegLib.planning.resection import REMAINS, RESECTED, ResectionResult
from LiverTumorSegLib.volume import Volume

RESECTED_LABEL = Label(RESECTED, "resected", "Resected liver", (226, 84, 66), ANATOMICAL_STRUCTURE, LIVER.code)
REMNANT_LABEL = Label(REMAINS, "remnant", "Future liver remnant", (250, 214, 165), ANATOMICAL_STRUCTURE, LIVER.code)
RESECTION_LABELS = LabelSet((RESECTED_LABEL, REMNANT_LABEL))
"""resection.nii.gz: both parts share out the organ; 0 outside it."""


def parts_on(result: ResectionResult, ct: Volume) -> Volume:
    """uint8 values of RESECTION_LABELS on the CT's own grid, from which the anatomy came."""
    labels = np.zeros(ct.shape, np.uint8, order="F")
    labels[result.box] = result.parts.array
    return ct.with_array(labels)
