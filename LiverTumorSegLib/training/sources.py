"""The sources that a recipe names, ready to be sampled, and what they mean for the network's card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.lvt import COARSE_STEP
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, part_of
from LiverTumorSegLib.training.anatomies import WITH_VESSELS, make_anatomies
from LiverTumorSegLib.training.augmentation.augmentation import Augmentation as Augmenting
from LiverTumorSegLib.training.augmentation.heavy import HeavyAugmentation
from LiverTumorSegLib.training.augmentation.published import PublishedAugmentation
from LiverTumorSegLib.training.data.duplicates import merge_duplicates, without_possible_doubles
from LiverTumorSegLib.training.data.layouts import find_subjects
from LiverTumorSegLib.training.data.split_file import write_split
from LiverTumorSegLib.training.data.splits import fold, k_folds
from LiverTumorSegLib.training.data.subject import Subject
from LiverTumorSegLib.training.data_use import DataUse
from LiverTumorSegLib.training.expert_cases import case_subjects
from LiverTumorSegLib.training.mixture import Mixture, WithoutVessels
from LiverTumorSegLib.training.preparation import prepare
from LiverTumorSegLib.training.recipe import (
    AnySource,
    Augmentation,
    CasesSource,
    LayoutSource,
    Recipe,
    ShapesSource,
    SynthesisSource,
)
from LiverTumorSegLib.training.samples import Source
from LiverTumorSegLib.training.shapes.maps import LiverShape, read_shapes
from LiverTumorSegLib.training.shapes.patches import ShapePatches
from LiverTumorSegLib.training.smoothsegnet.prior import RunPrior, prior_of
from LiverTumorSegLib.training.smoothsegnet.view import StageView
from LiverTumorSegLib.training.subject_patches import SubjectPatches
from LiverTumorSegLib.training.synthesis.patches import SyntheticPatches

SPLIT = "split.json"
_DATA_SETS = {WITH_VESSELS: "hepatic-vessel"}
"""By the beginning of their maps' names, where that is another word."""


@dataclass(frozen=True)
class Places:
    """data: with labelmaps, cases and data sets. folder: of the run; beside it, in ``shared``, lies what runs share.
    prior: a file to take instead of the recipe's.
    """

    data: Path
    folder: Path
    prior: Path | None = None

    @property
    def shared(self) -> Path:
        return self.folder.parent / "prepared"

    def anatomies(self, number: int) -> Path:
        """Of the n-th source of kind synthesis, from 0."""
        return self.folder / ("anatomies" if number == 0 else f"anatomies-{number + 1}")


@dataclass(frozen=True, eq=False)
class TrainingData:
    """validation: patches of subjects that are not trained on, without augmentation; None without a fold. held_out:
    these subjects' patients. prior: what is expected of the cases.
    """

    source: Source
    validation: Source | None
    use: DataUse
    held_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    prior: RunPrior = field(default_factory=RunPrior)


def training_data(recipe: Recipe, places: Places, fold_number: int | None, report: ProgressCallback) -> TrainingData:
    """Everything that samples are made of, prepared where that has not been done.

    fold_number: from 1; its subjects validate, the others are trained on. None: all are trained on. Raises InputError
    for what is not there, for a fold where nothing can be split, and for patients that should never be seen.
    """
    prior = prior_of(recipe.loss, places.data, places.prior)
    found = [_subjects(source, places, report) for source in recipe.sources]
    warnings = tuple(warning for one in found for warning in one.warnings)
    validation = _validation_subjects(recipe, places, [s for one in found for s in one.subjects], fold_number)
    kept = [tuple(subject for subject in one.subjects if subject not in validation) for one in found]
    use = _use(recipe, [subject for subjects in kept for subject in subjects], validation)
    use.check_unseen(recipe.never_seen)
    cases = [subject.id for subjects in kept for subject in subjects]
    warnings += tuple(filter(None, [prior.check_covers(cases)]))
    steps = [part_of(report, n / len(kept), (n + 1) / len(kept)) for n in range(len(kept))]
    sources = [
        _source(recipe, number, subjects, places, step)
        for (number, subjects), step in zip(enumerate(kept), steps, strict=True)
    ]
    return TrainingData(
        _viewed(recipe, Mixture(sources, [source.share for source in recipe.sources]), prior),
        _viewed(recipe, _patches(recipe, validation, places, report), prior) if validation else None,
        use,
        _patients(validation),
        warnings,
        prior,
    )


def _viewed(recipe: Recipe, source: Source, prior: RunPrior) -> Source:
    """As the network of a stage sees it; other networks see a source as it is."""
    return StageView(source, recipe.stage, prior.ratios) if recipe.network.backbone else source


def declared_use(recipe: Recipe) -> DataUse:
    """What a recipe alone tells: patients of label maps and cases. Data sets are known once they have been read."""
    maps, cases = _maps(recipe), [n for one in recipe.sources if isinstance(one, CasesSource) for n in one.names]
    return _named_use(recipe, maps, cases)


@dataclass(frozen=True)
class _Found:
    subjects: tuple[Subject, ...] = ()
    warnings: tuple[str, ...] = ()


def _subjects(source: AnySource, places: Places, report: ProgressCallback) -> _Found:
    if isinstance(source, CasesSource):
        return _Found(case_subjects(places.data, source.names))
    if isinstance(source, LayoutSource):
        told: list[str] = []
        subjects = find_subjects([places.data / folder for folder in source.folders], told.append)
        merged = merge_duplicates(subjects, places.shared, report=report)
        return _Found(without_possible_doubles(merged.subjects), (*told, *merged.warnings))
    return _Found()


def _validation_subjects(
    recipe: Recipe, places: Places, subjects: Sequence[Subject], number: int | None
) -> tuple[Subject, ...]:
    if number is None:
        return ()
    if not subjects:
        raise InputError(
            found=f"fold {number} of a recipe without real CTs",
            expected="sources of kind cases or layout",
            remedy="Leave out --fold: rendered patients need no validation set",
        )
    split = k_folds(subjects, recipe.training.folds, recipe.seed)
    write_split(places.folder / SPLIT, split)
    return fold(split, subjects, number)[1]


def _use(recipe: Recipe, trained_on: Sequence[Subject], validation: Sequence[Subject]) -> DataUse:
    subjects = DataUse(
        _patients(trained_on),
        _patients(trained_on),
        _patients(validation),
        tuple({annotation.data_set for subject in trained_on for annotation in subject.annotations}),
    )
    return _named_use(recipe, _maps(recipe), []).with_also(subjects)


def _source(
    recipe: Recipe, number: int, subjects: tuple[Subject, ...], places: Places, report: ProgressCallback
) -> Source:
    source, training = recipe.sources[number], recipe.training
    if isinstance(source, SynthesisSource):
        folder = places.anatomies(sum(isinstance(one, SynthesisSource) for one in recipe.sources[:number]))
        make_anatomies(recipe, source, places.data, folder, report)
        return SyntheticPatches(
            folder,
            recipe.cut_patch,
            training.cubic_mm,
            coarse_share=source.coarse_share,
            coarse_size=recipe.coarse_patch,
            organ_only=recipe.sees_liver_only,
        )
    if isinstance(source, ShapesSource):
        return ShapePatches(_shapes(source, places, report), training.patch, source.veins_share)
    by_data_set: dict[str, list[Subject]] = {}
    for subject in subjects:
        by_data_set.setdefault(subject.data_set, []).append(subject)
    augmentation, coarse_share = augmented(source.augmentation), getattr(source, "coarse_share", 0.0)
    parts = list(by_data_set.values())
    fine = Mixture([_patches(recipe, part, places, report, augmentation, source.lesions) for part in parts])
    if not coarse_share:
        return fine
    coarse = [_patches(recipe, part, places, report, augmentation, source.lesions, coarse=True) for part in parts]
    return Mixture([fine, WithoutVessels(Mixture(coarse))], [1 - coarse_share, coarse_share])


def _shapes(source: ShapesSource, places: Places, report: ProgressCallback) -> list[LiverShape]:
    shapes = []
    for done, shape in enumerate(read_shapes(places.data, source.label_maps)):
        report(ProgressEvent("shapes", done / len(source.label_maps), source.label_maps[done]))
        shapes.append(shape)
    return shapes


def _patches(
    recipe: Recipe,
    subjects: Sequence[Subject],
    places: Places,
    report: ProgressCallback,
    augmentation: Augmenting | None = None,
    lesions: float = 0.0,
    *,
    coarse: bool = False,
) -> SubjectPatches:
    training, patch = recipe.training, recipe.cut_patch
    spacing_mm = training.cubic_mm if training.cell_mm else None
    if coarse:
        spacing_mm, patch = COARSE_STEP * training.cubic_mm, recipe.coarse_patch
    cases = prepare(subjects, places.shared, spacing_mm, report)
    return SubjectPatches(
        cases,
        patch,
        augmentation,
        foreground_share=training.foreground_share,
        lesion_share=lesions,
        in_organ=recipe.sees_liver_only,
        tells_whole=recipe.loss.prior_weight > 0,
        any_spacing=spacing_mm is None,
    )


def augmented(kind: Augmentation) -> Augmenting | None:
    """What a recipe calls so."""
    if kind is Augmentation.LVT:
        return PublishedAugmentation()
    if kind is Augmentation.HEAVY:
        return HeavyAugmentation()
    return None


def _maps(recipe: Recipe) -> list[str]:
    maps = [source for source in recipe.sources if isinstance(source, SynthesisSource | ShapesSource)]
    return [name for source in maps for name in (*source.label_maps, *getattr(source, "donors", ()))]


def _named_use(recipe: Recipe, maps: Sequence[str], cases: Sequence[str]) -> DataUse:
    """Of label maps and cases such as ircad01, whose data set is ircad."""
    both = {*maps, *cases}
    beginnings = {name.rstrip("0123456789").rstrip("-") for name in both}
    data_sets = {_DATA_SETS.get(name, name) for name in beginnings}
    return DataUse(tuple(sorted(both)), tuple(sorted(set(cases))), recipe.chosen_on, tuple(sorted(data_sets)))


def _patients(subjects: Sequence[Subject]) -> tuple[str, ...]:
    """Ids, also of the same image in other data sets; patients of 3D-IRCADb as the label maps call them."""
    ids = {name for subject in subjects for name in (subject.id, *subject.also)}
    return tuple(sorted(re.sub(r"^ircad-(\d+)$", r"ircad\1", name) for name in ids))
