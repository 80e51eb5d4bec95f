"""pad is the reference, NumPy's own padding under other names, and a copy that touches nothing else."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convlib import reference
from convlib.functional import pad

MODES = ("constant", "reflect", "replicate", "circular")
NUMPY_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
DTYPES = (np.float32, np.float64, np.int8, np.uint8, np.int16, np.int32, np.int64, np.uint64)


def numpy_pad(array, widths, mode):
    sides = list(zip(widths[::2], widths[1::2]))[::-1]
    return np.pad(array, [(0, 0)] * (array.ndim - len(sides)) + sides, NUMPY_MODES[mode])


@pytest.mark.parametrize("mode", MODES)
def test_pad_is_the_reference(mode):
    array = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    for widths in [
        (1, 0),
        (0, 3),
        (4, 4),
        (1, 2, 3, 0),
        (2, 2, 2, 2),
        (1, 1, 2, 2, 0, 1),
        (3, 1, 2, 3, 2, 1, 1, 0),
    ]:
        expected = reference.pad(array, widths, mode)
        np.testing.assert_array_equal(pad(array, widths, mode), expected)


@st.composite
def paddings(draw):
    shape = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    axes = draw(st.integers(1, len(shape)))
    mode = draw(st.sampled_from(MODES))
    widths = []
    for size in shape[: -axes - 1 : -1]:
        most = {"reflect": size - 1, "circular": size}.get(mode, 8)
        widths += [draw(st.integers(0, most)), draw(st.integers(0, most))]
    return shape, widths, mode, draw(st.sampled_from(DTYPES))


@settings(max_examples=300, deadline=None)
@given(paddings())
def test_pad_is_numpy_pad_under_other_names(case):
    shape, widths, mode, dtype = case
    array = (np.arange(math.prod(shape)) % 100).reshape(shape).astype(dtype)
    padded = pad(array, widths, mode)
    np.testing.assert_array_equal(padded, numpy_pad(array, widths, mode))
    assert padded.dtype == dtype and padded.flags.c_contiguous and padded.flags.writeable
    assert not np.shares_memory(padded, array)


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_constant_that_the_dtype_holds_can_be_filled_in(dtype):
    value = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else dtype(0.1)
    padded = pad(np.zeros((2, 2), dtype), (1, 1, 1, 1), value=value)
    assert (padded[0] == value).all() and (padded[1:3, 1:3] == 0).all()
    assert padded.dtype == dtype


def test_nan_infinity_and_minus_zero_are_copied_as_they_are():
    array = np.array([[np.nan, -np.inf, -0.0]])
    for mode in MODES[1:]:
        padded = pad(array, (2, 2), mode)
        np.testing.assert_array_equal(padded, numpy_pad(array, (2, 2), mode))
        np.testing.assert_array_equal(np.signbit(padded), np.signbit(numpy_pad(array, (2, 2), mode)))
    assert np.isnan(pad(array, (1, 0), value=np.nan)[0, 0])


VIEWS = {
    "Fortran order": lambda a: np.asfortranarray(a),
    "transposed": lambda a: a.transpose(0, 2, 1),
    "reversed": lambda a: a[:, ::-1, ::-1],
    "every second": lambda a: a[:, ::2, ::2],
    "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
    "read-only": lambda a: (a.setflags(write=False), a)[1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "unaligned": lambda a: np.frombuffer(b"_" + a.tobytes(), np.uint8)[1:].view(a.dtype).reshape(a.shape),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("mode", MODES)
def test_any_memory_layout_is_accepted(view, mode):
    array = VIEWS[view](np.arange(2 * 5 * 5, dtype=np.float32).reshape(2, 5, 5))
    padded = pad(array, (2, 1, 1, 2), mode)
    np.testing.assert_array_equal(padded, numpy_pad(array, (2, 1, 1, 2), mode))
    assert padded.dtype == np.float32 and padded.flags.c_contiguous


def test_the_input_is_not_modified():
    array = np.arange(12.0).reshape(3, 4)
    for mode in MODES:
        pad(array, (1, 1, 1, 1), mode)
    np.testing.assert_array_equal(array, np.arange(12.0).reshape(3, 4))


def test_padding_by_nothing_is_a_copy():
    array = np.arange(6.0).reshape(2, 3)
    padded = pad(array, (0, 0, 0, 0))
    np.testing.assert_array_equal(padded, array)
    assert not np.shares_memory(padded, array)


def test_empty_arrays_can_be_padded_with_a_constant():
    assert pad(np.zeros((0, 3)), (1, 1)).shape == (0, 5)
    assert pad(np.zeros((2, 0)), (1, 2), value=4.0).tolist() == [[4.0] * 3] * 2


def test_nested_lists_and_one_axis_will_do():
    assert pad([1, 2, 3], [2, 2], "circular").tolist() == [2, 3, 1, 2, 3, 1, 2]


def test_padding_twice_by_one_is_padding_by_two_where_the_mode_says_so():
    row = np.arange(5.0)
    once = {mode: pad(pad(row, (1, 1), mode), (1, 1), mode) for mode in MODES}
    for mode in ("constant", "replicate"):
        np.testing.assert_array_equal(once[mode], pad(row, (2, 2), mode))
    for mode in ("reflect", "circular"):  # the second ring mirrors and wraps the first one
        assert not np.array_equal(once[mode], pad(row, (2, 2), mode))


def test_every_mode_pads_an_axis_as_if_it_were_alone():
    array = np.arange(20).reshape(4, 5)
    for mode, (a, b, c, d) in itertools.product(MODES, [(1, 2, 3, 0), (2, 2, 1, 1)]):
        both = pad(array, (a, b, c, d), mode)
        np.testing.assert_array_equal(both, pad(pad(array, (a, b), mode).T, (c, d), mode).T)
