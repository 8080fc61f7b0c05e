"""Totals over all visits, and the words for how one compares with the baseline and the nadir."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from LiverTumorSegLib.followup.criteria import RULES, TOLERANCE, Rule
from LiverTumorSegLib.followup.totals import Total, total_at
from LiverTumorSegLib.followup.words import change_text, percent_text, visit_text
from LiverTumorSegLib.timeline import Criterion, TrackedLesion


@dataclass(frozen=True)
class Nadir:
    """The smallest total on study before a visit, baseline included; visit: the first one that has it."""

    visit: int
    total: float

    @property
    def is_nothing(self) -> bool:
        return self.total <= TOLERANCE


@dataclass(frozen=True)
class Course:
    """All that a visit is judged by. totals: one per visit."""

    criterion: Criterion
    lesions: tuple[TrackedLesion, ...]
    baseline: int
    totals: tuple[Total, ...]

    @classmethod
    def of(cls, criterion: Criterion, lesions: Sequence[TrackedLesion], baseline: int, visits: int) -> Course:
        totals = tuple(total_at(criterion, lesions, visit) for visit in range(visits))
        return cls(criterion, tuple(lesions), baseline, totals)

    @property
    def rule(self) -> Rule:
        return RULES[self.criterion]

    @property
    def baseline_total(self) -> float | None:
        return self.totals[self.baseline].value

    def nadir(self, visit: int) -> Nadir | None:
        """Over the evaluable visits from the baseline to before this one; None without any."""
        known = [Nadir(n, total) for n in range(self.baseline, visit) if (total := self.totals[n].value) is not None]
        return min(known, key=lambda nadir: nadir.total, default=None)

    def percent_from_baseline(self, visit: int) -> float | None:
        """None where one of both totals is not known, or the baseline's is 0."""
        before, now = self.baseline_total, self.totals[visit].value
        return None if now is None or before is None or before <= TOLERANCE else 100 * (now - before) / before

    def from_baseline_text(self, percent: float) -> str:
        """Such as "-34 % from the baseline"."""
        return f"{percent_text(percent, -self.rule.pr_percent)} from the baseline"

    def over_nadir_text(self, total: float, nadir: Nadir) -> str:
        """Such as "+24 % and +9 mm over the nadir of visit 2"."""
        rule, where = self.rule, f"over the nadir of {visit_text(nadir.visit)}"
        if nadir.is_nothing:
            return f"{change_text(total, rule.least_over_nothing, rule.unit)} {where}, which is 0 {rule.unit}"
        percent = percent_text(100 * (total - nadir.total) / nadir.total, rule.pd_percent)
        return f"{percent} and {change_text(total - nadir.total, rule.least_rise, rule.unit)} {where}"

    def short_of_text(self, total: float, nadir: Nadir) -> str:
        """Which thresholds of a PD are not reached: "below 20 % and below 5 mm"."""
        rule, rise = self.rule, total - nadir.total
        if nadir.is_nothing:
            return f"below {rule.least_over_nothing:.3g} {rule.unit}"
        few_percent = f"below {rule.pd_percent:g} %" * (total < nadir.total * (1 + rule.pd_percent / 100) - TOLERANCE)
        few_mm = f"below {rule.least_rise:g} {rule.unit}" * (rise < rule.least_rise - TOLERANCE)
        return " and ".join(clause for clause in (few_percent, few_mm) if clause)
