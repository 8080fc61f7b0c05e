"""A follow-up in a living scene, found through references that are saved too.

Its node is a text node with the visits that were chosen and the numbers as they came (followup.json), so that a stored
follow-up opens without being tracked anew. It refers to the segmentation of each visit, to another text node with what
the reader has put right (Corrections.to_json), to tables and to charts.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import slicer

from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.mrml.nodes import nodes_of_class
from LiverTumorSegLib.timeline import Criterion, FollowUp

FOLLOW_UP_ATTRIBUTE, NUMBERS_ATTRIBUTE = "LiverTumorSeg.FollowUp", "LiverTumorSeg.FollowUpNumbers"
VISIT_ROLE = "LiverTumorSegVisit"
CORRECTIONS_ROLE = "LiverTumorSegCorrections"
VISITS_ROLE, LESIONS_ROLE, CURVES_ROLE = "LiverTumorSegVisits", "LiverTumorSegTrackedLesions", "LiverTumorSegCurves"
CHARTS_ROLE = "LiverTumorSegCharts"
LOADED_ATTRIBUTE = "LiverTumorSeg.LoadedForFollowUp"
"""Of a CT and a segmentation that were loaded from a folder only to be looked at: they go with the follow-up."""
_REFERENCE_ROLE = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()


@dataclass(frozen=True)
class VisitEntry:
    """A visit as somebody has chosen it. number: never given twice in a follow-up.

    folder: of a finished result; "" for a result of the scene. date: ISO, "" what its study says. key: of its CT in the
    last run, "" before the first one. is_used: False keeps it in the list, for later.
    """

    number: int
    folder: str = ""
    date: str = ""
    key: str = ""
    is_used: bool = True


@dataclass(frozen=True, eq=False)
class FollowUpNode:
    """node: the text node that is the follow-up. Parts of it that somebody has deleted are None, or missing."""

    node: Any

    @property
    def scene(self) -> Any:
        return self.node.GetScene()

    @property
    def visits_table(self) -> Any | None:
        return self.node.GetNodeReference(VISITS_ROLE)

    @property
    def lesions_table(self) -> Any | None:
        return self.node.GetNodeReference(LESIONS_ROLE)

    @property
    def curves_table(self) -> Any | None:
        """What the charts are drawn from."""
        return self.node.GetNodeReference(CURVES_ROLE)

    @property
    def charts(self) -> list[Any]:
        """Sum, diameters, volumes: in this order."""
        count = self.node.GetNumberOfNodeReferences(CHARTS_ROLE)
        found = (self.node.GetNthNodeReference(CHARTS_ROLE, index) for index in range(count))
        return [node for node in found if node is not None]

    @property
    def corrections_node(self) -> Any | None:
        return self.node.GetNodeReference(CORRECTIONS_ROLE)

    @property
    def corrections(self) -> Corrections:
        """What the reader has put right; nothing where the node was deleted. Raises ValueError for other text."""
        node = self.corrections_node
        text = node.GetText() if node else ""
        return Corrections.from_json(json.loads(text)) if text else Corrections()

    @property
    def entries(self) -> tuple[VisitEntry, ...]:
        """The visits that were chosen, in the order of their choice; a deleted result is no visit any more."""
        stored = (VisitEntry(**item) for item in self.state.get("visits", ()))
        return tuple(entry for entry in stored if entry.folder or self.segmentation_of(entry) is not None)

    @property
    def criterion(self) -> Criterion:
        """By which the tables judge."""
        return Criterion(self.state.get("criterion", Criterion.RECIST))

    @property
    def baseline(self) -> int | None:
        """The number of the visit that was chosen for it; None for the first in time."""
        number = self.state.get("baseline")
        return number if any(entry.number == number and entry.is_used for entry in self.entries) else None

    @property
    def is_outdated(self) -> bool:
        """Whether something was changed since the numbers came."""
        return bool(self.state.get("is_outdated", False))

    @property
    def changes(self) -> int:
        """Goes up with each change that outdates the numbers."""
        return int(self.state.get("changes", 0))

    @property
    def timeline(self) -> FollowUp | None:
        """The numbers, unrounded; None while there are none."""
        return _timeline(str(self.node.GetAttribute(NUMBERS_ATTRIBUTE) or ""))

    def segmentation_of(self, entry: VisitEntry) -> Any | None:
        """Of a result of the scene, or what was loaded of a folder to be looked at."""
        return self.node.GetNodeReference(f"{VISIT_ROLE}{entry.number}")

    def volume_of(self, entry: VisitEntry) -> Any | None:
        """Its CT, where it is in the scene."""
        segmentation = self.segmentation_of(entry)
        return segmentation.GetNodeReference(_REFERENCE_ROLE) if segmentation else None

    def title_of(self, entry: VisitEntry) -> str:
        """What a visit is called: its folder, or its CT."""
        if entry.folder:
            return Path(entry.folder).name
        node = self.volume_of(entry) or self.segmentation_of(entry)
        return str(node.GetName()) if node is not None else ""

    @property
    def state(self) -> dict[str, Any]:
        """What the node holds beside the numbers."""
        found: dict[str, Any] = json.loads(self.node.GetText() or "{}")
        return found

    def keep(self, **values: Any) -> None:
        """Parts of the state; nothing is modified where they are that already."""
        before = self.state
        if before | values != before:
            self.node.SetText(json.dumps(before | values, indent=1))

    def keep_entries(self, entries: tuple[VisitEntry, ...]) -> None:
        """Other visits, or other dates of them."""
        self.keep(visits=[asdict(entry) for entry in entries])

    def keep_timeline(self, timeline: FollowUp | None) -> None:
        """The numbers, to be saved with the scene; None: there are none."""
        if timeline is None:
            self.node.RemoveAttribute(NUMBERS_ATTRIBUTE)
        else:
            self.node.SetAttribute(NUMBERS_ATTRIBUTE, json.dumps(timeline.to_json()))

    def keep_corrections(self, corrections: Corrections) -> None:
        """What the reader has put right, to be saved with the scene."""
        node = self.corrections_node
        if node is not None and corrections != self.corrections:
            node.SetText(json.dumps(corrections.to_json(), indent=1))


def follow_up_in(scene: slicer.vtkMRMLScene) -> FollowUpNode | None:
    """The follow-up of a scene, None where there is none; of several (after an import) the latest."""
    found = [node for node in nodes_of_class(scene, "vtkMRMLTextNode") if node.GetAttribute(FOLLOW_UP_ATTRIBUTE)]
    return FollowUpNode(found[-1]) if found else None


@lru_cache(maxsize=4)
def _timeline(text: str) -> FollowUp | None:
    return FollowUp.from_json(json.loads(text)) if text else None
