"""Cells as people fill them in become numbers, classes or nothing, and what was changed is told."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from LiverTumorSegLib.clinical.cells import conversion, read_cell, unit_in
from LiverTumorSegLib.clinical.cleaning import clean_column, column_like
from LiverTumorSegLib.clinical.columns import Kind
from LiverTumorSegLib.clinical.spelling import nearest_word, same_words

NUMBERS = {
    "4.6": (4.6, ""), "4,6": (4.6, ""), " 12 cm ": (12.0, "cm"), "52mm": (52.0, "mm"), "1,234": (1234.0, ""),
    "1,234.5 ng/ml": (1234.5, "ng/ml"), "1.234,5": (1234.5, ""), "> 60500": (60500.0, ""), "<=400": (400.0, ""),
    "-3": (-3.0, ""), "−3": (-3.0, ""), "1.2e3": (1200.0, ""), "50%": (50.0, "%"), "0,250": (0.25, ""), 7: (7.0, ""),
    True: (1.0, ""),
}  # fmt: skip


@pytest.mark.parametrize("cell", NUMBERS)
def test_numbers_are_read_however_they_are_written(cell):
    found = read_cell(cell)
    assert (found.value, found.unit) == NUMBERS[cell]
    assert found.is_bound == (str(cell)[0] in "<>")


@pytest.mark.parametrize(
    "cell", [None, "", " NA ", "n/a", "Not stated", "unknown", "#N/A", "?", "No biopsy", float("nan")]
)
def test_codes_for_nothing_are_nothing(cell):
    assert read_cell(cell) is None


def test_further_codes_for_nothing_are_those_that_were_named():
    assert read_cell(999) is not None
    assert read_cell(999, frozenset({"999"})) is None
    assert read_cell("999.0", frozenset({"999"})) is None
    assert read_cell("9990", frozenset({"999"})) is not None


def test_dates_are_no_numbers():
    assert read_cell(datetime(2010, 3, 5, 12)) == date(2010, 3, 5)
    assert read_cell("2010-03-05") == date(2010, 3, 5)
    assert read_cell("2010-13-05") == "2010-13-05"
    assert read_cell("12 03 2010 at noon") == "12 03 2010 at noon"


def test_units_convert_within_their_kind_only():
    assert conversion("cm", "mm") == 10
    assert conversion("weeks", "days") == 7
    assert conversion("cm", "days") is None
    assert [unit_in(name) for name in ("size (cm)", "size_mm", "Tr_Size", "interval weeks")] == ["cm", "mm", "", "week"]


def test_lengths_of_one_column_get_one_unit():
    cleaned = clean_column("Tr_Size", ["4 cm", "52 mm", 3.5, "2,6cm", None, "big"])
    np.testing.assert_allclose(cleaned.column.values, [4.0, 5.2, 3.5, 2.6, np.nan, np.nan])
    assert cleaned.column.unit == "cm"
    assert any("1 values in mm were converted to cm" in note for note in cleaned.notes)
    assert any("'big'" in note for note in cleaned.notes)


def test_the_unit_of_a_columns_name_wins():
    np.testing.assert_allclose(clean_column("size (mm)", [40, "5 cm", "6 cm"]).column.values, [40, 50, 60])


def test_a_number_that_a_spreadsheet_took_for_a_date_is_not_known():
    cleaned = clean_column("AFP", [3.0, 4.0, 5.0, 6.0, datetime(2012, 5, 3)])
    assert np.isnan(cleaned.column.values[-1])
    assert len(cleaned.notes) == 1


def test_a_column_of_dates_counts_days():
    cleaned = clean_column("diagnosis", [date(2000, 1, 2), "2000-01-11", None])
    np.testing.assert_allclose(cleaned.column.values, [1.0, 10.0, np.nan])


def test_yes_and_no_are_one_and_zero():
    np.testing.assert_allclose(clean_column("fever", ["Yes", "no", "Y", None]).column.values, [1, 0, 1, np.nan])


def test_words_of_a_known_scale_are_its_steps_whatever_their_spelling():
    cells = ["Stage-IIIA", "stage iiia", "Stage_I", "Stage-IVB", "Stage-IX", None]
    cleaned = clean_column("TNM", cells)
    assert cleaned.column.kind is Kind.ORDERED
    np.testing.assert_allclose(cleaned.column.values, [2, 2, 0, 6, np.nan, np.nan])
    assert cleaned.notes == ("TNM: 1 entries count as not known: 'Stage-IX'.",)


def test_a_scale_of_bounds_is_read_by_its_words():
    cells = ["<400", ">=400", "<400", "≥400"]
    np.testing.assert_allclose(clean_column("AFP_group", cells).column.values, [0, 1, 0, 1])


def test_slips_of_the_pen_are_the_word_that_was_meant():
    cells = ["multinodular"] * 6 + ["multinodualr", "Uninodular", "uninodular", "uninodular"]
    cleaned = clean_column("nodules", cells)
    assert cleaned.column.words == ("multinodular", "uninodular")
    np.testing.assert_allclose(cleaned.column.values, [0] * 7 + [1] * 3)
    assert "'multinodualr' -> 'multinodular'" in cleaned.notes[0]


def test_stages_that_differ_by_one_letter_stay_apart():
    spelling, slips = same_words(["Stage IIIA"] * 9 + ["Stage IIIB", "Stage III"])
    assert len(set(spelling.values())) == 3
    assert slips == []
    assert nearest_word("Moderatly differentiated", ("Moderately differentiated", "Poorly differentiated")) == (
        "Moderately differentiated"
    )
    assert nearest_word("III", ("I", "II")) is None


def test_numbers_that_are_names_are_classes():
    cleaned = clean_column("centre", [1, 2, 2, 10], is_class=True)
    assert (cleaned.column.kind, cleaned.column.words) == (Kind.LEVELS, ("1", "10", "2"))


def test_free_text_and_empty_columns_cannot_be_used():
    assert "free text" in clean_column("remark", [f"seen by doctor {chr(65 + n)}" for n in range(20)]).reason
    assert clean_column("nothing", [None, "", "NA"]).reason == "it is empty"


def test_a_new_table_is_read_as_the_old_one_was():
    numbers = column_like("size", ["50 mm", 4], Kind.NUMBER, (), "cm")
    np.testing.assert_allclose(numbers.column.values, [5, 4])
    levels = column_like("virus", ["hcv", "HDV", None], Kind.LEVELS, ("HBV", "HCV"), "")
    np.testing.assert_allclose(levels.column.values, [1, np.nan, np.nan])
    assert "'HDV'" in levels.notes[0]
    np.testing.assert_allclose(column_like("ill", ["yes", 0], Kind.NUMBER, (), "").column.values, [1, 0])
