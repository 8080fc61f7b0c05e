"""Agreement of one finished case with an expert's masks, as the ``evaluate`` command prints it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cc3d
import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.lesions import LesionCoverage, coverage, share_hit
from LiverTumorSegLib.evaluation.overlap import dice, volume_error
from LiverTumorSegLib.labels import TUMOR, VESSEL
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True, eq=False)
class Reference:
    """An expert's masks on one grid; None where the expert did not annotate a class (which is not "there is none").

    liver: parenchyma; tumours are added to it. tumor: instance ids or a mask. vessel: counted inside the liver only,
    because vena cava and portal trunk outside are no liver vessels.
    """

    liver: Volume | None = None
    tumor: Volume | None = None
    vessel: Volume | None = None

    def organ(self) -> Mask | None:
        """Liver with tumours; None if the liver was not annotated."""
        if self.liver is None:
            return None
        liver = self.liver.array > 0
        return liver | (self.tumor.array > 0) if self.tumor is not None else liver


@dataclass(frozen=True)
class ClassAgreement:
    """volume_error: relative to the reference, None where that is empty."""

    name: str
    dice: float
    predicted_ml: float
    reference_ml: float
    volume_error: float | None


@dataclass(frozen=True)
class Agreement:
    """Classes without a reference are absent. reference_lesions, predicted_lesions: who found whom."""

    classes: tuple[ClassAgreement, ...]
    reference_lesions: tuple[LesionCoverage, ...] = ()
    predicted_lesions: tuple[LesionCoverage, ...] = ()

    @property
    def false_lesions(self) -> tuple[LesionCoverage, ...]:
        return tuple(lesion for lesion in self.predicted_lesions if not lesion.hit)

    def to_json(self) -> dict[str, Any]:
        return {
            "classes": {item.name: {k: v for k, v in asdict(item).items() if k != "name"} for item in self.classes},
            "reference_lesions": [asdict(lesion) for lesion in self.reference_lesions],
            "predicted_lesions": [asdict(lesion) for lesion in self.predicted_lesions],
            "lesion_sensitivity": share_hit(self.reference_lesions),
            "lesion_precision": share_hit(self.predicted_lesions),
        }


def agreement(segmentation: Volume, reference: Reference) -> Agreement:
    """Compare a label map (values of MAIN_LABELS) with an expert's masks.

    Raises InputError where a reference lies on another grid, or vessels come without a liver to count them in.
    """
    _check_grids(segmentation, reference)
    organ = reference.organ()
    pairs = []
    if organ is not None:
        pairs.append(("liver", segmentation.array > 0, organ))
    if reference.vessel is not None:
        if organ is None:
            raise InputError(
                found="a vessel reference without a liver reference",
                expected="both: vessels are counted inside the liver",
                remedy="Give --liver too",
            )
        pairs.append(("vessel", segmentation.array == VESSEL.value, (reference.vessel.array > 0) & organ))
    if reference.tumor is None:
        return Agreement(_classes(pairs, segmentation.voxel_ml))
    tumor = segmentation.array == TUMOR.value
    pairs.append(("tumor", tumor, reference.tumor.array > 0))
    return Agreement(
        _classes(pairs, segmentation.voxel_ml),
        coverage(_instances(reference.tumor), segmentation.with_array(tumor)),
        coverage(segmentation.with_array(_components(tumor)), reference.tumor),
    )


def _classes(pairs: list[tuple[str, Mask, Mask]], voxel_ml: float) -> tuple[ClassAgreement, ...]:
    return tuple(
        ClassAgreement(
            name,
            dice(found, expert),
            int(found.sum()) * voxel_ml,
            int(expert.sum()) * voxel_ml,
            volume_error(found, expert),
        )
        for name, found, expert in pairs
    )


def _instances(tumor: Volume) -> Volume:
    """Ids as the expert gave them; a mask with a single value (1, 255) is split into its 26-connected parts."""
    marked = tumor.array[tumor.array != 0]
    if marked.size and marked.min() != marked.max():
        return tumor
    return tumor.with_array(_components(tumor.array > 0))


def _components(mask: Mask) -> np.ndarray:
    return cc3d.connected_components(mask, connectivity=26)


def _check_grids(segmentation: Volume, reference: Reference) -> None:
    for name in ("liver", "tumor", "vessel"):
        volume = getattr(reference, name)
        if volume is not None and not volume.same_grid(segmentation):
            raise InputError(
                found=f"a {name} reference with {volume.describe_grid()}",
                expected=f"the result's grid: {segmentation.describe_grid()}",
                remedy="Give the masks that were drawn on this CT",
            )
