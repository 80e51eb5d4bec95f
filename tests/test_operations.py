"""Every operation and every gradient keeps the laws of convolution and the library's contract, on any rank.

Operands are small whole numbers, whose sums are exact in any order, so results must be equal to the last bit
unless a test says otherwise. What PyTorch and ONNX Runtime make of the same calls is in ``test_peers.py``.
"""

import gc
import itertools
import random
import threading
import tracemalloc
from typing import NamedTuple

import numba
import numpy as np
import pytest

from convlib import functional, gradients, loops, reference, shapes
from convlib.functional import avg_pool2d, conv2d, convolve2d, correlate2d, fold, max_pool2d, pad, unfold

INTERPRETED = bool(numba.config.DISABLE_JIT)
# NumPy tells of 0 · ∞ and ∞ − ∞; compiled loops do not, and nothing around them may
NO_WARNINGS = pytest.mark.filterwarnings("ignore:invalid value" if INTERPRETED else "error")
MODES = ("zeros", "reflect", "replicate", "circular")
RANKS = (1, 2, 3)
FLOATS = (np.float32, np.float64)
INTEGERS = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64)


@pytest.fixture(autouse=True)
def one_thread():
    """Arrays are small here: starting threads, on cores that test workers share, would take all the time."""
    most = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(most)


def whole_numbers(shape, dtype=np.float32, seed=0, most=9):
    """Numbers from −most to most, or from 0 where the dtype has no sign."""
    least = 0 if np.dtype(dtype).kind == "u" else -most
    return np.random.default_rng(seed).integers(least, most + 1, shape).astype(dtype)


def real_numbers(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def of_rank(operation, axes):
    """The function of an operation on 1, 2 or 3 axes."""
    return getattr(functional, f"{operation}{axes}d")


def flipped(kernel, axes):
    """A kernel or a weight with its last axes reversed."""
    return np.flip(kernel, tuple(range(-axes, 0)))


def inner(a, b):
    """Sum of products of two arrays, which must have one shape."""
    assert a.shape == b.shape
    return np.sum(a * b)


def conv_transpose_back(output, weight, size, stride=1, padding=0, dilation=1, groups=1):
    """The transposed convolution with conv's settings, and the output_padding that leads back to ``size``."""
    axes = len(size)
    shortest = [
        shapes.transposed_output_size(n, k, stride, padding, 0, dilation)
        for n, k in zip(output.shape[-axes:], weight.shape[-axes:])
    ]
    output_padding = tuple(n - short for n, short in zip(size, shortest))
    transpose = of_rank("conv_transpose", axes)
    return transpose(output, weight, None, stride, padding, output_padding, groups, dilation)


# Laws of convolution


@pytest.mark.parametrize("axes", RANKS)
def test_an_impulse_returns_the_flipped_kernel(axes):
    kernel = whole_numbers((3, 4, 5)[:axes])
    impulse = np.zeros((1, *(2 * k - 1 for k in kernel.shape)), np.float32)
    impulse[0, *(k - 1 for k in kernel.shape)] = 1
    output = of_rank("conv", axes)(impulse, kernel[None, None])
    np.testing.assert_array_equal(output[0], flipped(kernel, axes))


@pytest.mark.parametrize("axes", RANKS)
def test_transposed_an_impulse_returns_the_kernel_itself(axes):
    kernel = whole_numbers((3, 4, 5)[:axes])
    output = of_rank("conv_transpose", axes)(np.ones((1, *[1] * axes), np.float32), kernel[None, None])
    np.testing.assert_array_equal(output[0], kernel)


@pytest.mark.parametrize("axes", RANKS)
def test_shifting_the_input_shifts_the_output(axes):
    input, weight = whole_numbers((3, *(4, 5, 6)[:axes])), whole_numbers((4, 3, *[3] * axes))
    shift, spatial = (2, -1, 3)[:axes], tuple(range(1, axes + 1))

    def layer(x):
        return of_rank("conv", axes)(x, weight, padding=1, padding_mode="circular")

    shifted = layer(np.roll(input, shift, spatial))
    np.testing.assert_array_equal(shifted, np.roll(layer(input), shift, spatial))


def test_zero_padding_breaks_the_shift_at_the_border_only():
    input, weight = whole_numbers((1, 8, 8)), whole_numbers((1, 1, 3, 3))
    rolled = conv2d(np.roll(input, 1, axis=2), weight, padding=1)
    shifted = np.roll(conv2d(input, weight, padding=1), 1, axis=2)
    assert not np.array_equal(rolled, shifted)
    np.testing.assert_array_equal(rolled[..., 2:-1], shifted[..., 2:-1])


def test_strides_and_pools_do_not_shift_with_their_input():
    input = whole_numbers((1, 8, 8))
    shifted = np.roll(input, 1, axis=2)
    weight = whole_numbers((1, 1, 3, 3))
    for layer in (lambda x: conv2d(x, weight, stride=2), lambda x: max_pool2d(x, 2)):
        outputs = [np.roll(layer(input), steps, axis=2) for steps in range(4)]
        assert not any(np.array_equal(layer(shifted), output) for output in outputs)


@pytest.mark.parametrize("operation", ["conv", "conv_transpose"])
@pytest.mark.parametrize("axes", RANKS)
def test_a_convolution_is_linear_in_its_input_and_in_its_weight(axes, operation):
    layer = of_rank(operation, axes)
    x, y = (whole_numbers((2, 4, *[5] * axes), seed=seed) for seed in (1, 2))
    v, w = (whole_numbers((4, 4, *[3] * axes), seed=seed) for seed in (3, 4))
    np.testing.assert_array_equal(layer(2 * x - 3 * y, w), 2 * layer(x, w) - 3 * layer(y, w))
    np.testing.assert_array_equal(layer(x, 2 * v - 3 * w), 2 * layer(x, v) - 3 * layer(x, w))


@pytest.mark.parametrize("operation", ["conv", "conv_transpose"])
@pytest.mark.parametrize("axes", RANKS)
def test_the_bias_is_added_to_every_element_of_its_channel(axes, operation):
    layer = of_rank(operation, axes)
    input, weight, bias = (
        whole_numbers((2, 4, *[5] * axes)),
        whole_numbers((4, 4, *[3] * axes)),
        np.arange(4.0),
    )
    bias = bias.astype(np.float32)
    expected = layer(input, weight) + bias.reshape(-1, *[1] * axes)
    np.testing.assert_array_equal(layer(input, weight, bias), expected)


LAYERS = [
    {},
    {"stride": 2},
    {"stride": 3, "padding": 1},
    {"dilation": 2, "padding": 2},
    {"stride": 2, "dilation": 3, "padding": 3},
    {"stride": 2, "padding": 1, "groups": 2},
    {"stride": 3, "dilation": 2, "groups": 4},
]


@pytest.mark.parametrize("axes", RANKS)
@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_the_transposed_convolution_is_the_adjoint(layer, axes):
    groups = layer.get("groups", 1)
    weight = whole_numbers((8, 4 // groups, *(3, 2, 3)[:axes]), int, seed=1)
    for size in itertools.product((7, 8, 9), repeat=axes):
        x = whole_numbers((2, 4, *size), int)
        output = of_rank("conv", axes)(x, weight, **layer)
        y = whole_numbers(output.shape, int, seed=2)
        assert inner(output, y) == inner(x, conv_transpose_back(y, weight, size, **layer))
        if axes == 3 and size[0] == 8:  # twelve of the 27 sizes will do
            break


@pytest.mark.parametrize("axes", RANKS)
def test_output_padding_picks_the_size_to_go_back_to(axes):
    weight = np.ones((1, 1, *[3] * axes), np.float32)
    for n, stride, padding, dilation in itertools.product(range(5, 11), (1, 2, 3, 4), (0, 1), (1, 2)):
        output = of_rank("conv", axes)(
            np.ones((1, *[n] * axes), np.float32), weight, None, stride, padding, dilation
        )
        back = [
            of_rank("conv_transpose", axes)(output, weight, None, stride, padding, extra, 1, dilation).shape
            for extra in range(stride)
        ]
        assert back.count((1, *[n] * axes)) == 1
        if axes == 3 and n == 7:
            break


@pytest.mark.parametrize("axes", RANKS)
def test_a_transposed_convolution_is_one_with_flipped_weights_on_a_spread_input(axes):
    input, weight = whole_numbers((2, 6, *[4] * axes)), whole_numbers((6, 5, *[3] * axes))
    for stride, padding, dilation in [(1, 0, 1), (2, 1, 1), (3, 2, 2)]:
        spread = np.zeros((2, 6, *[3 * stride + 1] * axes), np.float32)
        spread[..., *[slice(None, None, stride)] * axes] = input
        around = dilation * (3 - 1) - padding
        expected = of_rank("conv", axes)(
            spread, flipped(weight, axes).swapaxes(0, 1), padding=around, dilation=dilation
        )
        output = of_rank("conv_transpose", axes)(
            input, weight, stride=stride, padding=padding, dilation=dilation
        )
        np.testing.assert_array_equal(output, expected)


@pytest.mark.parametrize("operation", ["conv", "conv_transpose"])
@pytest.mark.parametrize("axes", RANKS)
def test_groups_are_a_block_diagonal_weight(axes, operation):
    layer, size = of_rank(operation, axes), [4] * axes
    for groups, of_group_in, of_group_out in [(2, 3, 6), (3, 2, 1), (6, 1, 2), (2, 3, 4)]:
        c_in, c_out = groups * of_group_in, groups * of_group_out
        input = whole_numbers((2, c_in, *size))
        blocks = whole_numbers((groups, of_group_out, of_group_in, *[3] * axes))
        if operation == "conv_transpose":
            blocks = blocks.swapaxes(1, 2)
        rows, columns = blocks.shape[1:3]
        dense = np.zeros((groups * rows, groups * columns, *[3] * axes), np.float32)
        for g, block in enumerate(blocks):
            dense[g * rows : (g + 1) * rows, g * columns : (g + 1) * columns] = block
        stacked = blocks.reshape(groups * rows, columns, *[3] * axes)
        output = layer(input, stacked, groups=groups)
        assert output.shape[1] == c_out
        np.testing.assert_array_equal(output, layer(input, dense))


@pytest.mark.parametrize("operation", ["conv", "conv_transpose"])
@pytest.mark.parametrize("axes", RANKS)
def test_dilation_is_a_kernel_with_zeros_between_its_taps(axes, operation):
    layer = of_rank(operation, axes)
    kernel_size, dilation = (3, 2, 3)[:axes], (2, 3, 1)[:axes]
    input, weight = whole_numbers((3, *(7, 6, 5)[:axes])), whole_numbers((3, 3, *kernel_size))
    spread = np.zeros((3, 3, *map(shapes.effective_kernel_size, kernel_size, dilation)), np.float32)
    spread[:, :, *(slice(None, None, d) for d in dilation)] = weight
    np.testing.assert_array_equal(layer(input, weight, dilation=dilation), layer(input, spread))


@pytest.mark.parametrize("axes", RANKS)
def test_stride_keeps_every_s_th_output(axes):
    input = whole_numbers((3, *(7, 9, 8)[:axes]))
    weight = whole_numbers((4, 3, *(3, 3, 2)[:axes]))
    stride = (2, 3, 5)[:axes]
    steps = (slice(None), *(slice(None, None, s) for s in stride))
    for settings in ({"padding": 1}, {"dilation": 2, "padding": 1}):
        every = of_rank("conv", axes)(input, weight, **settings)
        output = of_rank("conv", axes)(input, weight, stride=stride, **settings)
        np.testing.assert_array_equal(output, every[steps])
    for pool in ("max_pool", "avg_pool"):
        every = of_rank(pool, axes)(input, 2, stride=1, padding=1)
        np.testing.assert_array_equal(of_rank(pool, axes)(input, 2, stride=stride, padding=1), every[steps])


@pytest.mark.parametrize("axes", RANKS)
@pytest.mark.parametrize("padding_mode", MODES)
def test_padding_is_pad_and_then_no_padding(padding_mode, axes):
    input, weight = whole_numbers((2, 3, *(4, 5, 6)[:axes])), whole_numbers((4, 3, *[3] * axes))
    padding = (1, 2, 3)[:axes]
    padded = pad(
        input,
        [side for p in reversed(padding) for side in (p, p)],
        "constant" if padding_mode == "zeros" else padding_mode,
    )
    output = of_rank("conv", axes)(input, weight, padding=padding, padding_mode=padding_mode)
    np.testing.assert_array_equal(output, of_rank("conv", axes)(padded, weight))


@pytest.mark.parametrize("axes", RANKS)
def test_same_keeps_the_size_and_valid_pads_nothing(axes):
    input = whole_numbers((3, *(7, 8, 9)[:axes]))
    for kernel_size, dilation in itertools.product((1, 2, 3, 4), (1, 2)):
        weight = whole_numbers((2, 3, *[kernel_size] * axes))
        layer = of_rank("conv", axes)
        same = layer(input, weight, padding="same", dilation=dilation)
        by_hand = pad(input, shapes.same_padding(kernel_size, dilation) * axes)
        assert same.shape[1:] == input.shape[1:]
        np.testing.assert_array_equal(same, layer(by_hand, weight, dilation=dilation))
        np.testing.assert_array_equal(
            layer(input, weight, padding="valid", dilation=dilation), layer(input, weight, dilation=dilation)
        )


@pytest.mark.parametrize("axes", RANKS)
def test_a_kernel_of_one_tap_is_a_matrix_on_the_channels(axes):
    input, weight = whole_numbers((16, *[4] * axes)), whole_numbers((10, 16, *[1] * axes))
    expected = np.tensordot(weight.reshape(10, 16), input, axes=1)
    np.testing.assert_array_equal(of_rank("conv", axes)(input, weight), expected)


@pytest.mark.parametrize("axes", RANKS)
def test_two_layers_without_activation_are_one_larger_kernel_inside(axes):
    layer = of_rank("conv", axes)
    image = whole_numbers((1, *[7] * axes))
    first, second = (whole_numbers((1, 1, *[3] * axes), seed=seed) for seed in (1, 2))
    # sliding one kernel over the other with all overlaps, in the flipped sense
    both = layer(second, flipped(first, axes), padding=2)
    assert both.shape == (1, 1, *[5] * axes)
    np.testing.assert_array_equal(layer(layer(image, first), second), layer(image, both))
    # with zeros around, the second layer pads what the first one made of the border
    twice, once = layer(layer(image, first, padding=1), second, padding=1), layer(image, both, padding=2)
    inside = (0, *[slice(1, -1)] * axes)
    np.testing.assert_array_equal(twice[inside], once[inside])
    assert not np.array_equal(twice, once)


def test_channels_are_a_third_axis_that_the_kernel_spans():
    images, weight = whole_numbers((2, 5, 6, 7)), whole_numbers((4, 5, 3, 2))
    settings = {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}
    volumes = functional.conv3d(
        images[:, None],
        weight[:, None],
        **{name: (int(name != "padding"), *two) for name, two in settings.items()},
    )
    np.testing.assert_array_equal(volumes[:, :, 0], conv2d(images, weight, **settings))


def test_two_layers_of_depthwise_and_pointwise_are_one_of_rank_one_kernels():
    image, depthwise, pointwise = (
        whole_numbers((3, 6, 6)),
        whole_numbers((3, 1, 3, 3)),
        whole_numbers((4, 3, 1, 1)),
    )
    output = conv2d(conv2d(image, depthwise, groups=3), pointwise)
    np.testing.assert_array_equal(output, conv2d(image, pointwise * depthwise[:, 0]))


# Correlation and convolution


def full(image, kernel, operation):
    """With all overlaps."""
    return operation(image, kernel, padding=tuple(k - 1 for k in kernel.shape))


def test_convolution_flips_the_kernel_and_correlation_does_not():
    nine, four = np.arange(9).reshape(3, 3), np.arange(4).reshape(2, 2)
    assert correlate2d(nine, four).tolist() == [[19, 25], [37, 43]]
    assert convolve2d(nine, four).tolist() == [[5, 11], [23, 29]]
    image, kernel = whole_numbers((6, 7)), whole_numbers((3, 2))
    for settings in ({}, {"stride": 2, "padding": (1, 2), "dilation": (2, 1), "padding_mode": "reflect"}):
        expected = conv2d(image[None], kernel[None, None], **settings)[0]
        np.testing.assert_array_equal(correlate2d(image, kernel, **settings), expected)
        flipped_back = convolve2d(image, kernel[::-1, ::-1], **settings)
        np.testing.assert_array_equal(flipped_back, expected)
    assert not np.array_equal(convolve2d(image, kernel), correlate2d(image, kernel))


def test_full_convolution_multiplies_polynomials_in_two_variables():
    image, kernel = whole_numbers((4, 5)), whole_numbers((3, 2))
    product = np.zeros((6, 6), np.float32)
    for i, j in np.ndindex(*kernel.shape):
        product[i : i + 4, j : j + 5] += kernel[i, j] * image
    np.testing.assert_array_equal(full(image, kernel, convolve2d), product)


def test_full_convolution_commutes_and_correlation_does_not():
    image, kernel = whole_numbers((4, 5)), whole_numbers((3, 2))
    np.testing.assert_array_equal(full(image, kernel, convolve2d), full(kernel, image, convolve2d))
    one_way, other_way = full(image, kernel, correlate2d), full(kernel, image, correlate2d)
    assert not np.array_equal(one_way, other_way)
    np.testing.assert_array_equal(one_way, other_way[::-1, ::-1])


def test_numpy_calls_them_the_same():
    signal, kernel = whole_numbers(9), whole_numbers(4, seed=1)
    row = convolve2d(signal[None], kernel[None], padding=(0, 3))[0]
    np.testing.assert_array_equal(row, np.convolve(signal, kernel, "full"))
    row = correlate2d(signal[None], kernel[None])[0]
    np.testing.assert_array_equal(row, np.correlate(signal, kernel, "valid"))


# Windows as columns


WINDOWS = [
    {"kernel_size": 3},
    {"kernel_size": (2, 3), "stride": 2, "padding": 1},
    {"kernel_size": 2, "dilation": (3, 1), "padding": (0, 2), "stride": (1, 3)},
]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_weights_times_unfolded_windows_are_the_convolution(window):
    settings = {name: value for name, value in window.items() if name != "kernel_size"}
    input, weight = (
        whole_numbers((2, 3, 7, 8)),
        whole_numbers((4, 3, *np.broadcast_to(window["kernel_size"], 2))),
    )
    output = conv2d(input, weight, **settings)
    columns = unfold(input, **window)
    np.testing.assert_array_equal(weight.reshape(4, -1) @ columns, output.reshape(2, 4, -1))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_fold_is_the_adjoint_of_unfold(window):
    x = whole_numbers((2, 3, 7, 8), int)
    columns = unfold(x, **window)
    y = whole_numbers(columns.shape, int, seed=1)
    assert inner(columns, y) == inner(x, fold(y, (7, 8), **window))


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_fold_of_unfold_counts_how_often_each_pixel_is_read(window):
    image = whole_numbers((3, 7, 8))
    counts = fold(unfold(np.ones_like(image), **window), (7, 8), **window)
    np.testing.assert_array_equal(fold(unfold(image, **window), (7, 8), **window), counts * image)
    lone = np.eye(56, dtype=np.float32).reshape(56, 1, 7, 8)  # one by one: each column that holds the lone 1
    reads = unfold(lone, **window).sum(axis=(1, 2)).reshape(7, 8)
    np.testing.assert_array_equal(counts, np.broadcast_to(reads, (3, 7, 8)))


def test_only_padding_by_the_kernel_less_one_has_every_pixel_read_equally_often():
    reads = {p: fold(unfold(np.ones((1, 5, 5)), 3, padding=p), 5, 3, padding=p)[0] for p in (0, 1, 2)}
    assert (reads[0][0, 0], reads[0][0, 2], reads[0][2, 2]) == (1, 3, 9)
    assert (reads[1][0, 0], reads[1][0, 2], reads[1][2, 2]) == (4, 6, 9)
    assert (reads[2] == 9).all()


def test_fold_undoes_unfold_where_windows_lie_side_by_side():
    image = whole_numbers((2, 3, 6, 8))
    np.testing.assert_array_equal(
        fold(unfold(image, (2, 4), stride=(2, 4)), (6, 8), (2, 4), stride=(2, 4)), image
    )


# Pools


POOLS = [
    {"kernel_size": 2},
    {"kernel_size": 3, "stride": 2, "padding": 1},
    {"kernel_size": 4, "stride": 3, "padding": 2, "ceil_mode": True},
]


@pytest.mark.parametrize("axes", RANKS)
@pytest.mark.parametrize("window", POOLS, ids=str)
def test_the_largest_is_at_least_the_mean_and_the_mean_at_least_the_smallest(window, axes):
    input = real_numbers((2, 3, *[7] * axes), float)
    largest, smallest = (
        of_rank("max_pool", axes)(input, **window),
        -of_rank("max_pool", axes)(-input, **window),
    )
    mean = of_rank("avg_pool", axes)(input, **window, count_include_pad=False)
    assert (largest >= mean).all() and (mean >= smallest).all()
    assert (largest > mean).any() and (mean > smallest).any()


@pytest.mark.parametrize("axes", RANKS)
@pytest.mark.parametrize("window", POOLS, ids=str)
def test_pools_of_a_constant_are_the_constant_unless_padding_counts(window, axes):
    input = np.full((2, 3, *[7] * axes), -4.0)
    assert (of_rank("max_pool", axes)(input, **window) == -4).all()  # padding is −∞, not 0
    assert (of_rank("avg_pool", axes)(input, **window, count_include_pad=False) == -4).all()
    counted = of_rank("avg_pool", axes)(input, **window)
    assert (counted == -4).all() == ("padding" not in window)


@pytest.mark.parametrize("axes", RANKS)
@pytest.mark.parametrize("window", [*POOLS, {"kernel_size": 2, "dilation": 3, "padding": 1}], ids=str)
def test_indices_say_where_the_largest_elements_are(window, axes):
    input = whole_numbers((2, 3, *(7, 6, 8)[:axes]), most=99)
    output, indices = of_rank("max_pool", axes)(input, **window, return_indices=True)
    assert indices.dtype == np.int64 and indices.shape == output.shape
    planes, picked = input.reshape(2, 3, -1), indices.reshape(2, 3, -1)
    np.testing.assert_array_equal(np.take_along_axis(planes, picked, -1).reshape(output.shape), output)
    np.testing.assert_array_equal(of_rank("max_pool", axes)(input, **window), output)


def test_of_equal_elements_and_of_several_nan_the_first_is_picked():
    for value in (5.0, -np.inf, np.inf, np.nan):
        _, indices = max_pool2d(np.full((1, 4, 4), value), 3, 1, return_indices=True)
        assert indices.tolist() == [[[0, 1], [4, 5]]]
    _, indices = max_pool2d(np.array([[[1.0, np.nan], [np.inf, np.nan]]]), 2, return_indices=True)
    assert indices.item() == 1


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("kernel_size", "padding"), [(2, 0), (3, 0), (3, 1)])
@pytest.mark.parametrize("intruders", [(np.nan,), (np.inf, -np.inf), (np.nan, np.inf)], ids=str)
def test_a_maximum_keeps_what_is_not_finite_wherever_it_stands(intruders, kernel_size, padding, dtype):
    height, width = 6, 9 if INTERPRETED else 71  # several vectors
    input = whole_numbers((height * width, height, width)).astype(dtype)
    for number, plane in enumerate(input):  # in each plane they stand one place further
        plane.flat[[(number + 5 * k) % plane.size for k in range(len(intruders))]] = intruders
    padded = np.pad(input, ((0, 0), (padding,) * 2, (padding,) * 2), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size, kernel_size), axis=(1, 2))
    output = max_pool2d(input, kernel_size, 2, padding)
    np.testing.assert_array_equal(output, windows[:, ::2, ::2].max(axis=(3, 4)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, *INTEGERS])
def test_the_smallest_number_of_a_dtype_still_beats_the_padding(dtype):
    least = -np.inf if dtype in FLOATS else np.iinfo(dtype).min
    output, indices = max_pool2d(np.full((1, 2, 2), least, dtype), 2, 2, 1, return_indices=True)
    assert (output == least).all() and output.dtype == dtype
    assert indices.tolist() == [[[0, 1], [2, 3]]]


def test_a_max_pool_is_the_largest_of_each_unfolded_window():
    input = whole_numbers((2, 3, 7, 8))
    for window in (
        {"kernel_size": 2, "stride": 2},
        {"kernel_size": (3, 2), "stride": (1, 2), "dilation": (1, 3), "padding": (1, 1)},
    ):
        p, q = window.get("padding", (0, 0))
        around = pad(input, (q, q, p, p), value=-np.inf)
        without = {name: value for name, value in window.items() if name != "padding"}
        columns = unfold(around, **without).reshape(2, 3, 3 * 2 if p else 4, -1)
        output = max_pool2d(input, **window)
        np.testing.assert_array_equal(columns.max(axis=2), output.reshape(2, 3, -1))


@pytest.mark.parametrize("axes", RANKS)
def test_an_average_pool_is_a_depthwise_convolution_with_equal_weights(axes):
    input = whole_numbers((2, 3, *[7] * axes))
    weight = np.full((3, 1, *[4] * axes), 1 / 4**axes, np.float32)
    for settings in ({"stride": 4}, {"stride": 1, "padding": 2}, {"stride": 3, "padding": 1}):
        expected = of_rank("conv", axes)(input, weight, groups=3, **settings)
        np.testing.assert_array_equal(of_rank("avg_pool", axes)(input, 4, **settings), expected)


def test_a_max_pool_goes_with_every_rising_function():
    input = whole_numbers((3, 8, 8))
    np.testing.assert_array_equal(max_pool2d(input**3, 3, 2, 1), max_pool2d(input, 3, 2, 1) ** 3)
    squared = max_pool2d(input**2, 3, 2, 1)
    assert not np.array_equal(squared, max_pool2d(input, 3, 2, 1) ** 2)


def test_pooling_twice_by_two_is_pooling_once_by_four():
    input = whole_numbers((3, 8, 12))
    np.testing.assert_array_equal(max_pool2d(max_pool2d(input, 2), 2), max_pool2d(input, 4))
    np.testing.assert_array_equal(avg_pool2d(avg_pool2d(input, 2), 2), avg_pool2d(input, 4))


# Every function, with all its arguments


class Example(NamedTuple):
    """A call of a function: the shapes of its arrays and all other arguments."""

    function: str
    arrays: dict
    settings: dict


def make_examples():
    """Calls of every operation and every gradient, under names that begin with the function's."""
    examples = {}

    def add(function, arrays, settings, note=""):
        examples[function + note] = Example(function, arrays, settings)

    def add_convolutions(axes, size, kernel, settings, note, groups=1, c_in=4, c_out=6):
        """The operation and both gradients."""
        axis_settings = [
            settings.get(name, (d,) * axes) for name, d in (("stride", 1), ("padding", 0), ("dilation", 1))
        ]
        image, weight = (2, c_in, *size), (c_out, c_in // groups, *kernel)
        if settings.get("padding") == "same":
            out = size
        else:
            out = tuple(map(shapes.output_size, size, kernel, *axis_settings))
        maps, layer, name = (2, c_out, *out), settings | {"groups": groups}, f"conv{axes}d"
        add(name, {"input": image, "weight": weight, "bias": (c_out,)}, layer, note)
        add(f"{name}_input", {"weight": weight, "grad_output": maps}, {"input_size": image} | layer, note)
        add(f"{name}_weight", {"input": image, "grad_output": maps}, {"weight_size": weight} | layer, note)
        if "padding_mode" in settings or settings.get("padding") == "same":
            return
        back = map(
            shapes.transposed_output_size, out, kernel, *axis_settings[:2], [0] * axes, axis_settings[2]
        )
        layer = layer | {"output_padding": tuple(n - short for n, short in zip(size, back))}
        name = f"conv_transpose{axes}d"
        add(name, {"input": maps, "weight": weight, "bias": (c_in,)}, layer, note)
        add(f"{name}_input", {"weight": weight, "grad_output": image}, {"input_size": maps} | layer, note)
        add(f"{name}_weight", {"input": maps, "grad_output": image}, {"weight_size": weight} | layer, note)

    def add_pools(axes, size, window, note):
        image = (2, 3, *size)
        for pool, further in (("max_pool", ("dilation",)), ("avg_pool", ("count_include_pad",))):
            names = ("kernel_size", "stride", "padding", "ceil_mode", *further)
            settings = {name: window[name] for name in names if name in window}
            dilation = settings.get("dilation", (1,) * axes)
            out = tuple(
                shapes.pool_output_size(*of_axis, settings.get("ceil_mode", False))
                for of_axis in zip(
                    size, settings["kernel_size"], settings["stride"], settings["padding"], dilation
                )
            )
            name = f"{pool}{axes}d"
            add(name, {"input": image}, settings, note)
            gradient = {"grad_output": (2, 3, *out)}
            if pool == "max_pool":
                add(f"{name}_input", {"input": image} | gradient, settings, note)
            else:
                add(f"{name}_input", gradient, {"input_size": image} | settings, note)

    for axes in RANKS:
        size, kernel, stride, padding, dilation = (
            triple[-axes:] for triple in ((3, 5, 6), (2, 3, 3), (1, 2, 3), (0, 1, 2), (1, 2, 1))
        )
        one, none = (1,) * axes, (0,) * axes
        window = {"stride": stride, "padding": padding, "dilation": dilation}
        add_convolutions(axes, size, kernel, window, "", groups=2)
        add_convolutions(axes, size, kernel, {}, ", plain", c_in=3, c_out=9)
        add_convolutions(axes, size, one, {}, ", one tap", groups=1, c_in=1, c_out=1)
        add_convolutions(axes, one, one, {}, ", one element")
        add_convolutions(axes, size, kernel, {"padding": "same"}, ", same", groups=4, c_out=8)
        for mode in {1: MODES[3:], 2: MODES[1:], 3: MODES[2:3]}[axes]:
            add_convolutions(axes, size, kernel, window | {"padding_mode": mode}, f", {mode}", groups=2)
        pool = {"kernel_size": (2, 2, 4)[-axes:], "stride": stride, "padding": padding, "ceil_mode": True}
        add_pools(axes, size, pool | {"dilation": (2, 1, 2)[-axes:], "count_include_pad": False}, "")
        add_pools(axes, size, pool, ", padding counts")
        by_one = {"kernel_size": one, "stride": one, "padding": none}
        add_pools(axes, size, by_one, ", one tap")
        add_pools(axes, one, by_one, ", one element")

    columns = {"kernel_size": (2, 3), "dilation": (2, 1), "padding": (1, 2), "stride": (2, 3)}
    add("unfold", {"input": (2, 3, 7, 8)}, columns)
    add("unfold", {"input": (2, 3, 4, 5)}, {"kernel_size": 1}, ", one tap")
    add("fold", {"input": (2, 18, 16)}, {"output_size": (7, 8)} | columns)
    add("fold", {"input": (2, 3, 20)}, {"output_size": (4, 5), "kernel_size": 1}, ", one tap")
    for name in ("correlate2d", "convolve2d"):
        settings = {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2), "padding_mode": "reflect"}
        add(name, {"image": (7, 8), "kernel": (3, 2)}, settings)
        add(name, {"image": (7, 8), "kernel": (1, 1)}, {}, ", one tap")
    for mode in ("constant", *MODES[1:]):
        settings = {"pad": (2, 1, 0, 2, 1, 1), "mode": mode}
        add("pad", {"input": (2, 2, 3, 4)}, settings, f", {mode}")
        settings = {"input_size": (2, 2, 3, 4)} | settings
        add("pad_input", {"grad_output": (2, 4, 5, 7)}, settings, f", {mode}")
    add("pad", {"input": (3, 4)}, {"pad": (0, 0)}, ", by nothing")
    add("pad_input", {"grad_output": (3, 4)}, {"input_size": (3, 4), "pad": (0, 0)}, ", by nothing")
    return examples


EXAMPLES = make_examples()
GRADIENTS = [name for name, example in EXAMPLES.items() if example.function in gradients.__all__]
# the first example of each function
FIRST = list({example.function: name for name, example in reversed(EXAMPLES.items())}.values())
# averages of integers are no integers
OF_INTEGERS = [name for name in EXAMPLES if not name.startswith("avg")]
# what only moves elements or picks them keeps the dtype of integers too
KEEPING = {"pad", "unfold", *(f"max_pool{axes}d" for axes in RANKS)}
# the arrays and shapes that have one entry for each image of a batch
OF_BATCH = ("input", "grad_output", "input_size")
BATCHES = [
    name for name, example in EXAMPLES.items() if example.function not in ("correlate2d", "convolve2d")
]


def function_of(name):
    module = functional if name in functional.__all__ else gradients
    return getattr(module, name)


def operands(name, dtype=np.float32, make=whole_numbers, **how):
    """Arrays for an example. Those of averages are multiples of 48, which every count of elements divides."""
    example = EXAMPLES[name]
    scale = 48 if example.function.startswith("avg") and make is whole_numbers else 1
    return {
        argument: make(shape, dtype, seed=seed, **how) * dtype(scale)
        for seed, (argument, shape) in enumerate(example.arrays.items())
    }


def run(name, arrays, module=None, **changes):
    """The results of an example, one or, where max_pool is asked for indices too, two."""
    function, _, settings = EXAMPLES[name]
    call = getattr(module, function) if module else function_of(function)
    if function.startswith("max_pool") and not function.endswith("_input"):
        changes["return_indices"] = True
    results = call(**arrays, **settings | changes)
    return results if isinstance(results, tuple) else (results,)


def by_definition(name, arrays):
    with np.errstate(invalid="ignore"):
        return run(name, arrays, reference)


def assert_same(found, expected, message=""):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        np.testing.assert_array_equal(one, other, strict=True, err_msg=message)


def test_there_is_an_example_of_every_function():
    named = {example.function for example in EXAMPLES.values()}
    assert named == {*functional.__all__, *gradients.__all__}


# Gradients


def forward_of(name):
    """The operation that a gradient belongs to, as a function of the array that the gradient is for."""
    function, arrays, settings = EXAMPLES[name]
    operation, argument = function.rsplit("_", 1)
    shape = settings.get(f"{argument}_size", arrays.get(argument))
    settings = {key: value for key, value in settings.items() if key not in ("input_size", "weight_size")}

    def forward(x, others):
        others = {key: value for key, value in others.items() if key not in ("grad_output", argument)}
        return function_of(operation)(**{argument: x}, **others, **settings)

    return forward, argument, shape


def distinct_numbers(shape, seed=0):
    """Whole multiples of 48, far enough apart that a small step changes no order."""
    size = int(np.prod(shape))
    return 48.0 * np.random.default_rng(seed).permutation(size).reshape(shape) - 48 * (size // 2)


@pytest.mark.parametrize("name", GRADIENTS)
def test_an_output_times_y_is_the_argument_times_its_gradient(name):
    # because every operation is linear in each argument, and a max pool picks elements
    forward, argument, shape = forward_of(name)
    arrays = operands(name, np.float64)
    x = distinct_numbers(shape)
    if argument in arrays:
        arrays[argument] = x
    (gradient,) = run(name, arrays)
    assert inner(forward(x, arrays), arrays["grad_output"]) == inner(x, gradient)


@pytest.mark.parametrize("name", GRADIENTS)
def test_a_gradient_says_what_a_small_step_of_one_element_does(name):
    forward, argument, shape = forward_of(name)
    arrays = operands(name, np.float64)
    x = distinct_numbers(shape)
    if argument in arrays:
        arrays[argument] = x
    (gradient,) = run(name, arrays)
    for index in np.random.default_rng(1).choice(x.size, min(x.size, 8), replace=False):
        step = np.zeros(shape)
        step.flat[index] = 0.5
        change = forward(x + step, arrays) - forward(x - step, arrays)
        np.testing.assert_allclose(
            inner(change, arrays["grad_output"]), gradient.flat[index], rtol=0, atol=1e-8
        )


def test_of_equal_elements_only_the_first_gets_the_gradient():
    gradient = gradients.max_pool2d_input(np.zeros((1, 4, 4)), np.ones((1, 2, 2)), 2)
    assert gradient[0].tolist() == [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]]


def test_the_gradient_of_pad_gives_each_element_what_its_copies_got():
    ones = np.ones(8, int)
    given = {
        mode: gradients.pad_input((4,), ones, (2, 2), mode).tolist() for mode in ("constant", *MODES[1:])
    }
    assert given == {
        "constant": [1, 1, 1, 1],
        "reflect": [1, 3, 3, 1],
        "replicate": [3, 1, 1, 3],
        "circular": [2, 2, 2, 2],
    }


# The contract: numbers


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_function_is_its_definition(name):
    for dtype in FLOATS:
        arrays = operands(name, dtype)
        assert_same(run(name, arrays), run(name, arrays, reference))
        assert run(name, arrays)[0].dtype == dtype


@pytest.mark.parametrize("channels", [1, 2, 3, 5, 8, 9])
@pytest.mark.parametrize("width", [1, 3, 8, 15, 16, 17, 33])
def test_every_remainder_of_channels_and_columns_is_computed(channels, width):
    maps, image = whole_numbers((channels, 2, width)), whole_numbers((3, 4, 2 * width + 1))
    weight = whole_numbers((channels, 3, 2, 3))
    for function, *operands in (
        ("conv_transpose2d", maps, weight),
        ("conv2d_input", image.shape, weight, maps),
        ("conv2d_weight", image, weight.shape, maps),
        ("conv_transpose2d_weight", maps, weight.shape, image),
    ):
        found, expected = (
            f(*operands, stride=2) for f in (function_of(function), getattr(reference, function))
        )
        np.testing.assert_array_equal(found, expected, err_msg=function)


@pytest.mark.parametrize("name", OF_INTEGERS)
def test_integers_of_every_width_are_exact(name):
    for dtype in INTEGERS:
        arrays = operands(name, dtype, most=min(np.iinfo(dtype).max, 2**25))
        result, *indices = run(name, arrays)
        wide = {argument: array.astype(np.int64) for argument, array in arrays.items()}
        expected, *places = run(name, wide, reference)
        assert result.dtype == (dtype if EXAMPLES[name].function in KEEPING else np.int64)
        np.testing.assert_array_equal(result.astype(np.int64), expected)
        assert_same(indices, places)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_what_only_moves_integers_keeps_their_dtype_up_to_its_limits(dtype):
    least, most = np.iinfo(dtype).min, np.iinfo(dtype).max
    array = np.array([[[least, most], [most - 1, least]]], dtype)
    assert max_pool2d(array, 2).tolist() == [[[most]]]
    assert unfold(array, 2).tolist() == [[least], [most], [most - 1], [least]]
    assert pad(array, (1, 0), "circular").tolist() == [[[most, least, most], [least, most - 1, least]]]
    assert {f.dtype for f in (max_pool2d(array, 2), unfold(array, 2), pad(array, (1, 0)))} == {
        np.dtype(dtype)
    }


def test_integers_are_exact_where_float64_is_not():
    large, pair = 2**53, np.array([[2**53, 1]])
    one, ones = np.ones((1, 1, 1), int), np.ones((1, 2), int)
    sums = [
        functional.conv1d(pair, ones[None]),
        functional.conv1d([[large]], one, [1]),
        functional.conv_transpose1d([[large]], one, [1]),
        fold([[0, 1], [large, 0]], (1, 1), (1, 2), padding=(0, 1)),
        gradients.conv1d_input((1, 1), ones[None], pair, padding=1),
        gradients.conv1d_weight(pair, (1, 1, 1), ones),
        gradients.conv_transpose1d_input((1, 1), ones[None], pair),
        gradients.conv_transpose1d_weight(pair, (1, 1, 1), ones),
        gradients.max_pool1d_input([[0, 5, 0]], pair, 2, stride=1),
        gradients.pad_input((1,), pair[0], (0, 1), "replicate"),
    ]
    assert [int(np.sum(total)) for total in sums] == [2**53 + 1] * len(sums)


@pytest.mark.parametrize("name", EXAMPLES)
@NO_WARNINGS
def test_nan_and_infinity_go_where_the_definition_sends_them(name):
    for argument, value in itertools.product(EXAMPLES[name].arrays, (np.nan, np.inf, -np.inf)):
        arrays = operands(name)
        array = arrays[argument]
        array.flat[[array.size // 3, array.size - 1]] = value
        assert_same(run(name, arrays), by_definition(name, arrays), f"{value} in {argument}")


@pytest.mark.parametrize("name", EXAMPLES)
@NO_WARNINGS
def test_infinity_in_every_array_at_once_is_as_the_definition_says(name):
    arrays = operands(name, np.float64)
    for array in arrays.values():
        array.flat[array.size // 2] = np.inf
        array.flat[0] = 0
    assert_same(run(name, arrays), by_definition(name, arrays))


@pytest.mark.parametrize("name", EXAMPLES)
def test_rounding_errors_stay_within_the_bound_of_a_sum(name):
    def with_ones(shape, dtype, seed):
        return np.ones(shape, dtype)

    for dtype in FLOATS:
        arrays = operands(name, dtype, real_numbers)
        exact, *_ = run(name, {key: array.astype(np.longdouble) for key, array in arrays.items()}, reference)
        if EXAMPLES[name].function.startswith("max_pool"):
            magnitude, terms = np.abs(exact), np.full(exact.shape, 16)  # of sums of gradients
        else:
            magnitude, *_ = run(
                name, {key: np.abs(array.astype(float)) for key, array in arrays.items()}, reference
            )
            terms = run(name, operands(name, np.float64, with_ones), reference)[0] + 16
        result, *_ = run(name, arrays)
        assert (np.abs(result - exact) <= terms * np.finfo(dtype).eps / 2 * magnitude).all()


@pytest.mark.parametrize("name", EXAMPLES)
def test_subnormal_numbers_are_not_flushed_to_zero(name):
    tiny = np.float32(2.0**-140)  # of which whole multiples are subnormal up to 2¹⁴ and exact beyond
    arrays = operands(name)
    arrays.pop("bias", None)
    last = list(arrays)[-1]  # without a bias, all functions are linear in it
    expected, *places = run(name, arrays)
    found, *found_places = run(name, arrays | {last: arrays[last] * tiny})
    np.testing.assert_array_equal(found, expected * tiny, strict=True)
    assert_same(found_places, places)


# The contract: memory


@pytest.mark.parametrize("name", EXAMPLES)
def test_operands_are_not_modified_and_results_are_fresh(name):
    for dtype in (np.float32, np.int64) if name in OF_INTEGERS else [np.float32]:
        arrays = operands(name, dtype)
        before = {argument: array.copy() for argument, array in arrays.items()}
        first, second = run(name, arrays), run(name, arrays)
        kept = [result.copy() for result in first]
        for result in (*first, *second):
            assert result.flags.c_contiguous and result.flags.writeable and result.dtype.isnative
        for result in second:
            assert not any(np.shares_memory(result, other) for other in (*arrays.values(), *first))
            result[...] = 77
        assert_same(first, kept)
        assert_same(list(arrays.values()), list(before.values()))


def with_odd_strides(array):
    """The same, where axes of one element have strides that no element needs."""
    strides = [s if n > 1 else 8 * 12345 for n, s in zip(array.shape, array.strides)]
    return np.lib.stride_tricks.as_strided(array, strides=strides)


VIEWS = {
    "Fortran order": np.asfortranarray,
    "reversed": lambda a: np.flip(np.flip(a).copy()),
    "transposed": lambda a: a.T.copy().T,
    "every second": lambda a: np.repeat(a, 2, -1)[..., ::2],
    "every third of the first axis": lambda a: np.repeat(a, 3, 0)[::3],
    "every third column from the right": lambda a: np.repeat(a[..., ::-1], 3, -1)[..., ::-3],
    "channels last": lambda a: np.moveaxis(np.moveaxis(a, a.ndim // 2, -1).copy(), -1, a.ndim // 2),
    "broadcast along the last axis": lambda a: np.broadcast_to(a[..., :1], a.shape),
    "broadcast along the first axis": lambda a: np.broadcast_to(a[:1], a.shape),
    "one element, broadcast": lambda a: np.broadcast_to(a.flat[0], a.shape),
    "read-only": lambda a: (a.setflags(write=False), a)[1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "little-endian": lambda a: a.astype(a.dtype.newbyteorder("<")),
    "unaligned": lambda a: np.frombuffer(b"_" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape),
    "odd strides": with_odd_strides,
    "a subclass": lambda a: a.view(type("Subclass", (np.ndarray,), {})),
    "nested lists": lambda a: a.tolist(),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_any_memory_layout_is_accepted(name):
    for view, dtype in itertools.product(
        VIEWS, (np.float64, np.int64) if name in OF_INTEGERS else [np.float64]
    ):
        arrays = {argument: VIEWS[view](array) for argument, array in operands(name, dtype).items()}
        copies = {argument: np.array(array, dtype) for argument, array in arrays.items()}
        results = run(name, arrays)
        assert_same(results, run(name, copies), view)
        assert all(type(result) is np.ndarray and result.flags.c_contiguous for result in results)


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_loop_is_compiled_once_more_for_read_only_arrays(name):
    def compiled():
        return {loop: list(loops_of[loop].signatures) for loop in loops_of}

    loops_of = {loop: getattr(loops, loop) for loop in loops.__all__ if loop.endswith(("_into", "_alone"))}
    arrays = operands(name, np.float64)
    expected, before = run(name, arrays), compiled()
    assert any(before.values())
    for array in arrays.values():
        array.setflags(write=False)
    assert_same(run(name, arrays), expected)
    assert compiled() == before


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_is_its_images_one_by_one(name):
    _, _, settings = EXAMPLES[name]
    arrays = operands(name, np.float64)
    of_batch = [argument for argument in arrays if argument in OF_BATCH]
    without = {"input_size": settings["input_size"][1:]} if "input_size" in settings else {}
    results = run(name, arrays)
    one_by_one = [
        run(name, arrays | {argument: arrays[argument][i] for argument in of_batch}, **without)
        for i in range(len(arrays[of_batch[0]]))
    ]
    for result, parts in zip(results, zip(*one_by_one)):
        whole = sum(parts) if "weight_size" in settings else np.stack(parts)
        np.testing.assert_array_equal(result, whole)


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_of_one_is_its_image(name):
    _, _, settings = EXAMPLES[name]
    arrays = operands(name)
    of_batch = [argument for argument in arrays if argument in OF_BATCH]
    of_one, without = {}, {}
    if "input_size" in settings:
        of_one = {"input_size": (1, *settings["input_size"][1:])}
        without = {"input_size": settings["input_size"][1:]}
    batch = run(name, arrays | {argument: arrays[argument][:1] for argument in of_batch}, **of_one)
    image = run(name, arrays | {argument: arrays[argument][0] for argument in of_batch}, **without)
    assert_same([result.reshape(other.shape) for result, other in zip(batch, image)], image)
    assert all(
        result.ndim == other.ndim + ("weight_size" not in settings) for result, other in zip(batch, image)
    )


@pytest.mark.parametrize("name", BATCHES)
def test_an_empty_batch_gives_an_empty_batch(name):
    _, _, settings = EXAMPLES[name]
    arrays = operands(name)
    empty = {argument: array[:0] for argument, array in arrays.items() if argument in OF_BATCH}
    none = {"input_size": (0, *settings["input_size"][1:])} if "input_size" in settings else {}
    for result, expected in zip(run(name, arrays | empty, **none), run(name, arrays)):
        if "weight_size" in settings:  # a sum over no images
            np.testing.assert_array_equal(result, np.zeros_like(expected), strict=True)
        else:
            assert result.shape == (0, *expected.shape[1:]) and result.dtype == expected.dtype


@pytest.mark.parametrize("axes", (1, 2))
def test_an_axis_of_one_element_changes_nothing(axes):
    def with_axis(key, value):
        if key in ("input_size", "weight_size"):
            return *value[:2], 1, *value[2:]
        if isinstance(value, tuple):  # one number for each axis
            return 0 if "padding" in key else 1, *value
        return value

    rank, higher = f"{axes}d", f"{axes + 1}d"
    for name, (function, _, settings) in EXAMPLES.items():
        if rank not in function or function in ("correlate2d", "convolve2d"):
            continue
        arrays = operands(name)
        wide = {k: v if k == "bias" else np.expand_dims(v, 2) for k, v in arrays.items()}
        settings = {key: with_axis(key, value) for key, value in settings.items()}
        result = function_of(function.replace(rank, higher))(**wide, **settings)
        (expected, *_) = run(name, arrays)
        np.testing.assert_array_equal(result, np.expand_dims(expected, 2), err_msg=name)


# The contract: calls


LARGE = {
    "conv1d": ({"input": (1, 2, 10_000), "weight": (8, 2, 5)}, {}),
    "conv1d_weight": ({"input": (3, 2, 10_000), "grad_output": (3, 8, 9_996)}, {"weight_size": (8, 2, 5)}),
    "conv2d": ({"input": (2, 16, 33, 37), "weight": (24, 8, 3, 3)}, {"groups": 2, "padding": 1}),
    "conv2d_input": (
        {"weight": (24, 8, 3, 3), "grad_output": (2, 24, 33, 37)},
        {"input_size": (2, 8, 33, 37), "padding": 1, "padding_mode": "circular"},
    ),
    "conv_transpose2d": ({"input": (2, 16, 33, 37), "weight": (16, 9, 3, 3)}, {"stride": 2}),
}


def calls_of_all_functions():
    """Real numbers, so that another order of additions would show, partly so many that threads share them."""

    def call_of(function, arrays, settings, dtype):
        made = {argument: real_numbers(shape, dtype) for argument, shape in arrays.items()}
        return lambda: function_of(function)(**made, **settings)

    large = [(name, *rest) for name, rest in LARGE.items()]
    return [
        *(call_of(*EXAMPLES[name], np.float32) for name in FIRST),
        *(call_of(*example, dtype) for dtype in FLOATS for example in large),
    ]


@pytest.mark.skipif(INTERPRETED, reason="interpreted loops run in one thread")
def test_one_thread_and_many_give_the_same_bits():
    for call in calls_of_all_functions():
        found = set()
        for threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
            numba.set_num_threads(threads)
            found |= {call().tobytes() for _ in range(2)}
        assert len(found) == 1


@pytest.mark.skipif(INTERPRETED, reason="interpreted loops run in one thread")
def test_eight_python_threads_may_call_at_once():
    calls = [(call, call().tobytes()) for call in calls_of_all_functions()]
    wrong, start = [], threading.Barrier(8)

    def work(seed):
        mine = random.Random(seed).sample(calls, len(calls))
        start.wait()
        for call, expected in mine:
            if call().tobytes() != expected:
                wrong.append(seed)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.mark.skipif(INTERPRETED, reason="so many interpreted calls take minutes")
@pytest.mark.parametrize("name", FIRST)
def test_forty_calls_leave_nothing_behind(name):
    arrays = operands(name)

    def memory_after(calls):
        for _ in range(calls):
            run(name, arrays)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    run(name, arrays)  # compiles, which takes three times as long when it is traced
    gc.freeze()  # what is there already need not be looked through four times
    tracemalloc.start()
    try:
        settled = memory_after(10)
        forty, eighty, more = (memory_after(40) for _ in range(3))
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    # what a call leaves behind it leaves each time; other threads of this process may keep something once
    grown = min(forty - settled, eighty - forty, more - eighty)
    assert grown < 4_000  # fifty bytes a call, and what NumPy keeps for its next scalars


@pytest.mark.skipif(INTERPRETED, reason="interpreted loops hold no memory of their own")
def test_thousands_of_calls_leave_nothing_behind_in_the_process():
    psutil = pytest.importorskip("psutil", reason="psutil is not installed: leaks were NOT looked for")
    process = psutil.Process()
    calls = calls_of_all_functions()

    def memory_after(rounds):
        for _ in range(rounds):
            for call in calls:
                call()
        return process.memory_info().rss

    settled = memory_after(20)
    assert memory_after(60) - settled < 2_000_000


@pytest.mark.parametrize("operation", [functional.max_pool1d, functional.avg_pool1d])
def test_a_window_much_larger_than_its_input_costs_no_more_than_the_input(operation):
    # 2³⁰ taps, of which four find an element
    output = operation(np.ones((1, 4), np.float32), 2**30, 1, 2**29, ceil_mode=True)
    assert output.shape == (1, 5)
