from dataclasses import replace

import numpy as np
import pytest

from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.measure.table import lesion_rows, lesion_rows_with_readers, volumetry_rows
from LiverTumorSegLib.measurements import Measurements, ReaderDiameters
from LiverTumorSegLib.volume import Volume


@pytest.fixture(scope="module")
def measured():
    labels = np.zeros((30, 30, 20), np.uint8)
    labels[2:28, 2:27, 2:18] = LIVER.value
    labels[3:5, 3:20, 3:5] = VESSEL.value
    labels[10:20, 10:16, 5:9] = TUMOR.value
    labels[22:24, 20:22, 10:11] = TUMOR.value
    return measure_case(Volume(labels, np.diag([-1.0, -1.0, 2.0, 1.0])))[0]


def test_volumes_come_with_their_unit_and_share(measured):
    header, rows = volumetry_rows(measured)
    table = {row[0]: dict(zip(header[1:], row[1:], strict=True)) for row in rows}
    organ, tumor = 26 * 25 * 16 * 0.002, (10 * 6 * 4 + 4) * 0.002
    assert table["liver with vessels and tumors"]["volume_ml"] == pytest.approx(organ)
    assert table["liver without tumors"]["volume_ml"] == pytest.approx(organ - tumor)
    assert table["liver vessels"]["volume_ml"] == pytest.approx(2 * 17 * 2 * 0.002)
    assert table["liver tumors"]["share_of_liver_percent"] == pytest.approx(100 * tumor / organ)


def test_one_row_per_lesion_holds_every_measured_value_once(measured):
    header, rows = lesion_rows(measured)
    assert len(set(header)) == len(header)
    assert [row[0] for row in rows] == [1, 2]
    for lesion, row in zip(measured.lesions, rows, strict=True):
        cells = dict(zip(header, row, strict=True))
        assert cells["long_axis_mm"] == lesion.long_axis_mm
        assert cells["slice_axis"] == "k"
        assert cells["flags"] == " ".join(lesion.flags)
        start = np.array([cells[f"long_axis_start_{frame}_mm"] for frame in "ras"])
        end = np.array([cells[f"long_axis_end_{frame}_mm"] for frame in "ras"])
        assert np.linalg.norm(end - start) == pytest.approx(lesion.long_axis_mm)
    assert rows[1][-1] == "few-slices thin-lesion"


def test_a_confidence_is_shown_in_percent_and_is_empty_where_there_is_none(measured):
    rated = replace(measured, lesions=(replace(measured.lesions[0], confidence=0.25), measured.lesions[1]))
    header, rows = lesion_rows(rated)
    assert [row[header.index("confidence_percent")] for row in rows] == [25.0, None]


def test_a_readers_lengths_stand_beside_the_measured_ones(measured):
    header, rows = lesion_rows_with_readers(measured, {2: ReaderDiameters(short_axis_mm=7.5)})
    assert header == (*lesion_rows(measured)[0], "reader_long_axis_mm", "reader_short_axis_mm")
    assert [row[-2:] for row in rows] == [(None, None), (None, 7.5)]
    assert [row[:-2] for row in rows] == lesion_rows(measured)[1]


def test_without_a_liver_shares_are_unknown_and_without_lesions_only_the_header_is_left():
    nothing = Measurements(liver_ml=0.0, vessel_ml=0.0, tumor_ml=0.0, burden_percent=None)
    assert [row[2] for row in volumetry_rows(nothing)[1]] == [None] * 4
    header, rows = lesion_rows(nothing)
    assert header[0] == "lesion"
    assert rows == []


def test_a_column_with_a_length_or_volume_names_its_unit(measured):
    for header, rows in (volumetry_rows(measured), lesion_rows(measured)):
        for name, cell in zip(header, rows[0], strict=True):
            assert not isinstance(cell, float) or name.endswith(("_mm", "_ml", "_percent"))
