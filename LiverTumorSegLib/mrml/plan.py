"""A plan in a living scene, found through references that are saved too.

Its node is a segmentation of the two parts that a resection makes; the result's segmentation refers to it. It refers to
two tables, to the markup that cuts, and to models that are coloured by distances. An attribute of it holds what was
chosen and the numbers as they came, so that a stored plan opens without planning anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from LiverTumorSegLib.labels import AS_READ, IV, PARTS_OF_IV
from LiverTumorSegLib.mrml.result import Result

PLAN_ROLE = "LiverTumorSegPlan"
TABLE_ROLE, WHAT_IF_ROLE = "LiverTumorSegPlanTable", "LiverTumorSegPlanWhatIf"
MARKUP_ROLE = "LiverTumorSegPlanMarkup"
DISTANCES_ROLE, COLORS_ROLE = "LiverTumorSegPlanDistances", "LiverTumorSegPlanColors"
STATE_ATTRIBUTE = "LiverTumorSeg.Plan"
HIDDEN_ATTRIBUTE = "LiverTumorSeg.HiddenByPlan"
"""Of the result's segmentation, so that it is known where somebody deletes the plan's node."""


@dataclass(frozen=True)
class PlanChoice:
    """What somebody has chosen beside the markup. segments: by name. against: of a surface, the side against its normal
    goes. height_cm, weight_kg: 0 is not known. is_on: the picture shows the plan. distances: colours show distances.
    """

    segments: tuple[str, ...] = ()
    against: bool = False
    height_cm: float = 0.0
    weight_kg: float = 0.0
    is_on: bool = True
    distances: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """parts: the node that is the plan. Parts of it that somebody has deleted are None, or missing among the models."""

    parts: Any
    result: Result

    @property
    def scene(self) -> Any:
        return self.parts.GetScene()

    @property
    def table(self) -> Any | None:
        return self.parts.GetNodeReference(TABLE_ROLE)

    @property
    def what_if(self) -> Any | None:
        return self.parts.GetNodeReference(WHAT_IF_ROLE)

    @property
    def markup(self) -> Any | None:
        """Along which the liver is cut; None where segments are removed."""
        return self.parts.GetNodeReference(MARKUP_ROLE)

    @property
    def models(self) -> list[Any]:
        """Surfaces that are coloured by distances."""
        count = self.parts.GetNumberOfNodeReferences(DISTANCES_ROLE)
        found = (self.parts.GetNthNodeReference(DISTANCES_ROLE, index) for index in range(count))
        return [node for node in found if node is not None]

    @property
    def colors(self) -> Any | None:
        """The mm of those surfaces as colours."""
        return self.parts.GetNodeReference(COLORS_ROLE)

    @property
    def nodes(self) -> list[Any]:
        """All that goes with the plan; the markup is somebody else's."""
        others = (self.table, self.what_if, self.colors)
        return [self.parts, *self.models, *(node for node in others if node is not None)]

    @property
    def choice(self) -> PlanChoice:
        stored = self._state().get("choice", {})
        known = {field.name for field in fields(PlanChoice)}
        found = {name: value for name, value in stored.items() if name in known}
        return PlanChoice(**found | {"segments": tuple(found.get("segments", ()))})

    def choose(self, choice: PlanChoice, markup: Any | None) -> None:
        """Keep what was chosen; nothing is modified where it is that already."""
        if choice != self.choice:
            self._keep(choice=asdict(choice))
        if markup is not self.markup:
            self.parts.SetNodeReferenceID(MARKUP_ROLE, markup.GetID() if markup else None)

    @property
    def numbers(self) -> dict[str, Any] | None:
        """The child's last answer, unrounded; None while there is none that fits mask and choice."""
        found: dict[str, Any] | None = self._state().get("numbers")
        return found

    def keep_numbers(self, numbers: dict[str, Any] | None) -> None:
        """As they came, to be saved with the scene."""
        self._keep(numbers=numbers)

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self.parts.GetAttribute(STATE_ATTRIBUTE) or "{}")
        return state

    def _keep(self, **values: Any) -> None:
        """Told to nobody: every view would be drawn for it, while somebody waits for what comes of it."""
        was_quiet = self.parts.GetDisableModifiedEvent()
        self.parts.SetDisableModifiedEvent(True)
        self.parts.SetAttribute(STATE_ATTRIBUTE, json.dumps(self._state() | values))
        self.parts.SetDisableModifiedEvent(was_quiet)


def hidden_of(result: Result) -> list[str]:
    """Segments of a result that are away in 3D as long as a plan shows something in their place."""
    found: list[str] = json.loads(result.segmentation.GetAttribute(HIDDEN_ATTRIBUTE) or "[]")
    return found


def keep_hidden(result: Result, segment_ids: list[str]) -> None:
    """To be shown again one day, also after loading."""
    if segment_ids:
        result.segmentation.SetAttribute(HIDDEN_ATTRIBUTE, json.dumps(segment_ids))
    else:
        result.segmentation.RemoveAttribute(HIDDEN_ATTRIBUTE)


def segments_there(result: Result | None) -> tuple[str, ...]:
    """Names of the Couinaud segments that a result can be planned by: IV, or IVa and IVb; () for an undivided liver."""
    node = result.segments if result is not None else None
    if node is None:
        return ()
    return tuple(label.name for label in AS_READ if node.GetSegmentation().GetSegment(label.name) is not None)


def chosen_of(names: Iterable[str], there: Sequence[str]) -> tuple[str, ...]:
    """Those of some names that are there, in the order in which they are read; both parts of IV together are IV."""
    parts = {part.name for part in PARTS_OF_IV}
    wanted = set(names)
    if parts <= set(there):
        wanted = wanted | parts if IV.name in wanted else wanted
        wanted = (wanted - parts) | {IV.name} if parts <= wanted else wanted
    known = {*there, *({IV.name} if parts <= set(there) else ())}
    return tuple(label.name for label in AS_READ if label.name in wanted & known)


def toggled(names: Iterable[str], name: str) -> tuple[str, ...]:
    """Names with one more or one less; of IV as a whole, the other part stays where one goes."""
    chosen, parts = set(names), {part.name for part in PARTS_OF_IV}
    if name in parts and IV.name in chosen:
        chosen = (chosen - {IV.name}) | parts
    return tuple(chosen ^ {name})


def can_be_removed(names: Iterable[str], there: Sequence[str]) -> bool:
    """Whether a resection of these segments is one of a liver that has those."""
    names = tuple(names)
    return set(names) == set(chosen_of(names, there))


def plan_of(result: Result | None) -> Plan | None:
    """The plan on a result, None where there is none."""
    parts = result.segmentation.GetNodeReference(PLAN_ROLE) if result else None
    return None if result is None or parts is None else Plan(parts, result)
