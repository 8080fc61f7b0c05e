"""Measurements as tables: one header and rows of cells, for CSV files, table nodes and reports."""

from __future__ import annotations

from LiverTumorSegLib.measurements import Lesion, Measurements, ReaderByLesion, ReaderDiameters

Cell = str | int | float | None
"""A number (unrounded), a text, or None for what is not known."""
Table = tuple[tuple[str, ...], list[tuple[Cell, ...]]]

VOLUMETRY_HEADER = ("structure", "volume_ml", "share_of_liver_percent")
LESION_HEADER = (
    "lesion",
    "volume_ml",
    "long_axis_mm",
    "short_axis_mm",
    "feret_mm",
    "slice_axis",
    "slice_index",
    "slice_position_s_mm",
    "slice_thickness_mm",
    *(f"{axis}_axis_{end}_{frame}_mm" for axis in ("long", "short") for end in ("start", "end") for frame in "ras"),
    "confidence_percent",
    "segments",
    "flags",
)

READER_HEADER = ("reader_long_axis_mm", "reader_short_axis_mm")


def volumetry_rows(measurements: Measurements) -> Table:
    """Organ, tumour-free liver, vessels, tumours, and where they are known the veins and Couinaud segments.

    Shares are None where no liver was found.
    """
    organ_ml = measurements.liver_ml
    volumes_ml = {
        "liver with vessels and tumors": organ_ml,
        "liver without tumors": max(0.0, organ_ml - measurements.tumor_ml),
        "liver vessels": measurements.vessel_ml,
        "liver tumors": measurements.tumor_ml,
        **_veins_ml(measurements),
        **{f"segment {segment.name}": segment.volume_ml for segment in measurements.segments},
    }
    rows: list[tuple[Cell, ...]] = [
        (name, volume_ml, 100 * volume_ml / organ_ml if organ_ml else None) for name, volume_ml in volumes_ml.items()
    ]
    return VOLUMETRY_HEADER, rows


def sentence(name: str) -> str:
    """A structure's name at the beginning of a line: "segment VII" -> "Segment VII"."""
    return name[:1].upper() + name[1:]


def _veins_ml(measurements: Measurements) -> dict[str, float]:
    veins = {"portal vein": measurements.portal_vein_ml, "hepatic veins": measurements.hepatic_vein_ml}
    return {name: volume_ml for name, volume_ml in veins.items() if volume_ml is not None}


def lesion_rows(measurements: Measurements) -> Table:
    """One row per lesion, largest first; r, a, s are patient axes.

    slice_axis is i, j or k; slice_index counts from 0; flags are separated by spaces; confidence_percent is None where
    no network has found the lesion; segments are Couinaud's, "" where they are not known.
    """
    return LESION_HEADER, [_lesion_row(lesion) for lesion in measurements.lesions]


def lesion_rows_with_readers(measurements: Measurements, readers: ReaderByLesion) -> Table:
    """The same with the lengths of the lines that a reader has dragged in two more columns; None where none was."""
    header, rows = lesion_rows(measurements)
    found = [readers.get(lesion.id, ReaderDiameters()) for lesion in measurements.lesions]
    more = [(reader.long_axis_mm, reader.short_axis_mm) for reader in found]
    return (*header, *READER_HEADER), [(*row, *two) for row, two in zip(rows, more, strict=True)]


def _lesion_row(lesion: Lesion) -> tuple[Cell, ...]:
    ends = (*lesion.long_axis_ras_mm, *lesion.short_axis_ras_mm)
    return (
        lesion.id,
        lesion.volume_ml,
        lesion.long_axis_mm,
        lesion.short_axis_mm,
        lesion.feret_mm,
        "ijk"[lesion.slice_axis],
        lesion.slice_index,
        lesion.slice_position_mm,
        lesion.slice_thickness_mm,
        *(coordinate for point in ends for coordinate in point),
        None if lesion.confidence is None else 100 * lesion.confidence,
        lesion.segments_title,
        " ".join(lesion.flags),
    )
