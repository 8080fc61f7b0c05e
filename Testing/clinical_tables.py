"""Tables of made-up patients whose truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from LiverTumorSegLib.clinical.cases import Cases
from LiverTumorSegLib.clinical.columns import Column, Kind
from LiverTumorSegLib.clinical.prior import PriorSettings

QUICK = PriorSettings(folds=3, repeats=1, draws=100, shuffles=2)


def numbers(name: str, values: Sequence[float]) -> Column:
    return Column(name, Kind.NUMBER, np.array(values, float))


def classes(name: str, values: Sequence[str | None]) -> Column:
    words = tuple(sorted({value for value in values if value is not None}))
    codes = [np.nan if value is None else float(words.index(value)) for value in values]
    return Column(name, Kind.LEVELS, np.array(codes, float), words)


def noise_cases(patients: int = 40, columns: int = 15, seed: int = 3) -> Cases:
    """Columns and target that have nothing to do with each other."""
    random = np.random.default_rng(seed)
    made = tuple(numbers(f"noise{n}", random.normal(size=patients).tolist()) for n in range(columns))
    return Cases(made, random.normal(size=patients))


def linear_rows(patients: int = 40, seed: int = 1) -> list[dict[str, object]]:
    """tlvr = 0.5 + 0.02 (age - 60) / 10 + 0.1 cirrhosis - 0.05 (if virus is "HBV"), exactly; TTP is minus that."""
    random = np.random.default_rng(seed)
    rows = []
    for n in range(patients):
        age, cirrhosis, virus = int(random.integers(40, 81)), n % 2, ("HBV", "HCV", "none at all")[n % 3]
        ratio = 0.5 + 0.002 * (age - 60) + 0.1 * cirrhosis - 0.05 * (virus == "HBV")
        rows.append(
            {"TCIA_ID": f"HCC_{n + 1:03d}", "age": age, "Evidence_of_cirh": cirrhosis, "hepatitis": virus,
             "Sex": int(random.integers(1, 3)), "TTP": -ratio, "TLVR": ratio}
        )  # fmt: skip
    return rows


def write_csv_table(path: Path, rows: Sequence[dict[str, object]]) -> Path:
    lines = [";".join(rows[0]), *(";".join("" if v is None else str(v) for v in row.values()) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
