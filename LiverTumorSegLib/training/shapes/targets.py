"""What a label map of Couinaud segments and veins says about each voxel of a liver.

Labels are uint8: 0 outside the organ, else the segment (1 to 8), plus PORTAL or HEPATIC where there is such a vein.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import COUINAUD_LABELS, VEINS
from LiverTumorSegLib.training.partial_labels import Annotated, LabelMaps, Setting, Targets

PORTAL, HEPATIC = 16, 32
_SEGMENT = 15
"""The bits that hold the segment."""


WITH_VEINS, WITHOUT_VEINS = Annotated(liver=1.0, vessel=1.0), Annotated(liver=1.0)
"""A liver whose segments are known, and its veins or not."""


def targets_from_shapes(labels: LabelMaps, annotated: Sequence[Annotated]) -> Targets:
    """Of a batch; nothing is asked outside the organ, nor of veins where ``annotated`` has no weight for vessels.

    Raises InputError for another number of samples than label maps, and for a value that holds no segment.
    """
    if len(annotated) != labels.shape[0]:
        raise InputError(
            found=f"{labels.shape[0]} label maps with facts on {len(annotated)}",
            expected="facts on every label map",
            remedy="Say of each sample what was drawn",
        )
    bits = labels.int()
    segment, organ = bits & _SEGMENT, bits != 0
    if bool(((segment == 0) & organ).any() or (segment > len(COUINAUD_LABELS.labels)).any()):
        raise InputError(
            found=f"label values {sorted(labels.unique().tolist())}",
            expected=f"0, or a segment from 1 to 8 with {PORTAL} (portal) or {HEPATIC} (hepatic vein) added",
            remedy="Make samples with ShapePatches",
        )
    channels = [segment == label.value for label in COUINAUD_LABELS] + [(bits & one) != 0 for one in (PORTAL, HEPATIC)]
    weights = torch.tensor([_weights(one) for one in annotated], device=labels.device)
    return Targets(Setting.ANATOMY, torch.stack(channels, 1).float(), weights, organ[:, None])


def _weights(annotated: Annotated) -> tuple[float, ...]:
    """Of ``models.anatomy.CHANNELS``."""
    return (*(annotated.liver for _ in COUINAUD_LABELS), *(annotated.vessel for _ in VEINS))
