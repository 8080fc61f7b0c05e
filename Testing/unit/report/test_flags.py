"""Every machine flag has words, and unknown ones are not lost."""

from __future__ import annotations

import pytest

from LiverTumorSegLib.measure import flags as machine
from LiverTumorSegLib.report.flags import Severity, explain, explain_all, known_flags

ALL_FLAGS = sorted({value for name, value in vars(machine).items() if name.isupper() and isinstance(value, str)})


def test_the_flags_are_those_of_lesions_and_of_cases():
    assert set(ALL_FLAGS) == {*machine.LESION_FLAGS, *machine.CASE_FLAGS}


@pytest.mark.parametrize("flag", ALL_FLAGS)
def test_every_flag_has_words_of_its_own(flag):
    text = explain(flag)
    assert flag in known_flags()
    assert text.flag == flag
    assert min(len(text.title), len(text.meaning), len(text.action)) > 15
    assert text.title[0].isupper()
    assert text.meaning.endswith(".")
    assert text.action.endswith(".")


def test_there_are_no_words_for_flags_that_nobody_raises():
    assert known_flags() == set(ALL_FLAGS)


def test_an_unknown_flag_is_shown_as_it_is():
    text = explain("made-on-mars")
    assert text.title == "Made on mars"
    assert "made-on-mars" in text.meaning


def test_flags_are_explained_once_and_the_most_serious_first():
    texts = explain_all(["oblique", "thin-lesion", "no-liver-found", "thin-lesion"])
    assert [text.flag for text in texts] == ["no-liver-found", "thin-lesion", "oblique"]
    assert [text.severity for text in texts] == [Severity.STOP, Severity.CHECK, Severity.NOTE]


def test_no_flags_need_no_words():
    assert explain_all([]) == []
