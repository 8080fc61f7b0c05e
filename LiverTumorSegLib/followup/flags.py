"""Flags of a sighting: why a lesion is not evaluable, and what to check."""

from __future__ import annotations

OUT_OF_VIEW = "out-of-view"
"""Its place is not in the volume."""
OUTSIDE_LIVER = "outside-liver"
"""Its place is in the volume, but not in what is drawn as liver there: resected, or not drawn."""
BY_POOR_REGISTRATION = "by-poor-registration"
"""Found, or not found, where the livers do not lie well over each other: please check."""
