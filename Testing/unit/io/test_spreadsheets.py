"""Clinical tables as Excel and CSV files."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.spreadsheets import read_sheet

ROWS = [
    [None, None, None, None],
    ["TCIA_ID", " tumor  size ", None, "seen"],
    ["HCC_001", 4.5, "no name above", datetime(2010, 3, 5)],
    [None, " ", None, None],
    ["HCC_002", None, None, True],
]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "data"
    for row in ROWS:
        book.active.append(row)
    book.create_sheet("glossary").append(["TCIA_ID", "Patient ID"])
    book.save(tmp_path / "table.xlsx")
    return tmp_path / "table.xlsx"


def test_the_first_sheet_is_read_without_empty_rows_and_nameless_columns(workbook):
    sheet = read_sheet(workbook)
    assert (sheet.name, sheet.header) == ("data", ("TCIA_ID", "tumor size", "seen"))
    assert sheet.rows == (("HCC_001", 4.5, datetime(2010, 3, 5)), ("HCC_002", None, True))
    assert sheet.sha256 == sha256(workbook.read_bytes()).hexdigest()


def test_another_sheet_is_chosen_by_name(workbook):
    with pytest.raises(InputError, match="a header without patients"):
        read_sheet(workbook, "glossary")
    with pytest.raises(InputError, match=r"no sheet 'daten'.*data, glossary"):
        read_sheet(workbook, "daten")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_csv_is_read_in_whatever_dialect(tmp_path, delimiter, encoding):
    path = tmp_path / "t.csv"
    path.write_text(delimiter.join(["id", "größe"]) + "\n" + delimiter.join(["a", '"4.5"']) + "\n\n", encoding=encoding)
    sheet = read_sheet(path)
    assert (sheet.header, sheet.rows) == (("id", "größe"), (("a", "4.5"),))


def test_what_is_no_table_is_refused(tmp_path, workbook):
    (tmp_path / "twice.csv").write_text("id,age,age\na,1,2\n")
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf")
    (tmp_path / "no.xlsx").write_bytes(b"not a workbook")
    (tmp_path / "empty.csv").write_text("")
    for name, said in (
        ("twice.csv", "two columns called age"),
        ("old.xls", "before 2007"),
        ("no.xlsx", "cannot be read as a table"),
        ("empty.csv", "holds nothing"),
        ("absent.csv", "cannot be read"),
    ):
        with pytest.raises(InputError, match=said):
            read_sheet(tmp_path / name)
    with pytest.raises(InputError, match="it is a folder"):
        read_sheet(tmp_path)
    with pytest.raises(InputError, match="Leave out --sheet"):
        read_sheet(tmp_path / "twice.csv", "data")


def test_without_openpyxl_it_is_said_what_to_install(workbook, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"livertumorseg\[clinical\]"):
        read_sheet(workbook)
