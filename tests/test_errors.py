"""Every wrong call is refused at the door, in words that name the argument, its value and the rule."""

import tracemalloc

import numpy as np
import pytest
from numba import config

from convlib import conv2d, pad
from convlib.shapes import effective_kernel_size, largest_padding, output_size, same_padding

IMAGE = np.zeros((1, 3, 8, 8), np.float32)
WEIGHT = np.zeros((4, 3, 3, 3), np.float32)
GRID = np.arange(16.0).reshape(4, 4)


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def immense(*shape, dtype=np.float32):
    """An array of any size that occupies one element."""
    return np.broadcast_to(dtype(0), shape)


def convolve(input=IMAGE, weight=WEIGHT, *arguments, **settings):
    return lambda: conv2d(input, weight, *arguments, **settings)


def padded(*arguments, **settings):
    return lambda: pad(*arguments, **settings)


# (call, error, what the message must contain)
CONV2D = [
    # channels
    (convolve(weight=zeros(4, 4, 3, 3)), ValueError,
     "conv2d: input has 3 channels, but weight expects 4 (weight.shape[1] × groups = 4 × 1)"),
    (convolve(zeros(1, 4, 8, 8), zeros(4, 3, 3, 3), groups=2), ValueError,
     "input has 4 channels, but weight expects 6 (weight.shape[1] × groups = 3 × 2)"),
    (convolve(zeros(1, 4, 8, 8), zeros(3, 2, 3, 3), groups=2), ValueError,
     "groups must divide the 3 output channels", "got 2"),
    (convolve(zeros(1, 0, 8, 8)), ValueError, "input has 0 channels"),
    (convolve(groups=3), ValueError, "3 channels", "weight.shape[1] × groups = 3 × 3"),
    (convolve(groups=0), ValueError, "conv2d: groups must be at least 1, got 0"),
    (convolve(groups=-1), ValueError, "groups must be at least 1, got -1"),
    (convolve(groups=1.0), TypeError, "groups must be an integer, got 1.0"),
    (convolve(groups=True), TypeError, "groups must be an integer, got the bool True"),
    (convolve(groups=(1, 1)), TypeError, "groups must be an integer, got (1, 1)"),
    # shapes
    (convolve(zeros(8, 8)), ValueError, "input must have shape (N, C_in, H, W) or (C_in, H, W)", "(8, 8)"),
    (convolve(zeros(1, 1, 3, 8, 8)), ValueError, "input must have shape", "(1, 1, 3, 8, 8)"),
    (convolve(3.0), ValueError, "input must have shape", "()"),
    (convolve([]), ValueError, "input must have shape", "(0,)"),
    (convolve(weight=zeros(3, 3)), ValueError,
     "weight must have shape (C_out, C_in/groups, KH, KW)", "(3, 3)"),
    (convolve(weight=zeros(4, 3, 3)), ValueError, "weight must have shape", "(4, 3, 3)"),
    (convolve(weight=zeros(4, 3, 3, 3, 3)), ValueError, "weight must have shape", "(4, 3, 3, 3, 3)"),
    (convolve(weight=zeros(0, 3, 3, 3)), ValueError, "weight", "(0, 3, 3, 3)", "at least 1"),
    (convolve(weight=zeros(4, 3, 0, 3)), ValueError, "weight", "(4, 3, 0, 3)", "at least 1"),
    (convolve(weight=zeros(4, 0, 3, 3)), ValueError, "weight", "(4, 0, 3, 3)", "at least 1"),
    (convolve([[[1, 2], [3]]]), ValueError, "conv2d: input is not a rectangular array"),
    (convolve(weight=[[[[1, 2], [3]]]]), ValueError, "conv2d: weight is not a rectangular array"),
    (convolve(IMAGE, WEIGHT, zeros(3)), ValueError, "bias must have shape (4,)", "(3,)"),
    (convolve(IMAGE, WEIGHT, zeros(4, 1)), ValueError, "bias must have shape (4,)", "(4, 1)"),
    (convolve(IMAGE, WEIGHT, np.float32(1)), ValueError, "bias must have shape (4,)", "()"),
    # the window must fit
    (convolve(zeros(3, 2, 8)), ValueError,
     "along rows (H) the window spans 3", "2 elements", "the window must fit"),
    (convolve(zeros(3, 8, 2)), ValueError, "along columns (W) the window spans 3", "2 elements"),
    (convolve(dilation=4), ValueError, "the window spans 9 (kernel_size 3 with dilation 4)", "8 elements"),
    (convolve(zeros(3, 0, 8)), ValueError, "rows (H)", "0 elements"),
    (convolve(zeros(3, 1, 1), zeros(4, 3, 7, 7), padding=2), ValueError, "1 + padding 2 + 2"),
    # dtypes
    (convolve(IMAGE.astype(np.float16)), TypeError,
     "input must hold float32, float64 or integers, got float16"),
    (convolve(IMAGE.astype(complex)), TypeError, "input must hold", "complex128"),
    (convolve(IMAGE.astype(bool)), TypeError, "input must hold", "bool", "convert"),
    (convolve(IMAGE.astype(np.longdouble)), TypeError, "input must hold"),
    (convolve(IMAGE.astype(object)), TypeError, "input must hold", "object"),
    (convolve("photo.jpg"), TypeError, "input must hold", "<U9"),
    (convolve(None), TypeError, "input must hold", "object"),
    (convolve(np.ma.masked_array(IMAGE)), TypeError, "input is a masked array"),
    (convolve(np.zeros((1, 3, 8, 8), "M8[s]")), TypeError, "input must hold", "datetime64"),
    (convolve(weight=WEIGHT.astype(np.float64)), TypeError, "input is float32, but weight is float64"),
    (convolve(IMAGE.astype(int)), TypeError, "input is int64, but weight is float32"),
    (convolve(weight=WEIGHT.astype(bool)), TypeError, "weight must hold", "bool"),
    (convolve(IMAGE, WEIGHT, zeros(4, dtype=np.float64)), TypeError, "input is float32, but bias is float64"),
    (convolve(IMAGE, WEIGHT, "none"), TypeError, "bias must hold"),
    (convolve(np.full((1, 4, 4), 2**62), np.full((1, 1, 3, 3), 2)), OverflowError,
     "4611686018427387904", "float64"),
    (convolve(np.full((1, 4, 4), 2**63, np.uint64), np.ones((1, 1, 1, 1), int)), OverflowError,
     "9223372036854775808"),
    (convolve(np.full((1, 4, 4), -(2**63)), np.ones((1, 1, 1, 1), int)), OverflowError,
     "9223372036854775808"),
    (convolve(np.ones((1, 4, 4), int), np.ones((1, 1, 1, 1), int), np.array([2**63 - 1])), OverflowError,
     "int64"),
    # stride
    (convolve(stride=0), ValueError, "conv2d: stride must be at least 1, got 0"),
    (convolve(stride=-1), ValueError, "stride must be at least 1, got -1"),
    (convolve(stride=(1, 0)), ValueError, "stride[1] must be at least 1, got 0"),
    (convolve(stride=(1, 2, 3)), ValueError,
     "stride must be an integer or 2 of them, one per axis, got (1, 2, 3)"),
    (convolve(stride=()), ValueError, "stride must be an integer or 2", "got ()"),
    (convolve(stride=1.5), TypeError, "stride must be an integer, got 1.5"),
    (convolve(stride="2"), TypeError, "stride must be an integer, got '2'"),
    (convolve(stride=None), TypeError, "stride must be an integer, got None"),
    (convolve(stride=True), TypeError, "stride must be an integer, got the bool True"),
    (convolve(stride=(1, (2,))), TypeError, "stride[1] must be an integer, got (2,)"),
    (convolve(stride={1, 2}), TypeError, "stride must be an integer, got {1, 2}"),
    (convolve(stride=2**31), ValueError, "stride must be at most 2147483647, got 2147483648"),
    # dilation
    (convolve(dilation=0), ValueError,
     "dilation must be at least 1, got 0", "undilated kernel has dilation 1"),
    (convolve(dilation=-2), ValueError, "dilation must be at least 1, got -2"),
    (convolve(dilation=(1, 2, 3)), ValueError, "dilation must be an integer or 2 of them", "(1, 2, 3)"),
    (convolve(dilation=2.0), TypeError, "dilation must be an integer, got 2.0"),
    (convolve(dilation=2**31 - 1), ValueError, "the window spans 4294967295"),
    (convolve(dilation=10**30), ValueError, "dilation must be at most 2147483647"),
    # padding
    (convolve(padding=-1), ValueError, "padding must be at least 0, got -1"),
    (convolve(padding=(0, -1)), ValueError, "padding[1] must be at least 0, got -1"),
    (convolve(padding=(1, 1, 1, 1)), ValueError, "padding must be an integer or 2 of them", "(1, 1, 1, 1)"),
    (convolve(padding=0.5), TypeError, "padding must be an integer, got 0.5"),
    (convolve(padding=None), TypeError, "padding must be an integer, got None"),
    (convolve(padding="SAME"), ValueError, "padding must be one of 'valid', 'same', got 'SAME'"),
    (convolve(padding="full"), ValueError, "padding must be one of 'valid', 'same', got 'full'"),
    (convolve(padding="same", stride=2), ValueError, "padding='same' needs stride 1, got stride (2, 2)"),
    (convolve(padding="same", stride=(1, 2)), ValueError, "padding='same' needs stride 1, got stride (1, 2)"),
    (convolve(padding_mode="constant"), ValueError,
     "padding_mode must be one of 'zeros', 'reflect'", "got 'constant'"),
    (convolve(padding_mode="symmetric"), ValueError, "padding_mode", "got 'symmetric'"),
    (convolve(padding_mode=None), TypeError, "padding_mode must be a string, got None"),
    (convolve(padding=8, padding_mode="reflect"), ValueError,
     "padding 8 along rows (H) of size 8", "smaller than the size"),
    (convolve(padding=(7, 8), padding_mode="reflect"), ValueError, "padding 8 along columns (W) of size 8"),
    (convolve(padding=9, padding_mode="circular"), ValueError,
     "padding 9 along rows (H) of size 8", "at most once"),
    (convolve(zeros(3, 0, 8), padding=3, padding_mode="replicate"), ValueError,
     "padding 3 along rows (H) of size 0"),
    (convolve(zeros(3, 2, 2), zeros(4, 3, 7, 7), padding="same", padding_mode="reflect"), ValueError,
     "padding 3", "size 2"),
    (lambda: conv2d(IMAGE, WEIGHT, None, 1, 0, 1, 1, "reflect"), TypeError, "conv2d() takes"),
    (lambda: conv2d(IMAGE), TypeError, "missing", "weight"),
    (convolve(pading=1), TypeError, "pading"),
    # sizes that nothing can hold are refused before anything is allocated
    (convolve(padding=2**31 - 1), ValueError, "conv2d: the padded input of shape", "TiB"),
    (convolve(padding=2**30, stride=2**29), ValueError, "the padded input of shape", "TiB"),
    (convolve(immense(1, 1, 2**30, 2**30), zeros(1, 1, 3, 3)), ValueError, "1073741824", "TiB"),
    (convolve(immense(2**20, 1, 2**20, 2**10), zeros(1, 1, 3, 3)), ValueError, "1048576", "TiB"),
    (convolve(immense(1, 2**20, 2**20), immense(2**20, 1, 1, 1), groups=1), ValueError, "output", "TiB"),
    (convolve(immense(1, 2**20, 2**30, dtype=np.int8), np.ones((1, 1, 1, 1), np.int8)), ValueError, "TiB"),
]  # fmt: skip

PAD = [
    (padded(GRID, 1), TypeError, "pad: pad must be a sequence (left, right, top, bottom, …), got 1"),
    (padded(GRID, "same"), TypeError, "pad must be a sequence", "'same'"),
    (padded(GRID, None), TypeError, "pad must be a sequence", "None"),
    (padded(GRID, ()), ValueError, "pad must hold a pair", "got 0"),
    (padded(GRID, (1,)), ValueError, "pad must hold a pair", "got 1: (1,)"),
    (padded(GRID, (1, 1, 1)), ValueError, "pad must hold a pair", "(1, 1, 1)"),
    (padded(GRID, (1,) * 6), ValueError, "2 to 4 numbers for an input of 2 axes", "got 6"),
    (padded(3.0, (1, 1)), ValueError, "pad must hold a pair", "0 axes"),
    (padded(GRID, (0, -1)), ValueError, "pad[1] must be at least 0, got -1"),
    (padded(GRID, (1.0, 1)), TypeError, "pad[0] must be an integer, got 1.0"),
    (padded(GRID, (True, 1)), TypeError, "pad[0] must be an integer, got the bool True"),
    (padded(GRID, ((1, 1), (1, 1))), TypeError, "pad[0] must be an integer, got (1, 1)"),
    (padded(GRID, (4, 0), "reflect"), ValueError,
     "pad: padding 4 along axis 1 of size 4", "smaller than the size"),
    (padded(GRID, (0, 0, 0, 4), "reflect"), ValueError, "padding 4 along axis 0 of size 4"),
    (padded(GRID, (5, 0), "circular"), ValueError, "padding 5 along axis 1 of size 4", "at most once"),
    (padded(zeros(2, 0), (1, 0), "replicate"), ValueError, "padding 1 along axis 1 of size 0"),
    (padded(zeros(2, 0), (1, 0), "circular"), ValueError, "padding 1 along axis 1 of size 0"),
    (padded(zeros(2, 0), (1, 0), "reflect"), ValueError, "padding 1 along axis 1 of size 0"),
    (padded(GRID, (1, 1), "zeros"), ValueError, "mode must be one of 'constant', 'reflect'", "got 'zeros'"),
    (padded(GRID, (1, 1), "edge"), ValueError, "mode must be one of", "got 'edge'"),
    (padded(GRID, (1, 1), 0), TypeError, "mode must be a string, got 0"),
    (padded(GRID, (1, 1), "reflect", 1.0), ValueError, "value goes with mode='constant' only, got value 1.0"),
    (padded(GRID, (1, 1), "circular", float("nan")), ValueError,
     "value goes with mode='constant' only", "nan"),
    (padded(GRID, (1, 1), value="0"), TypeError, "value must be one number", "'0'"),
    (padded(GRID, (1, 1), value=None), TypeError, "value must be one number", "None"),
    (padded(GRID, (1, 1), value=[1, 2]), TypeError, "value must be one number", "[1, 2]"),
    (padded(GRID, (1, 1), value=1j), TypeError, "value must be one number", "1j"),
    (padded(GRID.astype(int), (1, 1), value=0.5), TypeError,
     "value must be one number that int64 can hold, got 0.5"),
    (padded(GRID.astype(np.uint8), (1, 1), value=256), TypeError, "uint8 can hold, got 256"),
    (padded(GRID.astype(np.uint8), (1, 1), value=-1), TypeError, "uint8 can hold, got -1"),
    (padded(GRID.astype(int), (1, 1), value=float("nan")), TypeError, "int64 can hold, got nan"),
    (padded(GRID.astype(int), (1, 1), value=float("inf")), TypeError, "int64 can hold, got inf"),
    (padded(GRID.astype(bool), (1, 1)), TypeError,
     "pad: input must hold float32, float64 or integers, got bool"),
    (padded([[1], [2, 3]], (1, 1)), ValueError, "pad: input is not a rectangular array"),
    (padded(GRID, (2**31, 0)), ValueError, "pad[0] must be at most 2147483647, got 2147483648"),
    (padded(GRID, (2**31 - 1,) * 4), ValueError, "pad: the output of shape", "TiB"),
    (padded(immense(2**30, 2**30), (1, 1)), ValueError, "pad: the output of shape", "TiB"),
    (padded(zeros(*(1,) * 8), (2**31 - 1,) * 16), ValueError, "pad: the output of shape", "TiB"),
]  # fmt: skip

SHAPES = [
    (lambda: output_size(2, 3), ValueError, "output_size:", "the window spans 3", "2 elements"),
    (lambda: output_size(5, 0), ValueError, "output_size: kernel_size must be at least 1, got 0"),
    (lambda: output_size(-1, 1), ValueError, "input_size must be at least 0, got -1"),
    (lambda: output_size(5, 3, 0), ValueError, "stride must be at least 1, got 0"),
    (lambda: output_size(5, 3, padding=-1), ValueError, "padding", "at least 0, got -1"),
    (lambda: output_size(5, 3, padding=(1, 2, 3)), ValueError, "padding", "(1, 2, 3)"),
    (lambda: output_size(5, 3, padding="same"), TypeError, "padding must be an integer", "'same'"),
    (lambda: output_size(5.0, 3), TypeError, "input_size must be an integer, got 5.0"),
    (lambda: output_size(5, 3, dilation=0), ValueError, "dilation must be at least 1, got 0"),
    (lambda: output_size(np.array([5]), 3), TypeError, "input_size must be an integer"),
    (lambda: effective_kernel_size(0), ValueError,
     "effective_kernel_size: kernel_size must be at least 1, got 0"),
    (lambda: effective_kernel_size(3, 0), ValueError, "dilation must be at least 1, got 0"),
    (lambda: effective_kernel_size("3"), TypeError, "kernel_size must be an integer, got '3'"),
    (lambda: same_padding(0), ValueError, "same_padding: kernel_size must be at least 1, got 0"),
    (lambda: same_padding(3, 1.5), TypeError, "dilation must be an integer, got 1.5"),
    (lambda: largest_padding(-1), ValueError, "largest_padding: input_size must be at least 0, got -1"),
    (lambda: largest_padding(4, "symmetric"), ValueError, "mode must be one of", "got 'symmetric'"),
]  # fmt: skip


def name_of(row):
    return row[2] if isinstance(row, tuple) else None


@pytest.mark.parametrize("row", [*CONV2D, *PAD, *SHAPES], ids=name_of)
def test_a_wrong_call_is_refused_before_anything_is_allocated(row):
    call, error, *said = row
    tracemalloc.start()
    try:
        with pytest.raises(error) as raised:
            call()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert type(raised.value) is error
    for words in said:
        assert words in str(raised.value)
    assert most < 1_000_000
    assert raised.value.__cause__ is None  # one message, not a chain of inner ones


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="conv2d's micro-kernel exists only compiled")
def test_after_a_wrong_call_right_ones_still_work():
    with pytest.raises(ValueError):
        conv2d(IMAGE, WEIGHT, padding=2**31 - 1)
    assert conv2d(IMAGE, WEIGHT).shape == (1, 4, 6, 6)
