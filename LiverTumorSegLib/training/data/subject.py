"""One image of a training set: where it is, who drew what on it, and the CT with its labels once they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.training.data.structures import (
    ALL_STRUCTURES,
    Drawn,
    Structure,
    exclusive_map,
    in_words,
    loss_weights,
)
from LiverTumorSegLib.training.data.turns import Turn, find_turn
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class CtSource:
    """Where a CT is. series: of a DICOM folder or zip with several. sha256: if given, that of the source it must be."""

    path: Path
    series: str | None = None
    sha256: str | None = None

    def read(self) -> Study:
        """Raises InputError for whatever is no CT, and for another CT than the one that sha256 tells."""
        study = read_study(self.path, series=self.series)
        if self.sha256 is not None and study.source.sha256 != self.sha256:
            raise InputError(
                found=f"{self.path} is another CT than the one that was segmented",
                expected=f"the source whose sha256 begins with {self.sha256[:12]}",
                remedy="Give the folder of the original CTs",
            )
        return study


@runtime_checkable
class LabelSource(Protocol):
    """Label files of one image. structures: what they can hold."""

    @property
    def path(self) -> Path: ...

    @property
    def structures(self) -> frozenset[Structure]: ...

    def read(self, study: Study) -> Drawn:
        """Masks on the grid of the image they were drawn on. Raises InputError for another grid or unknown values."""
        ...


@dataclass(frozen=True)
class Annotation:
    """What one data set drew on its copy of the image. structures: those of the labels that count."""

    data_set: str
    image: CtSource
    labels: LabelSource
    structures: frozenset[Structure]

    def __post_init__(self) -> None:
        _check_named(self.data_set, "data set")
        if not self.structures or not self.structures <= self.labels.structures:
            raise InputError(
                found=f"{in_words(self.structures) or 'nothing'} as annotated in {self.labels.path}",
                expected=f"one or more of its classes ({in_words(self.labels.structures)})",
                remedy="Name only classes that these labels hold",
            )

    def read(self, study: Study, source: CtSource) -> Drawn:
        """Its masks on a study's grid; source: where that study came from."""
        if source == self.image:
            return self._counting(self.labels.read(study))
        own = self.image.read()
        turn = find_turn(own.ct, study.ct)
        if turn is None:
            raise InputError(
                found=f"{self.image.path} and {source.path} are not the same image any more",
                expected="the files whose content was compared when the data sets were merged",
                remedy="Merge the data sets again",
            )
        return self._counting(_turned(self.labels.read(own), turn))

    def _counting(self, drawn: Drawn) -> Drawn:
        return replace(drawn, masks={s: mask for s, mask in drawn.masks.items() if s in self.structures})


@dataclass(frozen=True, eq=False)
class LabelledCt:
    """ct: HU (int16 or float32). labels: uint8 on its grid, 0, 1 liver, 2 vessel, 3 tumor, 255 unknown.

    Where ``annotated`` lacks a class, its voxels have the value of what is around them: that says nothing about it.
    """

    ct: Volume
    labels: Volume
    annotated: frozenset[Structure]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """One image with its annotations; nothing is read before ``load``.

    id: unique among all subjects. patient: the same for all images of one person. data_set: of the image (a merged
    subject has annotations of others too). also: ids of the subjects that turned out to be the same image.
    Raises InputError for empty names and where two annotations give the same class.
    """

    id: str
    data_set: str
    image: CtSource
    annotations: tuple[Annotation, ...]
    patient: str = ""
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_named(self.id, "subject")
        _check_named(self.data_set, "data set")
        if not self.patient:
            object.__setattr__(self, "patient", self.id)
        given = [structure for annotation in self.annotations for structure in annotation.structures]
        if not given or len(set(given)) < len(given):
            twice = {structure for structure in given if given.count(structure) > 1}
            raise InputError(
                found=f"subject {self.id} with {f'two annotations of {in_words(twice)}' if twice else 'no annotation'}",
                expected="one annotation of every class that is annotated, and one class at least",
                remedy="Choose one of its label files",
            )

    @property
    def annotated(self) -> frozenset[Structure]:
        """The classes that are known everywhere in the image, present or not."""
        return frozenset().union(*(annotation.structures for annotation in self.annotations))

    @property
    def loss_weights(self) -> tuple[float, float, float]:
        """[liver, vessel, tumor] of Table A.1."""
        return loss_weights(self.annotated)

    def only(self, structures: frozenset[Structure]) -> Subject:
        """The same image as if nothing else had been annotated: a partially supervised subject (section 4.1).

        Raises InputError for a class that is not annotated.
        """
        missing = structures - self.annotated
        if missing or not structures:
            raise InputError(
                found=f"subject {self.id} annotated with {in_words(self.annotated)}",
                expected=f"{in_words(missing) or 'a class'} among them",
                remedy="Choose subjects that annotate the classes to be kept",
            )
        kept = (replace(a, structures=a.structures & structures) for a in self.annotations if a.structures & structures)
        return replace(self, annotations=tuple(kept))

    def load_ct(self) -> Study:
        """The CT alone."""
        return self.image.read()

    def load(self) -> LabelledCt:
        """CT and labels, read now. Raises InputError if a file is missing, damaged, or on another grid."""
        study = self.load_ct()
        drawings = [annotation.read(study, self.image) for annotation in self.annotations]
        labels = study.ct.with_array(exclusive_map(drawings, study.ct.shape))
        return LabelledCt(study.ct, labels, self.annotated, study.source.warnings)


def fully_annotated(subject: Subject) -> bool:
    """Whether liver, vessels and tumours are all known."""
    return subject.annotated == ALL_STRUCTURES


def _turned(drawn: Drawn, turn: Turn) -> Drawn:
    masks = {structure: turn.array(mask) for structure, mask in drawn.masks.items()}
    return Drawn(masks, None if drawn.unknown is None else turn.array(drawn.unknown))


def _check_named(name: str, what: str) -> None:
    if not name.strip():
        raise InputError(found=f"a {what} without a name", expected="a name", remedy=f"Name every {what}")
