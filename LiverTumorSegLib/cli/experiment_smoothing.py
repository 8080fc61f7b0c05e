"""``livertumorseg experiment smoothing``: the ablation of SmoothSegNet."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from LiverTumorSegLib.cli.long_runs import check_torch, ending_with_checkpoint, restart_with_allocator
from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.settings import Device, Quality

if TYPE_CHECKING:
    from LiverTumorSegLib.progress import ProgressCallback
    from LiverTumorSegLib.training.experiment.smoothing.cohort import Cohort
    from LiverTumorSegLib.training.experiment.smoothing.experiment import Experiment
    from LiverTumorSegLib.training.experiment.smoothing.scale import Scale
    from LiverTumorSegLib.training.experiment.smoothing.scores import Segment

SCALES = ("tiny", "small", "paper")
DESCRIPTION = """Over three random splits (80 % train): I one multi-class network; II two steps; III two steps with
the clinical prior in the loss (smoothing); IV two steps with refined outlines (contour); V both. Writes tables.md (the
layout of the papers' tables, with intervals) and results.json. What can be shared is: the liver's network of a split,
and the networks of II and IV, III and V. Finished runs are kept: the same command goes on after a stop. The prior is
fitted to the patients that are trained on, anew in each split.

Without data sets, phantoms are made whose clinical table is drawn to go with their tumor / liver ratio.
With them, such as HCC-TACE-Seg: --data-sets FOLDER [--table FILE.xlsx] --scale paper."""


def add_smoothing(kinds: Any, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``experiment smoothing -o FOLDER``. kinds: subparsers of ``experiment``."""
    parser = kinds.add_parser(
        "smoothing",
        help="multi-class, two-step, clinical prior in the loss, refined outlines: SmoothSegNet's ablation",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    parser.add_argument("-o", "--output", type=some_path, required=True, metavar="FOLDER", help="of all runs")
    parser.add_argument(
        "--scale",
        choices=SCALES,
        default="small",
        help="tiny: seconds, means nothing; small (default): half an hour on one core; paper: as published, for GPUs",
    )
    parser.add_argument(
        "--data-sets",
        type=some_path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders that annotate liver and tumors, such as HCC-TACE-Seg",
    )
    parser.add_argument(
        "--table",
        type=some_path,
        metavar="FILE",
        help="clinical table of these patients (default: that of HCC-TACE-Seg, in its folder)",
    )
    parser.add_argument(
        "--correlation",
        type=float,
        default=0.8,
        metavar="R",
        help="of made-up clinical facts with the logarithm of tumor / liver, 0 to 1 (%(default)s)",
    )
    parser.add_argument(
        "--backbones",
        default="",
        metavar="A,B",
        help="compare these too (Tables 1 to 4): segresnet-vae,segresnet,unet,unet-large,unet++,ma-net",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of phantoms, splits and runs (%(default)s)")
    parser.add_argument("--device", type=Device, choices=list(Device), default=Device.AUTO, help="as of train")
    parser.add_argument("--at-once", type=int, default=0, metavar="N", help="as of train (0: all of a step)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="as of train (%(default)s)")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Run what has not been run yet, and print the tables."""
    restart_with_allocator(arguments.device)
    check_torch()
    from LiverTumorSegLib.progress import part_of
    from LiverTumorSegLib.training.experiment.smoothing.experiment import REPORT, RESULTS
    from LiverTumorSegLib.training.experiment.smoothing.tables import in_markdown

    with ending_with_checkpoint(job, f"What was done is in {arguments.output}; the same command goes on"):
        experiment = _experiment(arguments, part_of(job.report, 0.0, 0.05))
        results = experiment.run(part_of(job.report, 0.05, 1.0))
    folder: Path = arguments.output
    text = in_markdown(results, experiment.cohort)
    job.output.result(text, tables=str(folder / REPORT), results=str(folder / RESULTS))
    return 0


def _experiment(arguments: argparse.Namespace, report: ProgressCallback) -> Experiment:
    from LiverTumorSegLib.training.devices import training_device
    from LiverTumorSegLib.training.experiment.smoothing.experiment import Experiment
    from LiverTumorSegLib.training.experiment.smoothing.scale import SCALES as KNOWN
    from LiverTumorSegLib.training.experiment.smoothing.training import Hardware

    scale = KNOWN[arguments.scale]
    backbones = tuple(name.strip() for name in arguments.backbones.split(",") if name.strip())
    for name in backbones:
        scale.backbone(name)
    quality = Quality.BEST if scale.is_published else Quality.STANDARD
    return Experiment(
        _cohort(arguments, scale, report),
        scale,
        arguments.output,
        segmenting(arguments.device, quality),
        Hardware(training_device(arguments.device), arguments.at_once, arguments.workers),
        arguments.seed,
        backbones,
    )


def _cohort(arguments: argparse.Namespace, scale: Scale, report: ProgressCallback) -> Cohort:
    from LiverTumorSegLib.phantom.clinical import ClinicalSettings
    from LiverTumorSegLib.training.experiment.smoothing.cohort import public_cohort, synthetic_cohort

    if arguments.data_sets:
        return public_cohort(arguments.data_sets, arguments.table, arguments.output / "prepared", report)
    settings = ClinicalSettings(seed=arguments.seed, correlation=arguments.correlation)
    return synthetic_cohort(scale, settings, arguments.output / "phantoms", report)


def segmenting(device: Device, quality: Quality) -> Segment:
    """Networks and a CT as in the main job (``segment --model smoothsegnet``); they look once for all contours."""
    from LiverTumorSegLib.cli.liver_and_tumors import liver_and_tumors
    from LiverTumorSegLib.inference.segmenters import make_segmenter
    from LiverTumorSegLib.io.stage_models import with_stages
    from LiverTumorSegLib.registry import SMOOTHSEGNET, ModelSpec
    from LiverTumorSegLib.settings import Contour, Engine, Precision, SegmentSettings
    from LiverTumorSegLib.study import Study
    from LiverTumorSegLib.volume import Volume

    settings = SegmentSettings(
        model=SMOOTHSEGNET.id, quality=quality, device=device, engine=Engine.TORCH, precision=Precision.FP32
    )

    def segmented(
        networks: Sequence[ModelSpec], study: Study, contours: Sequence[Contour], report: ProgressCallback
    ) -> list[Volume]:
        return liver_and_tumors(study.ct, make_segmenter(with_stages(*networks), settings), contours, report)

    return segmented
