"""What a plan in the scene asks for, as it is now: to be compared with what it asked for before, and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from LiverTumorSegLib.mrml.plan import Plan
from LiverTumorSegLib.mrml.plan_markups import Cut, cut_of
from LiverTumorSegLib.planning import live
from LiverTumorSegLib.workbench.translation import _


@dataclass(frozen=True)
class Wish:
    """cut: names of segments, or a surface; None where nothing (yet) is chosen. trouble: why not, in words."""

    cut: tuple[str, ...] | Cut | None
    against: bool
    patient: tuple[float, float]
    trouble: str = ""

    def settles_s(self, debounce_s: float) -> float:
        """How long it must stay as it is before it is asked for: a surface is dragged, segments are chosen."""
        return debounce_s if isinstance(self.cut, Cut) else 0.0

    def request(self, number: int) -> dict[str, Any]:
        """For the planning child."""
        if not isinstance(self.cut, Cut):
            return live.segments_request(number, self.cut or ())
        points_ras = np.array(self.cut.points_ras, float).reshape(-1, 3)
        if self.cut.normal_ras is None:
            return live.points_request(number, points_ras, against=self.against)
        return live.plane_request(number, points_ras, np.array([self.cut.normal_ras]), against=self.against)

    def to_json(self) -> list[Any]:
        """As it is stored with the numbers that belong to it."""
        if isinstance(self.cut, Cut):
            normal = None if self.cut.normal_ras is None else list(self.cut.normal_ras)
            cut: Any = {"points": [list(point) for point in self.cut.points_ras], "normal": normal}
        else:
            cut = None if self.cut is None else list(self.cut)
        return [cut, self.against, list(self.patient)]


def wish_of(plan: Plan) -> Wish:
    """A markup goes before segments."""
    choice, markup = plan.choice, plan.markup
    patient = (choice.height_cm, choice.weight_kg)
    if markup is None:
        return Wish(choice.segments or None, False, patient)
    cut = cut_of(markup)
    trouble = "" if cut else _("Place the plane {name} first.").format(name=markup.GetName())
    return Wish(cut, choice.against, patient, trouble)
