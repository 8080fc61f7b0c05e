"""Which networks SmoothSegNet runs with: those that were asked for, an imported pair, or the fetched ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.own_weights import SUFFIX
from LiverTumorSegLib.io.stage_weights import imported_folder, pair_in, stage_of_file
from LiverTumorSegLib.io.weights_folder import missing
from LiverTumorSegLib.registry import KULEUVEN, SMOOTHSEGNET, ModelSpec, Stage
from LiverTumorSegLib.settings import SegmentSettings, Variant

STAND_INS_WARNING = (
    "No networks of SmoothSegNet are here, so the fetched KU Leuven networks take its two steps. Import the authors' "
    "(livertumorseg models import medassist), or give your own with --backbone."
)
_NAMES = {Stage.LIVER: "the liver", Stage.TUMOR: "tumors", Stage.MULTICLASS: "liver and tumors at once"}


def stage_model(settings: SegmentSettings) -> ModelSpec:
    """SMOOTHSEGNET with the networks that these settings ask for as its parts; nothing is fetched here.

    Raises InputError for files that are not there, are no networks of a stage, or of another one than they are for.
    """
    if not settings.backbone:
        return usual_stage_model()
    if settings.variant is Variant.MULTICLASS:
        return with_stages(_of_stage(settings.backbone, Stage.MULTICLASS))
    if Path(settings.backbone).is_dir():
        return with_stages(*pair_in(Path(settings.backbone)))
    liver, comma, tumor = settings.backbone.partition(",")
    parts = (_of_stage(liver, Stage.LIVER), _of_stage(tumor if comma else KULEUVEN.id, Stage.TUMOR))
    return with_stages(*parts)


def usual_stage_model() -> ModelSpec:
    """With the pair that was imported, or as the registry has it where none was."""
    folder = imported_folder()
    return with_stages(*pair_in(folder)) if folder.is_dir() else SMOOTHSEGNET


def missing_for_a_run(spec: ModelSpec) -> list[ModelSpec]:
    """What a front end's run of a model of the registry would download: nothing where a pair was imported."""
    return [] if spec is SMOOTHSEGNET and imported_folder().is_dir() else missing(spec)


def with_stages(*parts: ModelSpec) -> ModelSpec:
    """SMOOTHSEGNET with these networks and what is known of them; twice the fetched ones count once."""
    apart = tuple(dict.fromkeys(parts))
    if apart == SMOOTHSEGNET.parts:
        return SMOOTHSEGNET
    at_once = any(part.stage and part.stage.stage is Stage.MULTICLASS for part in apart)
    form = "liver and tumors at once" if at_once else "liver first, then tumors in it"
    fetched = [part for part in apart if part.is_fetched]
    return replace(
        SMOOTHSEGNET,
        title=f"SmoothSegNet: {form} ({_joined(part.title for part in apart)})",
        license=_joined(part.license for part in apart),
        origin=_joined(part.origin for part in apart),
        citation=_joined(part.citation for part in apart),
        training_data=" ".join(f"{part.title}: {part.training_data}" for part in apart),
        accuracy=" ".join(f"{part.title}: {part.accuracy}" for part in apart),
        download_mib=sum((part.download_mib for part in fetched), 0.0),
        parts=apart,
    )


def _joined(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(text for text in texts if text))


def _of_stage(name: str, wanted: Stage) -> ModelSpec:
    """The network named, where it is for this stage."""
    if name == KULEUVEN.id and wanted is not Stage.MULTICLASS:
        return KULEUVEN
    if not name.endswith(SUFFIX):
        raise InputError(
            found=f"--backbone with {name!r} for {_NAMES[wanted]}",
            expected=f"a {SUFFIX} file with its card" + ("" if wanted is Stage.MULTICLASS else f", or {KULEUVEN.id}"),
            remedy=f"Write --backbone LIVER,TUMOR, as in {KULEUVEN.id},tumor{SUFFIX}, or a folder that holds both",
        )
    spec = stage_of_file(Path(name))
    if spec.stage is None or spec.stage.stage is not wanted:
        found = _NAMES[spec.stage.stage] if spec.stage else "something else"
        raise InputError(
            found=f"{Path(name).name}, a network for {found}",
            expected=f"one for {_NAMES[wanted]} in this place",
            remedy=f"--backbone takes the liver's network first, then the tumors'; {KULEUVEN.id} is the fetched one",
        )
    return spec
