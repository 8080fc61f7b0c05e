from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mrml_case import case_on, oblique_affine

from LiverTumorSegLib.mrml.case_nodes import add_case
from LiverTumorSegLib.mrml.hierarchy import file_under_patient
from LiverTumorSegLib.mrml.markups import ends_ras_of, length_mm
from LiverTumorSegLib.mrml.tables import (
    LESION_COLUMNS,
    VOLUMETRY_COLUMNS,
    add_table_node,
    fill_lesions,
    fill_table,
    fill_volumetry,
)
from LiverTumorSegLib.study import Source


def item_path(scene, node):
    """Names of the subject hierarchy items from the patient down to a node."""
    hierarchy = scene.GetSubjectHierarchyNode()
    item, names = hierarchy.GetItemByDataNode(node), []
    while item != hierarchy.GetSceneItemID():
        names.insert(0, hierarchy.GetItemName(item))
        item = hierarchy.GetItemParent(item)
    return names


@pytest.fixture
def lines(scene):
    """The measured lines of a result with two lesions."""
    return add_case(scene, case_on(oblique_affine())).result.measured_lines


def cells_of(node):
    return [
        [node.GetCellText(row, column) for column in range(node.GetNumberOfColumns())]
        for row in range(node.GetNumberOfRows())
    ]


def test_each_lesion_has_a_long_and_a_short_axis_of_its_measured_length(lines):
    assert [node.GetName() for node in lines] == [
        "Lesion 1 long axis",
        "Lesion 1 short axis",
        "Lesion 2 long axis",
        "Lesion 2 short axis",
    ]
    assert [length_mm(node) for node in lines] == pytest.approx([13.0, 7.0, 11.0, 9.0], abs=1e-6)


def test_the_ends_of_a_line_lie_where_they_were_measured(lines):
    assert ends_ras_of(lines[0]) == pytest.approx(np.array([(1.5, 2.25, 3.0), (4.5, 6.25, 15.0)]), abs=1e-9)


def test_a_line_says_millimeters_slice_and_flags(lines):
    assert lines[0].GetMeasurement("length").GetValueWithUnitsAsPrintableString() == "13.00mm"
    said = lines[0].GetNthControlPointDescription(0)
    assert said == "Slice 72 along k of the input (from 0), at S -12.5 mm, 84.5 ml; oblique"
    assert lines[0].GetDisplayNode().GetPropertiesLabelVisibility()


def test_the_two_axes_differ_in_color(lines):
    long_axis, short_axis = lines[:2]
    assert long_axis.GetDisplayNode().GetSelectedColor() != short_axis.GetDisplayNode().GetSelectedColor()


SEGMENTS = (("VII", 60.0), ("VIII", 30.0), ("V", 10.0))


def test_the_tables_say_what_was_measured_with_units_to_a_tenth(scene):
    case = case_on(oblique_affine())
    first, second = case.measurements.lesions
    judged = replace(case.measurements, lesions=(replace(first, confidence=0.8249, segments=SEGMENTS), second))
    result = add_case(scene, replace(case, measurements=judged)).result
    assert [result.volumetry.GetName(), result.lesions.GetName()] == ["belly volumetry", "belly lesions"]
    assert [result.volumetry.GetColumnName(index) for index in range(3)] == list(VOLUMETRY_COLUMNS)
    assert cells_of(result.volumetry) == [
        ["Liver with vessels and tumors", "1489.2", "100"],
        ["Liver without tumors", "1377.8", "92.5"],
        ["Liver vessels", "29.1", "2"],
        ["Liver tumors", "111.5", "7.5"],
    ]
    assert [result.lesions.GetColumnName(index) for index in range(len(LESION_COLUMNS))] == list(LESION_COLUMNS)
    assert cells_of(result.lesions) == [
        ["1", "84.5", "13", "7", "", "", "-12.5", "82", "VII/VIII", "oblique"],
        ["2", "42.2", "11", "9", "", "", "-12.5", "", "", ""],
    ]


def test_a_table_of_unknown_numbers_has_empty_cells(scene):
    node = add_table_node(scene, "T")
    fill_volumetry(node, None)
    assert {tuple(row[1:]) for row in cells_of(node)} == {("", "")}
    fill_lesions(node, None)
    assert (node.GetNumberOfColumns(), node.GetNumberOfRows()) == (len(LESION_COLUMNS), 0)


def test_a_column_of_numbers_stays_numeric_and_one_with_a_gap_becomes_text(scene):
    table = add_table_node(scene, "T")
    fill_table(table, ["a (mm)", "b (%)", "c"], [[1.5, 2, "x"], [2.5, None, "y"]])
    kinds = [table.GetTable().GetColumn(index).GetClassName() for index in range(3)]
    assert kinds == ["vtkDoubleArray", "vtkStringArray", "vtkStringArray"]
    assert [table.GetCellText(row, 1) for row in range(2)] == ["2", ""]


def test_ct_and_results_are_filed_under_patient_and_study(scene):
    nodes = add_case(
        scene, case_on(oblique_affine(), patient_id="4711", patient_name="Doe^Jane", study_date="20260102")
    )
    assert item_path(scene, nodes.volume) == ["Doe^Jane (4711)", "CT 20260102", "belly"]
    folder = ["Doe^Jane (4711)", "CT 20260102", "Liver tumor segmentation"]
    for node in nodes.result.parts:
        assert item_path(scene, node) == [*folder, node.GetName()]


def test_an_examination_without_identity_says_so(scene):
    nodes = add_case(scene, case_on(oblique_affine()))
    assert item_path(scene, nodes.volume) == ["No patient ID", "CT (No study date)", "belly"]


def test_a_node_that_is_in_the_hierarchy_already_is_moved_not_doubled(scene):
    hierarchy = scene.GetSubjectHierarchyNode()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
    before = hierarchy.GetNumberOfItems()
    file_under_patient(scene, Source("", "dicom", "", patient_id="7"), node, [])
    assert hierarchy.GetNumberOfItems() == before + 3
    assert item_path(scene, node) == ["7", "CT (No study date)", "CT"]


def test_what_dicom_says_is_kept_with_the_items(scene):
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")
    file_under_patient(scene, Source("", "dicom", "", study_uid="1.2.3", patient_id="7", patient_sex="F"), node, [])
    hierarchy = scene.GetSubjectHierarchyNode()
    study = hierarchy.GetItemByUID("DICOM", "1.2.3")
    patient = hierarchy.GetItemParent(study)
    assert hierarchy.GetItemLevel(study) == "Study"
    assert hierarchy.GetItemAttribute(patient, "DICOM.PatientID") == "7"
    assert hierarchy.GetItemAttribute(patient, "DICOM.PatientSex") == "F"
    assert not hierarchy.HasItemAttribute(patient, "DICOM.PatientName")
