"""The same image in several data sets -> one subject with what all of them annotate: no patient in two sets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from LiverTumorSegLib.progress import ProgressCallback, ignore_progress
from LiverTumorSegLib.training.data import hepatic_vessel, ircad, lits
from LiverTumorSegLib.training.data.fingerprint_cache import FingerprintCache, fingerprints_of
from LiverTumorSegLib.training.data.structures import Structure
from LiverTumorSegLib.training.data.subject import Annotation, Subject

PRIORITY = (ircad.DATA_SET, hepatic_vessel.DATA_SET, hepatic_vessel.LIVER_DATA_SET, lits.DATA_SET)
"""Whose masks are kept where two data sets annotate a class; those not named come after them, in the order given.

3D-IRCADb comes before LiTS: its masks are the original ones and its headers are whole.
"""


@dataclass(frozen=True)
class Merge:
    """Subjects that are one image. kept: data set of each class. set_aside: classes that another data set drew too."""

    subject: str
    members: tuple[str, ...]
    kept: tuple[tuple[Structure, str], ...]
    set_aside: tuple[tuple[Structure, str], ...]

    def sentence(self) -> str:
        """For a log."""
        kept = "; ".join(f"{structure} of {data_set}" for structure, data_set in self.kept)
        aside = "; ".join(f"{structure} of {data_set}" for structure, data_set in self.set_aside)
        told = f"{' = '.join(self.members)} are one image, from now on {self.subject}. Used: {kept}."
        return told + (f" Not used: {aside}." if aside else "")


@dataclass(frozen=True)
class Merged:
    """subjects: in the order given, each image once. warnings: what comparing the images could not settle."""

    subjects: tuple[Subject, ...]
    merges: tuple[Merge, ...]
    warnings: tuple[str, ...]


def merge_duplicates(
    subjects: Sequence[Subject],
    cache: Path,
    *,
    priority: Sequence[str] = PRIORITY,
    report: ProgressCallback = ignore_progress,
) -> Merged:
    """Subjects with voxel-identical images become one; all images are read, but only once (see FingerprintCache).

    The merged subject has the union of the annotated classes; of a class that several annotate, the masks of the data
    set that comes first in ``priority``. It keeps id and image of the first one, but no image whose header is known to
    be wrong as long as there is another. Images of its patient in other subjects become its patient's too.
    Raises InputError naming an image that cannot be read.
    """
    found = fingerprints_of([subject.image for subject in subjects], FingerprintCache(cache), report)
    groups: dict[str, list[Subject]] = defaultdict(list)
    for subject in subjects:
        groups[found[subject.image]].append(subject)
    patients = _joined_patients(list(groups.values()))
    merges = [_merge(group, priority) for group in groups.values()]
    merged = tuple(replace(subject, patient=patients[subject.patient]) for subject, _ in merges)
    return Merged(merged, tuple(merge for _, merge in merges if len(merge.members) > 1), _warnings(merged))


def without_possible_doubles(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """Leaves out what ``possible_doubles`` names."""
    doubtful = set(possible_doubles(subjects))
    return tuple(subject for subject in subjects if subject not in doubtful)


def possible_doubles(subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """LiTS subjects of the numbers shared with 3D-IRCADb, as long as there are patients of 3D-IRCADb without a twin.

    Once all patients of 3D-IRCADb have been merged with their twins, nothing is left to doubt.
    """
    origins = {subject: {name.rpartition("-")[0] for name in (subject.id, *subject.also)} for subject in subjects}
    in_ircad = [subject for subject in subjects if ircad.DATA_SET in origins[subject]]
    if all(lits.DATA_SET in origins[subject] for subject in in_ircad):
        return ()
    return tuple(subject for subject in subjects if lits.may_be_of_ircad(subject) and subject not in in_ircad)


def _merge(group: list[Subject], priority: Sequence[str]) -> tuple[Subject, Merge]:
    def rank(data_set: str) -> int:
        return priority.index(data_set) if data_set in priority else len(priority)

    first = min(group, key=lambda subject: (lits.has_lost_its_spacing(subject), rank(subject.data_set)))
    drawn = [annotation for subject in group for annotation in subject.annotations]
    kept: list[Annotation] = []
    kept_classes: dict[Structure, str] = {}
    set_aside: list[tuple[Structure, str]] = []
    for annotation in sorted(drawn, key=lambda annotation: rank(annotation.data_set)):
        new = annotation.structures.difference(kept_classes)
        kept += [replace(annotation, structures=new)] if new else []
        set_aside += [(structure, annotation.data_set) for structure in sorted(annotation.structures - new)]
        kept_classes |= dict.fromkeys(new, annotation.data_set)
    members = tuple(subject.id for subject in group)
    also = tuple(name for subject in group for name in (subject.id, *subject.also) if name != first.id)
    merge = Merge(first.id, members, tuple(sorted(kept_classes.items())), tuple(set_aside))
    return replace(first, annotations=tuple(kept), also=also), merge


def _joined_patients(groups: list[list[Subject]]) -> dict[str, str]:
    """Patient -> the first name of the person, where the same image under two names tells that both are one person."""
    names: dict[str, str] = {}
    for group in groups:
        same = {names.setdefault(subject.patient, subject.patient) for subject in group}
        person = next(name for name in names.values() if name in same)
        names |= {patient: person for patient, known_as in names.items() if known_as in same}
    return names


def _warnings(subjects: Sequence[Subject]) -> tuple[str, ...]:
    doubles = possible_doubles(subjects)
    lost = [subject.id for subject in subjects if lits.has_lost_its_spacing(subject)]
    notes = []
    if doubles:
        notes.append(
            f"{_named([subject.id for subject in doubles])} may be patients of 3D-IRCADb under a number of LiTS (28 to "
            "48), but no image of theirs is the same voxel by voxel: leave them out, or check by eye."
        )
    if lost:
        notes.append(
            f"{_named(lost)}: the spacing that LiTS gives for these (1 x 1 x 1 mm) is not the true one; 3D-IRCADb "
            "has it."
        )
    return tuple(notes)


def _named(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
