"""A table of a TOML file -> a dataclass, without tolerance: a misspelt entry must not silently become a default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from LiverTumorSegLib.errors import InputError

T = TypeVar("T")


def made(kind: type[T], table: object, where: str) -> T:
    """The dataclass whose fields are the entries. where: of the table in its file, for messages.

    Fields may be bool, int, float, str, StrEnum or tuples of these; where three numbers are expected, one stands for
    all; where a field may be one of several of these, the value tells which. Raises InputError for unknown, missing and
    mistyped entries, and passes on what the dataclass itself refuses.
    """
    if not isinstance(table, Mapping):
        raise InputError(found=f"{where} is {table!r}", expected="a table", remedy=f"Write [{where}]")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    required = {name for name, field in known.items() if _is_required(field)}
    unknown, missing = sorted(table.keys() - known.keys()), sorted(required - table.keys())
    if unknown or missing:
        told = [f"unknown entries ({', '.join(unknown)})"] if unknown else []
        told += [f"no {', '.join(missing)}"] if missing else []
        optional = sorted(known.keys() - required)
        raise InputError(
            found=f"{where} has {' and '.join(told)}",
            expected=f"{', '.join(sorted(required)) or 'nothing more'}, and perhaps {', '.join(optional) or 'no more'}",
            remedy="Correct the recipe",
        )
    types = get_type_hints(kind)
    return kind(**{name: _value(types[name], value, f"{where}.{name}") for name, value in table.items()})


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(kind: Any, value: object, where: str) -> Any:
    if isinstance(kind, UnionType):
        kind = _one_of(get_args(kind), value)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), value, where)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _choice(kind, value, where)
    fits, convert, called = _PLAIN[kind]
    if not fits(value):
        raise InputError(found=f"{where} is {value!r}", expected=called, remedy="Correct the recipe")
    return convert(value)


def _one_of(kinds: tuple[Any, ...], value: object) -> Any:
    """The kind that a value is of, else the first one, which refuses it."""
    for kind in kinds:
        if isinstance(value, list) if get_origin(kind) is tuple else _PLAIN[kind][0](value):
            return kind
    return kinds[0]


def _tuple(kinds: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    if kinds[-1] is not Ellipsis and not isinstance(value, list):
        value = [value] * len(kinds)
    if not isinstance(value, list) or (kinds[-1] is not Ellipsis and len(value) != len(kinds)):
        count = "a list" if kinds[-1] is Ellipsis else f"{len(kinds)} entries"
        raise InputError(found=f"{where} is {value!r}", expected=count, remedy="Correct the recipe")
    each = [kinds[0]] * len(value) if kinds[-1] is Ellipsis else list(kinds)
    return tuple(_value(kind, entry, where) for kind, entry in zip(each, value, strict=True))


def _choice(kind: type[StrEnum], value: object, where: str) -> StrEnum:
    if not isinstance(value, str) or value not in list(kind):
        raise InputError(
            found=f"{where} is {value!r}", expected=f"one of {', '.join(kind)}", remedy="Correct the recipe"
        )
    return kind(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_PLAIN: Mapping[Any, tuple[Callable[[Any], bool], Callable[[Any], Any], str]] = {
    bool: (lambda value: isinstance(value, bool), bool, "true or false"),
    int: (lambda value: isinstance(value, int) and not isinstance(value, bool), int, "a whole number"),
    float: (_is_number, float, "a number"),
    str: (lambda value: isinstance(value, str), str, "a text between quotation marks"),
}
