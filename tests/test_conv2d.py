"""conv2d is its definition, on sizes that reach every corner of its loops.

Where operands are small whole numbers, float sums are exact in any order, so results must be equal to the
last bit. The laws and the contract that conv2d shares with all operations are tested in
``test_operations.py``, that other implementations agree in ``test_peers.py``.
"""

import itertools
import subprocess
import sys
from collections import deque

import numpy as np
import pytest

from convlib import engine, reference
from convlib.functional import conv2d

DTYPES = (np.float32, np.float64, np.int64)


def whole_numbers(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype)


def real_numbers(shape, dtype=np.float32, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


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


def test_sliding_windows_times_weights_are_the_convolution():
    input, weight = whole_numbers((2, 3, 6, 7)), whole_numbers((4, 3, 2, 3))
    windows = np.lib.stride_tricks.sliding_window_view(input, (2, 3), axis=(2, 3))
    np.testing.assert_array_equal(conv2d(input, weight), np.einsum("ncyxij,ocij->noyx", windows, weight))


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


def test_importing_the_package_loads_no_heavy_library():
    heavy = "{'numba', 'matplotlib', 'ipywidgets', 'anywidget', 'torch', 'PIL'}"
    code = f"import sys, convlib, convlib.shapes, convlib.filters; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_memory_of_a_large_result_waits_for_the_next_of_its_size(monkeypatch):
    monkeypatch.setattr(engine, "LEAST_LENT", 1)
    monkeypatch.setattr(engine, "memory_at_hand", deque(maxlen=1))
    image, kernel = np.ones((1, 5, 5), np.float32), np.ones((1, 1, 2, 2), np.float32)

    def place(array):
        return array.__array_interface__["data"][0]

    first = conv2d(image, kernel)
    begin, corner = place(first), first[0, :1, :1]
    del first  # but its corner still refers to its memory
    second = conv2d(image, -kernel)
    assert place(second) != begin and corner == 4 and (second == -4).all()
    del corner
    other = conv2d(image[:, :4], kernel)  # another size: nothing waits any more
    assert place(other) != begin and not engine.memory_at_hand
    begin = place(second)
    del second
    again = conv2d(image, kernel)
    assert place(again) == begin and (again == 4).all() and again.flags.writeable
