"""The expert-segmented real cases as arrays on the CT's own grid."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np

from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True, eq=False)
class RealCase:
    """organ: liver with its tumours. vessels: portal and hepatic veins (and vena cava) inside it. lesions: ids."""

    name: str
    ct: Volume
    organ: np.ndarray
    vessels: np.ndarray
    lesions: np.ndarray


def load_case(data: Path, name: str) -> RealCase:
    folder = data / "cases" / name
    image = nibabel.load(folder / "ct.nii.gz")
    ct = Volume(np.asarray(image.dataobj).astype(np.int16), image.affine)
    tumors = folder / "liver_tumors_instances.nii.gz"
    lesions = _array(tumors).astype(np.uint16) if tumors.exists() else np.zeros(ct.shape, np.uint16, order="F")
    organ = (_array(folder / "liver.nii.gz") > 0) | (lesions > 0)
    veins = [_array(folder / f"{part}.nii.gz") > 0 for part in ("portal_vein", "hepatic_veins_and_vena_cava")]
    return RealCase(name, ct, organ, (veins[0] | veins[1]) & organ, lesions)


def load_mask(path: Path) -> np.ndarray:
    """Labels of a file, as stored."""
    return _array(path)


def _array(path: Path) -> np.ndarray:
    return np.asarray(nibabel.load(path).dataobj)
