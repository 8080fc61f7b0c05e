"""``livertumorseg plan``: what lesions lie near to, what the usual resections leave, and one resection in full."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.options import add_output, some_path
from LiverTumorSegLib.cli.runtime import Job

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers

DESCRIPTION = """Plan a resection on a finished result: for each lesion its Couinaud segments and the distances to
capsule and vessels (mm); for the usual resections the future liver remnant (ml, % of the functional liver) and the
planned margin (mm); and one resection of your choice with pictures and a label map. For research use only."""


class SideWord(StrEnum):
    """Of --side."""

    ALONG = "along"
    AGAINST = "against"


class FormulaWord(StrEnum):
    """Of --bsa."""

    MOSTELLER = "mosteller"
    DUBOIS = "dubois"


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``plan RESULT -o FOLDER``."""
    parser = subparsers.add_parser(
        "plan",
        help="plan a liver resection on a finished result",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    parser.add_argument(
        "result", type=some_path, metavar="RESULT", help="result folder of segment or measure with Couinaud segments"
    )
    add_output(parser)
    parser.add_argument("--ct", type=some_path, metavar="CT", help="the result's CT, for the pictures")
    parser.add_argument(
        "--cava",
        type=some_path,
        metavar="FILE",
        help="mask of the vena cava on the CT's grid (NIfTI, NRRD); default: that of the result, if it has one",
    )
    _add_resection(parser)
    _add_patient(parser)
    parser.set_defaults(work=work)


def _add_resection(parser: argparse.ArgumentParser) -> None:
    cut = parser.add_mutually_exclusive_group()
    cut.add_argument(
        "--resect",
        metavar="SEGMENTS",
        help="remove Couinaud segments, such as V,VI,VII,VIII (IVa, IVb of a result with --anatomy ivab)",
    )
    cut.add_argument(
        "--plane",
        type=float,
        nargs=6,
        metavar=("R", "A", "S", "NR", "NA", "NS"),
        help="cut along a plane: a point (RAS, mm) and a normal of any length",
    )
    cut.add_argument(
        "--surface",
        type=some_path,
        metavar="FILE.mrk.json",
        help="cut along a plane, or a smooth surface through 4 points or more, from Slicer's Markups module",
    )
    side = parser.add_mutually_exclusive_group()
    side.add_argument(
        "--removes", metavar="IDS", help="of a plane or surface: remove the side of these lesions, as 1,3"
    )
    side.add_argument(
        "--side",
        type=SideWord,
        choices=list(SideWord),
        metavar="{along,against}",
        help="of a plane or surface: remove the side that its normal points to, or the other one; the normal of a "
        "surface through points is turned so that its largest component (R, A or S) is positive",
    )


def _add_patient(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--height", type=float, metavar="CM", help="of the patient, in cm: for the standardised remnant"
    )
    parser.add_argument("--weight", type=float, metavar="KG", help="of the patient, in kg")
    parser.add_argument(
        "--bsa",
        type=FormulaWord,
        choices=list(FormulaWord),
        default=FormulaWord.MOSTELLER,
        metavar="{mosteller,dubois}",
        help="body surface (m2) from height and weight (%(default)s)",
    )


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Plan, write the folder and print the tables."""
    from LiverTumorSegLib.cli.plan_choice import choice_from
    from LiverTumorSegLib.cli.plan_output import plan_to_folder
    from LiverTumorSegLib.cli.plan_summary import plan_facts, plan_summary

    choice = choice_from(arguments)
    done = plan_to_folder(arguments.result, arguments.output, choice, job)
    text = plan_summary(done.planned, arguments.output, done.run)
    job.output.result(text, **plan_facts(done.planned, arguments.output, done.run))
    return 0
