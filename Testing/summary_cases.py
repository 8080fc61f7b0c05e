"""Cases for summaries: two lesions with known looks in a liver with segments, as a finished measurement."""

from __future__ import annotations

from dataclasses import replace

from report_cases import box_case, lesion

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.measurements import Appearance, Attenuation, Lesion, Measurements, SeenPhase, SegmentVolume

DARK = Appearance(
    mean_hu=52.4,
    sd_hu=14.0,
    difference_hu=-57.8,
    axis_ratio=0.82,
    compactness=0.98,
    solidity=0.97,
    edge_width_mm=3.14,
    at_surface=True,
    touches=("portal_vein",),
)
BRIGHT = Appearance(
    mean_hu=151.2,
    sd_hu=41.0,
    difference_hu=41.0,
    axis_ratio=0.55,
    compactness=0.8,
    solidity=0.85,
    edge_width_mm=6.26,
)
UNKNOWN = Appearance(not_measured=(("attenuation", "too-small"), ("shape", "too-few-slices"), ("edge", "too-small")))


def two_lesions() -> tuple[Lesion, ...]:
    """L1, dark, in VIII; L2, bright, in II and III."""
    first = replace(lesion(1), segments=(("VIII", 100.0),), confidence=0.934, appearance=DARK)
    second = replace(
        lesion(2),
        volume_ml=1.26,
        long_axis_mm=15.25,
        short_axis_mm=10.0,
        segments=(("III", 60.0), ("II", 40.0)),
        confidence=0.41,
        flags=("doubtful-lesion",),
        appearance=BRIGHT,
    )
    return first, second


def summary_case(**measured: object) -> Case:
    """measured: fields of the measurements that differ."""
    case = box_case()
    usual = Measurements(
        liver_ml=1487.62,
        vessel_ml=37.7,
        tumor_ml=12.36,
        burden_percent=0.831,
        lesions=two_lesions(),
        segments=(SegmentVolume("VIII", 300.0, 20.2),),
        parenchyma=Attenuation(110.2, 15.3),
        phase=SeenPhase("portal-venous", 0.987, "image"),
        portal_vein_ml=13.4,
        hepatic_vein_ml=24.3,
    )
    return replace(case, measurements=replace(usual, **measured))


GOOD = """The scan shows a portal-venous phase; the liver measures 1,488 ml and its parenchyma 110 HU (SD 15 HU).

1. L1 lies in segment VIII, measures 2.8 x 1.8 cm (11 ml) and is hypoattenuating: 52 HU, 58 HU below the parenchyma.
   It is homogeneous, round and well defined, and touches the surface of the liver and the portal vein.
2. L2 lies in segments II and III: 15.2 x 10.0 mm, 1.3 ml, hyperattenuating and heterogeneous, irregular and lobulated.

Both lesions together have 12.4 ml, 0.8 percent of the liver. Not a medical device."""
"""A text that says nothing but the facts of ``summary_case()``."""
