"""What is compared with what: the methods of the papers' ablation, and what of their training they share.

I: Wang, Mao et al., Table 4; II: SmoothSegNet, Table 5 (see ``evaluation.paper_tables``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.registry import Stage
from LiverTumorSegLib.settings import Contour
from LiverTumorSegLib.training.data.splits import TEST, Part, Split
from LiverTumorSegLib.training.data.subject import Subject

TRAIN = "train"
REPLICATIONS = 3
TEST_SHARE = 0.2


class Training(StrEnum):
    """One network of a split; its folder's name. SMOOTHED: tumours, with the clinical prior in the loss."""

    MULTICLASS = "multiclass"
    LIVER = "liver"
    TUMOR = "tumor"
    SMOOTHED = "tumor-smoothed"

    @property
    def stage(self) -> Stage:
        return Stage.TUMOR if self is Training.SMOOTHED else Stage(self.value)


class Networks(StrEnum):
    """Networks that together find liver and tumours: one look at each test case, whatever happens to outlines after."""

    MULTICLASS = "multiclass"
    TWO_STEP = "two-step"
    SMOOTHED = "two-step-smoothed"

    @property
    def trainings(self) -> tuple[Training, ...]:
        """Those with two steps have the liver's network in common."""
        match self:
            case Networks.MULTICLASS:
                return (Training.MULTICLASS,)
            case Networks.TWO_STEP:
                return Training.LIVER, Training.TUMOR
            case Networks.SMOOTHED:
                return Training.LIVER, Training.SMOOTHED

    @property
    def contours(self) -> tuple[Contour, ...]:
        """How outlines of tumours are refined: that is inference alone, so all of them share the networks."""
        return tuple(method.contour for method in METHODS if method.networks is self)


@dataclass(frozen=True)
class Method:
    """A row of the ablation. version, title: as II and I call it."""

    version: str
    title: str
    networks: Networks
    contour: Contour = Contour.OFF

    @property
    def is_two_step(self) -> bool:
        return self.networks is not Networks.MULTICLASS

    @property
    def has_contour(self) -> bool:
        return self.contour is not Contour.OFF

    @property
    def is_smoothed(self) -> bool:
        return self.networks is Networks.SMOOTHED


METHODS = (
    Method("I", "Multi-class", Networks.MULTICLASS),
    Method("II", "Two-step", Networks.TWO_STEP),
    Method("III", "Two-step + smoothing", Networks.SMOOTHED),
    Method("IV", "Two-step + contour adjust", Networks.TWO_STEP, Contour.REFERENCE),
    Method("V", "Two-step + contour adjust + smoothing", Networks.SMOOTHED, Contour.REFERENCE),
    Method("IV*", "Two-step + corrected contour adjust", Networks.TWO_STEP, Contour.CHAN_VESE),
    Method("V*", "Two-step + corrected contour adjust + smoothing", Networks.SMOOTHED, Contour.CHAN_VESE),
)
"""The papers' five, and the last two of them again with the means of bands beside the outline (``Contour``)."""

LIVER_METHODS = METHODS[:2]
"""The liver is found before smoothing and outlines of tumours come into it."""

PAIRS = (("II", "I"), ("III", "II"), ("IV", "II"), ("IV*", "II"), ("V", "IV"), ("V*", "IV*"), ("V", "II"))
"""What each part does: with it, without it."""


def method(version: str) -> Method:
    """Raises ValueError for a version that there is not."""
    for one in METHODS:
        if one.version == version:
            return one
    message = f"no version {version}"
    raise ValueError(message)


def random_splits(subjects: Sequence[Subject], seed: int, count: int = REPLICATIONS) -> tuple[Split, ...]:
    """Each divides all patients anew, 80 % to train on and 20 % to test (section 3.1 of I).

    They depend on seed and names alone. Raises InputError for fewer than five patients.
    """
    patients = sorted({subject.patient for subject in subjects})
    if len(patients) < round(1 / TEST_SHARE):
        raise InputError(
            found=f"{len(patients)} patients",
            expected=f"{round(1 / TEST_SHARE)} or more, so that a fifth can test",
            remedy="Give more data",
        )
    return tuple(_split(subjects, patients, seed, number) for number in range(count))


def _split(subjects: Sequence[Subject], patients: Sequence[str], seed: int, number: int) -> Split:
    order = sorted(patients, key=lambda name: hashlib.sha256(f"{seed}\n{number}\n{name}".encode()).hexdigest())
    test = set(order[: round(TEST_SHARE * len(order))])
    parts = {True: TEST, False: TRAIN}
    return Split(
        seed,
        tuple(
            Part(name, tuple(one.id for one in subjects if (one.patient in test) is is_test))
            for is_test, name in parts.items()
        ),
    )
