"""``livertumorseg prior``: what clinical facts alone say about the size of a tumor."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.options import add_output, some_path
from LiverTumorSegLib.cli.runtime import Job

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers

MODELS = ("top-n", "ridge", "elastic-net", "linear")
DESCRIPTION = """Fit a regression from a clinical table to the share of the liver that is tumor (TLVR, 0 to 1), for the
training of SmoothSegNet, or to any numeric column. Every patient is predicted by a model that has not seen it; r, MSE
and MAE of these predictions stand beside those of the patients that were fitted to.

  livertumorseg prior --table T.xlsx --masks FOLDER -o OUT     TLVR from results or label maps named like the cases
  livertumorseg prior --table T.xlsx --ratios TLVR.csv -o OUT  TLVR from a table with columns case and tlvr
  livertumorseg prior --table T.xlsx --target Tr_Size -o OUT   any other column
  livertumorseg prior --apply prior.json --table NEW.xlsx -o OUT

What is known only after treatment is left out, unless --outcome. For research use only."""


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``prior --table FILE (--tlvr | --ratios | --masks | --target | --apply) -o FOLDER``."""
    parser = subparsers.add_parser(
        "prior",
        help="predict tumor size from clinical facts (regressions, cross-validated)",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    parser.add_argument(
        "--table",
        type=some_path,
        required=True,
        metavar="FILE",
        help="clinical table (.xlsx or .csv): a row for each patient, a column with the case ids",
    )
    parser.add_argument("--sheet", metavar="NAME", help="of a workbook (default: the first sheet)")
    parser.add_argument(
        "--id",
        metavar="COLUMN",
        help="with the case ids (default: TCIA_ID, PatientID, case and the like, else the first)",
    )
    add_output(parser)
    _add_target(parser)
    _add_columns(parser)
    _add_fit(parser)
    parser.set_defaults(work=work)


def _add_target(parser: argparse.ArgumentParser) -> None:
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--tlvr", metavar="COLUMN", help="of the table: tumor / (liver with tumor), 0 to 1")
    target.add_argument(
        "--ratios", type=some_path, metavar="FILE", help="TLVR from another table with columns case and tlvr"
    )
    target.add_argument(
        "--masks",
        type=some_path,
        metavar="FOLDER",
        help="TLVR from result folders or label maps named like the cases, or a download of HCC-TACE-Seg",
    )
    target.add_argument(
        "--target", metavar="COLUMN", help="any other numeric column of the table; such a prior is not for training"
    )
    target.add_argument(
        "--apply", type=some_path, metavar="PRIOR", help="prior.json: predict the patients of the table, fit nothing"
    )


def _add_columns(parser: argparse.ArgumentParser) -> None:
    columns = parser.add_argument_group(
        "columns",
        "names as in the table, or groups: outcome (known only after treatment), readings (measured on the images), "
        "size (stages and scores derived from the tumor's size). Left out by default: outcome, readings, and size "
        "where the size itself is the target",
    )
    columns.add_argument(
        "--outcome",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="also use what is known only after treatment, as the paper does with TTP (default: --no-outcome)",
    )
    for name, what in (
        ("features", "use only these; published: the 15 of the SmoothSegNet paper"),
        ("exclude", "leave these out too"),
        ("include", "use these although they are left out by default"),
        ("classes", "their numbers are names of classes, not quantities"),
    ):
        columns.add_argument(f"--{name}", nargs="+", action="extend", default=[], metavar="NAME", help=what)
    columns.add_argument(
        "--missing", nargs="+", action="extend", default=[], metavar="CODE", help="codes for what is not known, as 999"
    )


def _add_fit(parser: argparse.ArgumentParser) -> None:
    fit = parser.add_argument_group("fit")
    fit.add_argument(
        "--model",
        choices=MODELS,
        default=MODELS[0],
        help="that predicts; all are compared (%(default)s: linear regression on the columns that contribute most)",
    )
    for name, usual, what in (
        ("folds", 5, "of the cross-validation"),
        ("repeats", 10, "of the cross-validation, each with other folds"),
        ("shuffles", 20, "runs with targets dealt to other patients, which show what chance reaches"),
        ("seed", 0, "of folds, forests and bootstrap"),
    ):
        fit.add_argument(f"--{name}", type=int, default=usual, metavar="N", help=f"{what} (%(default)s)")


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Fit or apply, write the folder and print the table."""
    if arguments.apply is not None:
        from LiverTumorSegLib.cli.prior_apply import apply_to_folder

        applied = apply_to_folder(arguments, job)
        job.output.result(applied.text, **applied.facts)
        return 0
    from LiverTumorSegLib.cli.prior_choice import prior_settings
    from LiverTumorSegLib.cli.prior_output import prior_to_folder
    from LiverTumorSegLib.cli.prior_summary import prior_facts, prior_summary

    done = prior_to_folder(arguments, prior_settings(arguments), job)
    for warning in done.run.warnings:
        job.output.warning(warning)
    job.output.result(prior_summary(done.prior, arguments.output, done.run), **prior_facts(done, arguments.output))
    return 0
