"""``livertumorseg segment``: the main job."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.narrate_options import add_narration, narrator_from
from LiverTumorSegLib.cli.options import add_contents, add_ct, add_output, add_segmentation_settings, settings_from
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.settings import Contents, SegmentSettings

if TYPE_CHECKING:
    from LiverTumorSegLib.case import Case
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.io.narration import Endpoint


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``segment CT -o FOLDER``."""
    parser = subparsers.add_parser(
        "segment",
        help="find liver, vessels and tumors in a CT and measure them",
        description="Find liver, vessels and tumors in an abdominal CT, measure them (ml, mm), and write the result "
        "folder: an editable Slicer segmentation and scene, NIfTI label maps (also of the Couinaud segments), "
        "measurements, pictures and a report.",
        parents=list(parents),
    )
    add_ct(parser)
    add_output(parser)
    add_contents(parser)
    add_segmentation_settings(parser)
    add_narration(parser)
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Run the main job and print the table."""
    case = segment_to_folder(
        arguments.input,
        arguments.output,
        settings_from(arguments),
        job,
        series=arguments.series,
        offline=arguments.offline,
        contents=arguments.contents,
        narrator=narrator_from(arguments),
    )
    from LiverTumorSegLib.cli.summary import facts, summary

    job.output.result(summary(case, arguments.output), **facts(case, arguments.output))
    return 0


def segment_to_folder(
    source: Path,
    output: Path,
    settings: SegmentSettings,
    job: Job,
    *,
    series: str | None = None,
    offline: bool = False,
    contents: Contents = Contents.ALL,
    narrator: Endpoint | None = None,
) -> Case:
    """From a CT's path to the finished result folder; nothing is left behind if it fails or is cancelled."""
    from LiverTumorSegLib.cli.model_choice import check_choice, choose_divider, choose_model
    from LiverTumorSegLib.inference.segmenters import make_segmenter
    from LiverTumorSegLib.io.read import read_study
    from LiverTumorSegLib.pipelines import segment
    from LiverTumorSegLib.progress import Progress
    from LiverTumorSegLib.publish import publishing

    check_choice(settings)
    progress = Progress(job.report)
    with publishing(output, progress, job.cleaned_up_by, contents, narrator) as publisher:
        with progress.stage("read", 0.0, 0.03, "Reading the CT"):
            study = read_study(source, series=series)
            publisher.check_room(study)
        with progress.stage("model", 0.03, 0.05, "Getting the model ready") as report:
            spec, warnings = choose_model(settings, report, offline=offline)
            segmenter = make_segmenter(spec, settings)
            divider, more = choose_divider(settings)
        return publisher.publish(segment(study, settings, segmenter, progress, warnings + more, divider))
