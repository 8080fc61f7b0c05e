"""The main job, and the measuring of what a reader drew: a study in, a finished case out. No files, no front end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from scipy import ndimage

from LiverTumorSegLib import __version__
from LiverTumorSegLib.anatomy.landmarks.cava import VenaCava, find_cava
from LiverTumorSegLib.arrays import Box, Mask
from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.classical.chan_vese import refine_contours
from LiverTumorSegLib.classical.published_chan_vese import published_contours
from LiverTumorSegLib.classical.vessels import NO_VESSELS_WARNING, find_vessels
from LiverTumorSegLib.geometry.resample import Grid, box_around_other, resample
from LiverTumorSegLib.inference.dividing import Divider, Given
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.inference.segmenters import Segmenter
from LiverTumorSegLib.measure.appearance import with_appearance
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.measure.flags import NO_NETWORK
from LiverTumorSegLib.postprocess import (
    VESSEL_STEPS,
    Anatomy,
    PostprocessSettings,
    Step,
    exclusive_labels,
    grow_from_cores,
    run_steps,
)
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.settings import Contour, SegmentSettings
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.uncertainty.confidence import confidence_model
from LiverTumorSegLib.uncertainty.evidence import Evidence
from LiverTumorSegLib.uncertainty.judging import judged
from LiverTumorSegLib.volume import Volume

LIVER_AT = 0.5
LEAST_LIVER_ML = 50.0
"""A smaller "liver" is a false alarm (in a head, in noise), not an organ that anybody would measure."""
REGION_MARGIN_MM = 12.0


def segment(
    study: Study,
    settings: SegmentSettings,
    segmenter: Segmenter,
    progress: Progress,
    warnings: tuple[str, ...] = (),
    divider: Divider | None = None,
) -> Case:
    """Liver, vessels and tumours of a CT with their measurements; warnings are those the caller already has.

    divider: gives Couinaud segments, and tells portal vein from hepatic veins; None leaves that and the vena cava out.
    No liver: an empty segmentation and the flag "no-liver-found". Masks come back on the CT's own grid; apart from the
    label maps nothing of the whole volume's size is built. May raise CancelledError from the progress callback.
    """
    started = _now()
    with progress.stage("liver", 0.05, 0.35, "Finding the liver") as report:
        whole = segmenter.liver(study.ct, report)
        box = region_box(whole.organ, study.ct)
    labels = np.zeros(study.ct.shape, np.uint8, order="F")
    log: list[dict[str, Any]] = []
    findings: Findings | None = None
    if box is not None:
        anatomy, findings, log = _anatomy(study.ct.crop(box), whole, settings, segmenter, progress)
        labels[box] = exclusive_labels(anatomy)
        warnings += () if anatomy.vessel.any() else (NO_VESSELS_WARNING,)
    run = RunRecord(
        command="segment",
        version=__version__,
        started=started,
        settings=settings.to_json(),
        model=model_facts(segmenter.spec) | {"networks": segmenter.describe()},
        source=study.source.to_json(),
        warnings=(*study.source.warnings, *warnings),
        postprocessing=tuple(log),
    )
    flags = () if segmenter.spec.has_networks else (NO_NETWORK,)
    case = _measured(study, study.ct.with_array(labels), None, run, flags, progress, divider)
    return case if findings is None else _judged(case, findings, segmenter.spec, progress)


def measure(
    study: Study,
    segmentation: Volume,
    lesions: Volume | None,
    warnings: tuple[str, ...],
    progress: Progress,
    divider: Divider | Given | None = None,
) -> Case:
    """Measurements of masks that somebody drew or corrected: nothing is dropped, however small.

    segmentation: uint8 on the CT's grid, values of SEGMENTATION_LABELS. lesions: the reader's grouping, or None for
    26-connected parts. divider: as in ``segment``, or segments that are there already; vessels that somebody has told
    apart stay so.
    """
    run = RunRecord(
        command="measure",
        version=__version__,
        started=_now(),
        settings={},
        model={},
        source=study.source.to_json(),
        warnings=(*study.source.warnings, *warnings),
    )
    return _measured(study, segmentation, lesions, run, (), progress, divider)


def _anatomy(
    region: Volume, whole: Whole, settings: SegmentSettings, segmenter: Segmenter, progress: Progress
) -> tuple[Anatomy, Findings, list[dict[str, Any]]]:
    post = PostprocessSettings(min_lesion_ml=settings.min_lesion_ml)
    with progress.stage("tumors", 0.35, 0.72, "Finding tumors") as report:
        findings = segmenter.findings(region, whole, report)
    with progress.stage("postprocess", 0.72, 0.75, "Cleaning up"):
        anatomy, log = liver_and_tumor(region, findings, segmenter, post)
        contour = findings.steps.contour if settings.contour is Contour.AUTO else settings.contour
        anatomy, more = run_steps(anatomy, REFINEMENTS[contour], post)
        log += more
    with progress.stage("vessels", 0.75, 0.85, "Finding vessels"):
        vessel = _vessels(anatomy, findings)
        anatomy, more = run_steps(replace(anatomy, vessel=vessel), VESSEL_STEPS, post)
    return anatomy, findings, log + more


def liver_and_tumor(
    region: Volume, findings: Findings, segmenter: Segmenter, post: PostprocessSettings
) -> tuple[Anatomy, list[dict[str, Any]]]:
    """What is found in a region of the CT, cleaned up, with tumours' outlines as they are; and what that changed."""
    grid, nothing = Grid.of(region), np.zeros(region.shape, bool)
    organ = resample(findings.organ, grid, outside=0.0).array >= LIVER_AT
    anatomy, log = run_steps(Anatomy(region, organ, nothing, nothing), findings.steps.liver, post)
    probability = resample(findings.tumor, grid, outside=0.0).array
    tumor = grow_from_cores(probability, segmenter.tumor_core, segmenter.tumor_rim)
    anatomy, more = run_steps(replace(anatomy, tumor=tumor), findings.steps.tumor, post)
    return anatomy, log + more


def _vessels(anatomy: Anatomy, findings: Findings) -> Mask:
    """By brightness and shape, and by what a network has seen, where one knows vessels."""
    found = find_vessels(anatomy.ct, anatomy.liver, anatomy.tumor)
    if findings.vessel is None:
        return found
    probability = resample(findings.vessel, Grid.of(anatomy.ct), outside=0.0).array
    return (probability >= findings.vessel_sure) | (found & (probability >= findings.vessel_doubtful))


def refine_tumor_contours(anatomy: Anatomy, _settings: PostprocessSettings) -> Anatomy:
    """Morphological Chan-Vese with means from bands around each lesion, inside the liver."""
    return replace(anatomy, tumor=refine_contours(anatomy.ct, anatomy.tumor, anatomy.liver))


def refine_tumor_contours_as_published(anatomy: Anatomy, _settings: PostprocessSettings) -> Anatomy:
    """Morphological Chan-Vese as SmoothSegNet's authors evaluate it: means of everything, black outside the liver."""
    return replace(anatomy, tumor=published_contours(anatomy.ct, anatomy.tumor, anatomy.liver))


REFINEMENTS: dict[Contour, tuple[Step, ...]] = {
    Contour.OFF: (),
    Contour.CHAN_VESE: (refine_tumor_contours,),
    Contour.REFERENCE: (refine_tumor_contours_as_published,),
}
"""The last steps of tumours; which of them AUTO means is the model's (``postprocess.Steps``)."""


def region_box(liver: Volume, ct: Volume) -> Box | None:
    """Part of the CT that holds the liver, with a margin; None where no liver was found."""
    mask = liver.array >= LIVER_AT
    if int(mask.sum()) * liver.voxel_ml < LEAST_LIVER_ML:
        return None
    return box_around_other(ndimage.find_objects(mask.astype(np.uint8))[0], liver, ct, REGION_MARGIN_MM)


def _measured(
    study: Study,
    segmentation: Volume,
    lesions: Volume | None,
    run: RunRecord,
    flags: tuple[str, ...],
    progress: Progress,
    divider: Divider | Given | None,
) -> Case:
    segments = cava = None
    if divider is not None:
        with progress.stage("segments", 0.85, 0.855, "Dividing the liver") as report:
            divided = divider.divide(segmentation, report)
        segmentation, segments = divided.segmentation, divided.segments
        with progress.stage("vena-cava", 0.855, 0.86, "Finding the vena cava"):
            cava = find_cava(study.ct, segmentation)
        run = replace(run, anatomy=_made_by(divider), vena_cava=_seen(cava))
    with progress.stage("measure", 0.86, 0.87, "Measuring"):
        measurements, instances = measure_case(segmentation, lesions, segments=segments)
    with progress.stage("appearance", 0.87, 0.87, "Looking at the lesions"):
        measurements = with_appearance(measurements, study.ct, segmentation, instances)
    measurements = replace(measurements, flags=(*flags, *measurements.flags))
    return Case(
        study, segmentation, instances, measurements, run, segments=segments, vena_cava=cava.mask if cava else None
    )


def _seen(cava: VenaCava | None) -> dict[str, Any]:
    """For the record: in which share of the liver's slices the vena cava is clear."""
    return {"share_of_slices": round(cava.share, 2) if cava else 0.0}


def _made_by(divider: Divider | Given) -> dict[str, Any]:
    if isinstance(divider, Given):
        return {}
    return model_facts(divider.spec) | {"networks": divider.describe()}


def evidence_of(findings: Findings) -> Evidence:
    """What a model has found, to be judged by."""
    return Evidence(findings.organ, findings.tumor, findings.organ_voices, findings.tumor_voices)


def _judged(case: Case, findings: Findings, spec: ModelSpec, progress: Progress) -> Case:
    """With confidences and quality, which only networks have: classical outlines' probabilities are 0 and 1."""
    if NO_NETWORK in case.measurements.flags:
        return case
    with progress.stage("confidence", 0.87, 0.88, "Judging the result"):
        model = confidence_model(spec.id)
        measured = judged(case.measurements, case.segmentation, case.lesions, evidence_of(findings), model)
    return replace(case, measurements=measured, tumor_probability=_percent(findings.tumor))


def _percent(probability: Volume) -> Volume:
    """0 to 1 as uint8 percent: what is stored of a probability."""
    return probability.with_array(np.rint(np.clip(probability.array, 0, 1) * np.float32(100)).astype(np.uint8))


def model_facts(spec: ModelSpec) -> dict[str, Any]:
    """What the record of a run says of a model."""
    return {
        "id": spec.id,
        "title": spec.title,
        "license": spec.license,
        "origin": spec.origin,
        "citation": spec.citation,
        "training_data": spec.training_data,
        "accuracy": spec.accuracy,
        "sha256": spec.hashes,
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
