"""A training run as data: all that decides what comes out, and nothing else. ``recipe_file`` reads it from TOML."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.lvt import AUXILIARY_HEADS, HU_RANGE
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.schedules import RATES

RECIPES = Path(__file__).with_name("recipes")
"""The committed ones: NAME.toml."""
_MOST_FOLDS = 20


class Norm(StrEnum):
    """Over what features are normalised: each image alone, or the batch (with running statistics for inference)."""

    INSTANCE = "instance"
    BATCH = "batch"


class Optimizer(StrEnum):
    """sgd: with Nesterov momentum 0.99, as nnU-Net has it."""

    ADAMW = "adamw"
    SGD = "sgd"


class Augmentation(StrEnum):
    """Of real CTs. lvt: as published, with Random windowing; heavy: more and stronger, for very few cases."""

    NONE = "none"
    LVT = "lvt"
    HEAVY = "heavy"


@dataclass(frozen=True)
class NetworkRecipe:
    """widths: features of each level. hu_range: clipped to it, then mapped to -0.5..0.5.

    residual, norm: the variant of LVT's controlled experiment; only the plain network with instance norm can be used
    outside training.
    """

    widths: tuple[int, ...]
    residual: bool = False
    norm: Norm = Norm.INSTANCE
    hu_range: tuple[float, float] = HU_RANGE

    def __post_init__(self) -> None:
        if len(self.widths) < AUXILIARY_HEADS + 2 or min(self.widths) < 1:
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
    def is_plain(self) -> bool:
        """Whether inference knows this network."""
        return not self.residual and self.norm is Norm.INSTANCE


@dataclass(frozen=True)
class TrainingRecipe:
    """patch: voxels of spacing_mm. coarse_patch: of the coarse grid; 0 for as many as patch has. batch: samples of
    a step, of all processes together, so that their number changes nothing. steps: in all. learning_rate: at its
    highest, after warmup_steps; then ``schedule`` (``RATES``). start_from: another run below the same folder, or a
    weights file; "" for random weights. validate_every: steps between losses on validation subjects, 0 for none.
    folds: into how many parts ``--fold`` splits the subjects.
    """

    patch: Size
    spacing_mm: float
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

    def __post_init__(self) -> None:
        _at_least(1, batch=self.batch, steps=self.steps, checkpoint_every=self.checkpoint_every)
        _at_least(0, warmup_steps=self.warmup_steps, validate_every=self.validate_every, weight_decay=self.weight_decay)
        _above_zero(spacing_mm=self.spacing_mm, learning_rate=self.learning_rate)
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


@dataclass(frozen=True)
class SynthesisSource:
    """Rendered patients. label_maps: names below the data folder's labelmaps/abdomen. anatomies: completed bodies for
    each. coarse_share: of the patches, on the coarse grid, for the look at the whole body; vessels are too thin for it
    and are not asked for there. donors: livers to put into these bodies, names below labelmaps/vessels (msd...)
    or labelmaps/couinaud (any other; their vessels are not known). share: of all samples, relative to other sources.
    """

    label_maps: tuple[str, ...]
    anatomies: int
    coarse_share: float = 0.0
    donors: tuple[str, ...] = ()
    share: float = 1.0

    def __post_init__(self) -> None:
        _above_zero(share=self.share)
        _at_least(1, anatomies=self.anatomies)
        _shares(coarse_share=self.coarse_share)
        _some("label_maps", self.label_maps)


@dataclass(frozen=True)
class CasesSource:
    """Real CTs with masks. names: folders below the data folder's cases. lesions: share of the patches that get
    synthetic lesions beside their own. coarse_share: of the patches, as in ``SynthesisSource``.
    """

    names: tuple[str, ...]
    share: float = 1.0
    augmentation: Augmentation = Augmentation.LVT
    lesions: float = 0.0
    coarse_share: float = 0.0

    def __post_init__(self) -> None:
        _above_zero(share=self.share)
        _shares(lesions=self.lesions, coarse_share=self.coarse_share)
        _some("names", self.names)


@dataclass(frozen=True)
class LayoutSource:
    """Public data sets. folders: one data set each, absolute or below the data folder; see ``data.layouts``."""

    folders: tuple[str, ...]
    share: float = 1.0
    augmentation: Augmentation = Augmentation.LVT
    lesions: float = 0.0

    def __post_init__(self) -> None:
        _above_zero(share=self.share)
        _shares(lesions=self.lesions)
        _some("folders", self.folders)


@dataclass(frozen=True)
class ShapesSource:
    """Livers' shapes, for setting anatomy alone. label_maps: names below the data folder's labelmaps/couinaud; those of
    labelmaps/abdomen too have veins. veins_share: of the samples, from these.
    """

    label_maps: tuple[str, ...]
    share: float = 1.0
    veins_share: float = 0.0

    def __post_init__(self) -> None:
        _above_zero(share=self.share)
        _shares(veins_share=self.veins_share)
        _some("label_maps", self.label_maps)


AnySource = SynthesisSource | CasesSource | LayoutSource | ShapesSource


@dataclass(frozen=True)
class Recipe:
    """chosen_on: patients whose results decided about settings. never_seen: patients that no source may hold, nor that
    of a run that this one starts from; training refuses them. Both go into the card of the weights.
    """

    name: str
    seed: int
    network: NetworkRecipe
    training: TrainingRecipe
    sources: tuple[AnySource, ...]
    chosen_on: tuple[str, ...] = ()
    never_seen: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _some("sources", self.sources)
        _at_least(0, seed=self.seed)
        for patch in (self.training.patch, self.coarse_patch):
            self._check_patch(patch)
        if {self.knows_anatomy} != {isinstance(source, ShapesSource) for source in self.sources}:
            raise InputError(
                found=f"setting {self.training.setting} with {' and '.join(_kinds(self.sources))}",
                expected=f"{ShapesSource.__name__} alone for setting {Setting.ANATOMY}, and for no other setting",
                remedy="Change training.setting, or the kind of the sources",
            )
        if self.knows_coarse and self.training.batch > 1 and self.coarse_patch != self.training.patch:
            raise InputError(
                found=f"batches of {self.training.batch} with patches of two sizes",
                expected="samples of one size in a batch",
                remedy="Set training.batch to 1, or leave out training.coarse_patch",
            )

    @property
    def coarse_patch(self) -> Size:
        """Voxels of the coarse grid."""
        own, (i, j, k) = self.training.patch, self.training.coarse_patch
        return (i or own[0], j or own[1], k or own[2])

    @property
    def knows_coarse(self) -> bool:
        """Whether it also trains on the coarse grid; a run that starts from one that did forgets it."""
        return any(getattr(source, "coarse_share", 0) > 0 for source in self.sources)

    @property
    def knows_anatomy(self) -> bool:
        """Whether it is about segments and veins in a shape, and not about a CT."""
        return self.training.setting is Setting.ANATOMY

    def _check_patch(self, patch: Size) -> None:
        factor = 2 ** (len(self.network.widths) - 1)
        if any(n < factor or n % factor for n in patch):
            raise InputError(
                found=f"a patch of {' x '.join(map(str, patch))} voxels for {len(self.network.widths)} levels",
                expected=f"a multiple of {factor} along each axis",
                remedy="Change training.patch, training.coarse_patch or network.widths in the recipe",
            )


def _kinds(sources: tuple[AnySource, ...]) -> list[str]:
    return sorted({type(source).__name__ for source in sources})


def _some(name: str, values: tuple[object, ...]) -> None:
    if not values:
        raise InputError(found=f"no {name}", expected="one at least", remedy="Add one to the recipe")


def _at_least(least: int, **values: int | float) -> None:
    for name, value in values.items():
        if not value >= least:
            raise InputError(found=f"{name} {value}", expected=f"{least} or more", remedy="Correct the recipe")


def _above_zero(**values: int | float) -> None:
    for name, value in values.items():
        if not value > 0:
            raise InputError(found=f"{name} {value:g}", expected="a number above 0", remedy="Correct the recipe")


def _shares(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise InputError(found=f"{name} {value:g}", expected="a share from 0 to 1", remedy="Correct the recipe")
