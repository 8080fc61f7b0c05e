"""Recipes as TOML files: sections network, training and perhaps loss, and one [[sources]] for each kind of samples."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.recipe import (
    RECIPES,
    AnySource,
    CasesSource,
    LayoutSource,
    LossRecipe,
    NetworkRecipe,
    Recipe,
    ShapesSource,
    SynthesisSource,
    TrainingRecipe,
)
from LiverTumorSegLib.training.strict_table import made

_SOURCES: Mapping[str, type[AnySource]] = {
    "synthesis": SynthesisSource,
    "cases": CasesSource,
    "layout": LayoutSource,
    "shapes": ShapesSource,
}


@dataclass(frozen=True)
class _Top:
    """What stands above the sections."""

    name: str
    seed: int
    chosen_on: tuple[str, ...] = ()
    never_seen: tuple[str, ...] = ()


_TOP = ("name", "seed", "network", "training", "sources")
_MAY = ("chosen_on", "never_seen", "loss")


def is_recipe(name_or_path: str) -> bool:
    """Whether it is one that ``find_recipe`` finds."""
    return Path(name_or_path).is_file() or (RECIPES / f"{name_or_path}.toml").is_file()


def find_recipe(name_or_path: str) -> Path:
    """A file, or the committed recipe of that name. Raises InputError, naming those there are."""
    path = Path(name_or_path)
    if path.is_file():
        return path
    committed = RECIPES / f"{name_or_path}.toml"
    if committed.is_file():
        return committed
    raise InputError(
        found=f"no recipe {name_or_path!r}",
        expected=f"a TOML file, or one of {', '.join(sorted(path.stem for path in RECIPES.glob('*.toml')))}",
        remedy="Check the name or the path",
    )


def read_recipe(path: Path) -> Recipe:
    """From a file. Raises InputError as ``parse_recipe`` does, and where the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path.name, str(error)) from error
    return parse_recipe(text, path.name)


def parse_recipe(text: str, called: str) -> Recipe:
    """Raises InputError, naming ``called`` and the entry, for what is no TOML and for unknown, missing, mistyped or
    impossible entries.
    """
    try:
        facts = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(called, str(error)) from error
    try:
        return _recipe(facts)
    except InputError as error:
        found = f"{called}: {error.found}"
        raise InputError(found=found, expected=error.expected, remedy=error.remedy) from error


def _recipe(facts: dict[str, Any]) -> Recipe:
    missing, unknown = sorted(set(_TOP) - facts.keys()), sorted(facts.keys() - {*_TOP, *_MAY})
    if missing or unknown:
        told = [f"no {', '.join(missing)}"] if missing else []
        told += [f"unknown entries ({', '.join(unknown)})"] if unknown else []
        raise InputError(
            found=" and ".join(told),
            expected=f"{', '.join(_TOP)}, and perhaps {', '.join(_MAY)}",
            remedy="Correct the recipe",
        )
    top = {name: facts[name] for name in ("name", "seed", "chosen_on", "never_seen") if name in facts}
    plain = made(_Top, top, "the recipe")
    return Recipe(
        name=plain.name,
        seed=plain.seed,
        network=made(NetworkRecipe, facts["network"], "network"),
        training=made(TrainingRecipe, facts["training"], "training"),
        sources=_sources(facts["sources"]),
        chosen_on=plain.chosen_on,
        never_seen=plain.never_seen,
        loss=made(LossRecipe, facts.get("loss", {}), "loss"),
    )


def _sources(tables: object) -> tuple[AnySource, ...]:
    if not isinstance(tables, list):
        raise InputError(found=f"sources is {tables!r}", expected="tables", remedy="Write [[sources]] once for each")
    return tuple(_source(table, f"sources {number}") for number, table in enumerate(tables, start=1))


def _source(table: dict[str, Any], where: str) -> AnySource:
    kind = str(table.get("kind"))
    if kind not in _SOURCES:
        raise InputError(
            found=f"{where} of kind {kind!r}", expected=f"one of {', '.join(_SOURCES)}", remedy="Correct the recipe"
        )
    return made(_SOURCES[kind], {name: value for name, value in table.items() if name != "kind"}, where)


def _unreadable(called: str, why: str) -> InputError:
    return InputError(
        found=f"{called} cannot be read ({why})", expected="a recipe in TOML", remedy="Check the path and the file"
    )
