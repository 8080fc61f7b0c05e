"""Made-up patients: their share of tumour is known, and their clinical facts go with it as far as was asked."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence

import nibabel as nib
import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.clinical.table import RawTable
from LiverTumorSegLib.evaluation.case_strata import CaseSize
from LiverTumorSegLib.io.ratio_files import tumor_ratio
from LiverTumorSegLib.phantom.clinical import (
    COLUMNS,
    LOG_SPREAD,
    MEDIAN_RATIO,
    RATIOS,
    Cell,
    ClinicalSettings,
    clinical_table,
    drawn_ratio,
    make_patient,
)
from LiverTumorSegLib.phantom.sketch import make_sketch
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.training.experiment.smoothing.cohort import CaseFacts, Cohort, public_cohort, synthetic_cohort
from LiverTumorSegLib.training.experiment.smoothing.scale import SCALES
from LiverTumorSegLib.training.experiment.smoothing.sizes import Bound, bounds_of, large_cases

TINY = SCALES["tiny"]
MANY = np.exp(math.log(MEDIAN_RATIO) + LOG_SPREAD * np.random.default_rng(5).standard_normal(3000))
STAGES = {"Stage-A": 0.0, "Stage-B": 1.0, "Stage-C": 2.0}


def numbers(rows: Sequence[Sequence[Cell]], name: str) -> np.ndarray:
    """A column, its logarithm where it spans decades; NaN where it is empty."""
    cells = [row[COLUMNS.index(name)] for row in rows]
    values = np.array([math.nan if one is None else float(STAGES.get(str(one), one)) for one in cells])
    return np.log(np.maximum(values, 0.1)) if name in ("AFP", "TTP") else values


def r(rows: Sequence[Sequence[Cell]], name: str) -> float:
    values = numbers(rows, name)
    known = np.isfinite(values)
    return float(np.corrcoef(values[known], np.log(MANY)[known])[0, 1])


def multiple_r(rows: Sequence[Sequence[Cell]], names: Sequence[str]) -> float:
    """Of the best linear prediction from several columns."""
    columns = np.stack([numbers(rows, name) for name in names], 1)
    known = np.isfinite(columns).all(1)
    design = np.column_stack([columns[known], np.ones(known.sum())])
    target = np.log(MANY)[known]
    return float(np.corrcoef(design @ np.linalg.lstsq(design, target, rcond=None)[0], target)[0, 1])


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8, 1.0])
def test_facts_go_with_the_ratio_as_far_as_was_asked_and_no_further(correlation):
    rows = clinical_table(MANY.tolist(), ClinicalSettings(correlation=correlation))
    together = multiple_r(rows, ["AFP", "size_class", "BCLC", "age"])
    assert 0.93 * correlation - 0.02 <= together <= correlation + 0.07
    assert r(rows, "AFP") == pytest.approx(correlation / math.hypot(1, 0.35), abs=0.04)
    assert abs(r(rows, "age")) == pytest.approx(0.2 * correlation, abs=0.05)


def test_noise_is_noise_cells_are_missing_and_the_outcome_knows_the_answer():
    rows = clinical_table(MANY.tolist(), ClinicalSettings(correlation=0.0))
    assert all(abs(r(rows, name)) < 0.06 for name in ("weight_kg", "platelets"))
    assert r(rows, "TTP") < -0.9
    empty = [cell is None for row in rows for cell in row[1:]]
    assert np.mean(empty) == pytest.approx(0.08, abs=0.01)
    assert all(row[0] for row in rows)
    full = clinical_table(MANY[:50].tolist(), ClinicalSettings(missing=0.0))
    assert not any(cell is None for row in full for cell in row)
    with refused("a correlation of 1.2"):
        ClinicalSettings(correlation=1.2)


def test_a_patients_facts_are_the_same_whoever_else_is_there():
    settings = ClinicalSettings(seed=3)
    assert clinical_table(MANY[:9].tolist(), settings) == clinical_table(MANY[:20].tolist(), settings)[:9]
    other = clinical_table(MANY[:9].tolist(), ClinicalSettings(seed=4))
    assert other != clinical_table(MANY[:9].tolist(), settings)


def test_ratios_are_drawn_as_asked():
    ratios = np.array([drawn_ratio(ClinicalSettings(), number) for number in range(2000)])
    assert ratios.min() == RATIOS[0]
    assert ratios.max() == RATIOS[1]
    assert np.median(ratios) == pytest.approx(MEDIAN_RATIO, rel=0.1)


@pytest.mark.parametrize("number", range(4))
def test_a_sketch_has_the_ratio_that_was_drawn_to_a_voxel(number):
    settings = ClinicalSettings(spacing_mm=8.0)
    made = make_sketch(settings, number)
    voxels = int((made.segmentation.array > 0).sum())
    assert tumor_ratio(made.segmentation) == pytest.approx(drawn_ratio(settings, number), abs=1 / voxels)
    assert np.array_equal(made.ct.array, make_sketch(settings, number).ct.array)


def test_a_phantom_has_about_the_ratio_that_was_drawn():
    settings = ClinicalSettings(spacing_mm=8.0)
    made = make_patient(settings, 8)
    # Livers have 1500 to 1700 ml where 1600 were counted on, and a lesion's surface passes through voxels.
    assert tumor_ratio(made.segmentation) == pytest.approx(drawn_ratio(settings, 8), rel=0.2)
    assert made.truth["tumor_ml"] == pytest.approx(drawn_ratio(settings, 8) * 1600, rel=0.01)


def test_the_cohorts_facts_are_those_of_the_files_and_phantoms_are_made_once(tmp_path):
    cohort = synthetic_cohort(TINY, ClinicalSettings(), tmp_path, ignore_progress)
    assert len(cohort.subjects) == len(cohort.facts) == len(cohort.table.rows) == TINY.patients
    for subject in cohort.subjects:
        labels = np.asarray(nib.load(tmp_path / subject.id / "segmentation.nii.gz").dataobj)
        facts = cohort.facts[subject.id]
        assert facts.ratio == (labels == 3).sum() / (labels > 0).sum()
        assert facts.tumor_ml == pytest.approx((labels == 3).sum())  # voxels of 10 mm have 1 ml
        assert facts.longest_mm is not None
        assert facts.longest_mm > 10
    with (tmp_path / "clinical.csv").open() as file:
        assert [row["case"] for row in csv.DictReader(file)] == [subject.id for subject in cohort.subjects]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.gz")}
    again = synthetic_cohort(TINY, ClinicalSettings(), tmp_path, ignore_progress)
    assert (again.facts, again.subjects) == (cohort.facts, cohort.subjects)
    assert again.table.rows == cohort.table.rows
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.gz")} == before


def with_sizes(*sizes: tuple[float, float | None]) -> Cohort:
    facts = {f"c{n}": CaseFacts(0.1, ml, mm) for n, (ml, mm) in enumerate(sizes)}
    return Cohort("a", (), RawTable((), ()), facts)


def test_sizes_are_divided_as_published_where_there_are_both():
    cohort = with_sizes((600.0, 120.0), (500.0, 100.0), (40.0, 50.0), (0.0, None))
    diameter, volume = bounds_of(cohort)
    assert (diameter, volume) == (Bound(CaseSize.DIAMETER, 100.0), Bound(CaseSize.VOLUME, 500.0))
    assert diameter.is_published
    assert large_cases(cohort, volume, is_large=True) == {"c0", "c1"}
    assert large_cases(cohort, volume, is_large=False) == {"c2"}
    assert diameter.told(is_large=False) == "diameter < 100 mm"


def test_sizes_are_divided_at_the_median_where_all_are_small():
    cohort = with_sizes((10.0, 20.0), (40.0, 50.0), (30.0, 60.0))
    diameter, volume = bounds_of(cohort)
    assert (diameter.value, volume.value) == (50.0, 30.0)
    assert not diameter.is_published
    assert large_cases(cohort, diameter, is_large=True) == {"c1", "c2"}


def test_hcc_tace_seg_comes_with_its_own_table(tmp_path):
    pytest.importorskip("highdicom", reason="writes the segmentations")
    openpyxl = pytest.importorskip("openpyxl", reason="writes the table")
    from dataset_layouts import patient
    from tace_download import CtSeries, write_patient

    collection, one = tmp_path / "HCC-TACE-Seg", patient(1)
    write_patient(collection, one, CtSeries("HCC_001", 4))
    with refused("no clinical table"):
        public_cohort([collection], None, tmp_path / "cache", ignore_progress)
    book = openpyxl.Workbook()
    for row in (("TCIA_ID", "AFP"), ("HCC_001", 12.0), ("HCC_002", 3.0)):
        book.active.append(row)
    book.save(collection / "HCC-TACE-Seg_clinical_data-V2.xlsx")
    cohort = public_cohort([collection], None, tmp_path / "cache", ignore_progress)
    assert [subject.id for subject in cohort.subjects] == ["HCC_001"]
    assert cohort.table.cells("TCIA_ID") == ["HCC_001", "HCC_002"]
    organ = one.liver | one.tumor
    assert cohort.facts["HCC_001"].ratio == pytest.approx(one.tumor.sum() / organ.sum())
    others = tmp_path / "others.csv"
    others.write_text("case,AFP\nX1,3\n")
    with refused("without any of the 1 subjects"):
        public_cohort([collection], others, tmp_path / "cache", ignore_progress)
