"""One examination as it goes into a follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.volume import Volume

KEY_DIGITS = 12


def no_image() -> None:
    """Of an examination whose CT or probabilities are not at hand."""
    return


@dataclass(frozen=True, eq=False)
class Examination:
    """A finished result, with what is needed to look back at its CT.

    segmentation: uint8, values of SEGMENTATION_LABELS. lesions: uint16, ids of ``measurements.lesions``. segments: of
    Couinaud (uint8), or None. All three on the CT's grid. source: of the CT, with its dates ("" unknown). result: the
    folder. ct, tumor_probability: read when called, None where they are not at hand; the probability (0 to 1) is on a
    grid of its own. phase: of contrast, "" unknown.
    """

    segmentation: Volume
    lesions: Volume
    measurements: Measurements
    source: Source
    result: str
    segments: Volume | None = None
    phase: str = ""
    ct: Callable[[], Volume | None] = no_image
    tumor_probability: Callable[[], Volume | None] = no_image

    @property
    def key(self) -> str:
        """Names the CT, whatever its place in the order."""
        return self.source.sha256[:KEY_DIGITS]
