"""Which lesions are proposed as targets, and the reasons that are given."""

from __future__ import annotations

from followup_lesions import lesion

from LiverTumorSegLib.followup.settings import ResponseSettings
from LiverTumorSegLib.followup.targets import propose_targets
from LiverTumorSegLib.timeline import Role


def roles(lesions, thickness_mm=1.0, baseline=0, **settings):
    proposal = propose_targets(lesions, baseline, thickness_mm, ResponseSettings(**settings))
    assert list(proposal) == [one.id for one in lesions]
    return {name: role for name, (role, _) in proposal.items()}


def reasons(lesions, thickness_mm=1.0, baseline=0):
    return [reason for _, reason in propose_targets(lesions, baseline, thickness_mm).values()]


TARGET, NON_TARGET, EXCLUDED = Role.TARGET, Role.NON_TARGET, Role.EXCLUDED


def test_the_two_largest_that_can_be_measured_are_targets():
    lesions = [lesion("L1", "12"), lesion("L2", "40.25"), lesion("L3", "9.99"), lesion("L4", "25")]
    assert roles(lesions) == {"L1": NON_TARGET, "L2": TARGET, "L3": NON_TARGET, "L4": TARGET}
    assert reasons(lesions) == [
        "12 mm at the baseline, but other lesions are targets",
        "one of the largest that can be measured: 40.2 mm at the baseline",
        "10 mm at the baseline: below 10 mm, not measurable",
        "one of the largest that can be measured: 25 mm at the baseline",
    ]
    assert roles(lesions, most_targets=1) == {"L1": NON_TARGET, "L2": TARGET, "L3": NON_TARGET, "L4": NON_TARGET}


def test_thick_slices_need_twice_their_thickness_and_thin_ones_10_mm():
    lesions = [lesion("L1", "10"), lesion("L2", "14"), lesion("L3", "13.9")]
    assert roles(lesions, thickness_mm=5.0, most_targets=5) == {"L1": TARGET, "L2": TARGET, "L3": TARGET}
    assert roles(lesions, thickness_mm=7.0) == {"L1": NON_TARGET, "L2": TARGET, "L3": NON_TARGET}
    assert reasons(lesions, thickness_mm=7.0)[2] == "13.9 mm at the baseline: below 14 mm, not measurable"


def test_lesions_that_another_reading_may_not_find_again_are_no_targets_where_there_are_others():
    lesions = [
        lesion("L1", "60 touches-edge"),
        lesion("L2", "50 doubtful-lesion"),
        lesion("L3", "40 implausible-mass"),
        lesion("L4", "11 feret-differs"),
    ]
    assert roles(lesions) == {"L1": NON_TARGET, "L2": NON_TARGET, "L3": NON_TARGET, "L4": TARGET}
    assert reasons(lesions)[:3] == [
        "60 mm at the baseline, but it is cut off by the edge of the volume",
        "50 mm at the baseline, but the network itself doubts it",
        "40 mm at the baseline, but it may lie beside the liver",
    ]
    assert roles(lesions[:3]) == {"L1": TARGET, "L2": TARGET, "L3": NON_TARGET}
    assert reasons(lesions[:3])[0] == (
        "60 mm at the baseline; no better one is there, although it is cut off by the edge of the volume"
    )


def test_only_what_is_there_at_the_baseline_can_be_a_target():
    lesions = [
        lesion("L1", "20", "absent"),
        lesion("L2", "absent", "30 new"),
        lesion("L3", "15", "out"),
        lesion("L4", "merged L1", "merged L2"),
    ]
    assert roles(lesions) == {"L1": TARGET, "L2": NON_TARGET, "L3": TARGET, "L4": NON_TARGET}
    assert roles(lesions, baseline=1) == {"L1": NON_TARGET, "L2": TARGET, "L3": NON_TARGET, "L4": NON_TARGET}
    assert reasons(lesions, baseline=1)[0] == "not measured at the baseline (visit 2)"


def test_a_split_lesion_is_as_measurable_as_its_largest_part_and_a_readers_diameter_counts():
    assert roles([lesion("L1", "8+7")]) == {"L1": NON_TARGET}
    assert roles([lesion("L1", "8+11")]) == {"L1": TARGET}
    assert roles([lesion("L1", "8+7 reader")]) == {"L1": TARGET}


def test_the_readers_roles_stay_and_their_targets_count():
    lesions = [
        lesion("L1", "50", role="excluded", by_reader=True),
        lesion("L2", "12", role="target", by_reader=True),
        lesion("L3", "40"),
        lesion("L4", "30"),
    ]
    assert roles(lesions) == {"L1": EXCLUDED, "L2": TARGET, "L3": TARGET, "L4": NON_TARGET}
    assert reasons(lesions)[:2] == ["as the test says", "as the test says"]
    three = [lesion(name, "20", role="target", by_reader=True) for name in ("L1", "L2", "L3")]
    assert set(roles([*three, lesion("L4", "90")]).values()) == {TARGET, NON_TARGET}


def test_without_lesions_nothing_is_proposed():
    assert propose_targets([], 0, 1.0) == {}
