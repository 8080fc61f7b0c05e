"""One patient, one examination: what is refused, and what only warns."""

from __future__ import annotations

import pytest

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.phases.identity import check_one_examination
from LiverTumorSegLib.study import Source


def source(number: int, **known: str) -> Source:
    return Source(f"ct{number}", "dicom", str(number), **known)


SAME = {"patient_id": "7", "study_uid": "1.2", "study_date": "20240131", "patient_birth_date": "19500101"}


def test_what_agrees_or_is_not_known_is_accepted():
    assert check_one_examination([source(1, **SAME), source(2, **SAME), source(3)]) == ()
    assert check_one_examination([source(1), source(2)]) == ()


def test_two_studies_of_one_day_are_accepted():
    assert check_one_examination([source(1, **SAME), source(2, **SAME | {"study_uid": "1.3"})]) == ()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"patient_id": "8"}, "patient IDs (7, 8)"),
        ({"patient_birth_date": "19500102"}, "birth dates"),
        ({"study_date": "20240201"}, "study dates"),
        ({"study_uid": "1.3", "study_date": ""}, "different studies"),
    ],
)
def test_what_differs_is_refused_unless_the_user_knows_better(other, said):
    sources = [source(1, **SAME), source(2, **SAME | other)]
    with pytest.raises(InputError, match="--other-examination") as refused:
        check_one_examination(sources)
    assert said in str(refused.value)
    (warning,) = check_one_examination(sources, override=True)
    assert said in warning


def test_the_same_ct_twice_is_refused_always():
    with pytest.raises(InputError, match="the same CT twice"):
        check_one_examination([source(1), source(1)], override=True)
