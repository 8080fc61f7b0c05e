"""Which columns may predict, and what is said where names do not fit."""

from __future__ import annotations

import pytest

from LiverTumorSegLib.clinical.known_columns import KNOWN, PUBLISHED, Group, near_names
from LiverTumorSegLib.clinical.table import ColumnChoice, RawTable, read_ids, read_table, read_target
from LiverTumorSegLib.errors import InputError

HEADER = ("TCIA_ID", "age", "TTP", "Tr_Size", "1_RECIST_BL", "TNM", "BCLC", "Death_1_StillAliveorLostToFU_0", "note")
ROWS = tuple(
    (f"HCC_{n:03d}", 50 + n, 10.0 * n, 1.0 + n % 4, 20.0 + n, ("Stage-I", "Stage-II")[n % 2], "Stage-B", n % 2, "text")
    for n in range(8)
)
RAW = RawTable(HEADER, ROWS)


def names(**choice: object) -> set[str]:
    return {column.name for column in read_table(RAW, ColumnChoice(**choice)).columns}


def test_outcomes_and_readings_do_not_predict_unless_they_are_asked_for():
    assert names() == {"age", "TNM"}
    assert names(outcome=True) == {"age", "TNM", "TTP", "Death_1_StillAliveorLostToFU_0"}
    assert names(include=("readings",)) == {"age", "TNM", "Tr_Size", "1_RECIST_BL"}
    assert names(include=("ttp",)) == {"age", "TNM", "TTP"}


def test_stages_that_hold_the_size_do_not_predict_the_size():
    assert names(target="Tr_Size") == {"age"}
    assert names(target="Tr_Size", include=("size",)) == {"age", "TNM"}
    assert names(exclude=("size",)) == {"age"}
    assert names(exclude=("tnm",)) == {"age"}


def test_every_column_that_is_left_out_has_its_reason():
    left_out = read_table(RAW, ColumnChoice()).left_out
    assert set(left_out) == set(HEADER) - {"TCIA_ID", "age", "TNM"}
    assert "known only after treatment" in left_out["TTP"]
    assert "measured on the images" in left_out["1_RECIST_BL"]
    assert left_out["BCLC"] == left_out["note"] == "the same in all patients"


def test_named_features_are_all_that_is_used():
    assert names(only=("AGE",)) == {"age"}
    assert names(only=("Tr_Size", "age")) == {"age", "Tr_Size"}


def test_the_papers_columns_lack_the_time_to_progression_without_outcome():
    raw = RawTable(("id", *PUBLISHED), tuple((f"p{n}", *(n + k for k in range(15))) for n in range(4)))
    without = read_table(raw, ColumnChoice(only=("published",), classes=PUBLISHED))
    assert set(without.left_out) == {"TTP"}
    assert len(read_table(raw, ColumnChoice(only=("published",), outcome=True, classes=PUBLISHED)).columns) == 15


def test_a_column_that_few_patients_have_is_left_out():
    raw = RawTable(("id", "age", "rare"), tuple((f"p{n}", n, n if n < 3 else None) for n in range(8)))
    assert read_table(raw, ColumnChoice()).left_out == {"rare": "known in only 3 of 8 patients"}


def test_an_unknown_name_brings_similar_ones():
    with pytest.raises(InputError, match=r"no column 'TrSiez'.*Perhaps Tr_Size is meant\."):
        read_target(RAW, "TrSiez")
    with pytest.raises(InputError, match="no id column 'TCIA'"):
        read_ids(RAW, "TCIA")
    assert near_names("Cirrhosis evidence", ["Evidence_of_cirh", "age"]) == ["Evidence_of_cirh"]


def test_a_target_of_words_is_refused():
    with pytest.raises(InputError, match="TNM holds Stage-I, Stage-II"):
        read_target(RAW, "TNM")


def test_ids_are_there_and_each_once():
    assert read_ids(RawTable(("x", "Patient ID"), ((1, 7.0), (2, " 8 "))), None) == ("7", "8")
    with pytest.raises(InputError, match="HCC_001 more than once"):
        read_ids(RawTable(HEADER, (*ROWS, ROWS[1])), None)
    with pytest.raises(InputError, match="no id in the column id of patient 2"):
        read_ids(RawTable(("id", "age"), (("a", 1), (None, 2))), None)


def test_what_is_known_of_columns_is_consistent():
    assert len({column.name for column in KNOWN}) == len(KNOWN)
    outcomes = {column.name for column in KNOWN if column.group is Group.OUTCOME}
    assert outcomes & set(PUBLISHED) == {"TTP"}
    assert all(column.reason for column in KNOWN)
