"""``livertumorseg track``: the same lesions over several examinations of a patient, and how they respond."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.options import add_contents, add_segmentation_settings, some_path
from LiverTumorSegLib.cli.runtime import Job

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers

DESCRIPTION = """Follow the lesions of one patient over two or more examinations: livers are laid over each other,
lesions matched and measured on each CT's own grid (mm, ml), and response judged by RECIST 1.1, mRECIST (with an
arterial phase), WHO and volume, with every reason in words. New lesions are looked back at. For research use only.

A visit is named by its number in the report, from 1 (or by its key), a lesion as L2, or as 2:3, the lesion 3 in the
result of visit 2. What you put right is kept in FOLDER/corrections.json and used by every later run."""


class Switch(StrEnum):
    """Of --look-back."""

    ON = "on"
    OFF = "off"


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``track STUDY STUDY... -o FOLDER``."""
    parser = subparsers.add_parser(
        "track",
        help="follow lesions over several examinations of a patient",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    parser.add_argument(
        "studies",
        type=some_path,
        nargs="+",
        metavar="STUDY",
        help="a result folder of segment or measure, or a CT, which is segmented first (FOLDER/visits); in any order",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=some_path,
        required=True,
        metavar="FOLDER",
        help="the follow-up's folder: its report is replaced by each run, corrections.json is yours",
    )
    add_contents(parser)
    _add_visits(parser)
    _add_corrections(parser.add_argument_group("corrections (kept for every later run)"))
    add_segmentation_settings(parser)
    parser.set_defaults(work=work)


def _add_visits(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dates", metavar="D1,D2,...", help="of the studies in the order given, as 2024-01-31, where headers have none"
    )
    parser.add_argument(
        "--ct",
        type=some_path,
        action="append",
        default=[],
        metavar="CT",
        help="a CT of one of the results, for pictures and look-back, where it is not where it was; may be repeated",
    )
    parser.add_argument(
        "--other-patient", action="store_true", help="go on although the studies' patient data differ, with a warning"
    )
    parser.add_argument(
        "--look-back",
        type=Switch,
        choices=list(Switch),
        default=Switch.ON,
        metavar="{on,off}",
        help="look at the places of new lesions in the earlier CTs (%(default)s)",
    )


def _add_corrections(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--undo", metavar="IDS", help="forget what was put right about these lesions (all: about everything) before"
    )
    group.add_argument("--baseline", metavar="V", help="visit that changes count from (the first one)")
    group.add_argument("--target", metavar="IDS", help="these are targets, as L1,L3")
    group.add_argument("--non-target", metavar="IDS", help="these are lesions, but no targets")
    group.add_argument("--exclude", metavar="IDS", help="these are no lesions at all (a cyst, an artefact)")
    for name, metavar, text in (
        ("match", "V:ID=L1", "this lesion of a visit is L1"),
        ("new", "V:ID", "this lesion of a visit is a new one"),
        ("diameter", "V:ID=MM", "its longest diameter as you have measured it, or long and short: 2:3=24.5x18"),
        ("unreadable", "V:ID", "nobody can measure it at this visit"),
        ("gone", "V:L2", "it has disappeared at this visit: 0 mm"),
    ):
        group.add_argument(f"--{name}", action="append", default=[], metavar=metavar, help=f"{text}; may be repeated")


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Follow up, write the folder and print the tables."""
    from LiverTumorSegLib.cli.track_choice import choice_from
    from LiverTumorSegLib.cli.track_output import track_to_folder
    from LiverTumorSegLib.cli.track_summary import track_facts, track_summary

    choice = choice_from(arguments)
    done = track_to_folder(arguments.output, choice, job)
    job.output.result(track_summary(done), **track_facts(done))
    return 0
