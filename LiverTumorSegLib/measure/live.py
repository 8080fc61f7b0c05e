"""Numbers that follow an edit: a child process that measures whatever mask it is handed.

``python -m LiverTumorSegLib.measure.live`` reads one JSON request a line and answers each with one JSON line:
``measured`` with the numbers, or ``refused`` with what is wrong with the mask; ``ready`` comes first. It ends with its
input, so it cannot outlive its parent. It is started once and kept: what takes a second is the start, not the work.

The parent's side needs numpy only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Box, LabelArray, Points
from LiverTumorSegLib.volume import Volume

Request = dict[str, Any]
Answer = dict[str, Any]


def write_request(
    folder: Path,
    number: int,
    grid: Volume,
    labels: LabelArray,
    box: Box,
    reader_lines_ras: Mapping[str, Points],
    segments: LabelArray | None = None,
) -> Request:
    """Hand a mask over: its labelled part goes into a file of the folder, the rest into the request.

    number: comes back with the answer. grid: the whole CT, whose values do not count. labels: values of
    SEGMENTATION_LABELS in a box of it. reader_lines_ras: by any name, end points (2, 3) in RAS mm; the answer tells the
    lesion that each lies in. segments: Couinaud's in the same box, of the mask as it was when it was divided.
    """
    path = folder / f"labels-{number}.npy"
    both = [labels] if segments is None else [labels, segments]
    np.save(path, np.stack(both), allow_pickle=False)
    return {
        "number": number,
        "labels": str(path),
        "start": [side.start for side in box],
        "shape": list(grid.shape),
        "affine": grid.affine.tolist(),
        "reader_lines": {name: np.asarray(line, float).tolist() for name, line in reader_lines_ras.items()},
    }


def read_request(request: Request) -> tuple[Volume, Volume | None]:
    """The mask of a request and its Couinaud segments (None without any) on its whole grid; its file is removed.

    What the mask has gained since it was divided belongs to the segment that it grew out of.
    """
    from LiverTumorSegLib.geometry.parts import carried_over

    path = Path(request["labels"])
    parts = np.load(path, allow_pickle=False)
    path.unlink()
    if len(parts) > 1:
        parts[1] = carried_over(parts[1], parts[0] != 0)
    labels, *segments = (_on_whole_grid(part, request) for part in parts)
    return labels, segments[0] if segments else None


def _on_whole_grid(part: LabelArray, request: Request) -> Volume:
    labels = np.zeros(request["shape"], np.uint8, order="F")
    labels[tuple(slice(start, start + n) for start, n in zip(request["start"], part.shape, strict=True))] = part
    return Volume(labels, np.array(request["affine"]))


def answer(request: Request) -> Answer:
    """Measure the mask of a request."""
    from LiverTumorSegLib.errors import InputError
    from LiverTumorSegLib.measure.case import measure_case
    from LiverTumorSegLib.measure.reader_lines import lesion_under

    try:
        labels, segments = read_request(request)
        measurements, lesions = measure_case(labels, segments=segments)
    except InputError as error:
        return {"event": "refused", "number": request["number"], "message": str(error)}
    readers = {name: lesion_under(np.array(line), lesions) for name, line in request["reader_lines"].items()}
    return {
        "event": "measured",
        "number": request["number"],
        "measurements": measurements.to_json(),
        "reader_lesions": readers,
    }


def main() -> None:
    """Answer until the input ends."""
    import LiverTumorSegLib.measure.case  # noqa: F401 (what is slow to import is there when the first request comes)

    _say({"event": "ready"})
    for line in sys.stdin:
        _say(answer(json.loads(line)))


def _say(message: Answer) -> None:
    sys.stdout.write(json.dumps(message, allow_nan=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
