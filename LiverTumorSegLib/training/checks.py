"""What all parts of a recipe refuse alike."""

from __future__ import annotations

from LiverTumorSegLib.errors import InputError


def some(name: str, values: tuple[object, ...]) -> None:
    """Raises InputError for none."""
    if not values:
        raise InputError(found=f"no {name}", expected="one at least", remedy="Add one to the recipe")


def at_least(least: int, **values: int | float) -> None:
    """Raises InputError, naming the first value that is less."""
    for name, value in values.items():
        if not value >= least:
            raise InputError(found=f"{name} {value}", expected=f"{least} or more", remedy="Correct the recipe")


def above_zero(**values: int | float) -> None:
    """Raises InputError, naming the first value that is not."""
    for name, value in values.items():
        if not value > 0:
            raise InputError(found=f"{name} {value:g}", expected="a number above 0", remedy="Correct the recipe")


def shares(**values: float) -> None:
    """Raises InputError, naming the first value that is no share."""
    for name, value in values.items():
        if not 0 <= value <= 1:
            raise InputError(found=f"{name} {value:g}", expected="a share from 0 to 1", remedy="Correct the recipe")
