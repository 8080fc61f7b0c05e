"""What somebody wants to be planned: read from the command line; what makes no sense is refused before any work."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from LiverTumorSegLib.cli.plan_command import FormulaWord, SideWord
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.markups_json import read_markups
from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS
from LiverTumorSegLib.planning.remnant import Patient, SurfaceFormula
from LiverTumorSegLib.planning.resection import Resection, SegmentResection, SurfaceResection
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side

_SIDES = {SideWord.ALONG: Side.ALONG_NORMAL, SideWord.AGAINST: Side.AGAINST_NORMAL}
_FORMULAS = {FormulaWord.MOSTELLER: SurfaceFormula.MOSTELLER, FormulaWord.DUBOIS: SurfaceFormula.DUBOIS}


@dataclass(frozen=True)
class PlanChoice:
    """resection, patient, ct, cava: None where not given. settings: the options as they were written, for run.json."""

    resection: Resection | None
    patient: Patient | None
    ct: Path | None
    cava: Path | None
    settings: dict[str, Any]


def choice_from(arguments: argparse.Namespace) -> PlanChoice:
    """Raises InputError for options that contradict each other, and for a surface file that cannot be used."""
    return PlanChoice(_resection(arguments), _patient(arguments), arguments.ct, arguments.cava, _settings(arguments))


def _resection(arguments: argparse.Namespace) -> Resection | None:
    surface = _surface(arguments)
    removes = _removes(arguments)
    if surface is None:
        if removes is not None:
            raise _side_without_surface()
        return None if arguments.resect is None else SegmentResection(_segments(arguments.resect))
    if removes is None:
        raise InputError(
            found="a plane or surface without the side to be removed",
            expected="--removes with ids of lesions, or --side",
            remedy="Add --removes 1 to remove the side that lesion 1 lies on",
        )
    return SurfaceResection(surface, removes)


def _surface(arguments: argparse.Namespace) -> Plane | CurvedSurface | None:
    if arguments.plane is not None:
        r, a, s, nr, na, ns = arguments.plane
        return Plane((r, a, s), (nr, na, ns))
    if arguments.surface is None:
        return None
    markup = read_markups(arguments.surface)
    return CurvedSurface(markup.points_ras) if markup.plane_ras is None else Plane(*markup.plane_ras)


def _segments(text: str) -> tuple[str, ...]:
    """In the order given, each once; small letters are as good."""
    known = {name.upper(): name for name in ALL_COUINAUD_LABELS.values()}
    wanted = [name.strip().upper() for name in text.split(",") if name.strip()]
    return tuple(dict.fromkeys(known.get(name, name) for name in wanted))


def _removes(arguments: argparse.Namespace) -> Side | tuple[int, ...] | None:
    if arguments.side is not None:
        return _SIDES[arguments.side]
    if arguments.removes is None:
        return None
    try:
        return tuple(int(word) for word in arguments.removes.split(","))
    except ValueError as error:
        raise InputError(
            found=f"--removes {arguments.removes}",
            expected="ids of lesions, as in 1,3",
            remedy="Take them from the result's report",
        ) from error


def _patient(arguments: argparse.Namespace) -> Patient | None:
    given = [value for value in (arguments.height, arguments.weight) if value is not None]
    if not given:
        return None
    if len(given) == 1:
        raise InputError(
            found="only one of height and weight",
            expected="--height in cm and --weight in kg, or neither",
            remedy="Give both for the standardised remnant",
        )
    return Patient(arguments.height, arguments.weight, _FORMULAS[arguments.bsa])


def _side_without_surface() -> InputError:
    return InputError(
        found="a side to be removed (--removes, --side), but no plane or surface",
        expected="--plane or --surface beside it",
        remedy="Leave it out, or say where to cut",
    )


def _settings(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("ct", "cava", "resect", "plane", "surface", "removes", "side", "height", "weight", "bsa")
    values = {name: getattr(arguments, name) for name in names}
    return {name: value if isinstance(value, (float, list)) else _text(value) for name, value in values.items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
