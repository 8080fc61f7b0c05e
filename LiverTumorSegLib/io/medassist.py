"""The two networks that SmoothSegNet's authors may give away (MedAssist-Liver), taken into this program's own files.

Their files are state dicts of MONAI's SegResNetVAE; which names and shapes that has is passed in. Nothing of theirs is
in this project: docs/models/smoothsegnet.md says what their public code tells of the input.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.own_weights import SUFFIX
from LiverTumorSegLib.io.stage_weights import PAIR, StageOrigin, imported_folder, pair_in, write_stage
from LiverTumorSegLib.io.weights_repack import Tensors
from LiverTumorSegLib.registry import ModelSpec, Stage, StageFacts

NAME = "medassist"
"""What the pair is called in ``livertumorseg models``."""
PUBLISHED = {
    Stage.LIVER: StageFacts(Stage.LIVER, "segresnet-vae", None, "PLI", (-150.0, 250.0), (512, 512, 16)),
    Stage.TUMOR: StageFacts(Stage.TUMOR, "segresnet-vae", None, "PLI", (-200.0, 250.0), (256, 256, 32)),
}
"""As in the papers and the authors' public code: the CT's own voxels, posterior-left-inferior, scaled to 0..1."""
_TOLD = 5
"""Names listed of each kind of mistake."""


@dataclass(frozen=True)
class Layout:
    """Names and shapes of a whole checkpoint. branch: how the names begin that inference does not need."""

    shapes: Mapping[str, tuple[int, ...]]
    branch: str


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a file of one stage holds. sha256: of the file."""

    path: Path
    sha256: str
    tensors: Tensors


@dataclass(frozen=True, eq=False)
class Kept:
    """A checkpoint's weights for inference. dropped: names of those that only training needs."""

    tensors: Tensors
    dropped: tuple[str, ...]


def kept_weights(checkpoint: Checkpoint, stage: Stage, layout: Layout) -> Kept:
    """Without the branch, which may be missing as a whole.

    Raises InputError, listing the names, where one is missing, unknown or of another shape.
    """
    found = {name: tuple(array.shape) for name, array in checkpoint.tensors.items()}
    without_branch = {name: shape for name, shape in layout.shapes.items() if not name.startswith(layout.branch)}
    expected = layout.shapes if any(name.startswith(layout.branch) for name in found) else without_branch
    mistakes = [
        _listed("missing", expected.keys() - found.keys()),
        _listed("unknown", found.keys() - expected.keys()),
        _listed("of another shape", _misshapen(found, expected)),
    ]
    if any(mistakes):
        raise InputError(
            found=f"{checkpoint.path.name} is not SmoothSegNet's network for the {stage} stage; "
            f"{'; '.join(filter(None, mistakes))}",
            expected=f"the state dict of MONAI's SegResNetVAE for windows of {PUBLISHED[stage].window} voxels with "
            f"{len(stage.channels)} outputs",
            remedy="Give the liver's file first, then the tumours'",
        )
    tensors = {name: checkpoint.tensors[name] for name in without_branch}
    return Kept(tensors, tuple(sorted(found.keys() - tensors.keys())))


def write_pair(kept: Mapping[Stage, Kept], checkpoints: Mapping[Stage, Checkpoint], folder: Path) -> ModelSpec:
    """liver.safetensors and tumor.safetensors with their cards; the model that ``imported_model`` finds there.

    The folder is made if need be; files of these names in it are replaced, once all are written. Raises InputError
    where a weight is not a finite number, OSError where the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".import-", dir=folder) as scratch:
        for stage in PAIR:
            path = Path(scratch) / f"{stage}{SUFFIX}"
            write_stage(path, kept[stage].tensors, PUBLISHED[stage], _origin(stage, checkpoints[stage]))
        for path in Path(scratch).iterdir():
            path.replace(folder / path.name)
    return imported_model(folder)


def imported_model(folder: Path | None = None) -> ModelSpec:
    """The imported pair as one model, its parts the two stages.

    folder: where it was put, if not where the import puts it by itself. Raises InputError where there is none.
    """
    liver, tumor = pair_in(folder or imported_folder())
    return ModelSpec(
        id=NAME,
        title="MedAssist-Liver: the networks of SmoothSegNet's authors, imported",
        provides=("liver", "tumor"),
        license=liver.license,
        origin=liver.origin,
        citation=liver.citation,
        training_data=liver.training_data,
        accuracy=liver.accuracy,
        parts=(liver, tumor),
    )


def is_imported() -> bool:
    """Whether anything lies where the import puts a pair; it may be damaged."""
    return imported_folder().is_dir()


def remove_imported() -> None:
    """Take the pair out of the place where the import puts it. Raises OSError where that may not be done."""
    shutil.rmtree(imported_folder())


def _misshapen(found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]) -> list[str]:
    both = found.keys() & expected.keys()
    return [f"{name} {found[name]} for {expected[name]}" for name in both if found[name] != expected[name]]


def _listed(kind: str, names: Iterable[str]) -> str:
    every = sorted(names)
    more = f" and {len(every) - _TOLD} more" if len(every) > _TOLD else ""
    return f"{kind}: {', '.join(every[:_TOLD])}{more}" if every else ""


def _origin(stage: Stage, checkpoint: Checkpoint) -> StageOrigin:
    return StageOrigin(
        id=f"{NAME}-{stage}",
        title=f"SegResNetVAE of SmoothSegNet for the {stage} stage, imported from {checkpoint.path.name}",
        license="unknown (the authors' repository states none)",
        origin="a file of this computer; the authors' place is https://github.com/lingchm/medassist-liver-cancer",
        citation="H. Wang, L. Mao, Z. Zhang, J. Li, SmoothSegNet: A Global-Local Framework for Liver Tumor "
        "Segmentation with Clinical Knowledge-Informed Label Smoothing, Georgia Institute of Technology",
        training_data="By the papers: 80 % of 98 patients of HCC-TACE-Seg. The file itself does not say.",
        accuracy="Not measured here. By the papers, on the other 20 %: Dice 0.94 (liver), 0.55 (tumours).",
        source_sha256=checkpoint.sha256,
    )
