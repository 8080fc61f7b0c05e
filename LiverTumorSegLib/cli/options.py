"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.progress_output import ProgressMode
from LiverTumorSegLib.settings import Contour, Device, Engine, Precision, SegmentSettings

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
        help="from 'livertumorseg models list'; auto (default): the networks, fetched once, else a classical fallback",
    )
    parser.add_argument(
        "--device",
        type=Device,
        choices=list(Device),
        default=usual.device,
        metavar="{auto,cpu,cuda,mps}",
        help="where the networks run; auto (default): a GPU where torch finds one, else the CPU",
    )
    parser.add_argument(
        "--engine",
        type=Engine,
        choices=list(Engine),
        default=usual.engine,
        metavar="{auto,openvino,torch}",
        help="auto: OpenVINO on a CPU, torch on a GPU and where OpenVINO is missing",
    )
    parser.add_argument(
        "--precision",
        type=Precision,
        choices=list(Precision),
        default=usual.precision,
        metavar="{auto,fp32,bf16}",
        help="auto: bf16 where the processor has it",
    )
    parser.add_argument("--threads", type=int, default=usual.threads, metavar="N", help="0 (default): all cores")
    parser.add_argument(
        "--min-lesion-ml",
        type=float,
        default=usual.min_lesion_ml,
        metavar="ML",
        help="predicted lesions below this volume are dropped (%(default)s ml)",
    )
    parser.add_argument(
        "--contour",
        type=Contour,
        choices=list(Contour),
        default=usual.contour,
        metavar="{off,chan-vese}",
        help="refinement of tumor outlines (%(default)s)",
    )
    parser.add_argument(
        "--offline", action="store_true", help="never download: without cached networks, use the classical fallback"
    )


def settings_from(arguments: argparse.Namespace) -> SegmentSettings:
    """Raises InputError where settings contradict each other."""
    return SegmentSettings(
        model=arguments.model,
        device=arguments.device,
        engine=arguments.engine,
        precision=arguments.precision,
        contour=arguments.contour,
        min_lesion_ml=arguments.min_lesion_ml,
        threads=arguments.threads,
    )
