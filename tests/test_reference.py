"""The definitions, checked by sums done by hand and by the worked examples of the book's sources."""

import numpy as np
import pytest

from convlib import reference

GRID = np.arange(16).reshape(4, 4)

PADDED_GRIDS = {
    ("constant", 1): """
        0  0  0  0  0  0
        0  0  1  2  3  0
        0  4  5  6  7  0
        0  8  9 10 11  0
        0 12 13 14 15  0
        0  0  0  0  0  0""",
    ("reflect", 1): """
         5  4  5  6  7  6
         1  0  1  2  3  2
         5  4  5  6  7  6
         9  8  9 10 11 10
        13 12 13 14 15 14
         9  8  9 10 11 10""",
    ("replicate", 2): """
         0  0  0  1  2  3  3  3
         0  0  0  1  2  3  3  3
         0  0  0  1  2  3  3  3
         4  4  4  5  6  7  7  7
         8  8  8  9 10 11 11 11
        12 12 12 13 14 15 15 15
        12 12 12 13 14 15 15 15
        12 12 12 13 14 15 15 15""",
    ("circular", 2): """
        10 11  8  9 10 11  8  9
        14 15 12 13 14 15 12 13
         2  3  0  1  2  3  0  1
         6  7  4  5  6  7  4  5
        10 11  8  9 10 11  8  9
        14 15 12 13 14 15 12 13
         2  3  0  1  2  3  0  1
         6  7  4  5  6  7  4  5""",
}


def rows(text):
    return np.array([line.split() for line in text.strip().splitlines()], int)


def one_channel(image, kernel, **settings):
    return reference.conv2d(np.asarray(image)[None], np.asarray(kernel)[None, None], **settings)[0]


@pytest.mark.parametrize(("mode", "thickness"), PADDED_GRIDS)
def test_padding_modes_give_the_printed_grids(mode, thickness):
    padded = reference.pad(GRID, (thickness,) * 4, mode)
    np.testing.assert_array_equal(padded, rows(PADDED_GRIDS[mode, thickness]))


def test_a_reflected_corner_is_a_mirror_image_without_the_border():
    assert reference.pad(GRID, (2, 2, 2, 2), "reflect")[0].tolist() == [10, 9, 8, 9, 10, 11, 10, 9]


def test_pad_counts_from_the_last_axis():
    assert reference.pad(np.zeros((5, 5)), (1, 2, 10, 20)).shape == (35, 8)


def test_pad_fills_in_the_given_constant():
    assert reference.pad(np.array([1, 2]), (1, 1), value=7).tolist() == [7, 1, 2, 7]


@pytest.mark.parametrize(
    ("mode", "sources"),
    [
        ("constant", [None, None, 0, 1, 2, None, None]),
        ("reflect", [2, 1, 0, 1, 2, 1, 0]),
        ("replicate", [0, 0, 0, 1, 2, 2, 2]),
        ("circular", [1, 2, 0, 1, 2, 0, 1]),
    ],
)
def test_each_mode_names_the_element_it_copies(mode, sources):
    assert [reference.source_index(position, 3, mode) for position in range(-2, 5)] == sources


def test_a_window_times_a_kernel_is_the_sum_done_by_hand():
    # 0×0 + 1×1 + 3×2 + 4×3 = 19, then one step right, then down
    assert one_channel(np.arange(9).reshape(3, 3), [[0, 1], [2, 3]]).tolist() == [[19, 25], [37, 43]]


def test_convolution_in_the_mathematical_sense_flips_the_kernel():
    flipped = np.array([[0, 1], [2, 3]])[::-1, ::-1]
    assert one_channel(np.arange(9).reshape(3, 3), flipped).tolist() == [[5, 11], [23, 29]]


def test_dense_and_dilated_sums_of_ones():
    image, ones = np.arange(25).reshape(5, 5), np.ones((3, 3), int)
    assert one_channel(image, ones).tolist() == [[54, 63, 72], [99, 108, 117], [144, 153, 162]]
    assert one_channel(image, ones, dilation=2).tolist() == [[108]]


@pytest.mark.parametrize(
    ("size", "kernel_size", "settings", "expected"),
    [
        (5, 3, {"padding": 1}, 5),
        (4, 3, {}, 2),
        (5, 4, {"padding": 2}, 6),
        (4, 4, {}, 1),
        (7, 3, {"dilation": 2}, 3),
        (7, 3, {"dilation": 2, "padding": 2}, 7),
        (6, 3, {"stride": 2}, 2),
        (5, 4, {"padding": "same"}, 5),
    ],
)
def test_output_sizes_of_the_sources_examples(size, kernel_size, settings, expected):
    output = one_channel(np.zeros((size, size)), np.zeros((kernel_size, kernel_size)), **settings)
    assert output.shape == (expected, expected)


def test_padding_by_one_is_not_the_same_as_padding_after_only():
    # equal shapes, different numbers: one ring, or one row and column at the end
    image, ones = np.arange(64).reshape(8, 8), np.ones((3, 3), int)
    ring = one_channel(image, ones, stride=2, padding=1)
    after = one_channel(reference.pad(image, (0, 1, 0, 1)), ones, stride=2)
    assert ring[0].tolist() == [18, 36, 48, 60]
    assert after[0].tolist() == [81, 99, 117, 87]


def test_same_puts_the_odd_element_after():
    # two taps: every output is an element plus the next one, and the last has no next
    assert one_channel([[1, 10, 100]], [[1, 1]], padding="same").tolist() == [[11, 110, 100]]


def test_channels_are_summed_and_each_filter_has_its_own_bias():
    image = np.array([[[1]], [[10]], [[100]]])
    weight = np.array([[1, 2, 3], [3, 2, 1]])[:, :, None, None]
    assert reference.conv2d(image, weight, np.array([0, 1000])).ravel().tolist() == [321, 1123]


def test_groups_do_not_mix():
    image = np.array([1, 10, 100, 1000]).reshape(4, 1, 1)
    weight = np.ones((2, 2, 1, 1), int)
    assert reference.conv2d(image, weight, groups=2).ravel().tolist() == [11, 1100]


def test_a_batch_is_its_images_one_by_one():
    images = np.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4)
    weight = np.arange(5 * 3 * 2 * 2).reshape(5, 3, 2, 2)
    batch = reference.conv2d(images, weight, stride=2)
    assert batch.shape == (2, 5, 2, 2)
    for image, output in zip(images, batch):
        np.testing.assert_array_equal(reference.conv2d(image, weight, stride=2), output)


def test_an_empty_batch_gives_an_empty_batch():
    assert reference.conv2d(np.zeros((0, 1, 4, 4)), np.zeros((2, 1, 3, 3))).shape == (0, 2, 2, 2)


def test_small_integers_do_not_overflow():
    full = np.full((1, 2, 2), 127, np.int8)
    assert reference.conv2d(full, np.full((1, 1, 2, 2), 127, np.int8)).tolist() == [[[4 * 127**2]]]
