"""A whole browser session in this process, without a browser: every logic, Slicer's scene and views, the children."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plan_scenes import divided_result

from LiverTumorSegLib.mrml.plan import Plan, plan_of
from LiverTumorSegLib.mrml.plan_tables import WHAT_IF_COLUMNS
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.web.session.channel import GatewayChannel
from LiverTumorSegLib.web.session.workstation import SessionSettings, Workstation

PATIENCE_S = 60.0


class Desk:
    """One for each process: Slicer's views live in factories of it, and trame has one state."""

    def __init__(self, folder: Path) -> None:
        self.session = Workstation(SessionSettings(folder, None, 100), GatewayChannel(io.StringIO(), io.StringIO()))
        self.session.state.ready()

    @property
    def plan(self) -> Any:
        return self.session.plan

    @property
    def shown(self) -> Any:
        """What the page shows of the plan."""
        return self.session.plan.data

    @property
    def scene(self) -> Any:
        return self.session.slicer_app.scene

    def bring(self, place: str = "oblique", *, divides_iv: bool = False) -> Result:
        """A divided liver, as if a run had brought it; its CT lies in one of plan_scenes.PLACES."""
        result = divided_result(self.scene, place, divides_iv=divides_iv)
        self.session.run.arrived(result)
        self.session.run.finished(result)
        self.tick()
        return result

    def planned(self, place: str = "oblique", *, divides_iv: bool = False) -> tuple[Result, Plan]:
        """With planning switched on, nothing chosen."""
        result = self.bring(place, divides_iv=divides_iv)
        self.choose(is_on=True)
        plan = plan_of(result)
        assert plan is not None
        return result, plan

    def choose(self, **values: Any) -> None:
        """Fields of the plan, as the page sets them."""
        with self.session.state:
            for name, value in values.items():
                setattr(self.shown, name, value)
        self.tick()

    def press(self, method: Callable[..., None], *arguments: object) -> None:
        """A button of the page: what it changes goes to the page before anything else comes."""
        with self.session.state:
            method(*arguments)

    def tick(self) -> None:
        with self.session.state:
            assert self.session._tick(), self.session.notices.data.details

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "It does not come to be"
            self.tick()
            time.sleep(0.01)

    def wait_for_plan(self) -> None:
        self.tick()
        self.wait_until(lambda: not self.plan.busy)

    def value(self, title: str) -> str:
        """Of a row of the numbers on the page."""
        return next(row.value for row in self.shown.rows if row.title == title)

    def close(self) -> None:
        """Everything of the case goes, CTs too."""
        self.session.close_case()
        for name in ("vtkMRMLScalarVolumeNode", "vtkMRMLLinearTransformNode"):
            while node := self.scene.GetFirstNodeByClass(name):
                self.scene.RemoveNode(node)


def usual_column(plan: Plan, title: str) -> list[str]:
    """Of the table in the scene."""
    table, column = plan.what_if, WHAT_IF_COLUMNS.index(title)
    return [table.GetCellText(row, column) for row in range(table.GetNumberOfRows())]
