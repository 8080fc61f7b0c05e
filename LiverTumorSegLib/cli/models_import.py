"""``livertumorseg models import``: checkpoints that somebody else made, as this program's own files."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.engines.checkpoints import read_checkpoint
from LiverTumorSegLib.io.medassist import NAME, PUBLISHED, Checkpoint, Kept, Layout, kept_weights, write_pair
from LiverTumorSegLib.io.stage_weights import PAIR, imported_folder
from LiverTumorSegLib.models.smoothsegnet import BRANCH
from LiverTumorSegLib.progress import ProgressEvent
from LiverTumorSegLib.registry import Stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is imported, from where and to where; sets ``work``."""
    parser.add_argument("pair", choices=[NAME], help="the two networks of SmoothSegNet's authors")
    parser.add_argument("liver", type=Path, metavar="LIVER.pth", help="state dict of the liver's SegResNetVAE")
    parser.add_argument("tumor", type=Path, metavar="TUMOR.pth", help="state dict of the tumours' SegResNetVAE")
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="where the files go (in the cache, where segment looks for them)"
    )
    parser.set_defaults(work=import_pair)


def import_pair(arguments: argparse.Namespace, job: Job) -> int:
    """Both checkpoints are read and checked before anything is written."""
    folder = arguments.into or imported_folder()
    checkpoints, kept = {}, {}
    for number, (stage, path) in enumerate(zip(PAIR, (arguments.liver, arguments.tumor), strict=True)):
        job.report(ProgressEvent("models", number / 3, f"reading {path.name}"))
        checkpoints[stage] = Checkpoint(path, _sha256(path), read_checkpoint(path))
        kept[stage] = kept_weights(checkpoints[stage], stage, _layout(stage))
    job.report(ProgressEvent("models", 2 / 3, f"writing {folder}"))
    spec = write_pair(kept, checkpoints, folder)
    job.output.result(
        "\n".join([*(_told(stage, kept[stage]) for stage in PAIR), f"{spec.id}: {folder}", f"licence: {spec.license}"]),
        model=spec.id,
        folder=str(folder),
        dropped={str(stage): list(kept[stage].dropped) for stage in PAIR},
    )
    return 0


def _layout(stage: Stage) -> Layout:
    from LiverTumorSegLib.engines.module_runs import (
        checkpoint_shapes,
    )  # needs torch, which is not asked of other commands

    facts = PUBLISHED[stage]
    return Layout(checkpoint_shapes(facts.backbone, len(stage.channels), facts.window), BRANCH)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _told(stage: Stage, kept: Kept) -> str:
    count = sum(array.size for array in kept.tensors.values())
    left_out = f", without the {len(kept.dropped)} of its second decoder (VAE)" if kept.dropped else ""
    return f"{stage}: {count:,} weights in {len(kept.tensors)} tensors{left_out}"
