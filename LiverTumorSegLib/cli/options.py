"""Options that several commands share."""

from __future__ import annotations

import argparse
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.progress_output import ProgressMode
from LiverTumorSegLib.settings import Contents, Contour, Division, SegmentSettings

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def some_path(text: str) -> Path:
    """A path; the empty one (an unset variable of a script) is refused instead of meaning the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("an empty path")  # noqa: EM101 (argparse prints it)
    return Path(text)


def progress_parent() -> argparse.ArgumentParser:
    """--progress, which every command has."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(
        "--progress",
        type=ProgressMode,
        choices=list(ProgressMode),
        default=ProgressMode.BAR,
        metavar="{bar,json,none}",
        help="a bar on stderr (default), json: one object a line on stdout, or none",
    )
    return parent


def add_output(parser: argparse.ArgumentParser) -> None:
    """-o: the result folder."""
    parser.add_argument(
        "-o",
        "--output",
        type=some_path,
        required=True,
        metavar="FOLDER",
        help="result folder: made by the run; an earlier result in it is replaced, anything else is refused",
    )


def add_contents(parser: argparse.ArgumentParser) -> None:
    """--contents: all of the result folder, or only what programs read."""
    _add_choice(
        parser, "contents", Contents.ALL, "all, or data: label maps, measurements and run.json without scene and report"
    )


def add_ct(parser: argparse.ArgumentParser) -> None:
    """The CT and, of a DICOM folder, which series."""
    parser.add_argument(
        "input",
        type=some_path,
        metavar="CT",
        help="abdominal CT: NIfTI, NRRD or MetaImage file, DICOM folder, or a zip of one",
    )
    parser.add_argument(
        "--series",
        metavar="WHICH",
        help="of a DICOM folder with several CT series: its number, UID, end of the UID, or description",
    )


def add_segmentation_settings(parser: argparse.ArgumentParser) -> None:
    """Model, engine and thresholds of the main job."""
    usual = SegmentSettings()
    parser.add_argument(
        "--model",
        default=usual.model,
        metavar="ID",
        help="from 'livertumorseg models list', or a .safetensors file that 'train' wrote; auto (default): "
        "all networks together, some of them fetched once; where they cannot be had, the built-in one alone",
    )
    _add_choice(
        parser, "quality", usual.quality, "how much time the networks get; with the default ones fast is as standard"
    )
    _add_choice(
        parser, "device", usual.device, "where the networks run; auto: a GPU where torch finds one, else the CPU"
    )
    _add_choice(parser, "engine", usual.engine, "auto: OpenVINO on a CPU, torch on a GPU and where OpenVINO is missing")
    _add_choice(parser, "precision", usual.precision, "auto: bf16 where the processor has it")
    _add_contour(parser, usual)
    _add_stages(parser, usual)
    add_anatomy(parser)
    parser.add_argument("--threads", type=int, default=usual.threads, metavar="N", help="0 (default): all cores")
    parser.add_argument(
        "--min-lesion-ml",
        type=float,
        default=usual.min_lesion_ml,
        metavar="ML",
        help="predicted lesions below this volume are dropped (%(default)s ml)",
    )
    parser.add_argument(
        "--offline", action="store_true", help="never download: without cached networks, use the built-in one alone"
    )


def _add_contour(parser: argparse.ArgumentParser, usual: SegmentSettings) -> None:
    _add_choice(
        parser,
        "contour",
        usual.contour,
        "refinement of tumor outlines: chan-vese is corrected, reference as SmoothSegNet's authors have it; auto: off",
    )
    parser.add_argument(
        "--no-contour",
        dest="contour",
        action="store_const",
        const=Contour.OFF,
        default=argparse.SUPPRESS,
        help="as --contour off",
    )


def _add_stages(parser: argparse.ArgumentParser, usual: SegmentSettings) -> None:
    parser.add_argument(
        "--backbone",
        default=usual.backbone,
        metavar="LIVER[,TUMOR]",
        help="networks of the two steps of --model smoothsegnet: each kuleuven (fetched) or a .safetensors file of "
        "'train smoothsegnet', or a folder with both (an imported pair, else kuleuven)",
    )
    _add_choice(
        parser,
        "variant",
        usual.variant,
        "of --model smoothsegnet: the liver first and tumors in it, or one network for both, which --backbone names",
    )


def add_anatomy(parser: argparse.ArgumentParser) -> None:
    """--anatomy: whether to divide the liver."""
    what = "Couinaud segments, and portal vein apart from hepatic veins; ivab: with IVa and IVb in the place of IV"
    _add_choice(parser, "anatomy", Division.ON, what)


def _add_choice(parser: argparse.ArgumentParser, name: str, usual: StrEnum, what: str) -> None:
    kind = type(usual)
    parser.add_argument(
        f"--{name}",
        type=kind,
        choices=list(kind),
        default=usual,
        metavar=f"{{{','.join(kind)}}}",
        help=f"{what} (%(default)s)",
    )


def settings_from(arguments: argparse.Namespace) -> SegmentSettings:
    """Raises InputError where settings contradict each other."""
    return SegmentSettings(
        model=arguments.model,
        quality=arguments.quality,
        device=arguments.device,
        engine=arguments.engine,
        precision=arguments.precision,
        contour=arguments.contour,
        min_lesion_ml=arguments.min_lesion_ml,
        threads=arguments.threads,
        anatomy=arguments.anatomy,
        backbone=arguments.backbone,
        variant=arguments.variant,
    )
