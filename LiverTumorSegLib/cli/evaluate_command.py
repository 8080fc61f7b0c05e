"""``livertumorseg evaluate``: results against experts' masks, one case or many."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.evaluate_output import Evaluation
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.evaluation.agreement import Agreement

DESCRIPTION = """Compare results with an expert's masks on the same grid: Dice, surface Dice (NSD), volumes (ml),
lesions found, missed and false by size. A structure without a mask is not judged.

  livertumorseg evaluate RESULT --liver F --tumor F --vessel F F    one case, a file or more for each structure
  livertumorseg evaluate RESULT --reference LABELMAP                one case, one label map
  livertumorseg evaluate FOLDER --reference FOLDER -o OUT           cases of the same name in two folders
  livertumorseg evaluate --cases TABLE.csv -o OUT                   columns case, prediction, reference (or liver,
                                                                    vessel, tumor), and role, annotated, replication
                                                                    if you like"""
STRUCTURES = ("liver", "tumor", "vessel")
SIZES = ("diameter", "volume")
_WARNINGS_SHOWN = 5


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``evaluate RESULT --liver F --tumor F --vessel F``, or many cases."""
    parser = subparsers.add_parser(
        "evaluate",
        help="compare results with an expert's masks (Dice, surface Dice, volumes in ml, lesions found)",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=list(parents),
    )
    parser.add_argument(
        "result",
        type=some_path,
        nargs="?",
        metavar="RESULT",
        help="folder written by 'segment' or 'measure', a label map (1 liver, 2 vessel, 3 tumor, or as in labels.json "
        "beside it), or a folder of such results",
    )
    for name, what in (
        ("liver", "liver mask; tumors are added to it"),
        ("tumor", "tumor mask or lesion ids"),
        ("vessel", "vessel masks, counted inside the liver"),
    ):
        parser.add_argument(f"--{name}", type=some_path, nargs="+", metavar="FILE", help=what)
    parser.add_argument(
        "--reference", type=some_path, metavar="PATH", help="label map or result folder, or a folder of them"
    )
    parser.add_argument(
        "--cases", type=some_path, metavar="CSV", help="table of cases; paths are relative to its folder"
    )
    parser.add_argument(
        "--annotated",
        nargs="+",
        metavar="NAME",
        help="of liver, vessel, tumor: what the expert annotated; the others are not judged",
    )
    parser.add_argument(
        "--role",
        choices=("trained-on", "chosen-on", "never-seen"),
        help="what the cases were to the model; summaries never mix roles",
    )
    parser.add_argument(
        "--strata",
        type=_sizes,
        metavar="SIZES",
        help="also divide the cases by the size of their tumors: diameter (10 cm), volume (500 ml), diameter,volume",
    )
    parser.add_argument(
        "-o", "--output", type=some_path, metavar="FOLDER", help="also write numbers (JSON), tables (Markdown), plots"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    parser.set_defaults(work=work)


def _sizes(text: str) -> tuple[str, ...]:
    """Raises ArgumentTypeError for another word than those of SIZES."""
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    if not set(words) <= set(SIZES):
        message = f"{text!r} is not {' or '.join(SIZES)}, or both with a comma between them"
        raise argparse.ArgumentTypeError(message)
    return words


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Compare, print the tables, write what was asked for."""
    from LiverTumorSegLib.cli.evaluate_output import write_evaluation
    from LiverTumorSegLib.cli.evaluate_run import evaluate, planned

    _check_words(arguments)
    with _output(arguments.output, job) as folder:
        plan = planned(arguments)
        evaluation = evaluate(plan, job.report)
        if folder is not None:
            write_evaluation(folder, evaluation)
    _warn(evaluation, job)
    if plan.is_single:
        only = evaluation.cases[0].agreement
        text, numbers, facts = table(only), only.to_json(), only.to_json()
    else:
        text, numbers, facts = _tables(evaluation), evaluation.to_json(), _facts(evaluation, arguments.output)
    if arguments.json:
        _write_json(arguments.json, numbers)
    job.output.result(text, **facts)
    return 0


def table(result: Agreement) -> str:
    """The agreement for people."""
    lines = [
        f"{'class':8} {'Dice':>6} {'NSD':>6} {'found ml':>10} {'expert ml':>10} {'error %':>8}"
        f" {'IoU':>6} {'accur.':>7} {'sensit.':>7} {'specif.':>7}"
    ]
    for item in result.classes:
        error = "-" if item.volume_error is None else f"{100 * item.volume_error:+.1f}"
        scores = f"{item.name:8} {item.dice:6.3f} {item.nsd:6.3f}"
        voxels = item.voxels
        ratios = " ".join(f"{_ratio(value):>7}" for value in (voxels.accuracy, voxels.sensitivity, voxels.specificity))
        sizes = f"{item.predicted_ml:10.1f} {item.reference_ml:10.1f} {error:>8}"
        lines.append(f"{scores} {sizes} {voxels.iou:6.3f} {ratios}")
    if result.reference_lesions:
        lines += ["", f"{'expert lesion':>13} {'ml':>8} {'covered %':>10}"]
        lines += [f"{x.id:13d} {x.volume_ml:8.2f} {100 * x.covered:10.0f}" for x in result.reference_lesions]
    if result.false_lesions:
        sizes = ", ".join(f"{lesion.volume_ml:.2f}" for lesion in result.false_lesions)
        lines += ["", f"false lesions (ml): {sizes}"]
    return "\n".join(lines)


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _check_words(arguments: argparse.Namespace) -> None:
    """Raises InputError unless the cases are named in one way."""
    has_masks = any(getattr(arguments, name) for name in STRUCTURES)
    if arguments.cases:
        if arguments.result or arguments.reference or has_masks:
            raise InputError(
                found="--cases and other results or masks",
                expected="the table alone: it names predictions and references",
                remedy="Leave out one of them",
            )
    elif not arguments.result:
        raise InputError(
            found="neither RESULT nor --cases",
            expected="a result, or a table of cases",
            remedy="See: livertumorseg evaluate --help",
        )
    elif bool(arguments.reference) == has_masks:
        raise InputError(
            found="--reference and masks" if has_masks else "no expert mask",
            expected="--reference, or --liver, --tumor or --vessel",
            remedy="See: livertumorseg evaluate --help",
        )


@contextmanager
def _output(out: Path | None, job: Job) -> Iterator[Path | None]:
    """The temporary folder that becomes ``out`` when all went well; None where nothing is to be written."""
    if out is None:
        yield None
        return
    from LiverTumorSegLib.cli.evaluate_output import EVALUATION
    from LiverTumorSegLib.io.output_folder import output_folder

    with ExitStack() as stack:
        folder = stack.enter_context(output_folder(out, EVALUATION))
        stack.enter_context(job.cleaned_up_by(partial(shutil.rmtree, folder, ignore_errors=True)))
        yield folder


def _warn(evaluation: Evaluation, job: Job) -> None:
    """The first few; all are in the files."""
    notes = [
        *evaluation.warnings,
        *(f"{name} has no prediction and does not count." for name in evaluation.unpredicted),
    ]
    for note in notes[:_WARNINGS_SHOWN]:
        job.output.warning(note)
    if len(notes) > _WARNINGS_SHOWN:
        job.output.warning(f"{len(notes) - _WARNINGS_SHOWN} more warnings are in the files (-o, --json).")


def _tables(evaluation: Evaluation) -> str:
    """In short; voxel scores where sizes or replications were asked for."""
    from LiverTumorSegLib.evaluation.tables import lesion_table, summary_table, title, voxels
    from LiverTumorSegLib.evaluation.voxel_tables import case_strata_table

    groups = evaluation.groups
    parts = [summary_table(groups), lesion_table(groups)]
    if evaluation.strata or any(case.replication for case in evaluation.cases):
        parts.append(voxels(groups))
    parts += [f"{title(group.role)}:\n{case_strata_table(group.strata)}" for group in groups if group.strata]
    return "\n\n".join(parts)


def _facts(evaluation: Evaluation, output: Path | None) -> dict[str, Any]:
    groups = [group.to_json() for group in evaluation.groups]
    return {"cases": len(evaluation.cases), "groups": groups, "output": str(output) if output else None}


def _write_json(path: Path, facts: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            found=f"{path} cannot be written ({error.strerror})",
            expected="a file in an existing folder of your own",
            remedy="Change --json",
        ) from error
