"""Layouts: the numbers move and stay, and a convolution in Keras's order is the same convolution."""

import numpy as np
import pytest

from convlib import conv2d, layouts


def numbered(*shape, dtype=np.float32):
    """Every element another number, so that none can be mistaken."""
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


# Every axis has a size of its own: a wrong order shows in the shape.
MOVES = [
    # (function, shape before, its inverse, shape after)
    (layouts.to_channels_last, (2, 3, 4), layouts.to_channels_first, (2, 4, 3)),
    (layouts.to_channels_last, (2, 3, 4, 5), layouts.to_channels_first, (2, 4, 5, 3)),
    (layouts.to_channels_last, (2, 3, 4, 5, 6), layouts.to_channels_first, (2, 4, 5, 6, 3)),
    (layouts.weight_to_keras, (2, 3, 4), layouts.weight_from_keras, (4, 3, 2)),
    (layouts.weight_to_keras, (2, 3, 4, 5), layouts.weight_from_keras, (4, 5, 3, 2)),
    (layouts.weight_to_keras, (2, 3, 4, 5, 6), layouts.weight_from_keras, (4, 5, 6, 3, 2)),
    (lambda w: layouts.depthwise_weight_to_keras(w, 3), (6, 1, 5), layouts.depthwise_weight_from_keras,
     (5, 3, 2)),
    (lambda w: layouts.depthwise_weight_to_keras(w, 3), (6, 1, 4, 5), layouts.depthwise_weight_from_keras,
     (4, 5, 3, 2)),
    (lambda w: layouts.depthwise_weight_to_keras(w, 7), (7, 1, 4, 5, 6), layouts.depthwise_weight_from_keras,
     (4, 5, 6, 7, 1)),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64])
@pytest.mark.parametrize(("move", "before", "back", "after"), MOVES)
def test_there_and_back_is_the_same_array(move, before, back, after, dtype):
    array = numbered(*before, dtype=dtype)
    moved = move(array)
    assert moved.shape == after and moved.dtype == dtype
    returned = back(moved)
    assert returned.dtype == dtype
    np.testing.assert_array_equal(returned, array)


ONES = (1, 1, 1, 1)  # nothing moves, so a careless function would return its input
COPIES = [(move, before) for move, before, _, _ in MOVES]
COPIES += [(back, after) for _, _, back, after in MOVES]
COPIES += [(function, ONES) for function in (layouts.to_channels_last, layouts.to_channels_first)]
COPIES += [(function, ONES) for function in (layouts.weight_to_keras, layouts.weight_from_keras)]
COPIES += [(lambda w: layouts.depthwise_weight_to_keras(w, 1), ONES)]
COPIES += [(layouts.depthwise_weight_from_keras, ONES)]


@pytest.mark.parametrize(("function", "shape"), COPIES)
def test_a_result_is_fresh_and_contiguous(function, shape):
    array = numbered(*shape)
    moved = function(array)
    assert moved.flags.c_contiguous and moved.flags.writeable
    moved += 1
    np.testing.assert_array_equal(array, numbered(*shape))


def test_an_element_goes_where_the_names_of_its_axes_go():
    images = numbered(2, 3, 4, 5)
    assert layouts.to_channels_last(images)[1, 2, 3, 0] == images[1, 0, 2, 3]
    weight = numbered(2, 3, 4, 5)
    assert layouts.weight_to_keras(weight)[2, 3, 1, 0] == weight[0, 1, 2, 3]
    depthwise = numbered(6, 1, 4, 5)
    for channel, multiple in np.ndindex(3, 2):
        kernel = layouts.depthwise_weight_to_keras(depthwise, 3)[:, :, channel, multiple]
        np.testing.assert_array_equal(kernel, depthwise[channel * 2 + multiple, 0])


def test_three_axes_are_an_image_or_a_batch_of_signals_as_the_caller_says():
    array = numbered(3, 4, 5)
    assert layouts.to_channels_last(array).shape == (3, 5, 4)
    assert layouts.to_channels_last(array, batch=False).shape == (4, 5, 3)
    assert layouts.to_channels_first(array).shape == (3, 5, 4)
    assert layouts.to_channels_first(array, batch=False).shape == (5, 3, 4)
    for batch in (True, False):
        returned = layouts.to_channels_first(layouts.to_channels_last(array, batch=batch), batch=batch)
        np.testing.assert_array_equal(returned, array)


def test_any_memory_layout_and_lists_are_taken():
    array = numbered(2, 3, 4, 5)
    for same in (array.tolist(), np.asfortranarray(array), np.repeat(array, 2, axis=3)[..., ::2]):
        np.testing.assert_array_equal(layouts.to_channels_last(same), np.moveaxis(array, 1, -1))


def test_an_empty_batch_stays_empty():
    assert layouts.to_channels_last(np.zeros((0, 3, 4, 5))).shape == (0, 4, 5, 3)


def windows(images, kernel_size):
    """Windows of images in Keras's order: (N, H, W, C) → (N, OH, OW, C, KH, KW)."""
    return np.lib.stride_tricks.sliding_window_view(images, kernel_size, axis=(1, 2))


def test_a_convolution_in_keras_order_is_conv2d():
    random = np.random.default_rng(0)
    images = random.integers(-9, 10, (2, 7, 9, 3)).astype(np.float64)
    weight = random.integers(-9, 10, (3, 4, 3, 5)).astype(np.float64)
    by_hand = np.einsum("nhwckl,klco->nhwo", windows(images, (3, 4)), weight)
    output = conv2d(layouts.to_channels_first(images), layouts.weight_from_keras(weight))
    assert by_hand.shape == (2, 5, 6, 5)
    np.testing.assert_array_equal(layouts.to_channels_last(output), by_hand)


def test_a_grouped_convolution_in_keras_order_is_conv2d():
    random = np.random.default_rng(1)
    images = random.integers(-9, 10, (2, 7, 9, 6)).astype(np.float64)
    weight = random.integers(-9, 10, (3, 3, 3, 4)).astype(np.float64)
    halves = [
        np.einsum("nhwckl,klco->nhwo", windows(images[..., c : c + 3], (3, 3)), weight[..., o : o + 2])
        for c, o in [(0, 0), (3, 2)]
    ]
    output = conv2d(layouts.to_channels_first(images), layouts.weight_from_keras(weight), groups=2)
    np.testing.assert_array_equal(layouts.to_channels_last(output), np.concatenate(halves, axis=-1))


def test_a_depthwise_convolution_in_keras_order_is_conv2d_with_a_group_for_each_channel():
    random = np.random.default_rng(2)
    images = random.integers(-9, 10, (2, 7, 9, 3)).astype(np.float64)
    weight = random.integers(-9, 10, (3, 4, 3, 2)).astype(np.float64)
    by_hand = np.einsum("nhwckl,klcm->nhwcm", windows(images, (3, 4)), weight).reshape(2, 5, 6, 6)
    torch_weight = layouts.depthwise_weight_from_keras(weight)
    output = conv2d(layouts.to_channels_first(images), torch_weight, groups=3)
    np.testing.assert_array_equal(layouts.to_channels_last(output), by_hand)
    np.testing.assert_array_equal(layouts.depthwise_weight_to_keras(torch_weight, 3), weight)


def immense(*shape):
    """An array of any size that occupies one element."""
    return np.broadcast_to(np.float32(0), shape)


WRONG = [
    (lambda: layouts.to_channels_last(np.zeros((3, 8))), ValueError,
     "to_channels_last: input must have shape (N, C, spatial…) of at least 3 axes, got shape (3, 8)"),
    (lambda: layouts.to_channels_last(np.zeros(3), batch=False), ValueError,
     "to_channels_last: input must have shape (C, spatial…) of at least 2 axes, got shape (3,)"),
    (lambda: layouts.to_channels_last(3), ValueError, "input must have shape", "()"),
    (lambda: layouts.to_channels_last(np.zeros((3, 8, 8)), batch=1), TypeError,
     "to_channels_last: batch must be True or False, got 1"),
    (lambda: layouts.to_channels_last(np.zeros((3, 8, 8)), False), TypeError, "positional"),
    (lambda: layouts.to_channels_last("photo.jpg"), TypeError,
     "to_channels_last: input must hold float32, float64 or integers", "<U9"),
    (lambda: layouts.to_channels_last([[[1, 2], [3]]]), ValueError, "input is not a rectangular array"),
    (lambda: layouts.to_channels_last(immense(2**20, 2**20, 2**10)), ValueError,
     "to_channels_last: the result of shape (1048576, 1024, 1048576)", "TiB"),
    (lambda: layouts.to_channels_first(np.zeros((8, 3))), ValueError,
     "to_channels_first: input must have shape (N, spatial…, C) of at least 3 axes, got shape (8, 3)"),
    (lambda: layouts.to_channels_first(np.zeros(8), batch=False), ValueError,
     "to_channels_first: input must have shape (spatial…, C) of at least 2 axes, got shape (8,)"),
    (lambda: layouts.to_channels_first(np.zeros((8, 8, 3), bool)), TypeError,
     "to_channels_first: input must hold", "got bool", "convert"),
    (lambda: layouts.to_channels_first(np.zeros((8, 8, 3)), batch=None), TypeError,
     "to_channels_first: batch must be True or False, got None"),
    (lambda: layouts.weight_to_keras(np.zeros((3, 3))), ValueError,
     "weight_to_keras: weight must have shape (C_out, C_in/groups, K…) of at least 3 axes", "(3, 3)"),
    (lambda: layouts.weight_to_keras(np.zeros((4, 3, 3, 3), np.float16)), TypeError,
     "weight_to_keras: weight must hold float32, float64 or integers, got float16"),
    (lambda: layouts.weight_from_keras(np.zeros((3, 3))), ValueError,
     "weight_from_keras: weight must have shape (K…, C_in/groups, C_out) of at least 3 axes", "(3, 3)"),
    (lambda: layouts.weight_from_keras(None), TypeError, "weight_from_keras: weight must hold", "object"),
    (lambda: layouts.depthwise_weight_to_keras(np.zeros((6, 3, 5, 5)), 3), ValueError,
     "depthwise_weight_to_keras: weight must have shape (C · m, 1, K…)", "(6, 3, 5, 5)", "weight_to_keras"),
    (lambda: layouts.depthwise_weight_to_keras(np.zeros((6, 1)), 3), ValueError,
     "weight must have shape (C · m, 1, K…) of at least 3 axes, got shape (6, 1)"),
    (lambda: layouts.depthwise_weight_to_keras(np.zeros((6, 1, 5, 5)), 4), ValueError,
     "in_channels must divide the 6 kernels of a weight of shape (6, 1, 5, 5), got 4"),
    (lambda: layouts.depthwise_weight_to_keras(np.zeros((6, 1, 5, 5)), 0), ValueError,
     "depthwise_weight_to_keras: in_channels must be at least 1, got 0"),
    (lambda: layouts.depthwise_weight_to_keras(np.zeros((6, 1, 5, 5)), 3.0), TypeError,
     "in_channels must be an integer, got 3.0"),
    (lambda: layouts.depthwise_weight_from_keras(np.zeros((3, 2))), ValueError,
     "depthwise_weight_from_keras: weight must have shape (K…, C, m) of at least 3 axes", "(3, 2)"),
]  # fmt: skip


@pytest.mark.parametrize("row", WRONG, ids=lambda row: row[2])
def test_a_wrong_call_is_told_what_is_wrong(row):
    call, error, *said = row
    with pytest.raises(error) as raised:
        call()
    assert type(raised.value) is error
    for words in said:
        assert words in str(raised.value)
