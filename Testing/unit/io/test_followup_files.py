"""The files of a follow-up: tables, what comes back, and the reader's own file, which is never lost."""

from __future__ import annotations

import csv
import json

import pytest
from followup_pages import timeline
from refusals import refused

from LiverTumorSegLib.io.followup_files import (
    CORRECTIONS,
    REPORT,
    TIMELINE,
    read_corrections,
    read_timeline,
    write_corrections,
    write_timeline,
)
from LiverTumorSegLib.io.followup_tables import lesions_table, visits_table
from LiverTumorSegLib.io.text_files import write_csv
from LiverTumorSegLib.timeline import Criterion


def rows(path, table):
    write_csv(path, table)
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_follow_up_comes_back_as_it_was(tmp_path):
    (tmp_path / REPORT).mkdir()
    write_timeline(tmp_path / REPORT, timeline())
    assert read_timeline(tmp_path) == timeline()
    assert read_timeline(tmp_path / "elsewhere") is None


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 9}', '{"schema": 1}'])
def test_an_earlier_report_that_cannot_be_read_is_refused_not_forgotten(tmp_path, text):
    (tmp_path / REPORT).mkdir()
    (tmp_path / REPORT / TIMELINE).write_text(text)
    with refused("followup.json cannot be used", "begin anew"):
        read_timeline(tmp_path)


def test_visits_have_their_sums_and_reasons_unrounded(tmp_path):
    shown, table = timeline(), rows(tmp_path / "visits.csv", visits_table(timeline()))
    assert [row["visit"] for row in table] == ["1", "2", "3"]
    for row, one in zip(table, shown.assessments[Criterion.RECIST], strict=True):
        assert float(row["recist_total_mm"]) == one.total
        assert row["recist_reason"] == one.reason
    assert [row["recist_response"] for row in table] == ["", "PR", "PD"]
    assert float(table[2]["volume_from_nadir_ml"]) == shown.assessments[Criterion.VOLUME][2].change_from_nadir
    assert table[0]["registration_dice"] == ""
    assert float(table[1]["registration_dice"]) == 0.97


def test_every_lesion_has_a_row_at_every_visit(tmp_path):
    shown, table = timeline(), rows(tmp_path / "lesions.csv", lesions_table(timeline()))
    assert [(row["lesion"], row["visit"]) for row in table] == [(f"L{n}", str(v)) for n in (1, 2, 3) for v in (1, 2, 3)]
    first = shown.lesions[0].sightings[1]
    assert float(table[1]["long_axis_mm"]) == first.long_axis_mm
    assert float(table[1]["growth_percent_per_month"]) == -27.5
    assert table[1]["slice_index"] == str(first.parts[0].slice_index)
    assert [row["state"] for row in table[3:6]] == ["baseline", "gone", "gone"]
    assert [row["confirmed"] for row in table[3:6]] == ["", "yes", ""]
    assert table[6]["long_axis_mm"] == ""


def test_corrections_are_written_in_one_step_and_leave_nothing_beside_them(tmp_path):
    assert read_corrections(tmp_path) is None
    write_corrections(tmp_path, {"schema": 1, "note": "é"})
    write_corrections(tmp_path, {"schema": 1, "note": "second"})
    assert read_corrections(tmp_path) == {"schema": 1, "note": "second"}
    assert [file.name for file in tmp_path.iterdir()] == [CORRECTIONS]


def test_corrections_that_cannot_be_written_leave_the_old_ones(tmp_path):
    write_corrections(tmp_path, {"schema": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        write_corrections(tmp_path, {"schema": 1, "long_axis_mm": float("nan")})
    assert json.loads((tmp_path / CORRECTIONS).read_text()) == {"schema": 1}
    assert [file.name for file in tmp_path.iterdir()] == [CORRECTIONS]


@pytest.mark.parametrize("text", ["{broken", "[1]", ""])
def test_a_broken_file_of_the_reader_is_refused_with_what_to_do(tmp_path, text):
    (tmp_path / CORRECTIONS).write_text(text)
    with refused("corrections.json cannot be used", "Put it right"):
        read_corrections(tmp_path)
    assert (tmp_path / CORRECTIONS).read_text() == text
