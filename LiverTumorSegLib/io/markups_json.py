"""Markups of 3D Slicer (.mrk.json, schema 1): points and planes that somebody placed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.raw import unreadable

_SIGNS = {"LPS": np.array([-1.0, -1.0, 1.0]), "RAS": np.ones(3)}
_POINTS = ("Fiducial", "Curve", "ClosedCurve", "Line")
PLANE = "Plane"


@dataclass(frozen=True)
class Markup:
    """One node. points_ras: its placed control points, in order. plane_ras: of a plane, its centre and its normal."""

    kind: str
    points_ras: tuple[Vector, ...]
    plane_ras: tuple[Vector, Vector] | None = None


def read_markups(path: Path) -> Markup:
    """The only node of a file; control points of several nodes of points count as one set.

    LPS or RAS, as each node says, comes back in RAS. Raises InputError for anything but planes and points in mm.
    """
    try:
        nodes = _read(path)["markups"]
        markups = [_markup(path, node) for node in nodes]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(path, f"is no markups file ({type(error).__name__}: {error})") from error
    planes = [markup for markup in markups if markup.kind == PLANE]
    if not markups or (planes and len(markups) > 1):
        raise _unusable(path, f"holds {len(markups)} nodes, {len(planes)} of them planes")
    if planes:
        return planes[0]
    return Markup(markups[0].kind, tuple(point for markup in markups for point in markup.points_ras))


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _unusable(path, "is no text") from error
    except OSError as error:
        raise unreadable(path, error) from error
    found: dict[str, Any] = json.loads(text)
    return found


def _markup(path: Path, node: dict[str, Any]) -> Markup:
    kind, frame, unit = node["type"], node.get("coordinateSystem", "LPS"), node.get("coordinateUnits", "mm")
    if kind not in (*_POINTS, PLANE) or frame not in _SIGNS or unit != "mm":
        raise _unusable(path, f"holds a {kind} in {frame} and {unit}")
    placed = [point for point in node.get("controlPoints", ()) if point.get("positionStatus", "defined") == "defined"]
    points = tuple(_vector(point["position"], frame) for point in placed)
    plane = (_vector(node["center"], frame), _vector(node["normal"], frame)) if kind == PLANE else None
    return Markup(kind, points, plane)


def _vector(values: list[float], frame: str) -> Vector:
    x, y, z = (np.array(values, dtype=np.float64) * _SIGNS[frame] + 0.0).tolist()
    return x, y, z


def _unusable(path: Path, what: str) -> InputError:
    return InputError(
        found=f"{path.name} {what}",
        expected="a Slicer markups file (.mrk.json) with one plane, or with points or curves, in mm",
        remedy="Save the plane or the points from 3D Slicer's Markups module",
    )
