"""Message boxes."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _


def show_error(message: str, details: str = "") -> None:
    """One message; what the child printed is there to be unfolded."""
    more = {"detailedText": details} if details else {}
    slicer.util.errorDisplay(message, windowTitle=_("Liver Tumor Seg"), **more)
