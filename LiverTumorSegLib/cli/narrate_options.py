"""Options of a summary that a language model phrases."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.settings import Contents

if TYPE_CHECKING:
    from LiverTumorSegLib.io.narration import Endpoint


def add_narration(parser: argparse.ArgumentParser) -> None:
    """--narrate and what belongs to it."""
    parser.add_argument(
        "--narrate",
        metavar="URL",
        help="have the report's summary phrased too, by a language model behind this OpenAI-compatible address "
        "(http://localhost:11434): it gets the measured facts, no names, ids, dates or paths, and its text is shown "
        "only if every number in it is among them",
    )
    parser.add_argument(
        "--narrate-model", default="", metavar="NAME", help="the first that the endpoint lists (default)"
    )
    parser.add_argument(
        "--narrate-anywhere",
        action="store_true",
        help="the facts may leave this computer and its private network, by https",
    )


def narrator_from(arguments: argparse.Namespace) -> Endpoint | None:
    """None where nothing is to be phrased. Raises InputError for an address not to be asked, or without a report."""
    if arguments.narrate is None:
        _refuse_alone(arguments)
        return None
    if arguments.contents is Contents.DATA:
        raise InputError(
            found="--narrate with --contents data",
            expected="a result with a report, in which the text stands",
            remedy="Leave out one of the two",
        )
    from LiverTumorSegLib.io.narration import Endpoint

    endpoint = Endpoint(arguments.narrate, arguments.narrate_model, arguments.narrate_anywhere)
    endpoint.check_reach()
    return endpoint


def _refuse_alone(arguments: argparse.Namespace) -> None:
    if arguments.narrate_model or arguments.narrate_anywhere:
        raise InputError(
            found="--narrate-model or --narrate-anywhere without --narrate",
            expected="the address of an endpoint",
            remedy="Add --narrate URL",
        )
