"""Which texts of a language model are accepted: those that say nothing but the facts, and all of the lesions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from summary_cases import GOOD, summary_case, two_lesions

from LiverTumorSegLib.report.summary_check import reason_to_reject
from LiverTumorSegLib.report.summary_facts import summary_facts
from LiverTumorSegLib.report.summary_numbers import NotANumber, plain, quantities


def judged(text: str, **measured) -> str:
    return reason_to_reject(text, summary_facts(summary_case(**measured)))


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1
    return GOOD.replace(old, new)


def found(text: str) -> list[tuple[float, str]]:
    return [(quantity.value, quantity.unit) for quantity in quantities(plain(text))]


def test_a_faithful_text_is_accepted():
    assert judged(GOOD) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1,488 ml", "1487.6 ml"),
        ("1,488 ml", "1.4876 litres"),
        ("2.8 x 1.8 cm", "28 x 18 mm"),
        ("2.8 x 1.8 cm", "28.0-mm by 18.0-mm"),
        ("11 ml", "11.1 cc"),
        ("11 ml", "11.1 cm³"),
        ("Both lesions", "The two lesions"),
        ("Both lesions", "All 2 lesions"),
        ("0.8 percent", "0.8%"),
        ("52 HU, 58 HU below the parenchyma", "52 HU, a difference of \u221258 HU"),
        ("52 HU, 58 HU below the parenchyma", "fifty-two HU"),
        ("1. L1", "**L1**"),
        ("2. L2", "- Lesion 2"),
        ("\n2. L2", " 2) L2"),
    ],
)
def test_other_ways_to_write_the_same_are_accepted(old, new):
    assert judged(changed(old, new)) == ""


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("1,488 ml", "1,489 ml", "1,489 ml"),
        ("1,488 ml", "1,500 ml", "1,500 ml"),
        ("1,488 ml", "1488.62 ml", "1488.62 ml"),
        ("1,488 ml", "1,488 mm", "1,488 mm"),
        ("11 ml", "10 ml", "10 ml"),
        ("1.3 ml", "1 ml", "1 ml"),
        ("15.2 x", "28.0 x", "28.0 mm, which is not among the facts of L2"),
        ("Both lesions", "The three lesions", "three"),
        ("Both lesions", "A dozen lesions", "dozen"),
        ("0.8 percent", "8 percent", "8 %"),
        ("0.8 percent", "1 percent", "1 %"),
        ("0.8 percent", "half", "half"),
        ("58 HU below", "58 HU above", "58 hu above"),
        ("52 HU, 58 HU below the parenchyma", "52 HU, a difference of +58 HU", "58"),
        ("52 HU, 58 HU below the parenchyma", "52", "it says 52,"),
        ("Both lesions", "Both of 3 dark lesions", "3 lesions"),
        ("Both lesions", "Both, all 4 of them,", "it says 4,"),
        ("segment VIII", "segment VII", "segment VII,"),
        ("segments II and III", "segments II and IV", "segment IV"),
        ("hypoattenuating", "hyperattenuating", "hyperattenuating"),
        ("well defined", "ill-defined", "ill-defined"),
        ("is homogeneous", "is inhomogeneous", "inhomogeneous"),
        ("portal-venous", "arterial", "arterial"),
        ("and the portal vein", "and a hepatic vein", "contact with the hepatic vein"),
        ("L2 lies", "L3 lies", "L3"),
        ("L2 lies", "It lies", "15.2"),
        ("15.2 x 10.0 mm", "10.0 mm", "leaves out the longest diameter of L2"),
        ("Not a medical device.", "In June 2024.", "2024"),
        ("Not a medical device.", "See 0.1.0.3 there.", "0.1.0.3"),
        ("Not a medical device.", "Twice as much.", "twice"),
        ("Not a medical device.", "A T2 sign.", "t2"),
        ("Not a medical device.", "It is ½.", "1"),
        ("Not a medical device.", "These are metastases.", "metastases"),
        ("Not a medical device.", "Likely a hemangioma.", "likely"),
        ("Not a medical device.", "LI-RADS 5.", "li-rads"),
        ("Not a medical device.", "A biopsy is recommended.", "biopsy"),
    ],
)
def test_what_the_facts_do_not_say_is_rejected_with_the_reason(old, new, reason):
    assert reason in judged(changed(old, new))


def test_a_lesion_left_out_is_told():
    without = "\n".join(line for line in GOOD.splitlines() if "L2" not in line)
    assert judged(without) == "it leaves out L2"


def test_swapped_lesions_are_rejected_although_every_number_is_among_the_facts():
    swapped = GOOD.replace("L1", "L9").replace("L2", "L1").replace("L9", "L2")
    assert "which is not among the facts of L2" in judged(swapped)


def test_lesions_beyond_the_described_ones_must_be_counted():
    many = tuple(replace(two_lesions()[0], id=n, segments=()) for n in range(1, 13))
    words = " ".join(f"L{n} measures 28 x 18 mm." for n in range(1, 11))
    assert judged(words, lesions=many) == "it leaves out 2 further lesions"
    assert judged(f"{words} There are two further lesions.", lesions=many) == ""


@pytest.mark.parametrize("text", ["", "   \n", "No lesion."])
def test_nothing_is_no_summary(text):
    assert judged(text) in ("it is empty", "it leaves out L1")


def test_a_book_is_rejected():
    assert "characters, more than" in judged(GOOD + " It is so." * 1000)


def test_a_case_without_lesions_needs_no_lesion():
    assert judged("The liver measures 1487.6 ml. No lesion was found.", lesions=(), tumor_ml=0.0) == ""
    assert judged("The liver has 3 lesions.", lesions=(), tumor_ml=0.0) != ""


def test_units_stand_behind_numbers_in_many_ways():
    assert found("28.0 x 18.0 x 12 mm") == [(28.0, "mm"), (18.0, "mm"), (12.0, "mm")]
    assert found("20 to 30 percent; 20\u201330 %") == [(20.0, "percent"), (30.0, "percent")] * 2
    assert found("1,234.5 ml, 12,5 mm, 2.5 cm") == [(1234.5, "ml"), (12.5, "mm"), (25.0, "mm")]
    assert found("\u221258 HU and (-3 HU), 10-20 HU") == [(-58.0, "hu"), (-3.0, "hu"), (10.0, "hu"), (20.0, "hu")]
    assert found("5 cm3, 5 mm3, 3 litres, 40 Hounsfield units") == [(5.0, "ml"), (5.0, ""), (3000.0, "ml"),
                                                                   (40.0, "hu")]  # fmt: skip
    assert found("twenty-one mm, one lesion, one of them") == [(21.0, "mm"), (1.0, "lesions")]


def test_figures_that_can_be_read_in_several_ways_are_none():
    for text in ("1.2.3", "1,2,3", "1.234,5"):
        with pytest.raises(NotANumber):
            quantities(plain(text))


def test_rounding_is_to_fewer_decimals_and_never_by_more_than_five_percent():
    (quantity,) = quantities("5 %")
    assert quantity.says(4.8)
    assert not quantity.says(4.4)
    (one,) = quantities("1 %")
    assert not one.says(1.4)
    (zero,) = quantities("0 %")
    assert not zero.says(0.2)
    assert zero.says(0.0)
    (exact,) = quantities("15.25 mm")
    assert not exact.says(15.2)
