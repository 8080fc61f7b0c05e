"""The layout of the papers' tables, with cells that can be laid beside theirs."""

from __future__ import annotations

from LiverTumorSegLib.evaluation.paper_tables import (
    AblationRow,
    ModelRow,
    backbone_table,
    component_table,
    method_table,
    model_size_table,
    model_table,
    tumor_size_table,
)
from LiverTumorSegLib.evaluation.scores import Scores
from LiverTumorSegLib.evaluation.spread import Spread


def lines(table: str) -> list[list[str]]:
    """Cells, without the rule below the header."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert len({len(row) for row in rows}) == 1
    assert set("".join(rows[1])) == {"-"}
    return [rows[0], *rows[2:]]


ALL = Scores(*(Spread.of([value - 0.1, value + 0.1]) for value in (0.9, 0.5, 0.4, 0.7, 0.8)))
ONE = Scores(*(Spread.of([value]) for value in (0.9, 0.5, 0.4, 0.7)), specificity=None)


def test_backbones_have_their_parameters_and_three_metrics():
    table = backbone_table([ModelRow("U-Net (3D)", ONE, 4_809_920), ModelRow("classical", ALL)])
    assert lines(table) == [
        ["Model", "Num. parameters", "Accuracy", "Dice", "Sensitivity"],
        ["U-Net (3D)", "4,809,920", "0.900", "0.500", "0.700"],
        ["classical", "-", "0.900 ± 0.141", "0.500 ± 0.141", "0.700 ± 0.141"],
    ]


def test_sizes_of_tumors_come_in_four_metrics_iou_last():
    assert lines(tumor_size_table([("All tumors", ALL), ("Large tumors (≥10cm)", ONE)])) == [
        ["", "Accuracy", "Dice", "Sensitivity", "IoU"],
        ["All tumors", "0.900 ± 0.141", "0.500 ± 0.141", "0.700 ± 0.141", "0.400 ± 0.141"],
        ["Large tumors (≥10cm)", "0.900", "0.500", "0.700", "0.400"],
    ]


def test_models_come_in_five_metrics_with_deviations_in_brackets_and_dashes_for_what_is_not_there():
    assert lines(model_table([ModelRow("U-Net", ALL), ModelRow("MANet", ONE)])) == [
        ["Model", "Accuracy", "Dice", "IoU", "Sensitivity", "Specificity"],
        ["U-Net", "0.900 (0.141)", "0.500 (0.141)", "0.400 (0.141)", "0.700 (0.141)", "0.800 (0.141)"],
        ["MANet", "0.900", "0.500", "0.400", "0.700", "-"],
    ]


def test_the_size_of_a_tumor_is_named_once_for_all_models():
    rows = [ModelRow("U-Net", ONE), ModelRow("MANet", ONE)]
    table = lines(model_size_table([(">=10cm", rows), ("<10cm", rows)]))
    assert [row[:2] for row in table] == [
        ["Tumor Size", "Model"],
        [">=10cm", "U-Net"],
        ["", "MANet"],
        ["<10cm", "U-Net"],
        ["", "MANet"],
    ]


LIVER = [
    AblationRow("I", "Multi-class", two_step=False, contour=None, smoothing=None, scores=ONE),
    AblationRow("V (proposed)", "Two-step", two_step=True, contour=None, smoothing=None, scores=ONE),
]
TUMOR = [
    AblationRow("III", "Two-step + smoothing", two_step=True, contour=False, smoothing=True, scores=ALL),
    AblationRow("IV", "Two-step + contour adjust", two_step=True, contour=True, smoothing=False, scores=ONE),
]


def test_the_ablation_by_methods():
    assert lines(method_table(LIVER, TUMOR)) == [
        ["", "Methods", "Accuracy", "Dice", "Sensitivity", "IoU"],
        ["Liver", "Multi-class", "0.900", "0.500", "0.700", "0.400"],
        ["", "Two-step", "0.900", "0.500", "0.700", "0.400"],
        ["Tumor", "Two-step + smoothing", "0.900 ± 0.141", "0.500 ± 0.141", "0.700 ± 0.141", "0.400 ± 0.141"],
        ["", "Two-step + contour adjust", "0.900", "0.500", "0.700", "0.400"],
    ]


def test_the_ablation_by_components():
    assert lines(component_table(LIVER, TUMOR)) == [
        ["Model version", "Two-step", "Contour adjust", "Smoothing", "Dice", "Sensitivity"],
        ["Liver segmentation", "", "", "", "", ""],
        ["I", "O", "NA", "NA", "0.500", "0.700"],
        ["V (proposed)", "X", "NA", "NA", "0.500", "0.700"],
        ["Tumor segmentation", "", "", "", "", ""],
        ["III", "X", "O", "X", "0.500 (0.141)", "0.700 (0.141)"],
        ["IV", "X", "X", "O", "0.500", "0.700"],
    ]
    assert "Liver segmentation" not in component_table([], TUMOR)


def test_without_rows_the_tables_say_so():
    empty = (backbone_table([]), tumor_size_table([]), model_table([]), model_size_table([]), method_table([], []))
    assert set(empty) == {component_table([], [])} == {"Nothing was scored."}
