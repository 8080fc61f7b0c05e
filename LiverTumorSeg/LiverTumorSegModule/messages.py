"""Message boxes."""

from __future__ import annotations

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from LiverTumorSegLib.workbench.activity import Activity


def show_error(message: str, details: str = "") -> None:
    """One message; what the child printed is there to be unfolded."""
    more = {"detailedText": details} if details else {}
    slicer.util.errorDisplay(message, windowTitle=_("Liver Tumor Seg"), **more)


def follow_up_questions(patients: list[str], folder: Path | None) -> list[str]:
    """What somebody has to agree to first: several patients, corrections in the folder of the report."""
    from LiverTumorSegLib.io.followup_files import CORRECTIONS

    questions = []
    if len(patients) > 1:
        text = _("The examinations name several patients ({ids}). Are they one patient?")
        questions.append(text.format(ids=", ".join(patients)))
    if folder is not None and (folder / CORRECTIONS).exists():
        text = _("{folder} holds a reader's corrections. Replace them by those of this scene?")
        questions.append(text.format(folder=folder))
    return questions


def last_word(activity: Activity) -> str:
    """How a piece of work ended, in a line."""
    if activity.cancelled:
        return _("{title}: cancelled; nothing was changed.").format(title=activity.title)
    if activity.failure is not None:
        return f"{activity.title}: {activity.failure.message}"
    seconds = getattr(activity, "seconds", {})
    warnings = " ".join(getattr(activity, "warnings", []))
    took = _(" ({seconds:.0f} s)").format(seconds=sum(seconds.values())) if seconds else ""
    return _("{title}: done{took}. {warnings}").format(title=activity.title, took=took, warnings=warnings).strip()
