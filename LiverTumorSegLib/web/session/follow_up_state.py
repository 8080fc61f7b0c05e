"""What the section "Follow-up" shows, and what is chosen in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from LiverTumorSegLib.web.session.case_ui import ServedItem


@dataclass
class VisitItem:
    """A visit as it was chosen. date: ISO, "" unknown. place: in the served folder, "" for a result of the page."""

    number: int = 0
    title: str = ""
    patient_id: str = ""
    date: str = ""
    note: str = ""
    place: str = ""


@dataclass
class ResponseItem:
    """A visit under the chosen criterion, as it is shown. grade: "PD" and so on, "" where it is not judged."""

    visit: str = ""
    total: str = ""
    from_baseline: str = ""
    noise: str = ""
    from_nadir: str = ""
    grade: str = ""
    response: str = ""
    confirmed: str = ""
    reason: str = ""


@dataclass
class SeenItem:
    """A lesion at a visit: its long axis in mm, "" where it has none; what became of it; the rest in words."""

    size: str = ""
    state: str = ""
    hint: str = ""


@dataclass
class LesionItem:
    """A lesion over all visits. color: the class of its line in the charts."""

    id: str = ""
    color: str = ""
    role: str = ""
    segments: str = ""
    reason: str = ""
    seen: list[SeenItem] = field(default_factory=list)


@dataclass
class ChartItem:
    """svg: an element without any script, every word of which is escaped."""

    title: str = ""
    svg: str = ""


@dataclass
class FollowUpState:
    """baseline: number of a visit, 0 for the first in time. lesion, visit: the cell that was clicked, "" for none.

    can_be_gone, is_gone, can_be_new: of that cell. earlier: the lesions that it may be the same as; same_as: the chosen
    one. is_outdated: something was changed since the numbers came.
    """

    visits: list[VisitItem] = field(default_factory=list)
    baseline: int = 0
    can_add_open: bool = False
    patients: list[str] = field(default_factory=list)
    other_patient: bool = False
    folders_shown: bool = False
    folders_path: str = ""
    folders: list[ServedItem] = field(default_factory=list)
    running: bool = False
    fraction: float = 0.0
    message: str = ""
    has_numbers: bool = False
    is_outdated: bool = False
    criterion: str = ""
    criteria: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    responses: list[ResponseItem] = field(default_factory=list)
    lesions: list[LesionItem] = field(default_factory=list)
    charts: list[ChartItem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    lesion: str = ""
    visit: int = 0
    detail: str = ""
    where: str = ""
    can_be_gone: bool = False
    is_gone: bool = False
    can_be_new: bool = False
    earlier: list[str] = field(default_factory=list)
    same_as: str = ""
