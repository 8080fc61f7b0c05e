"""A split as a JSON file, so that a network's training and test patients can be told for as long as it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.text_files import read_json, write_json
from LiverTumorSegLib.training.data.splits import Part, Split
from LiverTumorSegLib.training.data.structures import Structure

SCHEMA = 1


def write_split(path: Path, split: Split) -> None:
    """Schema 1: seed, and the parts with name, structures and ids of subjects. Raises InputError if it cannot."""
    parts = [
        {
            "name": part.name,
            "structures": [structure.value for structure in Structure if structure in part.structures],
            "subjects": list(part.subjects),
        }
        for part in split.parts
    ]
    try:
        write_json(path, {"schema": SCHEMA, "seed": split.seed, "parts": parts})
    except OSError as error:
        raise InputError(
            found=f"{path} cannot be written ({error.strerror or error})",
            expected="a file in a folder of your own",
            remedy="Choose another place",
        ) from error


def read_split(path: Path) -> Split:
    """What write_split wrote. Raises InputError for anything else."""
    data = read_json(path)
    try:
        if data["schema"] != SCHEMA:
            raise _not_a_split(path, f"schema {data['schema']}")
        return Split(int(data["seed"]), tuple(_part(part) for part in data["parts"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _not_a_split(path, f"{type(error).__name__}: {error}") from error


def _part(data: Any) -> Part:
    subjects = data["subjects"]
    if not isinstance(subjects, list):
        message = "subjects are not a list"
        raise TypeError(message)
    structures = frozenset(Structure(name) for name in data["structures"])
    return Part(str(data["name"]), tuple(str(subject) for subject in subjects), structures)


def _not_a_split(path: Path, reason: str) -> InputError:
    return InputError(
        found=f"{path} is no split ({reason})", expected=f"a split of schema {SCHEMA}", remedy="Make the split again"
    )
