"""The table of patients and their ratios, from files as they come."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from clinical_tables import write_csv_table

pytest.importorskip("highdicom", reason="writes the segmentations")

from dataset_layouts import patient
from tace_download import CtSeries, write_patient

from LiverTumorSegLib.cli.main import build_parser
from LiverTumorSegLib.cli.prior_inputs import prior_inputs
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ignore_progress

ONE = patient(1)
ROWS = [{"TCIA_ID": "HCC_001", "age": 50, "TLVR": 0.2}, {"TCIA_ID": "HCC_009", "age": 60, "TLVR": 40}]


def arguments(tmp_path: Path, *words: object) -> argparse.Namespace:
    table = write_csv_table(tmp_path / "t.csv", ROWS)
    return build_parser().parse_args(["prior", "--table", str(table), "-o", "out", *map(str, words)])


def test_a_download_of_hcc_tace_seg_gives_ratios_by_patient(tmp_path):
    """The portal vein is liver, the aorta is nothing."""
    write_patient(tmp_path / "manifest-1" / "HCC-TACE-Seg", ONE, CtSeries("HCC_001", 4))
    inputs = prior_inputs(arguments(tmp_path, "--masks", tmp_path / "manifest-1", "--exclude", "TLVR"), ignore_progress)
    expected = ONE.tumor.sum() / (ONE.liver | ONE.tumor).sum()
    assert 0 < expected < 1
    np.testing.assert_allclose(inputs.target.values, [expected, np.nan])
    assert inputs.target.name == "tlvr"


def test_ratios_come_from_another_table(tmp_path):
    ratios = write_csv_table(tmp_path / "r.csv", [{"case": "HCC_009", "tlvr": 0.25}, {"case": "stranger", "tlvr": 0.5}])
    inputs = prior_inputs(arguments(tmp_path, "--ratios", ratios, "--exclude", "TLVR"), ignore_progress)
    np.testing.assert_allclose(inputs.target.values, [np.nan, 0.25])
    assert inputs.warnings == ("The table lacks stranger: their ratios are not used.",)
    write_csv_table(ratios, [{"case": "HCC_009", "a": 0.25, "b": 1}])
    with pytest.raises(InputError, match=r"the columns case, a, b in r\.csv"):
        prior_inputs(arguments(tmp_path, "--ratios", ratios), ignore_progress)


def test_percent_is_not_taken_for_a_ratio(tmp_path):
    with pytest.raises(InputError, match=r"values from 0\.2 to 40.*Divide percent by 100"):
        prior_inputs(arguments(tmp_path, "--target", "tlvr"), ignore_progress)


def test_a_column_called_tlvr_is_the_ratio_whichever_option_names_it(tmp_path, monkeypatch):
    monkeypatch.setitem(ROWS[1], "TLVR", 0.4)
    for option in ("--target", "--tlvr"):
        inputs = prior_inputs(arguments(tmp_path, option, "TLVR"), ignore_progress)
        assert (inputs.target.name, inputs.target.bounds) == ("tlvr", (0.0, 1.0))
        assert [column.name for column in inputs.table.columns] == ["age"]
    assert prior_inputs(arguments(tmp_path, "--target", "age"), ignore_progress).target.bounds is None
