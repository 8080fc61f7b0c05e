"""What is known of the columns of HCC-TACE-Seg's clinical table: which must not be used for what, and why.

Names are compared without case, spaces and punctuation, so that other tables profit where they use the same names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Group(StrEnum):
    """Columns that are left out together, or brought back (--exclude, --include)."""

    OUTCOME = "outcome"
    READINGS = "readings"
    SIZE = "size"


GROUP_WORDS = {
    Group.OUTCOME: "known only after treatment",
    Group.READINGS: "measured on the images: the size itself, not a clinical fact",
    Group.SIZE: "a stage or score that is derived from the tumor's size",
}


@dataclass(frozen=True)
class KnownColumn:
    """group: None for a plain fact. reason: of the group, for this column."""

    name: str
    group: Group | None
    reason: str


_OUTCOMES = {
    "Interval_FU": "weeks to the follow-up CT after TACE",
    "TTP": "weeks from the procedure to progression",
    "Death_1_StillAliveorLostToFU_0": "death at follow-up",
    "Censored_0_progressed_1": "progression at follow-up",
    "OS": "overall survival",
    "chemotherapy": "chosen for the procedure itself, after the baseline CT",
    **{f"{n}_{kind}_FU": "reading of the follow-up CT" for n in (1, 2, 3) for kind in ("EASL", "RECIST", "mRECIST")},
    **{f"{n}_{kind}": "response to treatment" for n in (1, 2, 3) for kind in ("EASL", "RECIST", "mRECIST")},
}
_READINGS = {
    "Tr_Size": "the tumor's size (cm)",
    **{
        f"{n}_{kind}_BL": "a reader's measurement on the baseline CT"
        for n in (1, 2, 3)
        for kind in ("EASL", "RECIST", "mRECIST")
    },
}
_SIZES = {
    "T_involvment": "at most or more than half of the liver: the ratio in two classes",
    "CLIP_Score": "counts T_involvment",
    "CLIP": "classes of CLIP_Score",
    "Okuda": "counts whether more than half of the liver is tumor",
    "TNM": "its T depends on the size of the largest tumor",
    "BCLC": "A and B depend on number and size of tumors",
}
KNOWN = tuple(
    KnownColumn(name, group, reason)
    for group, named in ((Group.OUTCOME, _OUTCOMES), (Group.READINGS, _READINGS), (Group.SIZE, _SIZES))
    for name, reason in named.items()
)

PUBLISHED = (
    "T_involvment", "Personal history of cancer", "Lymphnodes", "CLIP_Score", "TNM", "Metastasis", "Evidence_of_cirh",
    "Alcohol", "AFP", "Smoking", "Diabetes", "fhx_can", "age", "TTP", "Interval_BL",
)  # fmt: skip
"""The 15 columns of SmoothSegNet's Table A1, in its order; TTP is an outcome."""

ORDERS = {
    "agegp": ("<=40", "41-50", "51-60", "61-70", ">70"),
    "Pathology": (
        "Well differentiated",
        "Well-moderately differentiated",
        "Moderately differentiated",
        "Moderately-poorly differentiated",
        "Poorly differentiated",
    ),
    "CPS": ("A", "B", "C"),
    "T_involvment": ("< or = 50%", ">50%"),
    "AFP_group": ("<400", ">=400"),
    "CLIP_Score": ("Stage_0", "Stage_1", "Stage_2", "Stage_3", "Stage_4", "Stage_5", "Stage_6"),
    "CLIP": ("Stage_0-2", "Stage_3", "Stage_4-6"),
    "Okuda": ("Stage I", "Stage II", "Stage III"),
    "TNM": ("Stage-I", "Stage-II", "Stage-IIIA", "Stage-IIIB", "Stage-IIIC", "Stage-IVA", "Stage-IVB"),
    "BCLC": ("Stage-0", "Stage-A", "Stage-B", "Stage-C", "Stage-D"),
}
"""Words that are steps of one scale, lowest first."""

_ID_NAMES = ("tciaid", "patientid", "caseid", "case", "id", "patient", "subject", "subjectid")


def plain_name(name: str) -> str:
    """A column's name without what people write differently."""
    return re.sub(r"[\W_]+", "", name.casefold()).replace("involvement", "involvment").replace("cirrh", "cirh")


def known_column(name: str) -> KnownColumn | None:
    """What is known of a column; None for a plain fact or an unknown column."""
    return _BY_NAME.get(plain_name(name))


def order_of(name: str) -> tuple[str, ...]:
    """The words of a column that is a scale, lowest first; () for others."""
    return _ORDERS_BY_NAME.get(plain_name(name), ())


def id_column(names: Sequence[str]) -> str:
    """The column with the case ids: the first that is called so, else the first one."""
    return next((name for name in names if plain_name(name) in _ID_NAMES), names[0])


def near_names(wanted: str, names: Sequence[str], most: int = 3) -> list[str]:
    """Names that look like the wanted one, nearest first."""
    plain = {plain_name(name): name for name in names}
    near = get_close_matches(plain_name(wanted), list(plain), n=most, cutoff=0.5)
    return [plain[name] for name in near]


_BY_NAME = {plain_name(column.name): column for column in KNOWN}
_ORDERS_BY_NAME = {plain_name(name): words for name, words in ORDERS.items()}
