"""The simplest patient there is: a liver and tumours as ellipsoids in a body of water. Made in milliseconds, for tests.

Nothing looks like a CT, but all that programs ask for is there: files, masks, a known share of tumour.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.labels import LIVER, TUMOR
from LiverTumorSegLib.phantom.clinical import ClinicalSettings, drawn_ratio
from LiverTumorSegLib.phantom.phantom import Phantom
from LiverTumorSegLib.volume import Volume

_SIZE_MM = (280.0, 220.0, 220.0)
_BODY_MM, _LIVER_MM = (125.0, 95.0, 130.0), (85.0, 65.0, 70.0)
_LIVER_AT_MM = (25.0, 10.0, 0.0)
_AIR_HU, _BODY_HU, _LIVER_HU = -1000.0, 20.0, 105.0


def make_sketch(settings: ClinicalSettings, number: int) -> Phantom:
    """Patient ``number`` with the ratio that ``clinical.drawn_ratio`` tells, one tumour, axes R, A, S."""
    rng = np.random.default_rng([settings.seed, number, 1])
    i, j, k = (max(4, round(length / settings.spacing_mm)) for length in _SIZE_MM)
    shape = (i, j, k)
    affine = np.diag([settings.spacing_mm] * 3 + [1.0])
    affine[:3, 3] = -settings.spacing_mm * (np.array(shape) - 1) / 2
    points = np.moveaxis(np.indices(shape), 0, -1) * settings.spacing_mm + affine[:3, 3]
    middle = np.array(_LIVER_AT_MM) + rng.uniform(-8, 8, 3)
    body = np.square(points / _BODY_MM).sum(-1) < 1
    liver = np.square((points - middle) / _LIVER_MM).sum(-1) < 1
    tumor = _tumor(points - middle, liver, drawn_ratio(settings, number), rng)
    hu = np.where(body, _BODY_HU, _AIR_HU)
    hu[liver] = _LIVER_HU
    hu[tumor] -= rng.uniform(*settings.contrast_hu)
    hu += settings.noise_hu * rng.standard_normal(shape)
    labels = np.where(liver, LIVER.value, 0).astype(np.uint8)
    labels[tumor] = TUMOR.value
    ids = ndimage.label(tumor, np.ones((3, 3, 3)))[0].astype(np.uint16)
    liver_ml = float(liver.sum() * settings.spacing_mm**3 / 1000)
    truth = {"liver_ml": liver_ml, "tumor_ml": float(tumor.sum() * settings.spacing_mm**3 / 1000), "lesions": []}
    ct = Volume(np.clip(np.rint(hu), -1024, 3071).astype(np.int16), affine)
    return Phantom(ct, Volume(labels, affine), Volume(ids, affine), truth)


def _tumor(from_middle: np.ndarray, liver: np.ndarray, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """The voxels of the liver that lie nearest to a point in it: as many as the ratio asks for, at least one."""
    place = rng.uniform(-0.4, 0.4, 3) * _LIVER_MM
    distance = np.where(liver, np.square(from_middle - place).sum(-1), np.inf)
    count = max(1, round(ratio * int(liver.sum())))
    tumor = np.zeros(liver.shape, bool)
    tumor.flat[np.argsort(distance, axis=None, kind="stable")[:count]] = True
    return tumor
