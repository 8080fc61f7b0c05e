"""``livertumorseg phases``: the liver's volume over the phases of one examination, and which phases they are."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.options import add_contents, add_segmentation_settings, settings_from, some_path
from LiverTumorSegLib.cli.runtime import Job

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers

DESCRIPTION = """Compare the liver's volume (ml) over two or more contrast phases of one examination: deviation from the
mean (%), up to 2 % pass, up to 5 % warn, beyond review. Which phase a CT shows is recognised from how bright (HU)
aorta, portal and hepatic veins, kidneys and liver are, with a confidence, and told beside what the DICOM header says.
For research use only."""


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``phases STUDY... -o FOLDER``."""
    parser = subparsers.add_parser(
        "phases",
        help="compare the liver over the contrast phases of one examination",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    parser.add_argument(
        "studies",
        type=some_path,
        nargs="+",
        metavar="STUDY",
        help="a phase: its CT (segmented first) or a finished result folder; or a DICOM folder or zip with several "
        "series of one study, once: then all its axial series",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=some_path,
        required=True,
        metavar="FOLDER",
        help="FOLDER/report is replaced by each run; FOLDER/phases keeps the results of CTs for the next one",
    )
    parser.add_argument("--series", metavar="LIST", help="of a DICOM folder with several series: which, as 2,3")
    parser.add_argument(
        "--ct",
        type=some_path,
        action="append",
        default=[],
        metavar="CT",
        help="of a result whose CT has moved; may be given several times",
    )
    parser.add_argument(
        "--other-examination", action="store_true", help="compare although patient, study or date differ"
    )
    add_contents(parser)
    add_segmentation_settings(parser)
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Compare, write the folder and print the table."""
    settings = settings_from(arguments)
    from LiverTumorSegLib.cli.model_choice import check_choice
    from LiverTumorSegLib.cli.phases_inputs import phase_inputs
    from LiverTumorSegLib.cli.phases_output import PhasesChoice, phases_to_folder
    from LiverTumorSegLib.cli.phases_summary import phases_facts, phases_summary

    check_choice(settings)
    choice = PhasesChoice(
        settings, arguments.offline, tuple(arguments.ct), arguments.other_examination, arguments.contents
    )
    done = phases_to_folder(phase_inputs(arguments.studies, arguments.series), arguments.output, choice, job)
    job.output.result(phases_summary(done.comparison, done.folder, done.run), **phases_facts(done))
    return 0
