"""How well lesions are followed: the follow-up of a synthetic cohort with known truth (docs/phantom.md, "Over time").

    python Testing/benchmarks/followup.py [--patients 20] [--seed 1] [--reader-mm 1] [--predicted] [--cases]

Masks are exact labels on each visit's own grid; with --reader-mm outlines are off by so much (standard deviation), anew
at every visit; with --predicted they come from the default model on each visit's CT (a minute or more per visit), and a
true lesion is one that the model has found. Links are pairs of lesion ids at consecutive visits. --cases tells what is
wrong. Intervals: 95 %, Wilson.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from followup_truth import (  # noqa: E402
    Score,
    examination,
    found_links,
    in_numbers_of,
    measured_alone,
    states,
    true_links,
)

from LiverTumorSegLib.evaluation.strata import Rate  # noqa: E402
from LiverTumorSegLib.followup.examination import Examination  # noqa: E402
from LiverTumorSegLib.followup.track import Tracked, follow_up  # noqa: E402
from LiverTumorSegLib.phantom.cohort import cohort  # noqa: E402
from LiverTumorSegLib.phantom.longitudinal import PhantomPatient, PhantomVisit, make_patient  # noqa: E402
from LiverTumorSegLib.phantom.true_tracks import TrueTrack  # noqa: E402
from LiverTumorSegLib.timeline import State  # noqa: E402
from LiverTumorSegLib.volume import Volume  # noqa: E402


@dataclass
class Sums:
    """Over patients. off_mm: how far lesion centres, carried to the next visit, end from where they are."""

    score: Score = field(default_factory=Score)
    dice: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    off_mm: list[float] = field(default_factory=list)
    same_diameters: int = 0
    patients: int = 0
    lesions: int = 0
    missed: int = 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, metavar="N", help="default 20; with --predicted 4")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader-mm", type=float, default=0.0, metavar="MM")
    parser.add_argument("--predicted", action="store_true", help="segment each visit's CT")
    parser.add_argument("--cases", action="store_true", help="name what is wrong")
    arguments = parser.parse_args()
    patients = arguments.patients or (4 if arguments.predicted else 20)
    sums = Sums()
    for number, settings in enumerate(cohort(patients, arguments.seed, reader_mm=arguments.reader_mm)):
        patient = make_patient(settings, with_ct=arguments.predicted)
        masks = [predicted(visit) if arguments.predicted else drawn(visit) for visit in patient.visits]
        add(sums, patient, [examination(n, *mask) for n, mask in enumerate(masks)], number if arguments.cases else None)
        sys.stderr.write(f"{number + 1} of {patients}\n")
    exact = f"outlines {arguments.reader_mm:g} mm off" if arguments.reader_mm else "exact masks"
    kind = "masks of the default model" if arguments.predicted else exact
    sys.stdout.write(f"\n{patients} patients, seed {arguments.seed}, {kind}\n\n{table(sums)}\n")


def drawn(visit: PhantomVisit) -> tuple[Volume, Volume | None]:
    return visit.segmentation, visit.lesions


def predicted(visit: PhantomVisit) -> tuple[Volume, Volume | None]:
    """The main job with its default settings, without Couinaud segments."""
    from LiverTumorSegLib.cli.model_choice import choose_model
    from LiverTumorSegLib.inference.segmenters import make_segmenter
    from LiverTumorSegLib.pipelines import segment
    from LiverTumorSegLib.progress import Progress, ignore_progress
    from LiverTumorSegLib.settings import SegmentSettings
    from LiverTumorSegLib.study import Source, Study

    settings = SegmentSettings()
    spec, _ = choose_model(settings, ignore_progress, offline=True)
    assert visit.ct is not None
    study = Study(visit.ct, Source("phantom", "nifti", "0" * 64))
    case = segment(study, settings, make_segmenter(spec, settings), Progress(ignore_progress))
    return case.segmentation, case.lesions


def add(sums: Sums, patient: PhantomPatient, examinations: Sequence[Examination], named: int | None) -> None:
    """One patient more. named: its number, to write down what is wrong."""
    started = time.perf_counter()
    tracked = follow_up(examinations)
    pairs = len(examinations) - 1
    sums.seconds += [(time.perf_counter() - started) / pairs] * pairs
    tracks = in_numbers_of(
        patient.tracks, [v.lesions for v in patient.visits], [e.lesions for e in tracked.examinations]
    )
    sums.score.add(tracks, tracked.timeline)
    sums.dice += [visit.registration.dice for visit in tracked.timeline.visits if visit.registration is not None]
    sums.off_mm += carried_off_mm(patient, tracked)
    sums.patients += 1
    sums.same_diameters += measured_alone(tracked.examinations, tracked.timeline)
    sums.lesions += sum(bool(s.lesion_ids) for track in patient.tracks for s in track.sightings)
    sums.missed += sum(
        bool(s.lesion_ids) and not f.lesion_ids
        for track, found in zip(patient.tracks, tracks, strict=True)
        for s, f in zip(track.sightings, found.sightings, strict=True)
    )
    if named is not None:
        name_mistakes(named, tracks, tracked)


def carried_off_mm(patient: PhantomPatient, tracked: Tracked) -> list[float]:
    off: list[float] = []
    for number in range(len(patient.visits) - 1):
        here, there = patient.visits[number].motion, patient.visits[number + 1].motion
        centers = [c for track in patient.tracks for c in track.sightings[number].centers_ras_mm]
        if centers:
            points = np.array(centers)
            true = there.visit_from_anatomy(here.anatomy_from_visit(points))
            off += np.linalg.norm(tracked.carried(points, number, number + 1) - true, axis=1).tolist()
    return off


def name_mistakes(patient: int, tracks: Sequence[TrueTrack], tracked: Tracked) -> None:
    truth, found = true_links(tracks), found_links(tracked.timeline)
    wrong = [row for row in states(tracks, tracked.timeline) if row[2] is not row[3]]
    if truth == found and not wrong:
        return
    dice = [f"{v.registration.dice:.3f}" for v in tracked.timeline.visits if v.registration is not None]
    sys.stdout.write(
        f"\npatient {patient} (Dice {', '.join(dice)}): missed links {sorted(truth - found)}, "
        f"wrong links {sorted(found - truth)}\n"
    )
    for track, visit, true, state in wrong:
        volumes = ", ".join(f"{seen.volume_ml:.2f}" for seen in tracks[track - 1].sightings)
        sys.stdout.write(f"  track {track} ({volumes} ml) at visit {visit}: {true}, found {state}\n")


def table(sums: Sums) -> str:
    score = sums.score
    right = sum(n for (true, found), n in score.states.items() if true is found)
    rows = [
        ("links: precision", share(score.right_links, score.found_links)),
        ("links: recall", share(score.right_links, score.true_links)),
        ("links with a false lesion", str(score.false_links)),
        ("lesions found, over all visits", share(sums.lesions - sums.missed, sums.lesions)),
        ("states right", share(right, score.states.total())),
        *((f"... {state}", share(*of_state(score, state))) for state in State if of_state(score, state)[1]),
        ("liver Dice after registration", f"median {np.median(sums.dice):.3f}, lowest {min(sums.dice):.3f}"),
        ("lesion centres, carried to the next visit", off(sums.off_mm)),
        ("seconds per pair of visits", f"median {np.median(sums.seconds):.1f}, longest {max(sums.seconds):.1f}"),
        (
            "patients whose diameters are those of each visit alone, to the bit",
            share(sums.same_diameters, sums.patients),
        ),
    ]
    lines = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"| what | |\n| --- | --- |\n{lines}"


def of_state(score: Score, state: State) -> tuple[int, int]:
    return score.states[state, state], sum(n for (true, _), n in score.states.items() if true is state)


def share(hits: int, total: int) -> str:
    rate = Rate(hits, total)
    if rate.share is None or rate.interval is None:
        return "none"
    return f"{rate.share:.3f} ({rate.interval[0]:.3f} to {rate.interval[1]:.3f}), {hits} of {total}"


def off(distances_mm: Sequence[float]) -> str:
    if not distances_mm:
        return "none"
    return f"off by {np.median(distances_mm):.1f} mm in the median, {max(distances_mm):.1f} mm at most"


if __name__ == "__main__":
    main()
