"""What a recipe for a stage of SmoothSegNet may ask for, and what only other recipes may."""

from __future__ import annotations

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.backbones import find_backbone, stage_definition
from LiverTumorSegLib.registry import Stage, StageFacts
from LiverTumorSegLib.training.recipe_parts import NetworkRecipe, TrainingRecipe
from LiverTumorSegLib.training.recipe_sources import (
    AnySource,
    Augmentation,
    CasesSource,
    LayoutSource,
    SynthesisSource,
)
from LiverTumorSegLib.training.smoothsegnet.facts import cut_size
from LiverTumorSegLib.training.smoothsegnet.loss_recipe import LossRecipe


def check_stage(
    network: NetworkRecipe, training: TrainingRecipe, loss: LossRecipe, sources: tuple[AnySource, ...]
) -> None:
    """Raises InputError where a stage's recipe contradicts itself, and where another one has what only a stage has."""
    if (training.setting.stage is not None) is not bool(network.backbone):
        raise InputError(
            found=f"setting {training.setting} with {f'backbone {network.backbone}' if network.backbone else 'widths'}",
            expected=f"a backbone for the settings {', '.join(Stage)}, and for no other setting",
            remedy="Change training.setting or network in the recipe",
        )
    if training.setting.stage is None:
        _check_no_loss(loss)
        return
    facts_of(network, training)
    _check_sources(training, sources)
    if loss.prior_weight and training.setting.stage is Stage.LIVER:
        raise InputError(
            found=f"loss.prior_weight {loss.prior_weight:g} for the liver's stage",
            expected="0: its network says nothing about tumours",
            remedy="Leave it out",
        )


def facts_of(network: NetworkRecipe, training: TrainingRecipe) -> StageFacts:
    """What the card of the network says. Raises InputError for a backbone, axes or a window that cannot be."""
    stage = training.setting.stage
    if stage is None:
        message = f"facts of a stage for setting {training.setting}"
        raise ValueError(message)
    facts = StageFacts(
        stage, network.backbone, training.cell_mm, network.axes, network.hu_range, training.patch, network.scaled_to
    )
    try:
        cut_size(facts)
        definition = stage_definition(str(stage), facts)
    except ValueError as error:
        raise InputError(
            found=str(error),
            expected="a patch, axes and HU that the backbone can take",
            remedy="Change training.patch or network in the recipe",
        ) from error
    _check_painted(network, training, definition.step[0])
    return facts


def _check_painted(network: NetworkRecipe, training: TrainingRecipe, step: int) -> None:
    """The second decoder of a VAE starts from one level below the coarsest, with a norm over more than one voxel."""
    needed, patch = 2 * step, training.patch
    if not find_backbone(network.backbone).has_vae:
        return
    if any(n % needed for n in patch) or set(patch) == {needed}:
        raise InputError(
            found=f"a patch of {' x '.join(map(str, patch))} voxels for {network.backbone}",
            expected=f"multiples of {needed} along each axis, and more than one along some axis, while it is trained",
            remedy="Change training.patch in the recipe",
        )


def _check_no_loss(loss: LossRecipe) -> None:
    if loss != LossRecipe():
        raise InputError(
            found="[loss] in a recipe of another network",
            expected=f"it for the settings {', '.join(Stage)} only",
            remedy="Leave it out",
        )


def _check_sources(training: TrainingRecipe, sources: tuple[AnySource, ...]) -> None:
    is_native = training.cell_mm is None
    for source in sources:
        if getattr(source, "coarse_share", 0.0) > 0:
            raise InputError(
                found="coarse_share in a recipe for a stage of SmoothSegNet",
                expected="one grid",
                remedy="Leave it out; the liver's stage may have larger voxels than the tumour's",
            )
        is_made_up = isinstance(source, SynthesisSource) or (
            isinstance(source, CasesSource | LayoutSource)
            and (source.lesions > 0 or source.augmentation is not Augmentation.NONE)
        )
        if is_native and is_made_up:
            raise InputError(
                found=f"voxels of any size with {type(source).__name__} that renders, bends or paints",
                expected='CTs as they are (augmentation = "none", no lesions), or training.spacing_mm in mm',
                remedy="Change the source or the spacing in the recipe",
            )
