"""What the ablation makes of hand-made results: the papers' tables, intervals and differences."""

from __future__ import annotations

import pytest

from LiverTumorSegLib.clinical.table import RawTable
from LiverTumorSegLib.evaluation.agreement import ClassAgreement
from LiverTumorSegLib.evaluation.overlap import VoxelCounts
from LiverTumorSegLib.settings import Contour
from LiverTumorSegLib.training.experiment.smoothing.cohort import CaseFacts, Cohort
from LiverTumorSegLib.training.experiment.smoothing.design import METHODS, Networks, Training, method
from LiverTumorSegLib.training.experiment.smoothing.intervals import interval
from LiverTumorSegLib.training.experiment.smoothing.prior import PriorScores
from LiverTumorSegLib.training.experiment.smoothing.results import (
    Results,
    SplitResults,
    difference,
    mean_interval,
    results_json,
)
from LiverTumorSegLib.training.experiment.smoothing.scores import CaseScores, scores_from_json, scores_json
from LiverTumorSegLib.training.experiment.smoothing.tables import difference_table, in_markdown

VOXELS = 1000
LARGE, SMALL = "large", "small"
COHORT = Cohort(
    "made up",
    (),
    RawTable((), ()),
    {LARGE: CaseFacts(0.3, 600.0, 120.0), SMALL: CaseFacts(0.1, 20.0, 30.0)},
    ("Made up by hand.",),
)


def agreed(name: str, right: int, false: int, missed: int) -> ClassAgreement:
    """A structure in a volume of VOXELS, each of 1 ml."""
    dice = 2 * right / (2 * right + false + missed)
    counts = VoxelCounts(right, false, missed, VOXELS - right - false - missed)
    return ClassAgreement(name, dice, 1.0, 3.0, float(right + false), float(right + missed), None, counts)


def case(name: str, found: int) -> CaseScores:
    """``found`` of the 100 ml of tumour, in a liver of 400 ml that was found exactly."""
    return CaseScores(name, agreed("liver", 400, 0, 0), agreed("tumor", found, 0, 100 - found))


def split(name: str, plain: int, smoothed: int, refined: int) -> SplitResults:
    """Two cases test; tumours found without anything, with the prior, and with refined outlines."""

    def scores(off: int) -> dict[Contour, list[CaseScores]]:
        return {contour: [case(one, off) for one in (LARGE, SMALL)] for contour in (Contour.OFF, Contour.REFERENCE)}

    two_step = scores(plain) | {Contour.REFERENCE: [case(one, refined) for one in (LARGE, SMALL)]}
    networks = {
        Networks.MULTICLASS: {Contour.OFF: scores(plain)[Contour.OFF]},
        Networks.TWO_STEP: two_step,
        Networks.SMOOTHED: scores(smoothed),
    }
    prior = PriorScores(20, 0.7, 0.85, None, ("AFP", "age"))
    return SplitResults(name, networks, {Training.LIVER: 1234567, Training.TUMOR: 7654321}, prior)


SPLITS = (split("split-1", 40, 60, 30), split("split-2", 50, 60, 30))
RESULTS = Results("segresnet-vae:8", {"segresnet-vae:8": SPLITS, "unet:8": SPLITS}, ("unet:8",))


def row(text: str, *begins: str) -> list[str]:
    """Cells of the first line whose first cells are these."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return next(cells for cells in lines if tuple(cells[: len(begins)]) == begins)


def test_tables_have_the_papers_rows_with_mean_and_deviation_of_the_splits():
    text = in_markdown(RESULTS, COHORT)
    assert "Table 4" in text
    assert "Table 5" in text
    # Dice 80/140 and 100/150, sensitivity 0.4 and 0.5, IoU the same, accuracy 940/1000 and 950/1000.
    values = ["0.945 ± 0.007", "0.619 ± 0.067", "0.450 ± 0.071", "0.450 ± 0.071"]
    assert row(text, "", "Two-step", values[0])[2:] == values
    values = ["0.960 ± 0.000", "0.750 ± 0.000", "0.600 ± 0.000", "0.600 ± 0.000"]
    assert row(text, "", "Two-step + smoothing")[2:] == values
    assert row(text, "Liver", "Multi-class")[3] == "1.000 ± 0.000"
    assert row(text, "IV") == ["IV", "X", "X", "O", "0.462 (0.000)", "0.300 (0.000)"]
    assert row(text, "II", "X", "O")[3:] == ["O", "0.619 (0.067)", "0.450 (0.071)"]
    assert row(text, "II", "Two-step", "0.571") == ["II", "Two-step", "0.571", "0.667"]
    # Nobody tried the corrected form: no value, and no number in its place.
    assert row(text, "IV*", "X")[-2:] == ["-", "-"]


def test_sizes_priors_and_backbones_have_their_tables():
    text = in_markdown(RESULTS, COHORT)
    assert text.startswith("Made up by hand.")
    assert "Bounds as published" in text
    assert row(text, "diameter >= 100 mm")[2] == row(text, "volume < 500 ml")[2] == "0.750 ± 0.000"
    assert row(text, "split-1") == ["split-1", "20", "0.85", "0.70", "-", "AFP, age"]
    assert row(text, "U-Net", "1,234,567")[3] == "1.000 ± 0.000"
    assert row(text, "U-Net", "7,654,321")[3] == "0.619 ± 0.067"
    assert row(text, "diameter < 100 mm", "U-Net")[3] == "0.619 (0.067)"
    assert row(text, "SmoothSegNet (V)")[2] == "0.750 (0.000)"
    plain = in_markdown(Results(RESULTS.backbone, RESULTS.splits), COHORT)
    assert "U-Net" not in plain


def test_differences_are_of_the_same_cases_in_the_same_splits():
    apart = difference(SPLITS, method("III"), method("II"), "tumor", "sensitivity")
    assert apart is not None
    assert apart.mean == pytest.approx((0.2 + 0.1) / 2)
    # Both patients are alike, so that it does not matter who is drawn.
    assert (apart.low, apart.high) == pytest.approx((0.15, 0.15))
    assert (apart.patients, apart.values) == (2, 4)
    assert apart.excludes_zero
    assert difference(SPLITS, method("IV*"), method("II"), "tumor", "dice") is None
    line = row(difference_table(SPLITS), "III - II")
    assert line[2] == "+0.150 [+0.150, +0.150] *"
    assert row(difference_table(SPLITS), "IV* - II")[1] == "-"
    # Of 0.25: 0.1, 0.125 and 0.15 were said.
    errors = mean_interval(SPLITS, method("II"), "tumor", "ratio_error")
    assert errors is not None
    assert errors.mean == pytest.approx((0.15 + 0.125) / 2)


def test_an_interval_is_over_patients_however_often_they_test():
    assert interval({}) is None
    assert interval({"a": []}) is None
    alone = interval({"a": [0.2, 0.8], "b": [0.5]})
    assert alone is not None
    assert alone.mean == pytest.approx(0.5)
    assert (alone.low, alone.high) == pytest.approx((0.5, 0.5))
    spread = interval({str(n): [float(n % 2)] for n in range(40)})
    assert spread is not None
    # A share of 0.5 of 40: standard error 0.079.
    assert (spread.low, spread.high) == pytest.approx((0.345, 0.655), abs=0.03)
    assert not interval({str(n): [n % 2 - 0.5] for n in range(40)}).excludes_zero


def test_scores_come_back_from_json_as_they_were():
    scores = SPLITS[0].scores[Networks.TWO_STEP]
    assert scores_from_json(scores_json(scores)) == scores
    stored = results_json(RESULTS, COHORT, "tiny", 0)
    assert list(stored["methods"]) == [one.version for one in METHODS]
    assert stored["methods"]["III"]["tumor"]["dice"]["mean"] == pytest.approx(0.75)
    assert stored["methods"]["V*"]["tumor"]["dice"] is None
    assert stored["differences"]["III - II"]["patients"] == 2
