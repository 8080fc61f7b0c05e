"""Two sections of a recipe: the network, and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.lvt import AUXILIARY_HEADS, HU_RANGE
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.checks import above_zero, at_least, shares
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.schedules import RATES

NATIVE = "native"
"""Instead of a spacing: the CTs' own voxels, whatever their size."""
_MOST_FOLDS = 20


class Norm(StrEnum):
    """Over what features are normalised: each image alone, or the batch (with running statistics for inference)."""

    INSTANCE = "instance"
    BATCH = "batch"


class Optimizer(StrEnum):
    """sgd: with Nesterov momentum 0.99, as nnU-Net has it. adam: its weight decay is added to the gradient."""

    ADAMW = "adamw"
    SGD = "sgd"
    ADAM = "adam"


@dataclass(frozen=True)
class NetworkRecipe:
    """widths: features of each level, of LVT's network. hu_range: clipped to it, then mapped to scaled_to.

    residual, norm: the variant of LVT's controlled experiment; only the plain network with instance norm can be used
    outside training. backbone: of ``models.backbones`` instead, for a stage of SmoothSegNet; dropout and axes
    (``geometry.axes``, of the patches) are for these.
    """

    widths: tuple[int, ...] = ()
    residual: bool = False
    norm: Norm = Norm.INSTANCE
    hu_range: tuple[float, float] = HU_RANGE
    backbone: str = ""
    dropout: float = 0.2
    axes: str = "RAS"

    def __post_init__(self) -> None:
        if self.backbone and (self.widths or not self.is_plain):
            raise InputError(
                found=f"backbone {self.backbone} with widths, residual or norm",
                expected="one network",
                remedy="Leave out all but the backbone; features are set as in segresnet-vae:8",
            )
        if not self.backbone and (self.axes, self.dropout) != (NetworkRecipe.axes, NetworkRecipe.dropout):
            raise InputError(
                found="network.axes or network.dropout without a backbone",
                expected="them for a stage of SmoothSegNet only",
                remedy="Leave them out",
            )
        shares(dropout=self.dropout)
        if not self.backbone and (len(self.widths) < AUXILIARY_HEADS + 2 or min(self.widths) < 1):
            raise InputError(
                found=f"{len(self.widths)} levels of {', '.join(map(str, self.widths)) or 'no'} features",
                expected=f"at least {AUXILIARY_HEADS + 2} levels of one feature or more: the auxiliary heads sit on "
                "the decoder's lower levels",
                remedy="Correct network.widths in the recipe",
            )
        if not self.hu_range[0] < self.hu_range[1]:
            raise InputError(
                found=f"a range of HU from {self.hu_range[0]:g} to {self.hu_range[1]:g}",
                expected="the lower end first",
                remedy="Correct network.hu_range in the recipe",
            )

    @property
    def scaled_to(self) -> tuple[float, float]:
        """What the ends of hu_range become."""
        return (0.0, 1.0) if self.backbone else (-0.5, 0.5)

    @property
    def is_plain(self) -> bool:
        """Whether inference knows this network."""
        return not self.residual and self.norm is Norm.INSTANCE


@dataclass(frozen=True)
class TrainingRecipe:
    """patch: voxels of spacing_mm; for a stage of SmoothSegNet both may differ from axis to axis (of network.axes), and
    spacing_mm may be NATIVE. coarse_patch: of the coarse grid; 0 for as many as patch has. batch: samples of a step, of
    all processes together, so that their number changes nothing. steps: in all. learning_rate: at its highest, after
    warmup_steps; then ``schedule`` (``RATES``). amsgrad: of adam and adamw. start_from: another run below the same
    folder, or a weights file; "" for random weights. validate_every: steps between losses on validation subjects, 0 for
    none. folds: into how many parts ``--fold`` splits the subjects. foreground_share: of the patches of CTs, centred on
    an annotated structure, as LVT does; the others lie anywhere, in the tumour's stage anywhere in the liver's box.
    """

    patch: Size
    spacing_mm: float | Vector | str
    steps: int
    learning_rate: float
    coarse_patch: Size = (0, 0, 0)
    setting: Setting = Setting.ML
    batch: int = 1
    optimizer: Optimizer = Optimizer.ADAMW
    schedule: str = "cosine"
    warmup_steps: int = 0
    weight_decay: float = 1e-4
    precision: Precision = Precision.BF16
    checkpoint_every: int = 100
    validate_every: int = 0
    start_from: str = ""
    folds: int = 5
    amsgrad: bool = False
    foreground_share: float = 1 / 3

    def __post_init__(self) -> None:
        at_least(1, batch=self.batch, steps=self.steps, checkpoint_every=self.checkpoint_every)
        at_least(0, warmup_steps=self.warmup_steps, validate_every=self.validate_every, weight_decay=self.weight_decay)
        above_zero(learning_rate=self.learning_rate)
        shares(foreground_share=self.foreground_share)
        self._check_spacing()
        if self.amsgrad and self.optimizer is Optimizer.SGD:
            raise InputError(
                found="training.amsgrad with sgd",
                expected="adam or adamw",
                remedy="Leave it out, or change the optimizer",
            )
        if self.precision is Precision.AUTO:
            raise InputError(
                found="training.precision auto",
                expected="bf16 or fp32: what comes out must not depend on the machine",
                remedy="Choose one in the recipe",
            )
        if self.schedule not in RATES:
            raise InputError(
                found=f"training.schedule {self.schedule!r}",
                expected=f"one of {', '.join(RATES)}",
                remedy="Correct the recipe",
            )
        if not 2 <= self.folds <= _MOST_FOLDS:
            raise InputError(
                found=f"training.folds {self.folds}", expected=f"2 to {_MOST_FOLDS}", remedy="Correct the recipe"
            )

    @property
    def cell_mm(self) -> Vector | None:
        """Edges of a voxel along the patch's axes; None for the CTs' own."""
        if isinstance(self.spacing_mm, str):
            return None
        return self.spacing_mm if isinstance(self.spacing_mm, tuple) else (self.spacing_mm,) * 3

    @property
    def cubic_mm(self) -> float:
        """Of the grid on which patches are made: cubes, as fine as the finest axis. Raises ValueError for NATIVE."""
        if self.cell_mm is None:
            message = "a cubic grid where CTs keep their own voxels"
            raise ValueError(message)
        return min(self.cell_mm)

    def _check_spacing(self) -> None:
        if self.cell_mm is not None:
            for axis_mm in self.cell_mm:
                above_zero(spacing_mm=axis_mm)
        elif self.spacing_mm != NATIVE:
            raise InputError(
                found=f"training.spacing_mm {self.spacing_mm!r}",
                expected=f'a number, three of them, or "{NATIVE}"',
                remedy="Correct the recipe",
            )
        if self.setting.stage is None and not isinstance(self.spacing_mm, float):
            raise InputError(
                found=f"training.spacing_mm {self.spacing_mm} in setting {self.setting}",
                expected="one number: these networks see cubes",
                remedy="Correct the recipe",
            )
