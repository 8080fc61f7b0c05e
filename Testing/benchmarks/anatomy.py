"""Couinaud segments and veins on livers that the network has never seen: how near to the experts, and how fast.

``python Testing/benchmarks/anatomy.py [--weights FILE.safetensors] [--most N] [--results ircad01=FOLDER ...]``

Given the expert's liver (and, of 3D-IRCADb, the expert's vessels); with --results, finished folders of ``segment``,
also given predicted liver and vessels. Two ways: the network alone (which is what the product does), and portal
territories by distance through the liver.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import edt
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from LiverTumorSegLib.anatomy.partition import partition
from LiverTumorSegLib.anatomy.shape import share_of
from LiverTumorSegLib.anatomy.territories import territories
from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.evaluation.overlap import dice
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, box_around_other, resample
from LiverTumorSegLib.inference.dividing import Divider
from LiverTumorSegLib.io.nifti import read_nifti
from LiverTumorSegLib.io.own_weights import ANATOMY as ARCHITECTURE
from LiverTumorSegLib.io.own_weights import model_of_file
from LiverTumorSegLib.io.results import read_case
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.labels import COUINAUD_LABELS, HEPATIC_VEIN, LIVER, PORTAL_VEIN, VESSEL
from LiverTumorSegLib.registry import ANATOMY
from LiverTumorSegLib.settings import Precision, SegmentSettings
from LiverTumorSegLib.volume import Volume

DATA = Path(__file__).parents[3] / "shared" / "data"
NAMES = [label.name for label in COUINAUD_LABELS]


@dataclass(frozen=True, eq=False)
class Known:
    """segments: the expert's. portal, hepatic: masks of the expert's veins on that grid, None if nobody drew them."""

    name: str
    segments: Volume
    portal: np.ndarray | None = None
    hepatic: np.ndarray | None = None

    def segmentation(self, *, with_vessels: bool) -> Volume:
        """What the network is given."""
        labels = np.where(self.segments.array > 0, LIVER.value, 0).astype(np.uint8)
        if with_vessels and self.portal is not None and self.hepatic is not None:
            labels[(self.portal | self.hepatic) & (labels > 0)] = VESSEL.value
        return self.segments.with_array(labels)


@dataclass(frozen=True)
class Row:
    """dice, volume_error (relative), border_mm (mean distance of the surfaces): of each segment the expert has."""

    dice: dict[str, float]
    volume_error: dict[str, float]
    border_mm: dict[str, float]


def known(names: list[str], data: Path) -> Iterator[Known]:
    """Maps by name, with the veins of those that have any."""
    for name in names:
        image = read_nifti(data / "labelmaps" / "couinaud" / f"{name}.nii.gz")
        segments = Volume(np.asarray(image.array).astype(np.uint8), image.affine)
        veins = data / "labelmaps" / "abdomen" / f"{name}.nii.gz"
        if not veins.is_file():
            yield Known(name, segments)
            continue
        drawn = read_nifti(veins)
        body = Volume(np.asarray(drawn.array).astype(np.uint8), drawn.affine)
        i, j, k = (slice(0, n) for n in segments.shape)
        box = box_around_other((i, j, k), segments, body, 0.0)
        labels = resample(body.crop(box), Grid.of(segments), outside=0.0, linear=False).array if box else None
        yield Known(name, segments, labels == 5, labels == 6)


def compared(found: np.ndarray, expert: Volume) -> Row:
    """Of the segments that the expert has."""
    dices, errors, borders = {}, {}, {}
    for label in COUINAUD_LABELS:
        mine, theirs = found == label.value, expert.array == label.value
        if not theirs.any():
            continue
        dices[label.name] = dice(mine, theirs)
        errors[label.name] = abs(int(mine.sum()) - int(theirs.sum())) / int(theirs.sum())
        borders[label.name] = _border_mm(mine, theirs, expert.spacing_mm)
    return Row(dices, errors, borders)


def _border_mm(first: np.ndarray, second: np.ndarray, spacing_mm: tuple[float, float, float]) -> float:
    """Mean of both mean distances between the surfaces' voxels; of a missing segment, nothing is said (NaN)."""
    if not first.any():
        return float("nan")
    box = bounding_box(first | second)
    first, second = (np.pad(mask[box], 1) for mask in (first, second))
    depth = [np.maximum(edt.edt(m, anisotropy=spacing_mm), edt.edt(~m, anisotropy=spacing_mm)) for m in (first, second)]
    rims = [mask & (edt.edt(mask) <= 1) for mask in (first, second)]
    return float((depth[1][rims[0]].mean() + depth[0][rims[1]].mean()) / 2)


def vein_share(labels: np.ndarray, case: Known) -> tuple[float, float, float]:
    """Of the expert's vein voxels in the liver, the share that got the right name; Dice of portal and hepatic veins."""
    inside = case.segments.array > 0
    portal, hepatic = case.portal & inside, case.hepatic & inside & ~case.portal
    right = (labels[portal] == PORTAL_VEIN.value).sum() + (labels[hepatic] == HEPATIC_VEIN.value).sum()
    return (
        float(right / (portal.sum() + hepatic.sum())),
        dice(labels == PORTAL_VEIN.value, portal),
        dice(labels == HEPATIC_VEIN.value, hepatic),
    )


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def told(title: str, rows: list[Row]) -> None:
    """One line of the table: means over cases, medians of volume errors."""
    mean = {name: np.mean([row.dice[name] for row in rows if name in row.dice]) for name in NAMES}
    errors = [value for row in rows for value in row.volume_error.values()]
    borders = [value for row in rows for value in row.border_mm.values()]
    per_case = np.mean([np.mean(list(row.dice.values())) for row in rows])
    segments = " ".join(f"{mean[name]:.2f}" for name in NAMES)
    say(
        f"{title:46s} {len(rows):3d}  {per_case:.3f}  {segments}  {100 * np.median(errors):5.1f} %  "
        f"{np.nanmean(borders):4.1f} mm",
    )


def by_territories(divider: Divider, segmentation: Volume) -> np.ndarray:
    opinions = divider.opinions(segmentation)
    segments = [opinions[name] for name in NAMES]
    apart = divider.divide(segmentation).segmentation
    portal, hepatic = (
        share_of(apart.with_array(apart.array == vein.value), Grid.of(segments[0]))
        for vein in (PORTAL_VEIN, HEPATIC_VEIN)
    )
    return partition(segmentation, territories(segments, portal, hepatic))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--most", type=int, default=10**6)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--results", nargs="*", default=[], metavar="NAME=FOLDER")
    arguments = parser.parse_args()
    spec = model_of_file(arguments.weights, ARCHITECTURE) if arguments.weights else ANATOMY
    card = (arguments.weights or spec.folder / "anatomy.safetensors").with_suffix(".json")
    unseen = read_json(card)["data_use"]["never_seen"]
    divider = Divider(spec, choose_engine(SegmentSettings(precision=Precision.FP32)))
    rows: dict[str, list[Row]] = {}
    veins, seconds = [], []
    for case in known(unseen[: arguments.most], arguments.data):
        groups = [("network, liver alone", False)] + (
            [("network, liver and vessels", True)] if case.hepatic is not None else []
        )
        for title, with_vessels in groups:
            segmentation = case.segmentation(with_vessels=with_vessels)
            start = time.perf_counter()
            divided = divider.divide(segmentation)
            seconds.append(time.perf_counter() - start)
            where = "3D-IRCADb" if case.hepatic is not None else "LiTS"
            rows.setdefault(f"{where}: {title}", []).append(compared(divided.segments.array, case.segments))
            if with_vessels:
                rows.setdefault(f"{where}: portal territories", []).append(
                    compared(by_territories(divider, segmentation), case.segments)
                )
                veins.append((case.name, *vein_share(divided.segmentation.array, case)))
                say("veins of {}: {:.3f} right, Dice portal {:.3f}, hepatic {:.3f}".format(*veins[-1]))
    say(f"\n{'never seen: ' + str(len(unseen)) + ' livers':46s}   n  Dice   {'    '.join(NAMES)}  volume  border")
    for title, some in sorted(rows.items()):
        told(title, some)
    if veins:
        right, portal, hepatic = np.mean([row[1:] for row in veins], axis=0)
        say(f"veins, mean of {len(veins)}: {right:.3f} right, Dice portal {portal:.3f}, hepatic {hepatic:.3f}")
    say(f"seconds: median {np.median(seconds):.2f}, most {max(seconds):.2f}")
    for word in arguments.results:
        name, folder = word.split("=")
        told_of_result(name, Path(folder), arguments.data)


def told_of_result(name: str, folder: Path, data: Path) -> None:
    """A finished result with its own liver and vessels against the expert's segments and veins."""
    stored = read_case(folder)
    image = read_nifti(data / "cases" / name / "couinaud.nii.gz")
    expert = stored.segmentation.with_array(np.asarray(image.array).astype(np.uint8))
    told(f"{name}: predicted liver and vessels", [compared(stored.segments.array, expert)])
    masks = [
        np.asarray(read_nifti(data / "cases" / name / f"{vein}.nii.gz").array) > 0
        for vein in ("portal_vein", "hepatic_veins_and_vena_cava")
    ]
    case = Known(name, expert, *masks)
    labels = stored.segmentation.array
    both = np.isin(labels, (PORTAL_VEIN.value, HEPATIC_VEIN.value)) & (masks[0] | masks[1])
    right = ((labels == PORTAL_VEIN.value) & masks[0]) | ((labels == HEPATIC_VEIN.value) & masks[1])
    _, portal, hepatic = vein_share(labels, case)
    say(
        f"{name}: of predicted vessels on an expert's vein {right[both].mean():.3f} right; Dice portal {portal:.3f}, "
        f"hepatic {hepatic:.3f}"
    )


if __name__ == "__main__":
    main()
