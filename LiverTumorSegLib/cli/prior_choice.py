"""The words of ``prior`` as settings."""

from __future__ import annotations

import argparse

from LiverTumorSegLib.clinical.prior import PriorSettings
from LiverTumorSegLib.clinical.regressions import Model
from LiverTumorSegLib.clinical.table import ColumnChoice
from LiverTumorSegLib.errors import InputError

_RANGES = {"folds": (2, 20), "repeats": (1, 1000), "shuffles": (0, 1000), "seed": (0, 2**31)}


def prior_settings(arguments: argparse.Namespace) -> PriorSettings:
    """Raises InputError for numbers that make no sense."""
    for name, (low, high) in _RANGES.items():
        value = getattr(arguments, name)
        if not low <= value <= high:
            raise InputError(
                found=f"--{name} {value}", expected=f"a number from {low} to {high}", remedy=f"Correct --{name}"
            )
    return PriorSettings(
        model=Model(arguments.model),
        folds=arguments.folds,
        repeats=arguments.repeats,
        shuffles=arguments.shuffles,
        seed=arguments.seed,
    )


def column_choice(arguments: argparse.Namespace) -> ColumnChoice:
    """Which columns predict."""
    return ColumnChoice(
        target=arguments.target or arguments.tlvr,
        id=arguments.id,
        exclude=tuple(arguments.exclude),
        include=tuple(arguments.include),
        only=tuple(arguments.features),
        outcome=arguments.outcome,
        classes=tuple(arguments.classes),
        missing=tuple(arguments.missing),
    )
