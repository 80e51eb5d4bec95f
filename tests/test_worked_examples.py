"""Every worked example of the book's sources, computed by the library: W1 to W21 of their inventory.

Where a source gives no numbers, or wrong ones, the verified ones stand here.
"""

import numpy as np
import pytest

from convlib import avg_pool2d, conv2d, conv3d, max_pool2d, pad, reference, shapes


def zeros(*shape):
    return np.zeros(shape, np.float32)


def whole_numbers(*shape, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float32)


def rows(text):
    return np.array([line.split() for line in text.strip().splitlines()], int)


def one_channel(image, kernel, **settings):
    return conv2d(np.asarray(image)[None], np.asarray(kernel)[None, None], **settings)[0]


def count_parameters_of(*operands):
    return sum(operand.size for operand in operands)


# Sizes


def test_w01_a_border_of_one_keeps_five_by_five_under_a_three_by_three_kernel():
    assert shapes.output_size(5, 3, padding=1) == 5
    assert one_channel(np.ones((5, 5)), np.ones((3, 3)), padding=1).shape == (5, 5)
    assert one_channel(np.ones((5, 5)), np.ones((3, 3))).shape == (3, 3)


@pytest.mark.parametrize(("frames", "outputs"), [(3, 2), (5, 4)])
def test_w02_a_kernel_of_two_frames_makes_one_output_less_than_there_are_frames(frames, outputs):
    film = np.arange(frames).reshape(1, frames, 1, 1) * np.ones((4, 4), int)
    sums = conv3d(film, np.ones((1, 1, 2, 3, 3), int))
    assert sums.shape == (1, outputs, 2, 2)
    # nine pixels of frame t and nine of frame t + 1
    assert sums[0, :, 0, 0].tolist() == [9 * t + 9 * (t + 1) for t in range(outputs)]


def test_w03_frames_of_two_channels_need_kernels_of_two_channels():
    film, weight = whole_numbers(2, 3, 5, 5), whole_numbers(1, 2, 2, 3, 3)
    maps = conv3d(film, weight)
    assert maps.shape == (1, 2, 3, 3)
    assert maps[0, 0, 0, 0] == np.sum(film[:, 0:2, 0:3, 0:3] * weight[0])
    assert weight[0].size == shapes.count_parameters(2, 1, (2, 3, 3), bias=False) == 36


def test_w04_a_border_of_one_keeps_all_three_sizes_of_a_film():
    # the source's layer on one film of six frames, of 14 × 14 pixels instead of 224 × 224
    film, weight, bias = whole_numbers(1, 3, 6, 14, 14), whole_numbers(64, 3, 3, 3, 3), whole_numbers(64)
    maps = conv3d(film, weight, bias, padding=1)
    assert maps.shape == (1, 64, 6, 14, 14)
    assert maps[0, 5, 2, 7, 7] == np.sum(film[0, :, 1:4, 6:9, 6:9] * weight[5]) + bias[5]
    assert maps[0, 5, 0, 0, 0] == np.sum(film[0, :, :2, :2, :2] * weight[5, :, 1:, 1:, 1:]) + bias[5]


def test_w04_at_full_size_the_output_alone_takes_more_than_two_gibibytes():
    output = (32, 64, *(shapes.output_size(n, 3, padding=1) for n in (6, 224, 224)))
    assert output == (32, 64, 6, 224, 224)
    assert shapes.count_bytes(output) / 2**30 == pytest.approx(2.30, abs=0.005)
    macs = shapes.count_macs(3, 64, (3, 3, 3), output[2:], batch=32)
    assert macs == 49_941_577_728  # 49.9 · 10⁹


def test_w05_a_stride_of_two_on_224_rows_needs_the_floor():
    quotient = (224 + 2 * 1 - 3) / 2 + 1
    assert quotient == 112.5 and shapes.output_size(224, 3, stride=2, padding=1) == 112
    strip = zeros(1, 3, 6, 224, 4)  # as many rows and frames as in the source, but four columns
    maps = conv3d(strip, zeros(1, 3, 2, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))
    assert maps.shape == (1, 1, 5, 112, 2)
    # and what the layer of the source's comment would make, with three frames and strides 2, 3, 3
    assert conv3d(strip, zeros(1, 3, 3, 3, 3), stride=(2, 3, 3), padding=(0, 1, 1)).shape == (1, 1, 2, 75, 2)


def test_w05_a_kernel_of_two_frames_and_three_by_three_pixels_skips_every_other_row():
    film, weight, bias = whole_numbers(3, 6, 16, 16), whole_numbers(64, 3, 2, 3, 3), whole_numbers(64)
    maps = conv3d(film, weight, bias, stride=(1, 2, 2), padding=(0, 1, 1))
    assert maps.shape == (64, 5, 8, 8)
    assert maps[9, 4, 3, 2] == np.sum(film[:, 4:6, 5:8, 3:6] * weight[9]) + bias[9]


@pytest.mark.parametrize(("padding", "size", "macs"), [(0, 220, 116_160_000), (2, 224, 120_422_400)])
def test_w06_thirty_two_filters_of_five_by_five_on_a_colour_picture(padding, size, macs):
    assert shapes.output_size(224, 5, padding=padding) == size
    picture, weight, bias = whole_numbers(3, 24, 24), whole_numbers(32, 3, 5, 5), whole_numbers(32)
    maps = conv2d(picture, weight, bias, padding=padding)
    assert maps.shape == (32, size - 200, size - 200)
    at = 10 + padding
    assert maps[31, at, at] == np.sum(picture[:, 10:15, 10:15] * weight[31]) + bias[31]
    assert (weight.size, bias.size) == (2400, 32)
    assert shapes.count_parameters(3, 32, (5, 5)) == 2432
    assert shapes.count_macs(3, 32, (5, 5), (size, size)) == macs


def test_w07_six_and_then_ten_filters_of_five_by_five_take_32_to_28_to_24():
    picture = zeros(3, 32, 32)
    first, second = (zeros(6, 3, 5, 5), zeros(6)), (zeros(10, 6, 5, 5), zeros(10))
    assert conv2d(picture, *first).shape == (6, 28, 28)
    assert conv2d(conv2d(picture, *first), *second).shape == (10, 24, 24)
    assert count_parameters_of(*first) == shapes.count_parameters(3, 6, (5, 5)) == 456
    assert count_parameters_of(*second) == shapes.count_parameters(6, 10, (5, 5)) == 1510


def test_w08_exercise_how_large_is_the_output_of_a_picture_of_seven_by_nine():
    """The source's question lost its picture; this one takes its place.

    A picture of 7 × 9 pixels, 1 pixel of padding all around, a kernel of 3 × 3, steps of 2: how large is the
    output, and does the kernel read every pixel?
    """
    picture = np.arange(63).reshape(7, 9)
    output = one_channel(picture, np.ones((3, 3), int), stride=2, padding=1)
    # ⌊(7 + 2 − 3) / 2⌋ + 1 = 4 rows and ⌊(9 + 2 − 3) / 2⌋ + 1 = 5 columns
    assert output.shape == (4, 5)
    assert output[0, 0] == 0 + 1 + 9 + 10 and output[3, 4] == 52 + 53 + 61 + 62
    # without the padding ⌊(7 − 3) / 2⌋ + 1 = 3 rows and ⌊(9 − 3) / 2⌋ + 1 = 4 columns
    assert one_channel(picture, np.ones((3, 3), int), stride=2).shape == (3, 4)
    # both divide without a rest, so every pixel is read; of eight columns the last one would not be
    assert one_channel(picture[:, :8], np.ones((3, 3), int), stride=2)[0].tolist() == [90, 108, 126]
    assert shapes.output_size(8, 3, stride=2) == 3 and 2 * (3 - 1) + 3 == 7


@pytest.mark.parametrize(("padding", "size"), [(1, 28), (0, 26)])
def test_w09_sixty_four_filters_on_a_grey_picture_of_28_by_28(padding, size):
    weight, bias = zeros(64, 1, 3, 3), zeros(64)
    assert conv2d(zeros(1, 28, 28), weight, bias, padding=padding).shape == (64, size, size)
    assert count_parameters_of(weight, bias) == shapes.count_parameters(1, 64, (3, 3)) == 640


def test_w09_a_fully_connected_layer_of_the_same_size_has_sixty_thousand_times_the_parameters():
    connected = shapes.count_parameters(28 * 28, 64 * 28 * 28, ())
    assert connected == 39_388_160
    assert connected // 640 == 61_544


# Pools

GRID = np.array([[[7, 3, 5, 2], [8, 7, 1, 6], [4, 9, 3, 9], [0, 8, 4, 5]]])


def test_w10_the_largest_of_each_two_by_two_window():
    assert max_pool2d(GRID, 2).tolist() == [[[8, 6], [9, 9]]]
    assert max_pool2d(GRID, 2, stride=2).tolist() == [[[8, 6], [9, 9]]]


def test_w10_the_mean_of_each_two_by_two_window():
    assert avg_pool2d(GRID.astype(float), 2).tolist() == [[[6.25, 3.5], [5.25, 5.25]]]


def test_w10_the_largest_of_overlapping_windows():
    assert max_pool2d(GRID, 2, stride=1).tolist() == [[[8, 7, 6], [9, 9, 9], [9, 9, 9]]]


# Padding


def test_w11_three_by_three_on_four_by_four_leaves_two_by_two():
    image, kernel = np.arange(16).reshape(4, 4), np.arange(9).reshape(3, 3)
    output = one_channel(image, kernel)
    assert output.shape == (2, 2)
    assert output[1, 1] == np.sum(image[1:4, 1:4] * kernel)


def test_w11_four_by_four_with_a_border_of_two_makes_six_by_six_of_five_by_five():
    image, kernel = np.arange(25).reshape(5, 5), np.arange(16).reshape(4, 4)
    output = one_channel(image, kernel, padding=2)
    assert output.shape == (6, 6)
    assert output[0, 0] == np.sum(image[:2, :2] * kernel[2:, 2:])
    assert output[2, 2] == np.sum(image[0:4, 0:4] * kernel)


def test_w12_a_kernel_as_large_as_the_image_leaves_one_element_and_the_drawn_one_is_three_by_three():
    image = np.arange(16).reshape(4, 4)
    assert one_channel(image, np.ones((4, 4), int)).tolist() == [[120]]
    assert one_channel(image, np.ones((3, 3), int)).shape == (2, 2)


W13 = {
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


@pytest.mark.parametrize(("mode", "width"), W13)
def test_w13_each_padding_mode_continues_sixteen_numbers_in_its_way(mode, width):
    numbers = np.arange(16).reshape(4, 4)
    expected = rows(W13[mode, width])
    np.testing.assert_array_equal(pad(numbers, (width,) * 4, mode), expected)
    np.testing.assert_array_equal(reference.pad(numbers, (width,) * 4, mode), expected)
    # as a layer of the source: a kernel of one tap shows what the padding is
    seen = one_channel(numbers, [[1]], padding=width, padding_mode="zeros" if mode == "constant" else mode)
    np.testing.assert_array_equal(seen, expected)


def test_w13_with_equal_widths_the_modes_differ_in_the_first_row():
    numbers = np.arange(16).reshape(4, 4)
    first = {mode: pad(numbers, (2,) * 4, mode)[0].tolist() for mode in ("reflect", "replicate", "circular")}
    assert first == {
        "reflect": [10, 9, 8, 9, 10, 11, 10, 9],
        "replicate": [0, 0, 0, 1, 2, 3, 3, 3],
        "circular": [10, 11, 8, 9, 10, 11, 8, 9],
    }


# Dilation


def test_w14_a_dense_kernel_of_ones_sums_nine_neighbours():
    image, ones = np.arange(25).reshape(5, 5), np.ones((3, 3), int)
    assert one_channel(image, ones).tolist() == [[54, 63, 72], [99, 108, 117], [144, 153, 162]]


def test_w14_a_dilated_kernel_of_ones_sums_nine_elements_two_apart():
    image, ones = np.arange(25).reshape(5, 5), np.ones((3, 3), int)
    assert one_channel(image, ones, dilation=2).tolist() == [[image[::2, ::2].sum()]] == [[108]]


# Pointwise


def test_w15_twenty_filters_of_one_tap_take_a_hundred_channels_to_twenty():
    image, weight = whole_numbers(100, 5, 5), whole_numbers(20, 100, 1, 1)
    np.testing.assert_array_equal(conv2d(image, weight), np.tensordot(weight[..., 0, 0], image, 1))
    output = (20, *[shapes.output_size(500, 1)] * 2)
    assert output == (20, 500, 500)
    assert weight.size == shapes.count_parameters(100, 20, (1, 1), bias=False) == 2000
    assert shapes.count_macs(100, 20, (1, 1), output[1:]) == 500_000_000


def test_w16_a_pointwise_layer_doubles_the_channels_and_keeps_the_size():
    images, weight, bias = whole_numbers(1, 64, 32, 32), whole_numbers(128, 64, 1, 1), whole_numbers(128)
    maps = conv2d(images, weight, bias)
    assert maps.shape == (1, 128, 32, 32)
    assert maps[0, 100, 30, 20] == images[0, :, 30, 20] @ weight[100, :, 0, 0] + bias[100]
    assert count_parameters_of(weight, bias) == shapes.count_parameters(64, 128, (1, 1)) == 8320


def test_w17_a_dilated_kernel_spans_five_and_takes_seven_by_seven_to_three_by_three():
    assert shapes.effective_kernel_size(3, dilation=2) == 5
    image, kernel = np.arange(49).reshape(7, 7), np.arange(9).reshape(3, 3)
    output = one_channel(image, kernel, dilation=2)
    assert output.shape == (3, 3)
    assert output[1, 2] == np.sum(image[1:6:2, 2:7:2] * kernel)
    assert one_channel(image, kernel, dilation=2, padding=2).shape == (7, 7)


# Groups


def test_w18_four_groups_have_a_quarter_of_the_weights():
    images, weight, bias = whole_numbers(1, 64, 32, 32), whole_numbers(64, 16, 3, 3), whole_numbers(64)
    maps = conv2d(images, weight, bias, padding=1, groups=4)
    assert maps.shape == (1, 64, 32, 32)
    third = conv2d(images[:, 32:48], weight[32:48], bias[32:48], padding=1)
    np.testing.assert_array_equal(maps[:, 32:48], third)
    assert count_parameters_of(weight, bias) == shapes.count_parameters(64, 64, (3, 3), groups=4) == 9280
    assert shapes.count_parameters(64, 64, (3, 3)) == 36_928
    assert 4 * weight.size == shapes.count_parameters(64, 64, (3, 3), bias=False)


@pytest.mark.parametrize(
    ("settings", "size"), [({"padding": 1}, 64), ({}, 62), ({"stride": 2, "padding": 1}, 32)], ids=str
)
def test_w19_four_filters_make_32_by_32_of_64_by_64_only_with_a_stride(settings, size):
    assert conv2d(zeros(3, 64, 64), zeros(4, 3, 3, 3), **settings).shape == (4, size, size)


def test_w20_three_depthwise_and_four_pointwise_filters_have_39_weights_and_a_dense_layer_108():
    picture, depthwise, pointwise = (
        whole_numbers(3, 8, 8),
        whole_numbers(3, 1, 3, 3),
        whole_numbers(4, 3, 1, 1),
    )
    maps = conv2d(conv2d(picture, depthwise, padding=1, groups=3), pointwise)
    assert maps.shape == (4, 8, 8)
    dense = pointwise * depthwise[:, 0]
    np.testing.assert_array_equal(maps, conv2d(picture, dense, padding=1))
    assert (depthwise.size, pointwise.size, dense.size) == (27, 12, 108)
    assert shapes.count_parameters(3, 3, (3, 3), groups=3, bias=False) == 27


def test_w21_a_depthwise_separable_layer_saves_one_over_channels_plus_one_over_taps():
    images = whole_numbers(1, 64, 32, 32)
    depthwise, pointwise = whole_numbers(64, 1, 3, 3), whole_numbers(128, 64, 1, 1)
    maps = conv2d(conv2d(images, depthwise, np.ones(64, np.float32), padding=1, groups=64), pointwise)
    assert maps.shape == (1, 128, 32, 32)

    separate = [(64, 64, (3, 3), 64), (64, 128, (1, 1), 1)]
    parameters = [shapes.count_parameters(*layer) for layer in separate]
    assert parameters == [640, 8320] and sum(parameters) == 8960
    assert shapes.count_parameters(64, 128, (3, 3)) == 73_856
    macs = [shapes.count_macs(*layer[:3], (32, 32), groups=layer[3]) for layer in separate]
    dense = shapes.count_macs(64, 128, (3, 3), (32, 32))
    assert sum(macs) == 8_978_432 and dense == 75_497_472
    assert sum(macs) * 128 * 9 == dense * (128 + 9)  # 1/128 + 1/9 = 0.119
    weights = depthwise.size + pointwise.size
    assert weights * 128 * 9 == (128 + 9) * shapes.count_parameters(64, 128, (3, 3), bias=False)
