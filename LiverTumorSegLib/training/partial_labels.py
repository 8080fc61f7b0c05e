"""What the label map of a partially annotated data set says about each voxel and class, and where it says nothing.

Source: "Towards clinical application of liver, vessel, and tumor segmentation using partially labeled data" (LVT),
sections 3.1 and 3.2. Tensors have the axes (b, c, i, j, k): sample, channel, voxel. The channels are liver, vessel,
tumour; a softmax has the background before them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from enum import StrEnum

import torch
from jaxtyping import Bool, Float, Integer

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.models import anatomy
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.registry import Stage

IGNORE = 255
"""The value of voxels that nobody knows: padding, the rest of a volume of which only some slices are annotated."""

LabelMaps = Integer[torch.Tensor, "b i j k"]
Values = Float[torch.Tensor, "b c i j k"]
ClassWeights = Float[torch.Tensor, "b c"]
VoxelMask = Bool[torch.Tensor, "b 1 i j k"]


class Setting(StrEnum):
    """What the network's channels mean: the three settings that LVT compares, and those of other networks.

    mc (multi-class): softmax; every voxel is background, liver, vessel or tumour.
    mlx (multi-label exclusive): a sigmoid for each structure; the liver has holes where vessels and tumours are.
    ml (multi-label): a sigmoid for each structure; vessels and tumours are liver too.
    anatomy: a sigmoid for each of ``models.anatomy.CHANNELS``; the input is a liver's shape (``training.shapes``).
    liver, tumor, multiclass: a softmax of ``registry.Stage.channels`` (``training.smoothsegnet``).
    """

    MC = "mc"
    MLX = "mlx"
    ML = "ml"
    ANATOMY = "anatomy"
    LIVER = "liver"
    TUMOR = "tumor"
    MULTICLASS = "multiclass"

    @property
    def stage(self) -> Stage | None:
        """Of SmoothSegNet; None for the other settings."""
        return Stage(self.value) if self.value in list(Stage) else None

    @property
    def is_softmax(self) -> bool:
        """Whether the first channel is the background, and all of them exclude each other."""
        return self is Setting.MC or self.stage is not None

    @property
    def structures(self) -> int:
        """How many there are, background not counted: the last channels."""
        if self.stage is not None:
            return len(self.stage.channels) - 1
        return len(anatomy.CHANNELS if self is Setting.ANATOMY else MAIN_LABELS.labels)

    @property
    def channels(self) -> int:
        """That the network must give."""
        return self.structures + 1 if self.is_softmax else self.structures


OF_A_CT = (Setting.MC, Setting.MLX, Setting.ML)
"""Those that LVT compares."""


@dataclass(frozen=True)
class Annotated:
    """The class weights w of a data set (LVT, table A.1): 0 where it does not annotate a structure.

    Any other weight is how much the structure counts among the annotated ones of the same sample. Raises InputError for
    a weight that is negative or not finite, and where nothing is annotated: such a data set cannot supervise anything.
    """

    liver: float = 0.0
    vessel: float = 0.0
    tumor: float = 0.0

    def __post_init__(self) -> None:
        weights = self.weights
        if not all(math.isfinite(weight) and weight >= 0 for weight in weights) or not any(weights):
            raise InputError(
                found=f"class weights {weights} for liver, vessel and tumour",
                expected="finite weights of 0 or more, at least one of them above 0",
                remedy="Give every structure that the data set annotates a weight above 0",
            )

    @property
    def weights(self) -> tuple[float, float, float]:
        """In the order of the channels."""
        liver, vessel, tumor = astuple(self)
        return liver, vessel, tumor


LITS = Annotated(liver=1.0, tumor=1.0)
HEPATIC_VESSEL = Annotated(vessel=1.0, tumor=1.0)
HV_LIVER = Annotated(liver=1.0)
IRCAD = Annotated(liver=1.0, vessel=1.0, tumor=1.0)


@dataclass(frozen=True, eq=False)
class Targets:
    """What a batch should answer, and which part of it is known.

    values: 0 or 1. class_weights: w of eq. 1 for each sample, 0 for a structure that is not annotated. known: W of
    eq. 2, the voxels that count, for all classes of a sample alike. Raises InputError if the channels are not the
    setting's.
    """

    setting: Setting
    values: Values
    class_weights: ClassWeights
    known: VoxelMask

    def __post_init__(self) -> None:
        if self.values.shape[1] != self.setting.channels:
            raise InputError(
                found=f"targets with {self.values.shape[1]} channels for setting {self.setting}",
                expected=f"{self.setting.channels} channels",
                remedy="Make them with targets_from_labels",
            )

    @property
    def size(self) -> Size:
        """Voxels along i, j, k."""
        i, j, k = self.values.shape[2:]
        return i, j, k

    @property
    def weights(self) -> Values:
        """What each voxel of each channel counts: w where the voxel is known, else 0."""
        return self.class_weights[:, :, None, None, None] * self.known


def targets_from_labels(labels: LabelMaps, annotated: Sequence[Annotated], setting: Setting) -> Targets:
    """Targets of a batch whose samples may come from different data sets.

    labels: exclusive maps with the values of ``MAIN_LABELS``, 0 for background, ``IGNORE`` where nobody knows. A
    structure that is not annotated has the value of what it lies in: liver, or background without an annotated liver.

    An unannotated liver stays unsupervised everywhere, even where a vessel or tumour shows that the voxel is liver:
    with positives only, a network would learn to call everything liver. In settings mc and mlx the liver of a data set
    without vessels is trained on their voxels too; this conflict is what the paper measures, and what ml resolves.

    In setting mc, the background of a partial data set may be any structure that it does not annotate, so only voxels
    of annotated structures count: "W must mask out the loss contribution of all non-foreground regions for classes not
    present in the PS training set" (section 3.1). That goes for an annotated liver too, although no vessel or tumour
    would be missing outside it: the paper makes no exception.

    Raises InputError for another number of data sets than samples, an unknown value, or a value of a structure that its
    data set does not annotate, and ValueError for the settings of other networks.
    """
    if len(annotated) != labels.shape[0] or not annotated:
        raise InputError(
            found=f"{labels.shape[0]} label maps of {len(annotated)} data sets",
            expected="one or more label maps, and for each what its data set annotates",
            remedy="Repeat a data set's entry for each of its samples",
        )
    weights = torch.tensor([one.weights for one in annotated], device=labels.device)
    structures = torch.stack([labels == label.value for label in MAIN_LABELS], 1)
    known = (labels != IGNORE)[:, None]
    _check_values(labels, structures, weights)
    match setting:
        case Setting.MC:
            return _multi_class(structures, weights, known)
        case Setting.MLX:
            return Targets(setting, structures.float(), weights, known)
        case Setting.ML:
            return Targets(setting, _with_hierarchy(structures).float(), weights, known)
        case _:
            message = f"targets of LVT for setting {setting}, which is of another network"
            raise ValueError(message)


def downsampled(targets: Targets, size: Size) -> Targets:
    """The same targets on a coarser grid of the same extent, for the auxiliary outputs of deep supervision.

    Each coarse voxel takes value and mask of the voxel nearest to its centre (the higher one where two are equally
    near). Vessels of a voxel or two lose pieces that way. Taking the maximum would keep them, but fatten them and hide
    liver and unknown voxels beside them; nearest keeps volumes right on average, and hierarchy, exclusivity and mask in
    step. The output at full resolution, which weighs most, sees every voxel.

    Raises InputError where the size is empty or finer than the targets along any axis.
    """
    if not all(0 < n <= full for n, full in zip(size, targets.size, strict=True)):
        raise InputError(
            found=f"an output of {size} voxels for targets of {targets.size}",
            expected="one to as many voxels along every axis as the targets have",
            remedy="Give the network's outputs in order of decreasing resolution",
        )
    values, known = (_nearest(tensor, size) for tensor in (targets.values, targets.known))
    return replace(targets, values=values, known=known)


def _check_values(
    labels: LabelMaps, structures: Bool[torch.Tensor, "b 3 i j k"], weights: Float[torch.Tensor, "b 3"]
) -> None:
    if not bool((structures.any(1) | (labels == 0) | (labels == IGNORE)).all()):
        raise InputError(
            found=f"label values {sorted(labels.unique().tolist())}",
            expected=f"0 (background), {MAIN_LABELS.values()} or {IGNORE} (unknown)",
            remedy="Translate the data set's own values when it is read",
        )
    unexpected = structures.flatten(2).any(2) & (weights == 0)
    if bool(unexpected.any()):
        sample, structure = unexpected.nonzero()[0].tolist()
        name = MAIN_LABELS.labels[structure].name
        raise InputError(
            found=f"voxels of {name} in sample {sample}, whose data set does not annotate {name}",
            expected="only values of annotated structures",
            remedy=f"Give {name} a weight, or turn it into what surrounds it, or into {IGNORE} (unknown)",
        )


def _multi_class(
    structures: Bool[torch.Tensor, "b 3 i j k"], weights: Float[torch.Tensor, "b 3"], known: VoxelMask
) -> Targets:
    """The background comes first, with weight 1; it is known only where every structure is annotated."""
    background = known & ~structures.any(1, keepdim=True)
    complete = (weights > 0).all(1)[:, None, None, None, None]
    return Targets(
        Setting.MC,
        torch.cat([background, structures], 1).float(),
        torch.cat([torch.ones_like(weights[:, :1]), weights], 1),
        known & (structures.any(1, keepdim=True) | complete),
    )


def _with_hierarchy(structures: Bool[torch.Tensor, "b 3 i j k"]) -> Bool[torch.Tensor, "b 3 i j k"]:
    """Liver <- liver or vessel or tumour (section 3.2); the liver is the first channel and the parent of the others."""
    return torch.cat([structures.any(1, keepdim=True), structures[:, 1:]], 1)


def _nearest(tensor: torch.Tensor, size: Size) -> torch.Tensor:
    for axis, n in enumerate(size, start=2):
        if n == tensor.shape[axis]:
            continue
        centres = (2 * torch.arange(n, device=tensor.device) + 1) * tensor.shape[axis]
        tensor = tensor.index_select(axis, centres // (2 * n))
    return tensor
