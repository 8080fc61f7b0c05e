import numpy as np
import pytest

from LiverTumorSegLib.geometry.boxes import (
    bounding_box,
    grow_box,
    inside,
    mask_touches_face,
    shift_box,
    touches_face,
    union_of,
)
from LiverTumorSegLib.geometry.components import boxes_of, connected_components, count_voxels, pieces_of_slice
from LiverTumorSegLib.geometry.ordering import order_of, ordered_ends


def test_voxels_that_touch_at_a_corner_are_one_component():
    mask = np.zeros((4, 5, 6), bool)
    mask[1, 1, 1] = mask[2, 2, 2] = mask[0, 4, 5] = True
    labels, count = connected_components(mask)
    assert count == 2
    assert labels[1, 1, 1] == labels[2, 2, 2] != labels[0, 4, 5]


def test_boxes_hold_every_voxel_of_their_component_and_no_more():
    mask = np.zeros((9, 8, 7), bool)
    mask[1:4, 2:3, 5:7] = True
    mask[6:8, 0:5, 0:2] = True
    labels, count = connected_components(mask)
    boxes = boxes_of(labels, count)
    assert sorted(boxes, key=lambda b: b[0].start) == [
        (slice(1, 4), slice(2, 3), slice(5, 7)),
        (slice(6, 8), slice(0, 5), slice(0, 2)),
    ]
    assert bounding_box(mask) == (slice(1, 8), slice(0, 5), slice(0, 7))


def test_an_empty_mask_has_no_box_and_no_component():
    mask = np.zeros((3, 4, 5), bool)
    assert bounding_box(mask) is None
    assert bounding_box(mask.astype(np.uint8)) is None
    assert connected_components(mask)[1] == 0


@pytest.mark.parametrize("order", ["C", "F"])
def test_voxels_are_counted_in_either_memory_order(order):
    labels = np.asarray(np.random.default_rng(0).integers(0, 4, (7, 11, 5)), dtype=np.uint8, order=order)
    expected = {value: sum(int(v) == value for v in labels.flat) for value in (1, 3)}
    assert count_voxels(labels, (1, 3)) == expected


@pytest.mark.parametrize(("index", "touches"), [((0, 3, 3), True), ((6, 3, 3), True), ((3, 7, 3), True)])
def test_a_voxel_on_a_face_touches_it(index, touches):
    mask = np.zeros((7, 8, 9), bool)
    mask[index] = True
    assert mask_touches_face(mask) is touches
    assert touches_face(bounding_box(mask), mask.shape) is touches


def test_a_voxel_one_step_from_every_face_touches_none():
    mask = np.zeros((3, 3, 3), bool)
    mask[1, 1, 1] = True
    assert not mask_touches_face(mask)
    assert not touches_face(bounding_box(mask), mask.shape)


def test_boxes_grow_up_to_the_faces_and_shift_with_their_crop():
    box = (slice(1, 4), slice(2, 3), slice(5, 7))
    assert grow_box(box, (2, 1, 1), (9, 8, 7)) == (slice(0, 6), slice(1, 4), slice(4, 7))
    assert shift_box(box, (slice(10, 20), slice(0, 9), slice(3, 9))) == (slice(11, 14), slice(2, 3), slice(8, 10))


def test_the_parts_of_a_slice_are_8_connected_and_come_alone():
    plane = np.zeros((6, 7), bool)
    plane[0, 0] = plane[1, 1] = plane[0, 2] = True
    plane[4:6, 0:3] = True
    parts = sorted(pieces_of_slice(plane), key=lambda part: part[0])
    assert [corner for corner, _ in parts] == [(0, 0), (4, 0)]
    assert [int(mask.sum()) for _, mask in parts] == [3, 6]


def test_values_that_differ_by_rounding_only_are_decided_by_the_next_column():
    keys = np.array([[1.0 + 1e-12, 2.0], [1.0, 3.0], [1.0 - 1e-12, 1.0], [0.5, 9.0]])
    assert order_of(keys).tolist() == [3, 2, 0, 1]


def test_line_ends_are_ordered_by_r_then_a_then_s():
    ends = np.array([[1.0, 5.0, 2.0], [1.0 + 1e-13, 4.0, 9.0]])
    assert ordered_ends(ends).tolist() == ends[::-1].tolist()


def test_a_box_goes_into_a_crop_and_out_of_it_again():
    outer, box = (slice(3, 9), slice(2, 8), slice(5, 6)), (slice(4, 7), slice(2, 5), slice(5, 6))
    assert inside(box, outer) == (slice(1, 4), slice(0, 3), slice(0, 1))
    assert shift_box(inside(box, outer), outer) == box


def test_the_union_of_boxes_holds_all_and_of_none_is_one_voxel():
    boxes = [(slice(3, 9), slice(2, 4), slice(5, 6)), (slice(4, 11), slice(0, 3), slice(5, 8))]
    assert union_of(boxes) == (slice(3, 11), slice(0, 4), slice(5, 8))
    assert union_of([]) == (slice(0, 1), slice(0, 1), slice(0, 1))
