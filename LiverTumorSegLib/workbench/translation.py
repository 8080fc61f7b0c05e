"""``_``, which translates what a person reads: desktop Slicer's; the bare core has none, and texts stay as they are."""

from __future__ import annotations

try:
    # Itself, not wrapped: it takes the context of a text from the file that calls it.
    from slicer.i18n import tr as _
except ImportError:

    def _(text: str) -> str:
        return text


__all__ = ["_"]
