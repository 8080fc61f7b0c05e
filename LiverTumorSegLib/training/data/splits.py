"""Who is in which part of the data: folds, and the parts of the experiment on partial supervision.

A patient is in one part only. The parts depend on seed and names alone, so they are the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure, in_words
from LiverTumorSegLib.training.data.subject import Subject, fully_annotated

TEST, FULL = "test", "full"


class Supervision(StrEnum):
    """What the partially supervised parts keep: one class each (as in the paper), or all but one."""

    ONE_CLASS = "one-class"
    ALL_BUT_ONE = "all-but-one"


@dataclass(frozen=True)
class Part:
    """Ids of the subjects, and the structures that may be learned from them as far as they are annotated."""

    name: str
    subjects: tuple[str, ...]
    structures: frozenset[Structure] = ALL_STRUCTURES


@dataclass(frozen=True)
class Split:
    """Parts without a common subject. Raises InputError for a name or a subject that occurs twice."""

    seed: int
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        subjects = [subject for part in self.parts for subject in part.subjects]
        twice = [name for name, count in (*Counter(names).items(), *Counter(subjects).items()) if count > 1]
        if twice or not self.parts:
            raise InputError(
                found=f"a split with {', '.join(twice[:5])} twice" if twice else "a split without parts",
                expected="parts of different names, and each subject in one of them",
                remedy="Make the split again",
            )

    def part(self, name: str) -> Part:
        """Raises InputError, naming those there are."""
        for part in self.parts:
            if part.name == name:
                return part
        raise InputError(
            found=f"no part {name!r} in the split",
            expected=f"one of {', '.join(part.name for part in self.parts)}",
            remedy="Choose one of them",
        )


def k_folds(subjects: Sequence[Subject], count: int = 5, seed: int = 0) -> Split:
    """Parts fold-1 to fold-count of nearly the same size, and so within every data set and set of annotated classes.

    Raises InputError for fewer than two folds or fewer patients than folds.
    """
    parts = _dealt(subjects, count, seed)
    return Split(seed, tuple(Part(f"fold-{n}", ids) for n, ids in enumerate(parts, start=1)))


def partial_split(
    subjects: Sequence[Subject], seed: int = 0, supervision: Supervision = Supervision.ONE_CLASS
) -> Split:
    """Five parts of 20 %: full supervision, three with partial supervision, test (LVT, section 4.1).

    303 subjects of one data set become 61 (full), 61, 61 and 60 (liver, vessel, tumor), 60 (test) as in Table A.1.
    Raises InputError where a subject lacks a class: supervision can be taken away but not added.
    """
    lacking = [subject for subject in subjects if not fully_annotated(subject)]
    if lacking:
        raise InputError(
            found=f"{lacking[0].id} with {in_words(lacking[0].annotated)} only ({len(lacking)} such subjects)",
            expected="subjects with liver, vessels and tumors, such as HepaticVessel with HV Liver",
            remedy="Leave out the others",
        )
    kept = [(FULL, ALL_STRUCTURES), *(_kept(structure, supervision) for structure in Structure), (TEST, ALL_STRUCTURES)]
    parts = _dealt(subjects, len(kept), seed)
    return Split(seed, tuple(Part(name, ids, left) for (name, left), ids in zip(kept, parts, strict=True)))


def chosen(split: Split, subjects: Sequence[Subject], *names: str) -> tuple[Subject, ...]:
    """The subjects of some parts with all that is annotated, in the order given. Raises InputError as check_split."""
    check_split(split, subjects)
    wanted = {subject for name in names for subject in split.part(name).subjects}
    return tuple(subject for subject in subjects if subject.id in wanted)


def supervised(split: Split, subjects: Sequence[Subject], *names: str) -> tuple[Subject, ...]:
    """The same, each with no more than its part may learn from. Raises InputError as check_split."""
    structures = {subject: split.part(name).structures for name in names for subject in split.part(name).subjects}
    return tuple(
        subject.only(subject.annotated & structures[subject.id]) for subject in chosen(split, subjects, *names)
    )


def fold(split: Split, subjects: Sequence[Subject], number: int) -> tuple[tuple[Subject, ...], tuple[Subject, ...]]:
    """Training and validation subjects of fold ``number``, counted from 1. Raises InputError as check_split."""
    validation = f"fold-{number}"
    split.part(validation)
    others = [part.name for part in split.parts if part.name != validation]
    return chosen(split, subjects, *others), chosen(split, subjects, validation)


def check_split(split: Split, subjects: Sequence[Subject]) -> None:
    """Raises InputError unless a split is about exactly these subjects and keeps every patient in one part."""
    part_of = {subject: part.name for part in split.parts for subject in part.subjects}
    ids = {subject.id for subject in subjects}
    strangers, missing = sorted(ids - part_of.keys()), sorted(part_of.keys() - ids)
    if strangers or missing:
        what = f"{len(strangers)} subjects that the split lacks, and lacks {len(missing)} of its subjects"
        raise InputError(
            found=f"the data has {what} ({', '.join((strangers + missing)[:5])})",
            expected="the subjects that the split was made for",
            remedy="Give the same data sets, merged in the same way, or make a new split",
        )
    parts: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        parts[subject.patient].add(part_of[subject.id])
    leaking = sorted(patient for patient, names in parts.items() if len(names) > 1)
    if leaking:
        raise InputError(
            found=f"patient {leaking[0]} in {' and '.join(sorted(parts[leaking[0]]))} ({len(leaking)} patients in all)",
            expected="every patient in one part",
            remedy="Make a new split",
        )


def _kept(structure: Structure, supervision: Supervision) -> tuple[str, frozenset[Structure]]:
    if supervision is Supervision.ONE_CLASS:
        return f"{structure}-only", frozenset({structure})
    return f"without-{structure}", ALL_STRUCTURES - {structure}


def _dealt(subjects: Sequence[Subject], count: int, seed: int) -> list[tuple[str, ...]]:
    """Ids by part, in the order of the subjects. A patient goes where fewest of its kind are, then fewest at all."""
    patients: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        patients[subject.patient].append(subject)
    if count < 2 or len(patients) < count:
        raise InputError(
            found=f"{len(patients)} patients for {count} parts",
            expected="at least two parts, and a patient for each",
            remedy="Choose fewer parts, or more data",
        )
    of_kind: list[Counter[str]] = [Counter() for _ in range(count)]
    part_of: dict[str, int] = {}
    for patient in sorted(patients, key=lambda name: (_kind(patients[name]), -len(patients[name]), _lot(name, seed))):
        kind, size = _kind(patients[patient]), len(patients[patient])
        best = min(range(count), key=lambda n: (of_kind[n][kind], of_kind[n].total(), n))
        of_kind[best][kind] += size
        part_of[patient] = best
    return [tuple(subject.id for subject in subjects if part_of[subject.patient] == n) for n in range(count)]


def _kind(subjects: Sequence[Subject]) -> str:
    return " + ".join(sorted({f"{subject.data_set} ({in_words(subject.annotated)})" for subject in subjects}))


def _lot(patient: str, seed: int) -> str:
    """Drawn for a patient whoever else is there; a generator's numbers may change with its library."""
    return hashlib.sha256(f"{seed}\n{patient}".encode()).hexdigest()
