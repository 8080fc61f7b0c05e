"""Which patients went into a network, and how: what its card must say, and what no test may be done on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from LiverTumorSegLib.errors import InputError

_NON_COMMERCIAL = {"ircad", "lits"}
_SHARE_ALIKE = {"hepatic-vessel", "hv-liver"}
_OWN = {"phantom"}
_PERMISSIVE = {"total_example", "hcc-tace-seg"}
"""Apache-2.0; CC BY 4.0, which asks for the citation that the card has."""


@dataclass(frozen=True)
class DataUse:
    """trained_on, chosen_on: patients (``ircad01``) and ids of subjects, sorted. images_of: those of trained_on whose
    CTs were seen; of the others, label maps alone: they are no test cases either. data_sets: all of them came from.
    """

    trained_on: tuple[str, ...] = ()
    images_of: tuple[str, ...] = ()
    chosen_on: tuple[str, ...] = ()
    data_sets: tuple[str, ...] = ()

    def with_also(self, other: DataUse) -> DataUse:
        """All that either used."""
        return DataUse(
            _united(self.trained_on, other.trained_on),
            _united(self.images_of, other.images_of),
            _united(self.chosen_on, other.chosen_on),
            _united(self.data_sets, other.data_sets),
        )

    def check_unseen(self, names: Iterable[str]) -> None:
        """Raises InputError if one of the names was trained on or chosen on."""
        seen = sorted(set(names) & {*self.trained_on, *self.chosen_on})
        if seen:
            raise InputError(
                found=f"{', '.join(seen)} among the patients that are trained on, here or in the run it starts from",
                expected="patients in never_seen that nothing was learned from",
                remedy="Take them out of the sources, or out of never_seen",
            )

    @property
    def license(self) -> str:
        """Of weights that learned from these data sets: the strictest of theirs, without "no derivatives".

        3D-IRCADb and LiTS are CC BY-NC-ND 4.0, the Medical Segmentation Decathlon CC BY-SA 4.0. Data of others: theirs.
        """
        sets = set(self.data_sets)
        strangers = sorted(sets - _NON_COMMERCIAL - _SHARE_ALIKE - _OWN - _PERMISSIVE)
        if strangers:
            return f"as the data allow: {', '.join(strangers)}"
        if sets & _NON_COMMERCIAL:
            return "CC-BY-NC-4.0"
        return "CC-BY-SA-4.0" if sets & _SHARE_ALIKE else "Apache-2.0"

    def to_json(self) -> dict[str, Any]:
        return {name: list(values) for name, values in asdict(self).items()}

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> DataUse:
        """What ``to_json`` gave, among other facts; nothing where nothing was recorded."""
        return cls(**{field.name: tuple(map(str, facts.get(field.name, ()))) for field in fields(cls)})


def _united(*parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for part in parts for name in part}))
