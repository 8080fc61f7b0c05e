"""From raw masks to an exclusive label map: named steps in a fixed order, thresholds in physical units.

Everything works on the liver's region only and returns new masks. The published one-component rule for tumours is left
out on purpose: it would delete multifocal disease.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cc3d
import fill_voids
import numpy as np

from LiverTumorSegLib.arrays import LabelArray, Mask
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.settings import Contour
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True, eq=False)
class Anatomy:
    """Masks of one liver region, all (i, j, k) on ``ct``'s grid; liver is the organ once the steps have run."""

    ct: Volume
    liver: Mask
    tumor: Mask
    vessel: Mask


@dataclass(frozen=True)
class PostprocessSettings:
    """Thresholds of the steps.

    joining_share: a predicted lesion with at least this share of its volume inside the liver mask may extend it (a
    tumour that the liver network missed at the capsule); any other keeps only what lies inside.
    min_lesion_ml: smaller predicted lesions are dropped.
    """

    joining_share: float = 0.5
    min_lesion_ml: float = 0.1


Step = Callable[[Anatomy, PostprocessSettings], Anatomy]


def keep_largest_liver(anatomy: Anatomy, _settings: PostprocessSettings) -> Anatomy:
    """The liver is one organ: the largest 26-connected component."""
    return replace(anatomy, liver=cc3d.largest_k(anatomy.liver, k=1, connectivity=26) > 0)


def join_tumors_at_the_capsule(anatomy: Anatomy, settings: PostprocessSettings) -> Anatomy:
    """Tumours inside the liver, and a liver that does not lose a tumour at its capsule."""
    lesions, count = cc3d.connected_components(anatomy.tumor, connectivity=26, return_N=True)
    if count == 0:
        return anatomy
    total = np.bincount(lesions.ravel(), minlength=count + 1)
    inside = np.bincount(lesions[anatomy.liver], minlength=count + 1)
    joins = inside >= settings.joining_share * total
    joins[0] = False
    joined = joins[lesions]
    return replace(anatomy, liver=anatomy.liver | joined, tumor=joined | (anatomy.tumor & anatomy.liver))


def fill_liver(anatomy: Anatomy, _settings: PostprocessSettings) -> Anatomy:
    """No holes inside the organ."""
    return replace(anatomy, liver=fill_voids.fill(anatomy.liver).astype(bool))


def fill_tumors(anatomy: Anatomy, _settings: PostprocessSettings) -> Anatomy:
    """No holes inside a tumour: a necrotic or iso-dense core belongs to it."""
    return replace(anatomy, tumor=fill_voids.fill(anatomy.tumor).astype(bool))


def keep_tumors_inside_the_liver(anatomy: Anatomy, _settings: PostprocessSettings) -> Anatomy:
    """As SmoothSegNet does: the second step has seen nothing but the liver of the first."""
    return replace(anatomy, tumor=anatomy.tumor & anatomy.liver)


def drop_small_lesions(anatomy: Anatomy, settings: PostprocessSettings) -> Anatomy:
    """Predicted lesions below the minimum volume are noise more often than not."""
    least_voxels = int(np.ceil(settings.min_lesion_ml / anatomy.ct.voxel_ml))
    if least_voxels <= 1 or not anatomy.tumor.any():
        return anatomy
    return replace(anatomy, tumor=cc3d.dust(anatomy.tumor, threshold=least_voxels, connectivity=26) > 0)


def keep_vessels_outside_tumors(anatomy: Anatomy, _settings: PostprocessSettings) -> Anatomy:
    """Priority tumour > vessel > liver; vessels only inside the organ."""
    return replace(anatomy, vessel=anatomy.vessel & anatomy.liver & ~anatomy.tumor)


LIVER_STEPS: tuple[Step, ...] = (keep_largest_liver,)
TUMOR_STEPS: tuple[Step, ...] = (join_tumors_at_the_capsule, fill_tumors, drop_small_lesions, fill_liver)
VESSEL_STEPS: tuple[Step, ...] = (keep_vessels_outside_tumors,)


@dataclass(frozen=True)
class Steps:
    """What a model's masks of liver and tumours go through, and how outlines of tumours are refined unless asked."""

    liver: tuple[Step, ...]
    tumor: tuple[Step, ...]
    contour: Contour


USUAL_STEPS = Steps(LIVER_STEPS, TUMOR_STEPS, Contour.OFF)
TWO_STAGE_STEPS = Steps(
    (keep_largest_liver, fill_liver), (keep_tumors_inside_the_liver, drop_small_lesions), Contour.OFF
)
"""SmoothSegNet's, section 2.3.2 of its paper: any number of tumours stays, and the liver is final before them."""


def run_steps(
    anatomy: Anatomy, steps: tuple[Step, ...], settings: PostprocessSettings
) -> tuple[Anatomy, list[dict[str, float | str]]]:
    """Apply steps in order; also what each did to the volumes in ml, for the run's record."""
    log: list[dict[str, float | str]] = []
    for step in steps:
        before, anatomy = anatomy, step(anatomy, settings)
        log.append({"step": step.__name__, **_changes_ml(before, anatomy)})
    return anatomy, log


def exclusive_labels(anatomy: Anatomy) -> LabelArray:
    """Label map (uint8): tumour over vessel over liver, 0 elsewhere."""
    return paint_labels(anatomy.liver, anatomy.vessel, anatomy.tumor)


def paint_labels(liver: Mask, vessel: Mask, tumor: Mask) -> LabelArray:
    """Label map (uint8) of three masks of one shape, which may overlap: tumour over vessel over liver."""
    labels = np.zeros(liver.shape, np.uint8, order="F")
    labels[liver] = LIVER.value
    labels[vessel] = VESSEL.value
    labels[tumor] = TUMOR.value
    return labels


def grow_from_cores(probability: np.ndarray, core: float, rim: float) -> Mask:
    """Hysteresis: every 26-connected part at ``rim`` or more that holds a voxel at ``core`` or more."""
    parts, count = cc3d.connected_components(probability >= rim, connectivity=26, return_N=True)
    certain = np.zeros(count + 1, bool)
    certain[np.unique(parts[probability >= core])] = True
    certain[0] = False
    return certain[parts]


def _changes_ml(before: Anatomy, after: Anatomy) -> dict[str, float | str]:
    ml = before.ct.voxel_ml
    changes = {
        f"{name}_ml": round((int(getattr(after, name).sum()) - int(getattr(before, name).sum())) * ml, 3)
        for name in ("liver", "tumor", "vessel")
    }
    return {name: change for name, change in changes.items() if change}
