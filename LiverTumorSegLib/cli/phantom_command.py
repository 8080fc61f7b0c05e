"""``livertumorseg phantom``: an abdomen that needs no patient."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from LiverTumorSegLib.cli.options import some_path
from LiverTumorSegLib.cli.runtime import Job

if TYPE_CHECKING:
    from LiverTumorSegLib.cli.options import Subparsers

CT_FILE = "ct.nii.gz"
TRUTH_FILE = "truth.json"


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """``phantom -o FOLDER``."""
    parser = subparsers.add_parser(
        "phantom",
        help="write a procedural abdomen CT with known liver, vessels and tumors",
        description="Write a procedural portal-venous abdomen CT (ct.nii.gz, HU), its true label map and lesion ids, "
        "and truth.json (ml, mm). No patient's data is in it.",
        parents=list(parents),
    )
    parser.add_argument("-o", "--output", type=some_path, required=True, metavar="FOLDER", help="where to write it")
    parser.add_argument("--seed", type=int, default=1, help="another seed is another patient (%(default)s)")
    parser.add_argument(
        "--spacing",
        type=float,
        nargs=3,
        default=None,
        metavar=("X", "Y", "Z"),
        help="voxel spacing in mm (0.8 0.8 2.0)",
    )
    parser.add_argument(
        "--noise", type=float, default=None, metavar="HU", help="standard deviation of the noise (12 HU)"
    )
    parser.add_argument("--tilt", type=float, default=0.0, metavar="DEG", help="oblique acquisition (0 degrees)")
    parser.add_argument("--healthy", action="store_true", help="a liver without tumors")
    parser.set_defaults(work=work)


def work(arguments: argparse.Namespace, job: Job) -> int:
    """Make the phantom and say where it is."""
    folder = write_phantom(arguments, job)
    job.output.result(f"Phantom: {folder / CT_FILE} (truth: {folder / TRUTH_FILE})", folder=str(folder))
    return 0


def write_phantom(arguments: argparse.Namespace, job: Job) -> Path:
    """The phantom's files in the output folder. Raises InputError for absurd settings or a folder of other files."""
    from LiverTumorSegLib.io.phantom_files import write_phantom_files
    from LiverTumorSegLib.phantom import PhantomSettings, make_phantom

    usual = PhantomSettings()
    settings = PhantomSettings(
        seed=arguments.seed,
        spacing_mm=tuple(arguments.spacing) if arguments.spacing else usual.spacing_mm,
        noise_hu=usual.noise_hu if arguments.noise is None else arguments.noise,
        tilt_deg=arguments.tilt,
        with_tumors=not arguments.healthy,
    )
    phantom = make_phantom(settings, job.report)
    write_phantom_files(arguments.output, phantom.ct, phantom.segmentation, phantom.lesions, phantom.truth)
    return Path(arguments.output)
