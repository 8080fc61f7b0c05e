"""What can be chosen about the phantom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.errors import InputError

FIELD_OF_VIEW_MM: Vector = (336.0, 260.0, 280.0)
"""Extent along the patient's left-right, front-back and head-feet axes."""


def _anatomical_axis(letter: str) -> int:
    for axis, letters in enumerate(("RL", "AP", "SI")):
        if letter in letters:
            return axis
    return -1


def _require(condition: bool, *, found: str, expected: str) -> None:
    if not condition:
        raise InputError(found=found, expected=expected, remedy="Change the phantom's settings")


class Phase(StrEnum):
    """When after the contrast agent the scan is taken."""

    PORTAL_VENOUS = "portal-venous"
    NATIVE = "native"


class Site(StrEnum):
    """Where in the liver a lesion is put."""

    DEEP = "deep"
    SUBCAPSULAR = "subcapsular"
    AT_VESSEL = "at-vessel"


class LesionKind(StrEnum):
    """Only tumors are labelled; cysts and calcifications are there to be told apart from them."""

    TUMOR = "tumor"
    CYST = "cyst"
    CALCIFICATION = "calcification"


@dataclass(frozen=True)
class LesionSettings:
    """An ellipsoid in the liver.

    radii_mm: semi-axes along R, A, S. contrast_hu: above the liver, so negative for the usual darker lesion.
    """

    radii_mm: Vector
    contrast_hu: float = -45.0
    site: Site = Site.DEEP
    kind: LesionKind = LesionKind.TUMOR

    def __post_init__(self) -> None:
        _require(
            all(np.isfinite(r) and 1 <= r <= 40 for r in self.radii_mm) and len(self.radii_mm) == 3,
            found=f"lesion radii {self.radii_mm} mm",
            expected="three semi-axes of 1 to 40 mm",
        )
        _require(
            bool(np.isfinite(self.contrast_hu)) and abs(self.contrast_hu) <= 1000,
            found=f"a lesion contrast of {self.contrast_hu} HU",
            expected="-1000 to 1000 HU against the liver",
        )


DEFAULT_LESIONS = (
    LesionSettings((22.5, 20.0, 19.0), -50.0),
    LesionSettings((15.0, 15.0, 15.0), -45.0, Site.SUBCAPSULAR),
    LesionSettings((11.0, 12.5, 10.5), -50.0, Site.AT_VESSEL),
    LesionSettings((7.5, 7.5, 7.5), -45.0),
    LesionSettings((5.0, 6.0, 5.0), -40.0),
    LesionSettings((3.0, 3.0, 3.0), -45.0),
    LesionSettings((7.0, 7.0, 7.0), -100.0, kind=LesionKind.CYST),
    LesionSettings((2.5, 2.5, 2.5), 350.0, kind=LesionKind.CALCIFICATION),
)
"""Six tumors of 6 to 45 mm, one simple cyst and one calcification."""


@dataclass(frozen=True)
class PhantomSettings:
    """One patient and one acquisition.

    seed: another seed is another patient (organ shapes, vessel trees, places of the lesions, noise). spacing_mm: along
    the array axes. tilt_deg: turns the acquisition about the patient's left-right axis; the patient stays. orientation:
    patient directions in which i, j, k grow (LPS as in DICOM). noise_hu: standard deviation.
    """

    seed: int = 1
    spacing_mm: Vector = (0.8, 0.8, 2.0)
    tilt_deg: float = 0.0
    orientation: str = "LPS"
    phase: Phase = Phase.PORTAL_VENOUS
    noise_hu: float = 12.0
    with_tumors: bool = True
    lesions: tuple[LesionSettings, ...] = DEFAULT_LESIONS

    def __post_init__(self) -> None:
        _require(self.seed >= 0, found=f"seed {self.seed}", expected="a whole number from 0")
        _require(
            len(self.spacing_mm) == 3 and all(0.4 <= s <= 10 for s in self.spacing_mm),
            found=f"a voxel spacing of {self.spacing_mm} mm",
            expected="three values from 0.4 to 10 mm",
        )
        _require(abs(self.tilt_deg) <= 45, found=f"a tilt of {self.tilt_deg} degrees", expected="-45 to 45 degrees")
        _require(
            sorted(map(_anatomical_axis, self.orientation)) == [0, 1, 2],
            found=f"orientation {self.orientation!r}",
            expected="three letters, one each of R/L, A/P and S/I, such as LPS",
        )
        _require(0 <= self.noise_hu <= 200, found=f"noise of {self.noise_hu} HU", expected="0 to 200 HU")
        _require(len(self.lesions) <= 200, found=f"{len(self.lesions)} lesions", expected="at most 200")

    @classmethod
    def small(cls, seed: int = 1, *, with_tumors: bool = True) -> PhantomSettings:
        """The same patient on a coarse grid: 1.5 million voxels, for tests."""
        return cls(seed=seed, spacing_mm=(2.0, 2.0, 4.0), with_tumors=with_tumors)
