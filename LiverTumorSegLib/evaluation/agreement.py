"""Agreement of one finished case with an expert's masks, as the ``evaluate`` command prints it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import cc3d
import numpy as np

from LiverTumorSegLib.arrays import Box, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.lesions import LesionCoverage, LongestDiameter, coverage, share_hit
from LiverTumorSegLib.evaluation.overlap import VoxelCounts, dice, volume_error
from LiverTumorSegLib.evaluation.surface import TOLERANCE_MM, surface_dice
from LiverTumorSegLib.geometry.boxes import bounding_box, union_of
from LiverTumorSegLib.labels import TUMOR, VESSEL_VALUES
from LiverTumorSegLib.volume import Volume

STRUCTURES = ("liver", "vessel", "tumor")
"""What is compared, in the order of tables; the liver is the organ: parenchyma, vessels and tumours."""


@dataclass(frozen=True, eq=False)
class Reference:
    """An expert's masks on one grid; None where the expert did not annotate a class (which is not "there is none").

    liver: parenchyma; tumours are added to it. tumor: instance ids or a mask. vessel: counted inside the liver only,
    because vena cava and portal trunk outside are no liver vessels.
    judged: the structures to compare, where that is not all that are given (a liver only to count vessels in).
    """

    liver: Volume | None = None
    tumor: Volume | None = None
    vessel: Volume | None = None
    judged: frozenset[str] = frozenset(STRUCTURES)

    @classmethod
    def of_labels(cls, labels: Volume, judged: frozenset[str] = frozenset(STRUCTURES)) -> Reference:
        """From a label map (values of SEGMENTATION_LABELS) whose expert annotated the structures ``judged``."""
        liver, tumor, vessel = (
            labels.with_array(mask) for mask in (labels.array > 0, labels.array == TUMOR.value, is_vessel(labels))
        )
        return cls(liver, tumor, vessel, judged)

    @property
    def volumes(self) -> dict[str, Volume]:
        """The masks that are there, by name."""
        named = {"liver": self.liver, "tumor": self.tumor, "vessel": self.vessel}
        return {name: volume for name, volume in named.items() if volume is not None}

    def crop(self, box: Box) -> Reference:
        """The part inside a box."""
        return Reference(**{name: volume.crop(box) for name, volume in self.volumes.items()}, judged=self.judged)

    def organ(self) -> Mask | None:
        """Liver with tumours; None if the liver was not annotated."""
        if self.liver is None:
            return None
        liver = self.liver.array > 0
        return liver | (self.tumor.array > 0) if self.tumor is not None else liver


@dataclass(frozen=True)
class ClassAgreement:
    """One structure of one case. dice, nsd: 0 to 1, see overlap.dice and surface.surface_dice for empty masks.

    nsd_tolerance_mm: within which surfaces agree. volume_error: relative to the reference, None where that is empty.
    voxels: of the whole volume.
    """

    name: str
    dice: float
    nsd: float
    nsd_tolerance_mm: float
    predicted_ml: float
    reference_ml: float
    volume_error: float | None
    voxels: VoxelCounts

    def to_json(self) -> dict[str, Any]:
        facts = {key: value for key, value in asdict(self).items() if key not in ("name", "voxels")}
        return facts | {key: getattr(self.voxels, key) for key in ("accuracy", "iou", "sensitivity", "specificity")}


@dataclass(frozen=True)
class Agreement:
    """Classes without a reference are absent. reference_lesions, predicted_lesions: who found whom.

    Both are empty where tumours are not judged, or there are none: ``classes`` tells which.
    """

    classes: tuple[ClassAgreement, ...]
    reference_lesions: tuple[LesionCoverage, ...] = ()
    predicted_lesions: tuple[LesionCoverage, ...] = ()

    @property
    def false_lesions(self) -> tuple[LesionCoverage, ...]:
        return tuple(lesion for lesion in self.predicted_lesions if not lesion.hit)

    def of(self, name: str) -> ClassAgreement | None:
        """The agreement of one structure; None where it is not judged."""
        return next((item for item in self.classes if item.name == name), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "classes": {item.name: item.to_json() for item in self.classes},
            "reference_lesions": [lesion.to_json() for lesion in self.reference_lesions],
            "predicted_lesions": [lesion.to_json() for lesion in self.predicted_lesions],
            "lesion_sensitivity": share_hit(self.reference_lesions),
            "lesion_precision": share_hit(self.predicted_lesions),
        }


def agreement(segmentation: Volume, reference: Reference, longest_mm: LongestDiameter | None = None) -> Agreement:
    """Compare a label map (values of SEGMENTATION_LABELS) with an expert's masks.

    longest_mm: measures the lesions' diameters; without it they are not known.
    Raises InputError where a reference lies on another grid, or vessels come without a liver to count them in.
    """
    _check_grids(segmentation, reference)
    voxels = segmentation.array.size
    box = _common_box(segmentation, reference)
    segmentation, reference = segmentation.crop(box), reference.crop(box)
    pairs = _pairs(segmentation, reference)
    classes = tuple(_compared(name, *masks, segmentation, voxels) for name, masks in pairs.items())
    if reference.tumor is None or "tumor" not in reference.judged:
        return Agreement(classes)
    tumor = segmentation.array == TUMOR.value
    return Agreement(
        classes,
        coverage(_instances(reference.tumor), segmentation.with_array(tumor), longest_mm),
        coverage(segmentation.with_array(_components(tumor)), reference.tumor, longest_mm),
    )


def _pairs(segmentation: Volume, reference: Reference) -> dict[str, tuple[Mask, Mask]]:
    """What was found and what the expert drew, of every structure that is judged."""
    pairs = {}
    organ = reference.organ()
    if organ is not None:
        pairs["liver"] = segmentation.array > 0, organ
    if reference.vessel is not None:
        if organ is None:
            raise InputError(
                found="a vessel reference without a liver reference",
                expected="both: vessels are counted inside the liver",
                remedy="Give --liver too",
            )
        pairs["vessel"] = is_vessel(segmentation), (reference.vessel.array > 0) & organ
    if reference.tumor is not None:
        pairs["tumor"] = segmentation.array == TUMOR.value, reference.tumor.array > 0
    return {name: masks for name, masks in pairs.items() if name in reference.judged}


def is_vessel(labels: Volume) -> Mask:
    """Vessels of a label map, told apart or not."""
    return np.isin(labels.array, VESSEL_VALUES)


def _compared(name: str, found: Mask, expert: Mask, grid: Volume, voxels: int) -> ClassAgreement:
    """voxels: of the volume of which the masks are a part."""
    return ClassAgreement(
        name,
        dice(found, expert),
        surface_dice(found, expert, grid.affine, TOLERANCE_MM[name]),
        TOLERANCE_MM[name],
        int(found.sum()) * grid.voxel_ml,
        int(expert.sum()) * grid.voxel_ml,
        volume_error(found, expert),
        VoxelCounts.of(found, expert, voxels),
    )


def _common_box(segmentation: Volume, reference: Reference) -> Box:
    """Holds all that anybody marked: the rest of a CT is most of it, and changes nothing."""
    boxes = (bounding_box(volume.array) for volume in (segmentation, *reference.volumes.values()))
    return union_of([box for box in boxes if box is not None])


def _instances(tumor: Volume) -> Volume:
    """Ids as the expert gave them; a mask with a single value (1, 255) is split into its 26-connected parts."""
    marked = tumor.array[tumor.array != 0]
    if marked.size and marked.min() != marked.max():
        return tumor
    return tumor.with_array(_components(tumor.array > 0))


def _components(mask: Mask) -> np.ndarray:
    return cc3d.connected_components(mask, connectivity=26)


def _check_grids(segmentation: Volume, reference: Reference) -> None:
    for name, volume in reference.volumes.items():
        if not volume.same_grid(segmentation):
            raise InputError(
                found=f"a {name} reference with {volume.describe_grid()}",
                expected=f"the result's grid: {segmentation.describe_grid()}",
                remedy="Give the masks that were drawn on this CT",
            )
