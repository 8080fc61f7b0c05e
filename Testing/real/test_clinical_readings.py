"""The readers' categories of HCC-TACE-Seg from their own diameters, by the function that the product uses.

Table: HCC-TACE-Seg, TCIA, version 2 (doi 10.7937/TCIA.5FNA-0924), 105 patients, three readings by RECIST and by
mRECIST: sum of the diameters at the baseline and at the follow-up, and the reader's category.
"""

from __future__ import annotations

from collections import Counter

import openpyxl
import pytest

from LiverTumorSegLib.followup.response import assess
from LiverTumorSegLib.timeline import Category, Criterion, Role, Sighting, State, TrackedLesion

pytestmark = pytest.mark.real
CATEGORIES = {1: Category.CR, 2: Category.PR, 3: Category.SD, 4: Category.PD}
COLUMNS = {Criterion.RECIST: "RECIST", Criterion.MRECIST: "mRECIST"}


@pytest.fixture(scope="module")
def readings(real_data):
    """(patient, criterion, diameter at the baseline, at the follow-up, category) of every reading in the table."""
    path = real_data / "clinical" / "HCC-TACE-Seg_clinical_data-V2.xlsx"
    if not path.exists():
        pytest.skip(f"the clinical table is not in {path.parent}")
    first, *rows = openpyxl.load_workbook(path, read_only=True)["data table"].iter_rows(values_only=True)
    found = []
    for row in (dict(zip(first, values, strict=True)) for values in rows):
        for criterion, name in COLUMNS.items():
            for reading in (1, 2, 3):
                columns = [f"{reading}_{name}_BL", f"{reading}_{name}_FU", f"{reading}_{name}"]
                values = [row[column] for column in columns]
                if values != [None] * 3:
                    found.append((row[first[0]], criterion, float(values[0]), float(values[1]), CATEGORIES[values[2]]))
    return found


def target(criterion: Criterion, sizes_mm) -> TrackedLesion:
    """All targets of a reading as one; a reader who writes 0 mm says that nothing (viable) is left."""
    viable = criterion is Criterion.MRECIST
    sightings = tuple(
        Sighting(State.PERSISTENT, viable_mm=size)
        if viable
        else Sighting(State.GONE, confirmed=True)
        if not size
        else Sighting(State.PERSISTENT, long_axis_mm=size)
        for size in sizes_mm
    )
    return TrackedLesion("L1", Role.TARGET, "", "", sightings)


def test_the_table_holds_574_readings_of_all_categories(readings):
    assert len(readings) == 574
    count = Counter((criterion, category) for _, criterion, _, _, category in readings)
    recist = {name: count[Criterion.RECIST, Category(name)] for name in ("CR", "PR", "SD", "PD")}
    mrecist = {name: count[Criterion.MRECIST, Category(name)] for name in ("CR", "PR", "SD", "PD")}
    assert recist == {"CR": 0, "PR": 30, "SD": 233, "PD": 24}
    assert mrecist == {"CR": 61, "PR": 126, "SD": 86, "PD": 14}


def test_all_574_readings_have_the_readers_category(readings):
    differ = []
    for patient, criterion, before_mm, after_mm, category in readings:
        _, assessment = assess(criterion, [target(criterion, (before_mm, after_mm))], 0)
        if assessment.category is not category:
            differ.append((patient, criterion, before_mm, after_mm, category, assessment.reason))
    assert differ == []


def test_every_reason_names_its_category(readings):
    for _, criterion, before_mm, after_mm, _ in readings:
        _, assessment = assess(criterion, [target(criterion, (before_mm, after_mm))], 0)
        assert assessment.reason.startswith(f"{assessment.category}: ")
