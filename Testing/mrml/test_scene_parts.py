from __future__ import annotations

import numpy as np
import pytest
from mrml_case import case_on, lesions, oblique_affine

from LiverTumorSegLib.measure.table import lesion_rows, volumetry_rows
from LiverTumorSegLib.mrml.case_nodes import add_case
from LiverTumorSegLib.mrml.hierarchy import file_under_patient
from LiverTumorSegLib.mrml.markups import add_diameter_lines, length_mm
from LiverTumorSegLib.mrml.tables import add_measurement_tables, add_table
from LiverTumorSegLib.study import Source


def item_path(scene, node):
    """Names of the subject hierarchy items from the patient down to a node."""
    hierarchy = scene.GetSubjectHierarchyNode()
    item, names = hierarchy.GetItemByDataNode(node), []
    while item != hierarchy.GetSceneItemID():
        names.insert(0, hierarchy.GetItemName(item))
        item = hierarchy.GetItemParent(item)
    return names


def test_each_lesion_has_a_long_and_a_short_axis_of_its_measured_length(scene):
    nodes = add_diameter_lines(scene, lesions())
    assert [node.GetName() for node in nodes] == [
        "Lesion 1 long axis",
        "Lesion 1 short axis",
        "Lesion 2 long axis",
        "Lesion 2 short axis",
    ]
    assert [length_mm(node) for node in nodes] == pytest.approx([13.0, 7.0, 11.0, 9.0], abs=1e-6)


def test_the_ends_of_a_line_lie_where_they_were_measured(scene):
    long_axis = add_diameter_lines(scene, lesions())[0]
    ends_ras = [long_axis.GetNthControlPointPositionWorld(index) for index in range(2)]
    assert np.array(ends_ras) == pytest.approx(np.array([(1.5, 2.25, 3.0), (4.5, 6.25, 15.0)]), abs=1e-9)


def test_a_line_says_millimeters_slice_and_flags_and_cannot_be_dragged_by_accident(scene):
    node = add_diameter_lines(scene, lesions())[0]
    assert node.GetMeasurement("length").GetValueWithUnitsAsPrintableString() == "13.00mm"
    said = node.GetNthControlPointDescription(0)
    assert said == "Slice 72 along k of the input (from 0), at S -12.5 mm, 84.5 ml; oblique"
    assert node.GetLocked()
    assert node.GetDisplayNode().GetPropertiesLabelVisibility()


def test_the_two_axes_differ_in_color(scene):
    long_axis, short_axis = add_diameter_lines(scene, lesions())[:2]
    assert long_axis.GetDisplayNode().GetSelectedColor() != short_axis.GetDisplayNode().GetSelectedColor()


def test_the_tables_say_what_the_measurements_say(scene):
    measurements = case_on(oblique_affine()).measurements
    nodes = add_measurement_tables(scene, measurements)
    assert [node.GetName() for node in nodes] == ["Volumetry", "Lesions"]
    for node, (header, rows) in zip(nodes, (volumetry_rows(measurements), lesion_rows(measurements)), strict=True):
        assert [node.GetColumnName(index) for index in range(node.GetNumberOfColumns())] == list(header)
        assert node.GetNumberOfRows() == len(rows) > 0
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                shown = node.GetTable().GetValue(row, column)
                assert shown.ToString() == ("" if cell is None else cell) or shown.ToDouble() == cell


def test_a_column_of_numbers_stays_numeric_and_one_with_a_gap_becomes_text(scene):
    table = add_table(scene, "T", ["a (mm)", "b (%)", "c"], [[1.5, 2, "x"], [2.5, None, "y"]])
    kinds = [table.GetTable().GetColumn(index).GetClassName() for index in range(3)]
    assert kinds == ["vtkDoubleArray", "vtkStringArray", "vtkStringArray"]
    assert [table.GetCellText(row, 1) for row in range(2)] == ["2", ""]


def test_a_table_without_rows_still_has_its_columns(scene):
    table = add_table(scene, "T", ["a (mm)", "b"], [])
    assert (table.GetNumberOfColumns(), table.GetNumberOfRows()) == (2, 0)


def test_ct_and_results_are_filed_under_patient_and_study(scene):
    nodes = add_case(
        scene, case_on(oblique_affine(), patient_id="4711", patient_name="Doe^Jane", study_date="20260102")
    )
    assert item_path(scene, nodes.volume) == ["Doe^Jane (4711)", "CT 20260102", "belly"]
    folder = ["Doe^Jane (4711)", "CT 20260102", "Liver tumor segmentation"]
    for node in (nodes.segmentation, *nodes.lines, *nodes.tables):
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
