"""``livertumorseg measure``: the numbers of a segmentation that somebody drew or corrected."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.narrate_options import add_narration, narrator_from
from LiverTumorSegLib.cli.options import add_anatomy, add_contents, add_ct, add_output, some_path
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.settings import SegmentSettings

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``measure CT SEGMENTATION -o FOLDER``."""
    parser = subparsers.add_parser(
        "measure",
        help="measure a segmentation that somebody edited",
        description="Measure volumes (ml) and RECIST diameters (mm) of an edited segmentation and write the result "
        "folder. What a reader drew is measured as it is: nothing is dropped, however small.",
        parents=list(parents),
    )
    add_ct(parser)
    parser.add_argument(
        "segmentation",
        type=some_path,
        metavar="SEGMENTATION",
        help="on the CT's grid: .seg.nrrd (segments named liver, vessel, tumor), or NIfTI with labels.json beside it",
    )
    parser.add_argument(
        "--lesions",
        type=some_path,
        metavar="FILE",
        help="lesion ids on the CT's grid, where parts that do not touch are one lesion or touching ones are two "
        "(lesions.nii.gz of a result); without it a lesion is a connected part",
    )
    parser.add_argument(
        "--segments",
        type=some_path,
        metavar="FILE",
        help="Couinaud segments on the CT's grid (couinaud.nii.gz of a result: 1 to 8, IVa 9, IVb 10), also of the "
        "mask as it was before somebody edited it; without it they are found anew",
    )
    add_anatomy(parser)
    add_output(parser)
    add_contents(parser)
    add_narration(parser)
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Measure and print the table."""
    narrator = narrator_from(arguments)
    from LiverTumorSegLib.cli.model_choice import choose_divider
    from LiverTumorSegLib.cli.summary import facts, summary
    from LiverTumorSegLib.inference.dividing import Given
    from LiverTumorSegLib.io.read import read_study
    from LiverTumorSegLib.io.segmentation import read_couinaud, read_lesions, read_segmentation
    from LiverTumorSegLib.pipelines import measure
    from LiverTumorSegLib.progress import Progress
    from LiverTumorSegLib.publish import publishing

    progress = Progress(job.report)
    with publishing(arguments.output, progress, job.cleaned_up_by, arguments.contents, narrator) as publisher:
        with progress.stage("read", 0.0, 0.5, "Reading"):
            study = read_study(arguments.input, series=arguments.series)
            publisher.check_room(study)
            segmentation, warnings = read_segmentation(arguments.segmentation, study.ct)
            lesions = read_lesions(arguments.lesions, study.ct) if arguments.lesions else None
            given = Given(read_couinaud(arguments.segments, study.ct)) if arguments.segments else None
        divider, more = (given, ()) if given else choose_divider(SegmentSettings(anatomy=arguments.anatomy))
        case = publisher.publish(measure(study, segmentation, lesions, warnings + more, progress, divider))
    job.output.result(summary(case, arguments.output), **facts(case, arguments.output))
    return 0
