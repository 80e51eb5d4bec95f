"""conv2d is a convolution: the definition and the laws hold.

Where operands are small whole numbers, float sums are exact in any order, so results must be equal to the
last bit. That other implementations agree is tested in ``test_peers.py``.
"""

import itertools
import subprocess
import sys
import threading

import numba
import numpy as np
import pytest

from convlib import reference
from convlib.functional import conv2d, pad
from convlib.shapes import effective_kernel_size

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="conv2d's micro-kernel exists only compiled"
)

MODES = ("zeros", "reflect", "replicate", "circular")
DTYPES = (np.float32, np.float64, np.int64)


def whole_numbers(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype)


def real_numbers(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def as_layer(kernel):
    """One kernel as a weight of one input and one output channel."""
    return np.asarray(kernel)[np.newaxis, np.newaxis]


# The definition


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("groups", "padding_mode"), [(1, "zeros"), (2, "reflect"), (4, "replicate"), (1, "circular")]
)
def test_a_grid_of_settings_agrees_with_the_definition(dtype, groups, padding_mode):
    input = whole_numbers((2, 4, 7, 6), dtype)
    for (kh, kw), stride, padding, dilation in itertools.product(
        [(1, 1), (3, 3), (2, 3), (4, 1)], [1, 2, (3, 1)], [0, 2, (1, 3), "same"], [1, 2]
    ):
        if padding == "same" and stride != 1:
            continue
        weight, bias = whole_numbers((8, 4 // groups, kh, kw), dtype, 1), whole_numbers(8, dtype, 2)
        arguments = (input, weight, bias, stride, padding, dilation, groups)
        if padding == 0 and dilation * (kh - 1) >= 7:
            continue
        output = conv2d(*arguments, padding_mode=padding_mode)
        expected = reference.conv2d(*arguments, padding_mode=padding_mode)
        np.testing.assert_array_equal(output, expected, err_msg=str(arguments[3:]))
        assert output.dtype == dtype


@pytest.mark.parametrize("channels_out", [1, 2, 3, 7, 8, 9, 17])
@pytest.mark.parametrize("width", [3, 15, 16, 17, 33, 70])
def test_every_remainder_of_channels_and_columns_is_computed(channels_out, width):
    input, weight = whole_numbers((3, 4, width)), whole_numbers((channels_out, 3, 2, 3))
    np.testing.assert_array_equal(conv2d(input, weight), reference.conv2d(input, weight))


@pytest.mark.parametrize(
    ("size", "kernel_size", "settings", "expected"),
    [
        (5, 3, {"padding": 1}, 5),
        (28, 3, {"padding": 1}, 28),
        (28, 3, {}, 26),
        (4, 3, {}, 2),
        (5, 4, {"padding": 2}, 6),
        (7, 3, {"dilation": 2}, 3),
        (7, 3, {"dilation": 2, "padding": 2}, 7),
        (64, 3, {"stride": 2, "padding": 1}, 32),
        (224, 3, {"stride": 2, "padding": 1}, 112),
    ],
)
def test_output_sizes_of_the_sources_examples(size, kernel_size, settings, expected):
    output = conv2d(np.zeros((1, size, size)), np.zeros((2, 1, kernel_size, kernel_size)), **settings)
    assert output.shape == (2, expected, expected)


def test_the_worked_examples_come_out():
    assert conv2d(np.arange(9).reshape(1, 3, 3), as_layer([[0, 1], [2, 3]])).tolist() == [
        [[19, 25], [37, 43]]
    ]
    image, ones = np.arange(25).reshape(1, 5, 5), as_layer(np.ones((3, 3), int))
    assert conv2d(image, ones)[0].tolist() == [[54, 63, 72], [99, 108, 117], [144, 153, 162]]
    assert conv2d(image, ones, dilation=2)[0].tolist() == [[108]]


def test_how_often_each_pixel_is_read():
    # one by one: a lone 1 under a kernel of ones is seen by every window that reads it
    lone = np.eye(25, dtype=int).reshape(25, 1, 5, 5)
    ones = as_layer(np.ones((3, 3), int))
    reads = {p: conv2d(lone, ones, padding=p).sum(axis=(1, 2, 3)).reshape(5, 5) for p in (0, 1, 2)}
    assert (reads[0][0, 0], reads[0][2, 2]) == (1, 9)
    assert (reads[1][0, 0], reads[1][0, 2], reads[1][2, 2]) == (4, 6, 9)
    assert (reads[2] == 9).all()


# The laws


def test_an_impulse_returns_the_flipped_kernel():
    kernel = whole_numbers((3, 5))
    impulse = np.zeros((1, 5, 9), np.float32)
    impulse[0, 2, 4] = 1
    np.testing.assert_array_equal(conv2d(impulse, as_layer(kernel))[0], kernel[::-1, ::-1])


def test_shifting_the_input_shifts_the_output():
    input, weight = whole_numbers((3, 8, 9)), whole_numbers((4, 3, 3, 3))

    def layer(x):
        return conv2d(x, weight, padding=1, padding_mode="circular")

    shifted = np.roll(input, (2, -3), axis=(1, 2))
    np.testing.assert_array_equal(layer(shifted), np.roll(layer(input), (2, -3), axis=(1, 2)))


def test_zero_padding_breaks_the_shift_at_the_border_only():
    input, weight = whole_numbers((1, 8, 8)), whole_numbers((1, 1, 3, 3))
    rolled = conv2d(np.roll(input, 1, axis=2), weight, padding=1)
    shifted = np.roll(conv2d(input, weight, padding=1), 1, axis=2)
    assert not np.array_equal(rolled, shifted)
    np.testing.assert_array_equal(rolled[..., 2:-1], shifted[..., 2:-1])


def test_it_is_linear_in_the_input_and_in_the_weight():
    x, y = whole_numbers((2, 3, 6, 6), seed=1), whole_numbers((2, 3, 6, 6), seed=2)
    v, w = whole_numbers((4, 3, 3, 3), seed=3), whole_numbers((4, 3, 3, 3), seed=4)
    np.testing.assert_array_equal(conv2d(2 * x - 3 * y, w), 2 * conv2d(x, w) - 3 * conv2d(y, w))
    np.testing.assert_array_equal(conv2d(x, 2 * v - 3 * w), 2 * conv2d(x, v) - 3 * conv2d(x, w))


def test_the_bias_is_added_to_every_element_of_its_channel():
    input, weight, bias = whole_numbers((2, 3, 6, 6)), whole_numbers((4, 3, 3, 3)), whole_numbers(4)
    expected = conv2d(input, weight) + bias[:, np.newaxis, np.newaxis]
    np.testing.assert_array_equal(conv2d(input, weight, bias), expected)


def test_groups_are_a_block_diagonal_weight():
    for groups, per_group in [(2, 6), (3, 1), (6, 2)]:
        input = whole_numbers((2, 6, 7, 7))
        weight = whole_numbers((groups * per_group, 6 // groups, 3, 3))
        dense = np.zeros((len(weight), 6, 3, 3), np.float32)
        for g in range(groups):
            outputs = slice(g * per_group, (g + 1) * per_group)
            dense[outputs, g * (6 // groups) : (g + 1) * (6 // groups)] = weight[outputs]
        np.testing.assert_array_equal(conv2d(input, weight, groups=groups), conv2d(input, dense))


def test_dilation_is_a_kernel_with_zeros_between_its_taps():
    input, weight = whole_numbers((3, 13, 12)), whole_numbers((4, 3, 3, 2))
    for dh, dw in [(2, 1), (2, 3), (4, 5)]:
        spread = np.zeros((4, 3, effective_kernel_size(3, dh), effective_kernel_size(2, dw)), np.float32)
        spread[:, :, ::dh, ::dw] = weight
        np.testing.assert_array_equal(conv2d(input, weight, dilation=(dh, dw)), conv2d(input, spread))


@pytest.mark.parametrize("stride", [(2, 2), (3, 1), (1, 4), (5, 3)])
def test_stride_keeps_every_s_th_output(stride):
    input, weight = whole_numbers((3, 13, 14)), whole_numbers((4, 3, 3, 2))
    every = conv2d(input, weight, padding=1)
    np.testing.assert_array_equal(
        conv2d(input, weight, stride=stride, padding=1), every[:, :: stride[0], :: stride[1]]
    )


@pytest.mark.parametrize("padding_mode", MODES)
def test_padding_is_pad_and_then_no_padding(padding_mode):
    input, weight = whole_numbers((2, 3, 5, 6)), whole_numbers((4, 3, 3, 3))
    padded = pad(input, (2, 2, 1, 1), "constant" if padding_mode == "zeros" else padding_mode)
    np.testing.assert_array_equal(
        conv2d(input, weight, padding=(1, 2), padding_mode=padding_mode), conv2d(padded, weight)
    )


def test_unfolded_windows_times_weights_is_the_convolution():
    input, weight = whole_numbers((2, 3, 6, 7)), whole_numbers((4, 3, 2, 3))
    windows = np.lib.stride_tricks.sliding_window_view(input, (2, 3), axis=(2, 3))
    np.testing.assert_array_equal(conv2d(input, weight), np.einsum("ncyxij,ocij->noyx", windows, weight))


def test_a_one_by_one_kernel_is_a_matrix_on_the_channels():
    input, weight = whole_numbers((16, 5, 6)), whole_numbers((10, 16, 1, 1))
    np.testing.assert_array_equal(conv2d(input, weight), np.tensordot(weight[:, :, 0, 0], input, axes=1))


def test_two_layers_without_activation_are_one_larger_kernel():
    image, first, second = whole_numbers((1, 9, 9)), whole_numbers((3, 3)), whole_numbers((3, 3), seed=1)
    # sliding one kernel over the other, with all overlaps, in the flipped sense
    both = conv2d(as_layer(second), as_layer(first[::-1, ::-1]), padding=2)
    np.testing.assert_array_equal(
        conv2d(conv2d(image, as_layer(first)), as_layer(second)), conv2d(image, both[0, 0][None, None])
    )


def test_even_kernels_keep_the_size_with_the_odd_element_after():
    input, weight = whole_numbers((1, 5, 6)), whole_numbers((1, 1, 4, 2))
    by_hand = conv2d(pad(input, (0, 1, 1, 2)), weight)
    np.testing.assert_array_equal(conv2d(input, weight, padding="same"), by_hand)


def test_a_batch_is_its_images_one_by_one():
    images, weight = real_numbers((5, 3, 8, 9)), real_numbers((7, 3, 3, 3))
    batch = conv2d(images, weight, padding=1)
    for image, output in zip(images, batch):
        np.testing.assert_array_equal(conv2d(image, weight, padding=1), output)


def test_an_empty_batch_gives_an_empty_batch():
    assert conv2d(np.zeros((0, 3, 5, 5)), np.zeros((2, 3, 3, 3))).shape == (0, 2, 3, 3)


# Numbers


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_errors_stay_within_the_bound_of_a_sum(dtype):
    input, weight = real_numbers((32, 12, 12), dtype), real_numbers((9, 32, 3, 3), dtype)
    exact = reference.conv2d(input.astype(np.longdouble), weight.astype(np.longdouble))
    magnitude = reference.conv2d(np.abs(input).astype(float), np.abs(weight).astype(float))
    taps = weight[0].size
    error = np.abs(conv2d(input, weight) - exact)
    assert (error <= taps * np.finfo(dtype).eps / 2 * magnitude).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_and_infinity_go_where_the_definition_sends_them(dtype):
    input, weight = whole_numbers((1, 4, 8, 40), dtype), whole_numbers((8, 2, 3, 3), dtype)
    input[0, 0, 0, 0], input[0, 1, 4, 17], input[0, 2, 7, 39], input[0, 3, 3, 0] = (
        np.nan,
        np.inf,
        -np.inf,
        np.nan,
    )
    weight[0, 0, 1, 1] = np.inf
    weight[5, 1, 0, 0] = 0
    dilated = {"stride": 2, "dilation": 2}
    for padding in ({}, {"padding": 1}, {"padding": 2, "padding_mode": "reflect"}, dilated):
        output = conv2d(input, weight, groups=2, **padding)
        with np.errstate(invalid="ignore"):
            expected = reference.conv2d(input, weight, groups=2, **padding)
        np.testing.assert_array_equal(output, expected)
        assert np.isnan(expected).any()


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
)
def test_integers_of_every_width_are_exact(dtype):
    largest = min(np.iinfo(dtype).max, 2**28)
    input = np.full((2, 3, 3), largest, dtype)
    weight = np.full((1, 2, 3, 3), largest, dtype)
    output = conv2d(input, weight, np.array([1], dtype))
    assert output.dtype == np.int64
    assert output.item() == 18 * int(largest) ** 2 + 1


def test_integers_are_exact_where_float64_is_not():
    assert conv2d(np.array([[[2**53]]]), as_layer([[1]]), np.array([1])).item() == 2**53 + 1


def test_subnormal_numbers_are_not_flushed_to_zero():
    tiny = np.full((1, 4, 20), 1e-40, np.float32)
    np.testing.assert_array_equal(conv2d(tiny, as_layer(np.ones((1, 1), np.float32))), tiny)


# Memory


VIEWS = {
    "Fortran order": lambda a: np.asfortranarray(a),
    "transposed": lambda a: a.swapaxes(-1, -2),
    "reversed": lambda a: a[..., ::-1, ::-1],
    "every second": lambda a: np.repeat(np.repeat(a, 2, -1), 2, -2)[..., ::2, ::2],
    "broadcast": lambda a: np.broadcast_to(a[..., :1], a.shape),
    "read-only": lambda a: (a.setflags(write=False), a)[1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "unaligned": lambda a: np.frombuffer(b"_" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape),
    "channels last": lambda a: np.moveaxis(np.moveaxis(a, 1, -1).copy(), -1, 1),
    "nested lists": lambda a: a.tolist(),
}


@pytest.mark.parametrize("view", VIEWS)
def test_any_memory_layout_is_accepted(view):
    dtype = np.float64 if view == "nested lists" else np.float32
    input, weight = (
        VIEWS[view](whole_numbers((2, 3, 6, 6), dtype)),
        VIEWS[view](whole_numbers((4, 3, 3, 3), dtype)),
    )
    output = conv2d(input, weight, padding=1)
    np.testing.assert_array_equal(output, reference.conv2d(np.array(input), np.array(weight), padding=1))
    assert output.dtype == dtype and output.flags.c_contiguous and output.flags.writeable


@pytest.mark.parametrize("dtype", DTYPES)
def test_operands_are_not_modified_and_the_result_is_fresh(dtype):
    operands = [
        whole_numbers((1, 2, 5, 5), dtype),
        whole_numbers((2, 2, 1, 1), dtype),
        whole_numbers(2, dtype),
    ]
    before = [array.copy() for array in operands]
    output = conv2d(*operands)
    output[:] = 0
    for array, copy in zip(operands, before):
        np.testing.assert_array_equal(array, copy)
        assert not np.shares_memory(output, array)


def test_a_thousand_calls_leak_nothing():
    psutil = pytest.importorskip("psutil", reason="psutil is not installed: leaks were NOT looked for")
    process = psutil.Process()
    input, weight = real_numbers((1, 8, 40, 40)), real_numbers((8, 8, 3, 3))

    def memory_after(calls):
        for _ in range(calls):
            conv2d(input, weight, padding=1)
        return process.memory_info().rss

    settled = memory_after(300)
    assert memory_after(1000) - settled < 2_000_000


# Threads


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_thread_and_many_give_the_same_bits(dtype):
    input, weight, bias = (
        real_numbers((2, 16, 33, 37), dtype),
        real_numbers((24, 8, 3, 3), dtype),
        real_numbers(24, dtype),
    )
    most = numba.get_num_threads()
    try:
        results = []
        for threads in range(1, most + 1):
            numba.set_num_threads(threads)
            results += [conv2d(input, weight, bias, padding=1, groups=2).tobytes() for _ in range(3)]
    finally:
        numba.set_num_threads(most)
    assert len(set(results)) == 1


def test_eight_python_threads_may_call_at_once():
    inputs = [real_numbers((4, 16 + i, 20), seed=i) for i in range(8)]
    weight = real_numbers((6, 4, 3, 3))
    expected = [conv2d(input, weight, padding=1) for input in inputs]
    wrong = []
    start = threading.Barrier(8)

    def work(i):
        start.wait()
        for _ in range(50):
            if not np.array_equal(conv2d(inputs[i], weight, padding=1), expected[i]):
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_importing_the_package_loads_no_heavy_library():
    heavy = "{'numba', 'matplotlib', 'ipywidgets', 'anywidget', 'torch', 'PIL'}"
    code = f"import sys, convlib, convlib.shapes, convlib.filters; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
