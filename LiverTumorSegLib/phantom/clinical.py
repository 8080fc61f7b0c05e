"""Patients with a history: made-up clinical facts that go with how much of the liver is tumour.

Each has a ratio of tumour to liver (TLVR) that is drawn first; lesions of that volume are put into a phantom. What the
masks then hold decides the facts: a latent clinical picture has the asked correlation with the logarithm of the ratio,
and AFP, a size class, a stage and (weakly) the age are readings of that picture. So no combination of them can predict
better than the picture does. Other columns are noise, and one (TTP) is known only afterwards and knows the ratio.
Nothing here is taken from a patient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.phantom.phantom import Phantom, make_phantom
from LiverTumorSegLib.phantom.settings import LesionKind, LesionSettings, PhantomSettings, Site

MEDIAN_RATIO, LOG_SPREAD = 0.05, 0.9
"""Of the log-normal ratios, before they are cut to RATIOS."""
RATIOS = (0.006, 0.16)
USUAL_LIVER_ML = 1600.0
_LARGEST_MM, _SMALLEST_MM, _DEEP_BELOW_MM = 33.0, 4.0, 14.0
_MOST_LESIONS = 5
_SHRINKS = (1.0, 0.93, 0.86, 0.8, 0.73, 0.66, 0.6)
"""Of the radii, until all lesions fit; the truth is what the masks hold."""
CASE, OUTCOME = "case", "TTP"
COLUMNS = (CASE, "AFP", "size_class", "BCLC", "age", "sex", "weight_kg", "platelets", "hepatitis", OUTCOME)
INFORMATIVE = ("AFP", "size_class", "BCLC", "age")

Cell = str | int | float | None


@dataclass(frozen=True)
class ClinicalSettings:
    """correlation: of the clinical picture with the log ratio, 0 to 1. missing: share of the cells that are empty.

    spacing_mm: of cubic voxels. noise_hu: of the CTs; contrast_hu: of the usual, darker lesion to the liver (positive).
    """

    seed: int = 0
    correlation: float = 0.8
    missing: float = 0.08
    spacing_mm: float = 4.0
    noise_hu: float = 18.0
    contrast_hu: tuple[float, float] = (18.0, 50.0)

    def __post_init__(self) -> None:
        if not (0 <= self.correlation <= 1 and 0 <= self.missing < 1):
            raise InputError(
                found=f"a correlation of {self.correlation:g} with {self.missing:g} of the cells empty",
                expected="a correlation from 0 to 1, and a share from 0 to below 1",
                remedy="Correct them",
            )


def case_id(number: int) -> str:
    """Of the patients, from 0."""
    return f"P{number:03d}"


def drawn_ratio(settings: ClinicalSettings, number: int) -> float:
    """What is asked for; what the masks hold differs by voxels, and is less where lesions did not fit."""
    rng = np.random.default_rng([settings.seed, number, 0])
    return float(np.clip(np.exp(math.log(MEDIAN_RATIO) + LOG_SPREAD * rng.standard_normal()), *RATIOS))


def make_patient(settings: ClinicalSettings, number: int) -> Phantom:
    """The phantom of patient ``number``; the same settings give the same. Raises InputError where nothing fits."""
    rng = np.random.default_rng([settings.seed, number, 1])
    body = int(rng.integers(1, 1_000_000))
    lesions = _lesions(drawn_ratio(settings, number) * USUAL_LIVER_ML, settings, rng)
    failure: InputError | None = None
    for shrink in _SHRINKS:
        smaller = tuple(_shrunk(lesion, shrink) for lesion in lesions)
        try:
            return make_phantom(
                PhantomSettings(
                    seed=body, spacing_mm=(settings.spacing_mm,) * 3, noise_hu=settings.noise_hu, lesions=smaller
                )
            )
        except InputError as error:
            failure = error
    raise failure or InputError(found="no size to try", expected="one", remedy="Report this")


def clinical_table(ratios: Sequence[float], settings: ClinicalSettings) -> list[list[Cell]]:
    """A row of COLUMNS for each patient. ratios: of their masks, above 0, in the patients' order."""
    return [_row(number, ratio, settings) for number, ratio in enumerate(ratios)]


def _row(number: int, ratio: float, settings: ClinicalSettings) -> list[Cell]:
    rng = np.random.default_rng([settings.seed, number, 2])
    severity = (math.log(ratio) - math.log(MEDIAN_RATIO)) / LOG_SPREAD
    noise = rng.standard_normal(8).tolist()
    picture = settings.correlation * severity + math.sqrt(1 - settings.correlation**2) * noise[0]
    facts: list[Cell] = [
        round(math.exp(3.5 + 1.6 * (picture + 0.35 * noise[1])), 1),
        float(1 + sum(picture + 0.3 * noise[2] > cut for cut in (-0.6, 0.6))),
        ("Stage-A", "Stage-B", "Stage-C")[sum(picture + 0.4 * noise[3] > cut for cut in (-0.4, 0.9))],
        round(62 + 9 * (0.2 * picture + 0.98 * noise[4])),
        ("F", "M")[int(rng.random() < 0.7)],
        round(78 + 13 * noise[5], 1),
        round(170 + 50 * noise[6]),
        ("no", "yes")[int(rng.random() < 0.5)],
        round(math.exp(3.2 - 0.7 * severity + 0.15 * noise[7]), 1),
    ]
    empty = rng.random(len(facts)) < settings.missing
    return [case_id(number), *(None if gone else fact for fact, gone in zip(facts, empty, strict=True))]


def _lesions(tumor_ml: float, settings: ClinicalSettings, rng: np.random.Generator) -> tuple[LesionSettings, ...]:
    """Tumours of this volume in all, and sometimes a cyst, which is none."""
    sign = 1.0 if rng.random() < 0.15 else -1.0  # some enhance more than the liver
    contrast = sign * float(rng.uniform(*settings.contrast_hu))
    radii = _radii(tumor_ml, int(rng.choice([1, 2, 3], p=[0.5, 0.3, 0.2])), rng)
    tumors = tuple(_ellipsoid(radius, contrast, rng) for radius in radii)
    if rng.random() < 0.4:
        radius = float(rng.uniform(5, 11))
        tumors += (LesionSettings((radius,) * 3, -100.0, kind=LesionKind.CYST),)
    return tumors


def _radii(tumor_ml: float, count: int, rng: np.random.Generator) -> list[float]:
    """Of spheres with this volume together; more of them where one would be too large to fit."""
    for spheres in range(count, _MOST_LESIONS + 1):
        shares = rng.uniform(0.4, 1.0, spheres)
        radii = np.cbrt(750 / math.pi * tumor_ml * shares / shares.sum())
        if radii.max() <= _LARGEST_MM:
            break
    return [float(radius) for radius in np.clip(radii, _SMALLEST_MM, _LARGEST_MM)]


def _ellipsoid(radius_mm: float, contrast_hu: float, rng: np.random.Generator) -> LesionSettings:
    """Of the volume of a sphere of that radius."""
    factors = rng.uniform(0.88, 1.14, 3)
    factors /= np.cbrt(factors.prod())
    site = Site.DEEP if radius_mm < _DEEP_BELOW_MM and rng.random() < 0.6 else Site.SUBCAPSULAR
    x, y, z = (float(radius_mm * factor) for factor in factors)
    return LesionSettings((x, y, z), contrast_hu, site)


def _shrunk(lesion: LesionSettings, factor: float) -> LesionSettings:
    x, y, z = lesion.radii_mm
    radii: Vector = (factor * x, factor * y, factor * z)
    return LesionSettings(radii, lesion.contrast_hu, lesion.site, lesion.kind)
