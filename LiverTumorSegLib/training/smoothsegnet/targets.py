"""What the network of a stage should answer: one of its channels for every voxel."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.registry import Stage
from LiverTumorSegLib.training.partial_labels import IGNORE, Annotated, LabelMaps, Setting, Targets

_LIVER_CHANNEL, _TUMOR_CHANNEL = 1, 2


def stage_targets(labels: LabelMaps, annotated: Sequence[Annotated], setting: Setting) -> Targets:
    """Targets of a batch: background, liver and, but for the liver's stage, tumour; vessels are liver.

    labels: exclusive maps with the values of ``MAIN_LABELS``, 0 for background, ``IGNORE`` where nobody knows. In the
    liver's stage tumours are liver too. Raises InputError where a sample's data set does not annotate what the stage
    asks for, and ValueError for a setting that is no stage.
    """
    stage = setting.stage
    if stage is None:
        message = f"targets of a stage for setting {setting}"
        raise ValueError(message)
    _check_annotated(annotated, stage)
    is_tumor = labels == TUMOR.value
    organ = (labels == LIVER.value) | (labels == VESSEL.value) | is_tumor
    channel = organ.long() * _LIVER_CHANNEL
    if stage is not Stage.LIVER:
        channel = torch.where(is_tumor, _TUMOR_CHANNEL, channel)
    values = torch.stack([channel == number for number in range(setting.channels)], 1).float()
    weights = torch.ones(values.shape[:2], device=labels.device)
    return Targets(setting, values, weights, (labels != IGNORE)[:, None])


def _check_annotated(annotated: Sequence[Annotated], stage: Stage) -> None:
    needed = ("liver",) if stage is Stage.LIVER else ("liver", "tumor")
    missing = [name for one in annotated for name in needed if not getattr(one, name) > 0]
    if missing:
        raise InputError(
            found=f"a sample without an annotated {missing[0]}",
            expected=f"{' and '.join(needed)} annotated everywhere, for stage {stage}",
            remedy="Leave that data set out of the recipe's sources",
        )
