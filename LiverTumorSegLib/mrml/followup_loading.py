"""A visit from a result folder, brought into the scene only to be looked at: it is measured where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.case import shown_in
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.followup import LOADED_ATTRIBUTE, VISIT_ROLE, FollowUpNode, VisitEntry
from LiverTumorSegLib.mrml.followup_nodes import file_in_folder
from LiverTumorSegLib.mrml.result_nodes import nothing_added_on_error
from LiverTumorSegLib.mrml.segmentation_node import add_segmentation_node
from LiverTumorSegLib.mrml.volume_node import add_volume_node


def load_visit(follow_up: FollowUpNode, entry: VisitEntry, ct: Path) -> Any:
    """CT and segmentation of a folder, in the scene: the segmentation node, the present one where it is there.

    ct: where its run record says that the CT lies. Raises InputError where CT or result cannot be read, or belong to
    different grids.
    """
    from LiverTumorSegLib.io.read import read_study
    from LiverTumorSegLib.io.results import read_segmentation_of

    present = follow_up.segmentation_of(entry)
    if present is not None and follow_up.volume_of(entry) is not None:
        return present
    if not ct.exists():
        raise InputError(
            found=f"no CT at {ct}",
            expected=f"the CT of {entry.folder}",
            remedy="Put it back there, or load CT and segmentation as a result of the scene",
        )
    segmentation = read_segmentation_of(Path(entry.folder))
    scene = follow_up.scene
    name = Path(entry.folder).name
    with nothing_added_on_error(scene):
        volume = add_volume_node(scene, read_study(ct).ct, f"{name} CT")
        node = add_segmentation_node(scene, segmentation, shown_in(segmentation), volume, f"{name} segmentation")
    for one in (volume, node):
        one.SetAttribute(LOADED_ATTRIBUTE, "1")
        file_in_folder(follow_up, one)
    follow_up.node.SetNodeReferenceID(f"{VISIT_ROLE}{entry.number}", node.GetID())
    return node
