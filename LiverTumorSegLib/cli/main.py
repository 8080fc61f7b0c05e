"""``livertumorseg``: parses the command, runs its work as a job, and turns failures into one line and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from LiverTumorSegLib import __version__
from LiverTumorSegLib.cli import (
    calibrate_command,
    demo_command,
    evaluate_command,
    experiment_command,
    measure_command,
    models_command,
    phantom_command,
    phases_command,
    plan_command,
    prior_command,
    segment_command,
    serve_command,
    track_command,
    train_command,
)
from LiverTumorSegLib.cli.options import progress_parent
from LiverTumorSegLib.cli.progress_output import ProgressOutput
from LiverTumorSegLib.cli.runtime import run_job
from LiverTumorSegLib.errors import CancelledError

DESCRIPTION = """Liver, vessels and tumors of an abdominal CT as an editable segmentation with measurements.
Lengths are in mm, volumes in ml, densities in HU. For research use only: not a medical device."""
EPILOG = "Exit codes: 0 done, 2 unusable input (one line says what to do), 3 cancelled. Every command has --help."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        return run_job(lambda job: arguments.work(arguments, job), ProgressOutput(arguments.progress))
    except KeyboardInterrupt:
        return CancelledError.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 1


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="livertumorseg",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"livertumorseg {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    parents = (progress_parent(),)
    for command in (
        segment_command,
        measure_command,
        plan_command,
        track_command,
        phases_command,
        evaluate_command,
        models_command,
        serve_command,
        phantom_command,
        demo_command,
        train_command,
        prior_command,
        experiment_command,
        calibrate_command,
    ):
        command.add_parser(subparsers, parents)
    return parser
