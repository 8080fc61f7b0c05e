"""The rules on volumes over the phases, on numbers worked out by hand."""

from __future__ import annotations

import json

import pytest

from LiverTumorSegLib.measurements import SegmentVolume
from LiverTumorSegLib.phases.comparison import MeasuredPhase, Verdict, compare, judged, spread_of
from LiverTumorSegLib.phases.phase import ContrastPhase, Enhancement
from LiverTumorSegLib.phases.recognise import Basis, Recognised, recognised
from LiverTumorSegLib.phases.tables import phases_table
from LiverTumorSegLib.phases.words import signed_percent, verdict_text
from LiverTumorSegLib.study import Source

P = ContrastPhase


def phase(key: str, liver_ml: float, seen: ContrastPhase = P.PORTAL_VENOUS, **more) -> MeasuredPhase:
    found = Recognised(seen, 0.9, Basis.IMAGE, seen, Enhancement(aorta=150.0))
    return MeasuredPhase(**{"key": key, "series": key, "time": "", "result": key, "tumor_ml": 0.0} | more,
                         liver_ml=liver_ml, recognised=found)  # fmt: skip


@pytest.mark.parametrize(
    ("percent", "verdict"),
    [
        *((0.0, Verdict.PASS), (2.0, Verdict.PASS), (-2.0, Verdict.PASS), (2.01, Verdict.WARN)),
        *((-2.01, Verdict.WARN), (5.0, Verdict.WARN), (-5.0, Verdict.WARN), (5.01, Verdict.REVIEW)),
        *((-5.01, Verdict.REVIEW), (None, Verdict.NOT_EVALUABLE)),
    ],
)
def test_the_limits_are_inclusive(percent, verdict):
    assert judged(percent) is verdict


@pytest.mark.parametrize(
    ("volumes", "verdict"),
    [
        ((980.0, 1020.0), Verdict.PASS),
        ((979.9, 1020.1), Verdict.WARN),
        ((950.0, 1050.0), Verdict.WARN),
        ((949.9, 1050.1), Verdict.REVIEW),
        ((0.98 * 1234.567, 1.02 * 1234.567), Verdict.PASS),
    ],
)
def test_two_phases_at_the_limits(volumes, verdict):
    found = compare([phase("a", volumes[0]), phase("b", volumes[1])])
    assert found.verdict is verdict
    assert found.verdicts == (verdict, verdict)


def test_deviations_are_from_the_mean_of_all_phases():
    found = compare([phase("a", 1470.0), phase("b", 1500.0), phase("c", 1530.0)])
    assert found.liver.percent == pytest.approx((-2.0, 0.0, 2.0))
    assert (found.liver.mean_ml, found.liver.spread_ml) == (1500.0, 60.0)
    assert found.liver.spread_percent == pytest.approx(4.0)
    assert found.liver.largest_percent == pytest.approx(2.0)
    assert found.verdict is Verdict.PASS
    assert "up to 2.0 %" in verdict_text(found)


def test_a_liver_that_is_cut_off_is_left_out_with_its_reason():
    found = compare([phase("a", 1000.0), phase("b", 500.0, left_out="cut off"), phase("c", 1010.0)])
    assert found.liver.percent == pytest.approx((-0.4975124, None, 0.4975124))
    assert found.verdicts == (Verdict.PASS, Verdict.NOT_EVALUABLE, Verdict.PASS)
    assert found.verdict is Verdict.PASS
    assert found.to_json()["phases"][1]["left_out"] == "cut off"


def test_one_whole_liver_alone_cannot_be_judged():
    found = compare([phase("a", 1000.0), phase("b", 500.0, left_out="cut off")])
    assert found.verdict is Verdict.NOT_EVALUABLE
    assert found.liver.mean_ml is None
    assert "cannot be compared" in verdict_text(found)


def test_nothing_at_all_has_no_percentages():
    found = spread_of([0.0, 0.0])
    assert (found.percent, found.mean_ml, found.spread_ml, found.spread_percent) == ((None, None), 0.0, 0.0, None)
    assert found.largest_percent is None


def test_times_come_first_then_phases_then_the_given_order():
    late, early = phase("late", 1000.0, P.NATIVE, time="101500"), phase("early", 1000.0, P.DELAYED, time="101400.5")
    assert [one.key for one in compare([late, early]).phases] == ["early", "late"]
    delayed, native = phase("delayed", 1000.0, P.DELAYED, time="1"), phase("native", 1000.0, P.NATIVE)
    assert [one.key for one in compare([delayed, native]).phases] == ["native", "delayed"]
    unknown = phase("unknown", 1000.0, P.UNKNOWN)
    assert [one.key for one in compare([delayed, unknown, native]).phases] == ["delayed", "unknown", "native"]


def test_phases_of_one_name_are_numbered():
    found = compare([phase("a", 1000.0), phase("b", 1000.0), phase("c", 1000.0, P.DELAYED)])
    assert found.titles == ("portal-venous 1", "portal-venous 2", "delayed")


def test_segments_that_all_have_are_compared():
    def parts(**ml: float) -> tuple[SegmentVolume, ...]:
        return tuple(SegmentVolume(name, volume, 10.0) for name, volume in ml.items())

    found = compare(
        [
            phase("a", 1000.0, segments=parts(I=30.0, II=90.0)),
            phase("b", 1000.0, segments=parts(I=34.0)),
            phase("c", 400.0, segments=(), left_out="cut off"),
        ]
    )
    assert list(found.segments) == ["I"]
    assert found.segments["I"].percent == pytest.approx((-6.25, 6.25, None))


def test_a_disagreement_with_the_header_becomes_a_warning():
    seen = Enhancement(aorta=155.0, portal_vein=165.0, hepatic_vein=158.0, liver=110.0)
    odd = recognised(seen, Source("ct", "dicom", "0", series_description="Leber arteriell"))
    found = compare([phase("a", 1000.0), MeasuredPhase("b", "Leber arteriell", "", "b", odd, 1000.0, 0.0)])
    (warning,) = found.warnings
    assert "portal-venous" in warning
    assert "'Leber arteriell'" in warning


def test_json_and_table_hold_the_same():
    found = compare([phase("a", 1470.0), phase("b", 1530.0, P.DELAYED, tumor_ml=3.5)])
    data = json.loads(json.dumps(found.to_json()))
    header, rows = phases_table(found)
    assert data["schema"] == 1
    assert all(len(row) == len(header) for row in rows)
    by_name = dict(zip(header, rows[1], strict=True))
    assert by_name["liver_deviation_percent"] == data["liver"]["percent"][1] == pytest.approx(2.0)
    assert by_name["tumor_ml"] == data["phases"][1]["tumor_ml"] == 3.5
    assert by_name["verdict"] == data["phases"][1]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (0.04, "0.0"), (-0.04, "0.0"), (1.25, "+1.2"), (-2.0, "-2.0")]
)
def test_signed_percent(value, text):
    assert signed_percent(value) == text
