"""``livertumorseg experiment``: comparisons that the choice of methods rests on."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.experiment_smoothing import add_smoothing
from LiverTumorSegLib.cli.long_runs import check_torch, ending_with_checkpoint, restart_with_allocator
from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.settings import Device

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.progress import ProgressCallback
    from LiverTumorSegLib.training.experiment.experiment import Experiment, Sliding

SCALES = ("tiny", "small", "paper")


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``experiment partial-labels -o FOLDER``, ``experiment smoothing -o FOLDER``."""
    parser = subparsers.add_parser("experiment", help="compare ways to train, as published")
    kinds = parser.add_subparsers(dest="experiment", required=True, metavar="EXPERIMENT")
    partial = kinds.add_parser(
        "partial-labels",
        help="multi-class, multi-label exclusive and multi-label, with and without partial labels",
        description="The controlled experiment of LVT (sections 4.1 and 4.2): of one fully annotated data set, a fifth "
        "tests, a fifth is fully annotated, three fifths keep the labels of one class each. Writes tables.md (DSC of "
        "Tables 1 and 2, mean and standard deviation of the runs) and results.json. Finished runs are kept: the same "
        "command goes on after a stop. Without data sets, phantoms are made.",
        parents=list(parents),
    )
    partial.add_argument("-o", "--output", type=some_path, required=True, metavar="FOLDER", help="of all runs")
    partial.add_argument(
        "--scale",
        choices=SCALES,
        default="small",
        help="tiny: a minute, means nothing; small (default): hours on a CPU; paper: as published, for GPUs",
    )
    partial.add_argument(
        "--data-sets",
        type=some_path,
        nargs="+",
        default=[],
        metavar="DIR",
        help="folders that together annotate everything, such as Task08_HepaticVessel and HV Liver",
    )
    partial.add_argument(
        "--external", type=some_path, nargs="+", default=[], metavar="DIR", help="to test on too, such as 3D-IRCADb"
    )
    partial.add_argument("--seed", type=int, default=0, metavar="N", help="of the split and the runs (%(default)s)")
    partial.add_argument("--device", type=Device, choices=list(Device), default=Device.AUTO, help="as of train")
    partial.add_argument("--at-once", type=int, default=0, metavar="N", help="as of train (0: all of a step)")
    partial.add_argument("--workers", type=int, default=1, metavar="N", help="as of train (%(default)s)")
    partial.set_defaults(work=work)
    add_smoothing(kinds, parents)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Run what has not been run yet, and print the tables."""
    restart_with_allocator(arguments.device)
    check_torch()
    from LiverTumorSegLib.progress import part_of
    from LiverTumorSegLib.training.experiment.experiment import REPORT, RESULTS, in_markdown

    with ending_with_checkpoint(job, f"What was done is in {arguments.output}; the same command goes on"):
        experiment = _experiment(arguments, part_of(job.report, 0.0, 0.02))
        results = experiment.run(part_of(job.report, 0.02, 1.0))
    folder: Path = arguments.output
    text = in_markdown(results, experiment.cohort)
    job.output.result(text, tables=str(folder / REPORT), results=str(folder / RESULTS))
    return 0


def _experiment(arguments: argparse.Namespace, report: ProgressCallback) -> Experiment:
    from LiverTumorSegLib.training.devices import training_device
    from LiverTumorSegLib.training.experiment.cohort import phantom_cohort, public_cohort
    from LiverTumorSegLib.training.experiment.experiment import Experiment
    from LiverTumorSegLib.training.experiment.scale import SCALES as KNOWN

    scale, folder = KNOWN[arguments.scale], arguments.output
    if arguments.data_sets:
        cohort = public_cohort(arguments.data_sets, arguments.external, folder, report)
    else:
        cohort = phantom_cohort(scale, folder / "phantoms", report)
    device = training_device(arguments.device)
    return Experiment(cohort, scale, folder, sliding(), device, arguments.seed, arguments.at_once, arguments.workers)


def sliding() -> Sliding:
    """As the paper judges these runs: windows with half overlap and Gaussian weights, without flips (A.2.2)."""
    from LiverTumorSegLib.inference.sliding import sliding_probabilities

    return lambda network, definition, hu: sliding_probabilities([network], hu, definition)
