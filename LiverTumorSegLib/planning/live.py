"""A plan that follows every choice: a child process that keeps one liver and answers what is asked of it.

``python -m LiverTumorSegLib.planning.live`` says ``ready`` with the usual resections, then reads one JSON request a
line and answers each with one JSON line, or ``refused`` with what is wrong in words:

- ``open``: a mask with its Couinaud segments -> ``opened``; whatever is asked afterwards is asked of it.
- ``patient``: height and weight -> ``patient``; they go for everything that follows.
- ``resect``: a resection -> ``resected``, with numbers and a file of the two parts. One that waits behind a newer one
  is not carried out: ``superseded``.
- ``distances``: points -> ``distances``, a file of how far each lies from the vessels or tumours.

While nothing is asked it tries the usual resections, one at a time, and says ``what-if`` when all are there. It ends
with its input, so it cannot outlive its parent. The parent's side needs numpy only.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Box, LabelArray, Points
from LiverTumorSegLib.volume import Volume

PAUSE_S = 0.5
"""After an answer: who drags a plane asks again soon, and should not wait for one of the usual resections."""

Request = dict[str, Any]
Answer = dict[str, Any]


def open_request(
    folder: Path,
    number: int,
    grid: Volume,
    labels: LabelArray,
    box: Box,
    segments: LabelArray,
    vena_cava: Volume | None = None,
) -> Request:
    """Hand a liver over. grid: the whole CT, whose values do not count. labels, segments: values of SEGMENTATION_LABELS
    and ALL_COUINAUD_LABELS in a box of it; segments may be 0 where the mask has grown since it was divided. vena_cava:
    a mask on the grid, where it is known.
    """
    from LiverTumorSegLib.measure.live import write_request

    request = {"kind": "open", **write_request(folder, number, grid, labels, box, {}, segments)}
    if vena_cava is not None:
        request["vena_cava"] = str(folder / f"cava-{number}.npy")
        np.save(request["vena_cava"], np.argwhere(vena_cava.array > 0).astype(np.int32), allow_pickle=False)
    return request


def patient_request(number: int, height_cm: float, weight_kg: float) -> Request:
    """0 is not known."""
    return {"kind": "patient", "number": number, "height_cm": height_cm, "weight_kg": weight_kg}


def segments_request(number: int, segments: tuple[str, ...]) -> Request:
    """Remove Couinaud segments, by name."""
    return {"kind": "resect", "number": number, "segments": list(segments)}


def plane_request(number: int, point_ras: Points, normal_ras: Points, *, against: bool) -> Request:
    """Remove one side of a plane (1, 3 each): that of its normal, or the one against it."""
    plane = {"point_ras": point_ras[0].tolist(), "normal_ras": normal_ras[0].tolist()}
    return {"kind": "resect", "number": number, "plane": plane, "against": against}


def points_request(number: int, points_ras: Points, *, against: bool) -> Request:
    """Remove one side of the smooth surface through points (n, 3)."""
    return {"kind": "resect", "number": number, "points_ras": points_ras.tolist(), "against": against}


def distances_request(folder: Path, number: int, points_ras: Points, to: str) -> Request:
    """to: "vessels" (portal and hepatic veins; where they are not told apart, all vessels) or "tumors"."""
    path = folder / f"points-{number}.npy"
    np.save(path, points_ras, allow_pickle=False)
    return {"kind": "distances", "number": number, "points": str(path), "to": to}


def taken_in(path: str) -> np.ndarray:
    """The array in a file of an answer; the file is removed."""
    array: np.ndarray = np.load(path, allow_pickle=False)
    Path(path).unlink()
    return array


def main() -> None:
    """Answer until the input ends."""
    from LiverTumorSegLib.planning.live_session import LiveSession, usual_json

    session = LiveSession(_say)
    _say({"event": "ready", "usual": usual_json()})
    requests = _listen()
    pause_s = PAUSE_S
    while True:
        try:
            line = requests.get(timeout=pause_s if session.has_more else None)
        except Empty:
            session.go_on()
            pause_s = 0.0
            continue
        if line is None:
            return
        _handle_all(session, [line, *_waiting(requests)])
        pause_s = PAUSE_S


def _handle_all(session: Any, lines: list[str | None]) -> None:
    """In their order; of several resections of one liver the last one only."""
    asked = [json.loads(line) for line in lines if line]
    for place, request in enumerate(asked):
        if request["kind"] == "resect" and any(later["kind"] in ("resect", "open") for later in asked[place + 1 :]):
            _say({"event": "superseded", "number": request["number"]})
        else:
            session.handle(request)
    if lines[-1] is None:
        sys.exit()


def _listen() -> SimpleQueue[str | None]:
    """Lines of the input as they come, then None: a thread waits for them while the session works."""
    lines: SimpleQueue[str | None] = SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put(None)

    Thread(target=read, daemon=True).start()
    return lines


def _waiting(requests: SimpleQueue[str | None]) -> list[str | None]:
    found: list[str | None] = []
    while not requests.empty():
        found.append(requests.get())
    return found


def _say(message: Answer) -> None:
    sys.stdout.write(json.dumps(message, allow_nan=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
