"""``livertumorseg evaluate``: a result against an expert's masks."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers
    from LiverTumorSegLib.evaluation.agreement import Agreement
    from LiverTumorSegLib.volume import Volume

MOST_VALUES = 1000
"""More is an image, not a mask."""


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``evaluate RESULT --liver F --tumor F --vessel F``."""
    parser = subparsers.add_parser(
        "evaluate",
        help="compare a result with an expert's masks (Dice, volumes in ml, lesions found)",
        description="Compare a result folder with an expert's masks on the same grid: Dice, volumes (ml), lesions "
        "found and missed. Several files of one class are united; a class without a file is not judged.",
        parents=list(parents),
    )
    parser.add_argument("result", type=Path, metavar="RESULT", help="folder written by 'segment' or 'measure'")
    for name, what in (
        ("liver", "liver mask; tumors are added to it"),
        ("tumor", "tumor mask or lesion ids"),
        ("vessel", "vessel masks, counted inside the liver"),
    ):
        parser.add_argument(f"--{name}", type=Path, nargs="+", metavar="FILE", help=what)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers there")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Print the table."""
    from LiverTumorSegLib.evaluation.agreement import Reference, agreement
    from LiverTumorSegLib.io.results import read_segmentation_of

    if not (arguments.liver or arguments.tumor or arguments.vessel):
        raise InputError(
            found="no expert mask", expected="--liver, --tumor or --vessel", remedy="See: livertumorseg evaluate --help"
        )
    segmentation = read_segmentation_of(arguments.result)
    reference = Reference(**{name: _united(getattr(arguments, name)) for name in ("liver", "tumor", "vessel")})
    result = agreement(segmentation, reference)
    if arguments.json:
        _write_json(arguments.json, result.to_json())
    job.output.result(table(result), **result.to_json())
    return 0


def table(result: Agreement) -> str:
    """The agreement for people."""
    lines = [f"{'class':8} {'Dice':>6} {'found ml':>10} {'expert ml':>10} {'error %':>8}"]
    for item in result.classes:
        error = "-" if item.volume_error is None else f"{100 * item.volume_error:+.1f}"
        lines.append(f"{item.name:8} {item.dice:6.3f} {item.predicted_ml:10.1f} {item.reference_ml:10.1f} {error:>8}")
    if result.reference_lesions:
        lines += ["", f"{'expert lesion':>13} {'ml':>8} {'covered %':>10}"]
        lines += [f"{x.id:13d} {x.volume_ml:8.2f} {100 * x.covered:10.0f}" for x in result.reference_lesions]
    if result.false_lesions:
        sizes = ", ".join(f"{lesion.volume_ml:.2f}" for lesion in result.false_lesions)
        lines += ["", f"false lesions (ml): {sizes}"]
    return "\n".join(lines)


def _united(files: list[Path] | None) -> Volume | None:
    """One volume of several: ids of a single file are kept, several become one mask."""
    if not files:
        return None
    first, *others = (_mask(path) for path in files)
    if not others:
        return first
    mask = first.array > 0
    for other in others:
        if not other.same_grid(first):
            raise InputError(
                found=f"masks on different grids: {first.describe_grid()}, and {other.describe_grid()}",
                expected="masks drawn on one CT",
                remedy="Give files of the same examination",
            )
        mask = mask | (other.array > 0)
    return first.with_array(mask.astype("uint8"))


def _mask(path: Path) -> Volume:
    """Labels of a file; raises InputError for what is no mask (a CT, a probability map)."""
    import numpy as np

    from LiverTumorSegLib.io.read import read_image
    from LiverTumorSegLib.volume import Volume

    image = read_image(path)
    values = np.unique(image.array)
    if values.size > MOST_VALUES or values[0] < 0 or (values != np.rint(values)).any():
        raise InputError(
            found=f"{path.name} has {values.size} different values from {values[0]:g} to {values[-1]:g}",
            expected=f"a mask or lesion ids: at most {MOST_VALUES} whole numbers from 0",
            remedy="Give the file of the mask, not of the image",
        )
    return Volume(image.array.astype(np.int32), image.affine)


def _write_json(path: Path, facts: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(
            found=f"{path} cannot be written ({error.strerror})",
            expected="a file in an existing folder of your own",
            remedy="Change --json",
        ) from error
