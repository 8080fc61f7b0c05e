"""``livertumorseg demo``: the main job on a phantom with the truth beside it, or on the user's own CT."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.settings import SegmentSettings

if TYPE_CHECKING:
    from LiverTumorSegLib.case import Case
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.phantom import Phantom


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``demo [CT] -o FOLDER``."""
    parser = subparsers.add_parser(
        "demo",
        help="run the main job on a procedural phantom (or on CT) and show the result",
        description="Make a procedural abdomen, run the main job on it, and print what was found (ml, mm) beside the "
        "truth. With CT: run on that instead.",
        parents=list(parents),
    )
    parser.add_argument("input", type=some_path, nargs="?", metavar="CT", help="your own CT instead of the phantom")
    parser.add_argument(
        "-o",
        "--output",
        type=some_path,
        default=Path("output/demo"),
        metavar="FOLDER",
        help="result folder (%(default)s); the phantom goes beside it",
    )
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Run it and print the table."""
    from LiverTumorSegLib.cli.segment_command import segment_to_folder
    from LiverTumorSegLib.cli.summary import facts, summary

    output = arguments.output.resolve()
    if arguments.input:
        case = segment_to_folder(arguments.input, output, SegmentSettings(), job)
        job.output.result(summary(case, output), **facts(case, output))
        return 0
    phantom = _phantom(output.with_name(f"{output.name}-phantom"), job)
    case = segment_to_folder(output.with_name(f"{output.name}-phantom") / "ct.nii.gz", output, SegmentSettings(), job)
    text = f"{summary(case, output)}\n\n{beside_truth(case, phantom)}"
    job.output.result(text, truth=phantom.truth, **facts(case, output))
    return 0


def beside_truth(case: Case, phantom: Phantom) -> str:
    """What was found beside what is in the phantom."""
    from LiverTumorSegLib.cli.evaluate_command import table
    from LiverTumorSegLib.evaluation.agreement import Reference, agreement
    from LiverTumorSegLib.labels import VESSEL

    truth = phantom.segmentation
    reference = Reference(
        liver=truth, tumor=phantom.lesions, vessel=truth.with_array((truth.array == VESSEL.value).astype("uint8"))
    )
    return "Against the phantom's truth:\n" + table(agreement(case.segmentation, reference))


def _phantom(folder: Path, job: Job) -> Phantom:
    from LiverTumorSegLib.io.phantom_files import write_phantom_files
    from LiverTumorSegLib.phantom import make_phantom

    phantom = make_phantom(progress=job.report)
    write_phantom_files(folder, phantom.ct, phantom.segmentation, phantom.lesions, phantom.truth)
    return phantom
