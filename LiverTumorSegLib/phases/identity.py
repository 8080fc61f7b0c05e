"""Whether several CTs are of one patient and one examination, by what their headers say."""

from __future__ import annotations

from collections.abc import Sequence

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.study import Source

_PATIENT = (("patient_id", "patient IDs"), ("patient_birth_date", "birth dates"), ("patient_sex", "sexes"))
OVERRIDE = "--other-examination"


def check_one_examination(sources: Sequence[Source], *, override: bool = False) -> tuple[str, ...]:
    """Warnings; () where everything that is known agrees. What a header does not say contradicts nothing.

    Raises InputError for two CTs that are the same, and, unless override, for two patients, two studies of unknown
    dates, or two dates; with it these become warnings.
    """
    _refuse_twice(sources)
    doubts = [_doubt(sources, name, words) for name, words in _PATIENT]
    if len(_values(sources, "study_date")) > 1:
        doubts.append(_doubt(sources, "study_date", "study dates"))
    elif len(_values(sources, "study_uid")) > 1 and not all(source.study_date for source in sources):
        doubts.append(_doubt(sources, "study_uid", "studies"))
    found = [doubt for doubt in doubts if doubt]
    if found and not override:
        raise InputError(
            found="; ".join(found),
            expected="the phases of one examination of one patient",
            remedy=f"Leave out what does not belong to it, or give {OVERRIDE} if you know that it does",
        )
    return tuple(f"Compared although they have {doubt}." for doubt in found)


def _refuse_twice(sources: Sequence[Source]) -> None:
    for n, source in enumerate(sources):
        for other in sources[:n]:
            if source.sha256 and source.sha256 == other.sha256:
                raise InputError(
                    found=f"the same CT twice ({other.path}, {source.path})",
                    expected="different phases",
                    remedy="Leave one of them out",
                )


def _values(sources: Sequence[Source], name: str) -> list[str]:
    """What the headers say, without those that say nothing."""
    return sorted({str(getattr(source, name)).strip() for source in sources} - {""})


def _doubt(sources: Sequence[Source], name: str, words: str) -> str:
    values = _values(sources, name)
    return f"different {words} ({', '.join(values)})" if len(values) > 1 else ""
