"""A training run as data: all that decides what comes out, and nothing else. ``recipe_file`` reads it from TOML."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.registry import Stage, StageFacts
from LiverTumorSegLib.training.checks import at_least, some
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.recipe_parts import NATIVE, NetworkRecipe, Norm, Optimizer, TrainingRecipe
from LiverTumorSegLib.training.recipe_sources import (
    AnySource,
    Augmentation,
    CasesSource,
    LayoutSource,
    ShapesSource,
    SynthesisSource,
)
from LiverTumorSegLib.training.smoothsegnet.facts import cut_size
from LiverTumorSegLib.training.smoothsegnet.loss_recipe import LossRecipe
from LiverTumorSegLib.training.smoothsegnet.recipe_checks import check_stage, facts_of

__all__ = [
    "NATIVE",
    "RECIPES",
    "AnySource",
    "Augmentation",
    "CasesSource",
    "LayoutSource",
    "LossRecipe",
    "NetworkRecipe",
    "Norm",
    "Optimizer",
    "Recipe",
    "ShapesSource",
    "SynthesisSource",
    "TrainingRecipe",
]

RECIPES = Path(__file__).with_name("recipes")
"""The committed ones: NAME.toml."""


@dataclass(frozen=True)
class Recipe:
    """loss: of a stage of SmoothSegNet alone. chosen_on: patients whose results decided about settings. never_seen:
    patients that no source may hold, nor that of a run that this one starts from; training refuses them. Both go into
    the card of the weights.
    """

    name: str
    seed: int
    network: NetworkRecipe
    training: TrainingRecipe
    sources: tuple[AnySource, ...]
    chosen_on: tuple[str, ...] = ()
    never_seen: tuple[str, ...] = ()
    loss: LossRecipe = field(default_factory=LossRecipe)

    def __post_init__(self) -> None:
        some("sources", self.sources)
        at_least(0, seed=self.seed)
        check_stage(self.network, self.training, self.loss, self.sources)
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
    def stage(self) -> StageFacts:
        """What the card of a stage's network says. Raises ValueError for another network."""
        return facts_of(self.network, self.training)

    @property
    def cut_patch(self) -> Size:
        """Voxels of a patch as it is cut, which a stage's network sees on another grid."""
        return cut_size(self.stage) if self.network.backbone else self.training.patch

    @property
    def sees_liver_only(self) -> bool:
        """Whether all but the liver is masked: patches without any liver would show nothing."""
        return self.training.setting.stage is Stage.TUMOR

    @property
    def knows_coarse(self) -> bool:
        """Whether it also trains on the coarse grid; a run that starts from one that did forgets it."""
        return any(getattr(source, "coarse_share", 0) > 0 for source in self.sources)

    @property
    def knows_anatomy(self) -> bool:
        """Whether it is about segments and veins in a shape, and not about a CT."""
        return self.training.setting is Setting.ANATOMY

    def _check_patch(self, patch: Size) -> None:
        if self.network.backbone:
            return
        factor = 2 ** (len(self.network.widths) - 1)
        if any(n < factor or n % factor for n in patch):
            raise InputError(
                found=f"a patch of {' x '.join(map(str, patch))} voxels for {len(self.network.widths)} levels",
                expected=f"a multiple of {factor} along each axis",
                remedy="Change training.patch, training.coarse_patch or network.widths in the recipe",
            )


def _kinds(sources: tuple[AnySource, ...]) -> list[str]:
    return sorted({type(source).__name__ for source in sources})
