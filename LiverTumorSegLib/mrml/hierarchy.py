"""Patient, study and results as Slicer's Data module shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import slicer

from LiverTumorSegLib.study import Source

RESULTS_FOLDER = "Liver tumor segmentation"
NO_PATIENT_ID = "No patient ID"
NO_STUDY_DATE = "No study date"
UNKNOWN_SOURCE = Source(path="", kind="", sha256="")


def file_under_patient(
    scene: slicer.vtkMRMLScene, source: Source, volume_node: Any, result_nodes: Iterable[Any]
) -> None:
    """Put the CT under patient and study, the results into a folder beside it.

    An examination that names no patient or date gets items that say so; what DICOM says is kept as item attributes.
    """
    hierarchy = scene.GetSubjectHierarchyNode()
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), _patient_title(source))
    study = hierarchy.CreateStudyItem(patient, _study_title(source))
    _describe(hierarchy, patient, study, source)
    _place(hierarchy, study, volume_node)
    folder = _results_folder(hierarchy, study)
    for node in result_nodes:
        _place(hierarchy, folder, node)


def file_beside(scene: slicer.vtkMRMLScene, volume_node: Any, result_nodes: Iterable[Any]) -> None:
    """Put results into a folder of the study that the CT is filed under; a CT under none gets patient and study."""
    hierarchy = scene.GetSubjectHierarchyNode()
    study = _study_of(hierarchy, volume_node)
    if study is None:
        file_under_patient(scene, UNKNOWN_SOURCE, volume_node, result_nodes)
        return
    folder = _results_folder(hierarchy, study)
    for node in result_nodes:
        _place(hierarchy, folder, node)


def file_with(scene: slicer.vtkMRMLScene, companion: Any, node: Any) -> None:
    """Put a node where another one is; nothing happens if that is nowhere."""
    hierarchy = scene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(companion)
    if item != hierarchy.GetInvalidItemID():
        _place(hierarchy, hierarchy.GetItemParent(item), node)


def remove_with_item(scene: slicer.vtkMRMLScene, node: Any) -> None:
    """Take a node out of scene and hierarchy; the bare core would leave its item behind."""
    hierarchy = scene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(node)
    if item != hierarchy.GetInvalidItemID():
        hierarchy.RemoveItem(item, False, False)
    scene.RemoveNode(node)


def study_date_of(scene: slicer.vtkMRMLScene, node: Any) -> str:
    """What DICOM says of the study that a node is filed under, as YYYYMMDD; "" where nobody knows it."""
    return _attribute_above(scene, node, "Study", "DICOM.StudyDate")


def patient_id_of(scene: slicer.vtkMRMLScene, node: Any) -> str:
    """What DICOM says of the patient that a node is filed under; "" where nobody knows it."""
    return _attribute_above(scene, node, "Patient", "DICOM.PatientID")


def _attribute_above(scene: Any, node: Any, level: str, name: str) -> str:
    hierarchy = scene.GetSubjectHierarchyNode()
    item = _above(hierarchy, node, level)
    return "" if item is None else str(hierarchy.GetItemAttribute(item, name)).strip()


def _study_of(hierarchy: Any, node: Any) -> int | None:
    return _above(hierarchy, node, "Study")


def _above(hierarchy: Any, node: Any, level: str) -> int | None:
    item = hierarchy.GetItemByDataNode(node)
    while item not in (hierarchy.GetInvalidItemID(), hierarchy.GetSceneItemID()):
        if hierarchy.GetItemLevel(item) == level:
            return int(item)
        item = hierarchy.GetItemParent(item)
    return None


def _results_folder(hierarchy: Any, study: int) -> int:
    found = int(hierarchy.GetItemChildWithName(study, RESULTS_FOLDER))
    return found if found != hierarchy.GetInvalidItemID() else int(hierarchy.CreateFolderItem(study, RESULTS_FOLDER))


def _patient_title(source: Source) -> str:
    identity = source.patient_id.strip() or NO_PATIENT_ID
    name = source.patient_name.strip()
    return f"{name} ({identity})" if name else identity


def _study_title(source: Source) -> str:
    return f"CT {source.study_date.strip()}" if source.study_date.strip() else f"CT ({NO_STUDY_DATE})"


def _describe(hierarchy: Any, patient: int, study: int, source: Source) -> None:
    for item, name, value in (
        (patient, "DICOM.PatientID", source.patient_id),
        (patient, "DICOM.PatientName", source.patient_name),
        (patient, "DICOM.PatientBirthDate", source.patient_birth_date),
        (patient, "DICOM.PatientSex", source.patient_sex),
        (study, "DICOM.StudyDate", source.study_date),
    ):
        if value:
            hierarchy.SetItemAttribute(item, name, value)
    if source.study_uid:
        hierarchy.SetItemUID(study, "DICOM", source.study_uid)


def _place(hierarchy: Any, parent: int, node: Any) -> None:
    """Desktop Slicer has made an item for the node already; the bare core has not."""
    item = hierarchy.GetItemByDataNode(node)
    if item == hierarchy.GetInvalidItemID():
        hierarchy.CreateItem(parent, node)
    else:
        hierarchy.SetItemParent(item, parent)
