"""plan.html and its pictures: what they say, and that overlays lie on the anatomy on oblique and anisotropic grids."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from html_page import Page
from PIL import Image
from plan_cases import anatomy, divided_case, planned, with_thin_slices
from scipy import ndimage

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.plan import make_plan
from LiverTumorSegLib.planning.planned import Planned
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import SegmentResection
from LiverTumorSegLib.report.plan_lesions import lesion_strip
from LiverTumorSegLib.report.plan_overview import PAGE_PX, plan_overview
from LiverTumorSegLib.report.plan_page import render_plan
from LiverTumorSegLib.report.plan_rows import Bar
from LiverTumorSegLib.report.plan_surface import split_labels
from LiverTumorSegLib.report.plan_tumors import tumor_bands, tumor_distances
from LiverTumorSegLib.report.plan_views import PlanViews
from LiverTumorSegLib.report.slices import CORONAL, SAGITTAL

GRIDS = ["upright", "stored as LPS", "slices first", "oblique", "sheared by the gantry"]
WIDE = SegmentResection(("III", "IV", "V", "VI", "VII", "VIII"))
OVERVIEW = Image.new("RGB", PAGE_PX, (20, 30, 40))
MIDDLE = (35.0, 8.0, 12.0)


@cache
def views(grid: str = "upright", *, cut: bool = True, with_ct: bool = True) -> PlanViews:
    made = planned(grid, WIDE if cut else None, Patient(170.0, 70.0))
    return PlanViews(made, divided_case(grid).study.ct if with_ct else None)


def run(**study) -> RunRecord:
    source = {"result": "/results/patient 1", "sha256": {}, "run": {}, "study": {"patient_id": "P1"} | study}
    return RunRecord("plan", "9.9", "2026-01-02T03:04:05+00:00", {"resect": "III,IV"}, {}, source)


def page(shown: PlanViews | None = None, **study) -> Page:
    return Page(render_plan(views() if shown is None else shown, run(**study), OVERVIEW))


def test_it_says_first_that_it_is_for_research_use_only_and_what_is_removed():
    text = page().text
    assert text.index("For research use only") < text.index("Segments III, IV, V, VI, VII, VIII removed")
    for words in ("R0 and R1 are pathology's words", "is a model, not a measurement of flow", "half a voxel"):
        assert words in text


def test_the_chosen_resection_is_told_in_numbers():
    shown, text = views(), page().text
    result = shown.planned.chosen.result
    assert f"{result.resected_ml:.1f} ml" in text
    assert f"{result.remnant.flr_ml:.1f} ml" in text
    assert f"{result.remnant.measured_percent:.1f} % " in text
    assert f"{result.remnant.standardised_percent:.1f} % " in text
    assert f"{result.margin.distance.mm:.1f} ± {result.margin.voxel_mm:.1f} mm" in text
    assert "(Mosteller, 170 cm, 70 kg)" in text


def test_every_usual_resection_has_a_row_in_the_order_of_the_plan():
    text = page().text
    places = [text.index(f" {row.resection.title} ") for row in views().planned.plan.what_if[:4]]
    assert places == sorted(places)
    assert all(row.resection.title in text for row in views().planned.plan.what_if)


def test_bars_carry_their_number_and_the_reference_lines():
    html = render_plan(views(), run(), OVERVIEW)
    first = views().planned.plan.what_if[0].remnant
    assert f'style="width: {first.measured_percent:.1f}%"' in html
    for percent in (20.0, 30.0, 40.0):
        assert f'style="left: {percent:.1f}%"' in html
    assert f'aria-label="{first.measured_percent:.1f} %: between 30 and 40 %"' in html
    assert Bar.of(None, ()).known is False
    assert Bar.of(130.0, ()).percent == 100.0


def test_thick_slices_are_warned_of_and_thin_ones_are_not():
    assert "Slices 3.0 mm apart: contact is not reliable" in page().text
    thin = page(PlanViews(Planned(make_plan(with_thin_slices(anatomy()))))).text
    assert "contact is not reliable" not in thin
    assert "The slices lie 1.5 mm apart" in thin


def test_without_a_resection_a_patient_or_veins_told_apart_the_page_says_what_is_missing():
    case = anatomy()
    merged = case.segmentation.array.copy()
    merged[merged > 3] = 2
    bare = PlanAnatomy(case.segmentation.with_array(merged), case.lesions, case.segments)
    text = page(PlanViews(Planned(make_plan(bare)))).text
    assert "Anatomy" in text
    assert "Standardised </th>" not in text
    assert "portal and hepatic veins are not told apart" in text
    assert "No CT was given" in text


def test_a_liver_without_lesions_has_a_page_and_pictures():
    case = anatomy()
    whole = np.minimum(case.segmentation.array, 1)
    none = PlanAnatomy(
        case.segmentation.with_array(whole), case.lesions.with_array(case.lesions.array * 0), case.segments
    )
    shown = PlanViews(Planned(make_plan(none)))
    assert "has no lesion" in page(shown).text
    assert plan_overview(shown).size == PAGE_PX
    assert tumor_distances(shown) is None


def test_the_page_loads_nothing_and_runs_nothing():
    seen = page()
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in seen.tags}
    for _, attributes in seen.tags:
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "srcset", "data"):
            assert (attributes.get(name) or "data:").startswith("data:")
    html = render_plan(views(), run(), OVERVIEW)
    assert "url(" not in html
    assert "@import" not in html
    assert "http:" not in html
    assert "https:" not in html


@pytest.mark.parametrize("field", ["series_description", "patient_id", "study_date"])
def test_words_from_a_header_are_escaped(field):
    attack = '<script>alert("1")</script>{{ 7 * 7 }}'
    html = render_plan(views(), run(**{field: attack}), OVERVIEW)
    assert "<script" not in html
    assert "{{ 7 * 7 }}" in html
    record = replace(run(), settings={"surface": attack}, warnings=(attack,))
    assert "<script" not in render_plan(views(), record, OVERVIEW)


def test_names_and_birth_dates_do_not_get_into_the_page():
    text = page(patient_name="Doe^Jane", patient_birth_date="19500102").text
    assert "Doe" not in text
    assert "1950" not in text
    assert "P1" in text


def test_of_paths_the_page_has_the_last_name_alone():
    record = replace(run(), settings={"ct": "/home/Doe^Jane/ct.nii.gz", "cava": None, "resect": "III"})
    text = Page(render_plan(views(), record, OVERVIEW)).text
    assert "ct: ct.nii.gz, resect: III" in text
    assert "Doe" not in text
    assert "/results" not in text


def test_all_pictures_are_inside_and_decode_and_have_a_text_alternative():
    html = render_plan(views(), run(), OVERVIEW, tumor_distances(views()))
    images = [attributes for tag, attributes in Page(html).tags if tag == "img"]
    assert len(images) == 3
    for attributes in images:
        head, data = attributes["src"].split(",")
        assert head == "data:image/jpeg;base64"
        Image.open(io.BytesIO(base64.b64decode(data, validate=True))).load()
        assert len(attributes["alt"]) > 20


def test_the_style_is_that_of_the_report():
    templates = Path(__file__).parents[3] / "LiverTumorSegLib" / "report" / "templates"
    report, style = (templates / "report.html").read_text(), (templates / "page.css").read_text().strip()
    assert style in report or '{% include "page.css" %}' in report


def redness(image: Image.Image, grid, points_ras) -> np.ndarray:
    """Red minus blue where points lie in a picture."""
    pixels = np.rint(grid.pixels_from_ras(np.array(points_ras))).astype(int)
    picture = np.asarray(image).astype(int)
    return picture[pixels[:, 1], pixels[:, 0], 0] - picture[pixels[:, 1], pixels[:, 0], 2]


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("with_ct", [True, False], ids=["CT", "drawing"])
@pytest.mark.parametrize("plane", ["axial", "coronal"])
def test_the_resected_part_is_shaded_where_it_lies_in_the_patient(grid, with_ct, plane):
    """Segments III and higher begin at R 19; points away from borders, vessels and the lesion."""
    shown = views(grid, with_ct=with_ct)
    cut = (45.0, -14.0 if plane == "axial" else 30.0, -12.0)
    pictured = shown.organ_grid(shown.axial if plane == "axial" else CORONAL, cut, (400, 300))
    image = shown.picture(pictured)
    across = cut[1:]
    resected = [(r, *across) for r in (26.0, 40.0, 50.0, 60.0)]
    kept = [(r, *across) for r in (8.0, 13.0)]
    assert redness(image, pictured, resected).min() > 25
    assert np.abs(redness(image, pictured, kept)).max() < 8
    assert np.abs(redness(image, pictured, [(75.0, *across)])).max() < 8  # outside the liver


@pytest.mark.parametrize("grid", GRIDS)
def test_a_close_up_holds_both_ends_of_its_line(grid):
    shown = views(grid)
    lines = [shown.planned.plan.lesions[0].capsule.line_ras_mm, (MIDDLE, (50.0, 20.0, 30.0)), (MIDDLE, MIDDLE)]
    for line in lines:
        plane, degrees = shown.plane_along(line)
        normal = np.cross(plane.right_ras, plane.down_ras)
        assert np.linalg.norm(normal) == pytest.approx(1)
        assert normal @ np.subtract(line[1], line[0]) == pytest.approx(0, abs=1e-9)
        assert 0 <= degrees <= 36


def test_a_line_up_the_patient_is_shown_in_an_upright_plane_without_a_turn():
    shown = views()
    plane, degrees = shown.plane_along((MIDDLE, (35.0, 8.0, 40.0)))
    assert plane.name in (CORONAL.name, SAGITTAL.name)
    assert degrees == pytest.approx(0, abs=1e-9)


def test_a_strip_has_a_panel_for_the_capsule_and_each_vessel():
    strip = lesion_strip(views(), views().planned.plan.lesions[0])
    assert strip.width == 3 * 344 - 4
    assert strip.height > 340


@pytest.mark.parametrize("grid", ["upright", "oblique"])
def test_each_part_of_a_lesion_is_in_the_band_of_its_distance_to_the_nearest_vessel(grid):
    """The portal vein ends 3 mm to the left of and 2 mm behind the lesion: nothing is under 2 mm."""
    shown = views(grid)
    plan = shown.planned.plan.fields.plan
    vessel = np.isin(plan.segmentation.array, (4, 5))
    away_mm = ndimage.distance_transform_edt(~vessel, sampling=plan.segmentation.spacing_mm)[plan.tumor]
    bands = tumor_bands(shown)[plan.tumor] - 20
    np.testing.assert_array_equal(bands, np.digitize(away_mm, (2.0, 5.0, 10.0)))
    assert {2, 3} <= set(np.unique(bands).tolist())
    assert not (bands == 0).any()
    assert tumor_distances(shown).size == (1000, 760)


def test_either_part_is_drawn_around_what_lies_in_it_and_the_one_behind_comes_first():
    shown = views()
    volume, labels = split_labels(shown.segmentation, shown.parts)
    organs = [label.name for label in labels if label.parent is None]
    assert set(organs) == {"resected", "remnant"}
    for name in organs:
        part = 1 if name == "resected" else 2
        family = [label.value for label in labels if name in (label.name, label.parent)]
        np.testing.assert_array_equal(np.isin(volume.array, family), shown.parts.array == part)
    behind = planned("upright", SegmentResection(("I",)))
    flipped = behind.chosen.result.parts.with_array(
        np.where(anatomy().organ, np.where(_to_the_front(behind), 2, 1), 0).astype(np.uint8)[behind.chosen.result.box]
    )
    _, labels = split_labels(behind.plan.fields.grid, flipped)
    assert next(iter(labels)).name == "resected"


def _to_the_front(made: Planned) -> np.ndarray:
    points = np.moveaxis(np.indices(anatomy().organ.shape), 0, -1) @ anatomy().segmentation.affine[:3, :3].T
    return points[..., 1] + anatomy().segmentation.affine[1, 3] > 8.0


def test_the_overview_shows_three_dimensions_two_planes_and_the_nearest_place():
    image = plan_overview(views())
    assert image.size == PAGE_PX
    panels = [np.asarray(image)[y : y + 590, x : x + 790] for y in (60, 660) for x in (0, 806)]
    assert all(panel.std() > 8 for panel in panels)
    assert plan_overview(views(cut=False, with_ct=False)).size == PAGE_PX
