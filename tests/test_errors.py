"""Every wrong call is refused at the door, in words that name the argument, its value and the rule."""

import inspect
import itertools
import tracemalloc
import warnings
from typing import NamedTuple

import numpy as np
import pytest

from convlib import conv2d, functional, gradients
from convlib.shapes import effective_kernel_size, largest_padding, output_size, same_padding

try:
    import torch
except ImportError:
    torch = None
    warnings.warn("PyTorch is not installed: refusals were NOT compared with its own", stacklevel=1)

IMAGE = np.zeros((1, 3, 8, 8), np.float32)
WEIGHT = np.zeros((4, 3, 3, 3), np.float32)
GRID = np.arange(16.0).reshape(4, 4)


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def immense(*shape, dtype=np.float32):
    """An array of any size that occupies one element."""
    return np.broadcast_to(np.zeros((), dtype), shape)


class Call(NamedTuple):
    """A call of an operation or a gradient, to be made here and, if PyTorch has the function, there."""

    function: str
    arguments: tuple
    settings: dict

    def __call__(self):
        module = functional if self.function in functional.__all__ else gradients
        return getattr(module, self.function)(*self.arguments, **self.settings)

    def in_torch(self):
        """The same with tensors; in PyTorch a layer's padding mode is the business of pad."""
        settings = {name: as_tensor(value) for name, value in self.settings.items()}
        arguments = [as_tensor(value) for value in self.arguments]
        if "padding_mode" in settings:
            input = arguments.pop(0) if arguments else settings.pop("input")
            mode, padding = settings.pop("padding_mode"), settings.pop("padding", 0)
            padding = (padding,) * (input.ndim - 2) if isinstance(padding, int) else padding
            pairs = [side for side in reversed(padding) for _ in range(2)]
            arguments = [torch.nn.functional.pad(input, pairs, mode), *arguments]
        return getattr(torch.nn.functional, self.function)(*arguments, **settings)


def as_tensor(value):
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray | np.generic) else value


def convolve(input=IMAGE, weight=WEIGHT, *arguments, **settings):
    return Call("conv2d", (input, weight, *arguments), settings)


def padded(*arguments, **settings):
    return Call("pad", arguments, settings)


def right_calls():
    """One right call of every function, by the names of its arguments."""
    calls = {
        "pad": {"input": zeros(4, 4), "pad": (1, 1)},
        "pad_input": {"input_size": (4, 4), "grad_output": zeros(4, 6), "pad": (1, 1)},
        "unfold": {"input": zeros(1, 4, 6, 6), "kernel_size": 3},
        "fold": {"input": zeros(1, 36, 16), "output_size": 6, "kernel_size": 3},
        "correlate2d": {"image": zeros(6, 6), "kernel": zeros(3, 3)},
        "convolve2d": {"image": zeros(6, 6), "kernel": zeros(3, 3)},
    }
    for axes in (1, 2, 3):
        image, maps, halves = (zeros(1, c, *(n,) * axes) for c, n in ((4, 6), (8, 4), (4, 3)))
        weight = zeros(8, 2, *(3,) * axes)
        conv, transposed = f"conv{axes}d", f"conv_transpose{axes}d"
        layer, shape = {"groups": 2}, image.shape
        calls |= {
            conv: {"input": image, "weight": weight, "bias": zeros(8), **layer},
            f"{conv}_input": {"input_size": shape, "weight": weight, "grad_output": maps, **layer},
            f"{conv}_weight": {"input": image, "weight_size": weight.shape, "grad_output": maps, **layer},
            transposed: {"input": maps, "weight": weight, "bias": zeros(4), **layer},
            f"{transposed}_input": {
                "input_size": maps.shape, "weight": weight, "grad_output": image, **layer,
            },
            f"{transposed}_weight": {
                "input": maps, "weight_size": weight.shape, "grad_output": image, **layer,
            },
            f"max_pool{axes}d": {"input": image, "kernel_size": 2},
            f"avg_pool{axes}d": {"input": image, "kernel_size": 2},
            f"max_pool{axes}d_input": {"input": image, "grad_output": halves, "kernel_size": 2},
            f"avg_pool{axes}d_input": {"input_size": shape, "grad_output": halves, "kernel_size": 2},
        }  # fmt: skip
    return calls


RIGHT = right_calls()


def changed(function, **changes):
    """The right call of a function, made wrong."""
    return Call(function, (), RIGHT[function] | changes)


def functions_of(argument):
    """The functions that take an argument."""
    for name in RIGHT:
        module = functional if name in functional.__all__ else gradients
        if argument in inspect.signature(getattr(module, name)).parameters:
            yield name


# (call, error, what the message must contain)
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
     "conv2d: the input has 0 elements along rows (H)"),
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
    (padded(GRID, ()), ValueError, "pad must hold a pair", "got 0: ()"),
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

# What is wrong wherever an argument appears: (value, error, what the message must contain)
NUMBER = [
    (1.5, TypeError, "must be an integer, got 1.5 of type float"),
    ("2", TypeError, "must be an integer, got '2' of type str"),
    (True, TypeError, "must be an integer, got the bool True"),
    (2**31, ValueError, "must be at most 2147483647, got 2147483648"),
]
SETTING = [
    *NUMBER,
    ((1, 1, 1, 1), ValueError, "must be an integer or ", " of them, one per axis, got (1, 1, 1, 1)"),
]
FROM_ONE = [(0, ValueError, "must be at least 1, got 0"), (-1, ValueError, "must be at least 1, got -1")]
FROM_ZERO = [
    (-1, ValueError, "must be at least 0, got -1"),
    (None, TypeError, "must be an integer, got None"),
]
FLAG = [
    (1, TypeError, "must be True or False, got 1"),
    ("yes", TypeError, "must be True or False, got 'yes'"),
    (None, TypeError, "must be True or False, got None"),
]
MODE = [
    ("edge", ValueError, "must be one of ", "'reflect', 'replicate', 'circular', got 'edge'"),
    (0, TypeError, "must be a string, got 0 of type int"),
]
SHAPE = [
    (6, TypeError, "must be a shape, got 6 of type int"),
    (None, TypeError, "must be a shape, got None"),
    ("(1, 4, 6)", TypeError, "must be a shape, got '(1, 4, 6)'"),
    ((1, 4.0, 6), TypeError, "[1] must be an integer, got 4.0"),
    ((1, 4, -6), ValueError, "[2] must be at least 0, got -6"),
    ((1, 4, True), TypeError, "[2] must be an integer, got the bool True"),
    ((1, 4, 2**31), ValueError, "[2] must be at most 2147483647"),
    ((1, 4, (6,)), TypeError, "[2] must be an integer, got (6,)"),
]
ARRAY = [
    ("photo.jpg", TypeError, "must hold float32, float64 or integers, got <U9"),
    ([1, None], TypeError, "must hold float32, float64 or integers, got object"),
    ([[1.0, 2.0], [3.0]], ValueError, "is not a rectangular array"),
    (
        zeros(1, 4, 6, dtype=np.float16),
        TypeError,
        "must hold float32, float64 or integers, got float16; convert it first",
    ),
    (
        zeros(1, 4, 6, dtype=bool),
        TypeError,
        "must hold float32, float64 or integers, got bool; convert it first",
    ),
    (zeros(1, 4, 6, dtype=np.complex64), TypeError, "must hold float32, float64 or integers, got complex64"),
    (np.ma.masked_array(zeros(1, 4, 6)), TypeError, "is a masked array; fill the masked elements first"),
]
RANKED = [
    (np.float32(3), ValueError, "must have shape (", "got shape ()"),
    (zeros(1, 1, 1, 1, 1, 1), ValueError, "must have shape (", "got shape (1, 1, 1, 1, 1, 1)"),
]  # fmt: skip

WRONG_ANYWHERE = {
    "stride": [*SETTING, *FROM_ONE],
    "dilation": [*SETTING, *FROM_ONE, (None, TypeError, "must be an integer, got None")],
    "padding": [
        *(row for row in SETTING if row[0] != "2"),
        *FROM_ZERO,
        ((), ValueError, "must be an integer or "),
    ],
    "output_padding": [*SETTING, *FROM_ZERO],
    "kernel_size": [*SETTING, *FROM_ONE, (None, TypeError, "must be an integer, got None")],
    "output_size": [*SETTING, *FROM_ONE],
    "groups": [*NUMBER, *FROM_ONE, ((1,), TypeError, "must be an integer, got (1,)")],
    "ceil_mode": FLAG,
    "return_indices": FLAG,
    "count_include_pad": FLAG,
    "padding_mode": MODE,
    "mode": MODE,
    "input_size": SHAPE,
    "weight_size": SHAPE,
    "input": ARRAY,
    "weight": [*ARRAY, *RANKED, (None, TypeError, "must hold float32, float64 or integers, got object")],
    "bias": [*ARRAY, *RANKED],
    "grad_output": [*ARRAY, *RANKED],
    "image": [*ARRAY, *RANKED],
    "kernel": [*ARRAY, *RANKED],
}
EVERYWHERE = [
    (changed(function, **{argument: value}), error, f"{function}: {argument}", *words)
    for argument, mistakes in WRONG_ANYWHERE.items()
    for function in functions_of(argument)
    for value, error, *words in mistakes
]


def dtypes_differ(first, second):
    return f"{first} is float32, but {second} is float64; they must be the same"


CONVOLUTIONS = [
    row
    for axes, letters, taps, axis in [
        (1, "L", "KL", "the length (L)"),
        (2, "H, W", "KH, KW", "columns (W)"),
        (3, "D, H, W", "KD, KH, KW", "columns (W)"),
    ]
    for conv, of_input, of_weight, (cube, box) in [
        (f"conv{axes}d", f"conv{axes}d_input", f"conv{axes}d_weight", ((6,) * axes, (3,) * axes))
    ]
    for row in [
        # channels and groups
        (changed(conv, input=zeros(1, 3, *cube)), ValueError,
         f"{conv}: input has 3 channels, but weight expects 4 (weight.shape[1] × groups = 2 × 2)"),
        (changed(conv, input=zeros(4, *cube), groups=3), ValueError,
         "input has 4 channels, but weight expects 6 (weight.shape[1] × groups = 2 × 3)"),
        (changed(conv, weight=zeros(7, 2, *box)), ValueError,
         f"{conv}: groups must divide the 7 output channels (weight.shape[0]), got 2"),
        (changed(conv, input=zeros(1, 0, *cube)), ValueError, "input has 0 channels"),
        (changed(of_input, input_size=(1, 3, *cube)), ValueError,
         f"{of_input}: input has 3 channels, but weight expects 4"),
        (changed(of_input, weight=zeros(7, 2, *box)), ValueError,
         f"{of_input}: groups must divide the 7 output channels (weight.shape[0]), got 2"),
        (changed(of_weight, input=zeros(1, 3, *cube)), ValueError,
         f"{of_weight}: input has 3 channels, but weight_size expects 4 (weight_size[1] × groups = 2 × 2)"),
        (changed(of_weight, weight_size=(7, 2, *box)), ValueError,
         f"{of_weight}: groups must divide the 7 output channels (weight_size[0]), got 2"),
        # shapes
        (changed(conv, input=zeros(*cube)), ValueError,
         f"{conv}: input must have shape (N, C_in, {letters}) or (C_in, {letters}), got shape {cube}"),
        (changed(conv, input=zeros(1, 1, 4, *cube)), ValueError, f"got shape {(1, 1, 4, *cube)}"),
        (changed(conv, weight=zeros(*box)), ValueError,
         f"{conv}: weight must have shape (C_out, C_in/groups, {taps}), every one at least 1, "
         f"got shape {box}"),
        (changed(conv, weight=zeros(8, 2, 0, *box[1:])), ValueError, "every one at least 1", "(8, 2, 0"),
        (changed(conv, bias=zeros(4)), ValueError,
         f"{conv}: bias must have shape (8,), one number for each output channel (weight.shape[0]), "
         "got shape (4,)"),
        (changed(conv, bias=zeros(1, 8)), ValueError, "bias must have shape (8,)", "got shape (1, 8)"),
        (changed(of_input, input_size=cube), ValueError,
         f"{of_input}: input_size must be (N, C_in, {letters}) or (C_in, {letters}), got {cube}"),
        (changed(of_weight, weight_size=(8, *box)), ValueError,
         f"{of_weight}: weight_size must be (C_out, C_in/groups, {taps}), every one at least 1"),
        (changed(of_weight, weight_size=(8, 0, *box)), ValueError, f"got {(8, 0, *box)}"),
        (changed(of_input, grad_output=zeros(1, 8, *cube)), ValueError,
         f"{of_input}: grad_output must have shape {(1, 8, *(4,) * axes)}, that of the operation's output, "
         f"got shape {(1, 8, *cube)}"),
        (changed(of_input, grad_output=zeros(8, *(4,) * axes)), ValueError,
         "grad_output must have shape (1, 8"),
        (changed(of_weight, grad_output=zeros(1, 4, *(4,) * axes)), ValueError,
         f"{of_weight}: grad_output must have shape {(1, 8, *(4,) * axes)}"),
        (changed(of_weight, grad_output=zeros(2, 8, *(4,) * axes)), ValueError,
         "grad_output must have shape (1, 8"),
        # the window must fit, the padding must be there to be copied
        (changed(conv, input=zeros(1, 4, *cube[1:], 2)), ValueError,
         f"{conv}: along {axis} the window spans 3, but the padded input has only 2 elements "
         "(2 + padding 0 + 0); the window must fit"),
        (changed(conv, dilation=3), ValueError,
         "the window spans 7 (kernel_size 3 with dilation 3)", "6 elements"),
        (changed(of_input, input_size=(4, *cube[1:], 2)), ValueError,
         f"{of_input}: along {axis} the window spans 3", "2 elements"),
        (changed(of_weight, weight_size=(8, 2, *box[1:], 7)), ValueError,
         f"{of_weight}: along {axis} the window spans 7", "6 elements"),
        (changed(conv, padding="same", stride=2), ValueError,
         f"{conv}: padding='same' needs stride 1, got stride {(2,) * axes}"),
        (changed(of_input, padding="same", stride=2), ValueError,
         f"{of_input}: padding='same' needs stride 1"),
        (changed(of_weight, padding="same", stride=2), ValueError,
         f"{of_weight}: padding='same' needs stride 1"),
        (changed(conv, padding="SAME"), ValueError, "padding must be one of 'valid', 'same', got 'SAME'"),
        (changed(conv, padding=6, padding_mode="reflect"), ValueError,
         f"{conv}: padding 6 along ", "of size 6 is too large: reflect mirrors", "smaller than the size"),
        (changed(conv, padding=7, padding_mode="circular"), ValueError,
         f"{conv}: padding 7 along ", "of size 6 is too large: circular wraps at most once"),
        (changed(conv, input=zeros(1, 4, *(0,) * axes), padding=2, padding_mode="replicate"), ValueError,
         f"{conv}: the input has 0 elements along "),
        (changed(of_input, padding=6, padding_mode="reflect"), ValueError, f"{of_input}: padding 6 along "),
        (changed(of_weight, padding=7, padding_mode="circular"), ValueError,
         f"{of_weight}: padding 7 along "),
        # dtypes
        (changed(conv, weight=zeros(8, 2, *box, dtype=float)), TypeError, dtypes_differ("input", "weight"),
         "e.g. both float32 by .astype(np.float32)"),
        (changed(conv, bias=zeros(8, dtype=float)), TypeError, dtypes_differ("input", "bias")),
        (changed(conv, input=zeros(1, 4, *cube, dtype=int)), TypeError,
         f"{conv}: input is int64, but weight is float32", "both float32"),
        (changed(of_input, grad_output=zeros(1, 8, *(4,) * axes, dtype=float)), TypeError,
         dtypes_differ("weight", "grad_output")),
        (changed(of_weight, grad_output=zeros(1, 8, *(4,) * axes, dtype=float)), TypeError,
         dtypes_differ("input", "grad_output")),
        (changed(of_weight, grad_output=zeros(1, 8, *(4,) * axes, dtype=int)), TypeError,
         "input is float32, but grad_output is int64"),
        # integers whose sums could leave int64
        (changed(conv, input=np.full((1, 4, *cube), 2**40), weight=np.full((8, 2, *box), 2**24), bias=None),
         OverflowError, f"{conv}: integers up to 1099511627776 in input and 16777216 in weight",
         f"over {2 * 3**axes} products, could sum to more than int64 holds; use float64"),
        (changed(of_input, weight=np.full((8, 2, *box), 2**40),
                 grad_output=np.full((1, 8, *(4,) * axes), 2**24)),
         OverflowError, f"{of_input}: integers up to 16777216 in grad_output and 1099511627776 in weight"),
        (changed(of_weight, input=np.full((1, 4, *cube), 2**40),
                 grad_output=np.full((1, 8, *(4,) * axes), -(2**24))),
         OverflowError, f"{of_weight}: integers up to 1099511627776 in input and 16777216 in grad_output"),
    ]
]  # fmt: skip

TRANSPOSED = [
    row
    for axes, taps in [(1, "KL"), (2, "KH, KW"), (3, "KD, KH, KW")]
    for conv, of_input, of_weight, (cube, box, result) in [
        (f"conv_transpose{axes}d", f"conv_transpose{axes}d_input", f"conv_transpose{axes}d_weight",
         ((4,) * axes, (3,) * axes, (6,) * axes))
    ]
    for row in [
        # channels and groups
        (changed(conv, input=zeros(1, 6, *cube)), ValueError,
         f"{conv}: input has 6 channels, but weight expects 8 (weight.shape[0]; the weight of a transposed "
         "convolution has shape (C_in, C_out/groups, …))"),
        (changed(conv, weight=zeros(2, 8, *box)), ValueError, "input has 8 channels, but weight expects 2"),
        (changed(conv, groups=3), ValueError,
         f"{conv}: groups must divide the 8 input channels (weight.shape[0]), got 3"),
        (changed(of_input, input_size=(1, 6, *cube)), ValueError,
         f"{of_input}: input has 6 channels, but weight expects 8"),
        (changed(of_input, groups=3), ValueError, f"{of_input}: groups must divide the 8 input channels"),
        (changed(of_weight, weight_size=(6, 2, *box)), ValueError,
         f"{of_weight}: input has 8 channels, but weight_size expects 6 (weight_size[0];"),
        (changed(of_weight, groups=3), ValueError, f"{of_weight}: groups must divide the 8 input channels"),
        # shapes
        (changed(conv, input=zeros(*cube)), ValueError, f"{conv}: input must have shape (N, C_in, "),
        (changed(conv, input=zeros(1, 8, 4, *cube)), ValueError, f"got shape {(1, 8, 4, *cube)}"),
        (changed(conv, weight=zeros(8, *box)), ValueError,
         f"{conv}: weight must have shape (C_in, C_out/groups, {taps}), every one at least 1"),
        (changed(conv, weight=zeros(8, 0, *box)), ValueError, f"got shape {(8, 0, *box)}"),
        (changed(conv, bias=zeros(2)), ValueError,
         f"{conv}: bias must have shape (4,), one number for each output channel (weight.shape[1] × groups)"),
        (changed(of_weight, weight_size=(8, 2)), ValueError,
         f"{of_weight}: weight_size must be (C_in, C_out/groups, {taps})"),
        (changed(of_input, grad_output=zeros(1, 4, *cube)), ValueError,
         f"{of_input}: grad_output must have shape {(1, 4, *result)}, that of the operation's output"),
        (changed(of_weight, grad_output=zeros(1, 2, *result)), ValueError,
         f"{of_weight}: grad_output must have shape {(1, 4, *result)}"),
        (changed(of_input, output_padding=1, stride=2), ValueError,
         f"grad_output must have shape {(1, 4, *(10,) * axes)}"),
        # sizes
        (changed(conv, output_padding=1), ValueError, f"{conv}: output_padding along ",
         "must be smaller than the larger of stride 1 and dilation 1, got 1"),
        (changed(conv, output_padding=3, stride=2, dilation=3), ValueError,
         "must be smaller than the larger of stride 2 and dilation 3, got 3"),
        (changed(conv, output_padding=2, stride=2), ValueError, "stride 2 and dilation 1, got 2"),
        (changed(of_input, output_padding=1), ValueError, f"{of_input}: output_padding along "),
        (changed(of_weight, output_padding=1), ValueError, f"{of_weight}: output_padding along "),
        (changed(conv, padding=3), ValueError, f"{conv}: along ",
         "nothing is left: the input reaches 6 outputs", "padding 3 takes 3 away on each side"),
        (changed(conv, padding=1000), ValueError, f"{conv}: along ", "padding 1000 takes 1000 away"),
        (changed(of_input, padding=3), ValueError, f"{of_input}: along ", "nothing is left"),
        (changed(of_weight, padding=3), ValueError, f"{of_weight}: along ", "nothing is left"),
        (changed(conv, input=zeros(1, 8, *cube[1:], 0)), ValueError, f"{conv}: the input is empty along "),
        (changed(conv, padding="same"), TypeError,
         f"{conv}: padding must be an integer or {axes} of them, got 'same'", "no 'same' or 'valid'"),
        (changed(of_input, padding="valid"), TypeError, f"{of_input}: padding must be an integer"),
        (changed(of_weight, padding="2"), TypeError, f"{of_weight}: padding must be an integer", "got '2'"),
        # dtypes and integers
        (changed(conv, weight=zeros(8, 2, *box, dtype=float)), TypeError, dtypes_differ("input", "weight")),
        (changed(conv, bias=zeros(4, dtype=int)), TypeError, "input is float32, but bias is int64"),
        (changed(of_input, grad_output=zeros(1, 4, *result, dtype=float)), TypeError,
         dtypes_differ("weight", "grad_output")),
        (changed(of_weight, grad_output=zeros(1, 4, *result, dtype=float)), TypeError,
         dtypes_differ("input", "grad_output")),
        (changed(conv, input=np.full((1, 8, *cube), 2**40), weight=np.full((8, 2, *box), 2**24), bias=None),
         OverflowError, f"{conv}: integers up to 1099511627776 in input and 16777216 in weight",
         f"over {4 * 3**axes} products"),
        (changed(of_input, weight=np.full((8, 2, *box), 2**40), grad_output=np.full((1, 4, *result), 2**24)),
         OverflowError, f"{of_input}: integers up to 16777216 in grad_output"),
        (changed(of_weight, input=np.full((1, 8, *cube), 2**40), grad_output=np.full((1, 4, *result), 2**24)),
         OverflowError, f"{of_weight}: integers up to 1099511627776 in input"),
        # padding_mode is none of its arguments
        (changed(conv, padding_mode="zeros"), TypeError, f"{conv}() got an unexpected keyword argument"),
    ]
]  # fmt: skip

POOLS = [
    row
    for axes, letters, axis in [
        (1, "L", "the length (L)"),
        (2, "H, W", "rows (H)"),
        (3, "D, H, W", "the depth (D)"),
    ]
    for largest, mean, cube in [(f"max_pool{axes}d", f"avg_pool{axes}d", (6,) * axes)]
    for of_largest, of_mean in [(f"{largest}_input", f"{mean}_input")]
    for row in [
        *(
            of_both
            for pool in (largest, mean)
            for of_both in [
                (changed(pool, input=zeros(*cube)), ValueError,
                 f"{pool}: input must have shape (N, C, {letters}) or (C, {letters}), got shape {cube}"),
                (changed(pool, input=zeros(1, 1, 1, *cube)), ValueError, f"got shape {(1, 1, 1, *cube)}"),
                (changed(pool, input=zeros(1, 4, 0, *cube[1:])), ValueError,
                 f"{pool}: the input is empty along {axis}; a pool needs an element to choose"),
                (changed(pool, padding=2), ValueError,
                 f"{pool}: padding along {axis} must be at most 1, half of kernel_size 2 rounded down, got 2",
                 "more would make windows that hold mostly padding"),
                (changed(pool, kernel_size=3, padding=2), ValueError,
                 "must be at most 1, half of kernel_size 3"),
                (changed(pool, kernel_size=7), ValueError,
                 f"{pool}: along {axis} the window spans 7, but the padded input has only 6 elements "
                 "(6 + padding 0 + 0); the window must fit"),
                (changed(pool, kernel_size=8, stride=2, ceil_mode=True), ValueError,
                 "the window must fit, or with ceil_mode reach out by fewer than the stride, 2"),
                (changed(pool, padding="same"), TypeError,
                 f"{pool}: padding must be an integer, got 'same' of type str"),
            ]
        ),
        (changed(largest, dilation=6), ValueError,
         f"{largest}: along {axis} the window spans 7 (kernel_size 2 with dilation 6)", "6 elements"),
        (changed(largest, kernel_size=3, padding=2, dilation=2), ValueError,
         "must be at most 1, half of kernel_size 3"),
        (changed(mean, input=zeros(1, 4, *cube, dtype=int)), TypeError,
         f"{mean}: input holds int64, but a mean of integers is no integer; convert it first, "
         "e.g. with .astype(np.float32)"),
        (changed(mean, input=zeros(1, 4, *cube, dtype=np.uint8)), TypeError, f"{mean}: input holds uint8"),
        (changed(mean, dilation=2), TypeError, f"{mean}() got an unexpected keyword argument 'dilation'"),
        (changed(mean, divisor_override=2), TypeError, f"{mean}() got an unexpected keyword argument"),
        # gradients
        (changed(of_largest, input=zeros(*cube)), ValueError, f"{of_largest}: input must have shape (N, C, "),
        (changed(of_largest, grad_output=zeros(1, 4, *cube)), ValueError,
         f"{of_largest}: grad_output must have shape {(1, 4, *(3,) * axes)}, that of the operation's output"),
        (changed(of_largest, grad_output=zeros(1, 4, *(3,) * axes, dtype=float)), TypeError,
         dtypes_differ("input", "grad_output")),
        (changed(of_largest, padding=2), ValueError, f"{of_largest}: padding along {axis} must be at most 1"),
        (changed(of_largest, kernel_size=7), ValueError, f"{of_largest}: along {axis} the window spans 7"),
        (changed(of_largest, input=np.zeros((1, 4, *cube), int),
                 grad_output=np.full((1, 4, *(3,) * axes), 2**62)),
         OverflowError, f"{of_largest}: integers up to 4611686018427387904 in grad_output"),
        (changed(of_mean, input_size=cube), ValueError,
         f"{of_mean}: input_size must be (N, C, {letters}) or (C, {letters}), got {cube}"),
        (changed(of_mean, input_size=(4, *cube)), ValueError,
         f"{of_mean}: grad_output must have shape {(4, *(3,) * axes)}"),
        (changed(of_mean, input_size=(1, 4, 0, *cube[1:])), ValueError,
         f"{of_mean}: the input is empty along {axis}"),
        (changed(of_mean, padding=2), ValueError, f"{of_mean}: padding along {axis} must be at most 1"),
        (changed(of_mean, grad_output=zeros(1, 4, *(3,) * axes, dtype=int)), TypeError,
         f"{of_mean}: grad_output holds int64, but a mean of integers is no integer"),
    ]
]  # fmt: skip

COLUMNS_AND_IMAGES = [
    # unfold
    (changed("unfold", input=zeros(6, 6)), ValueError,
     "unfold: input must have shape (N, C, H, W) or (C, H, W), got shape (6, 6)"),
    (changed("unfold", input=zeros(1, 1, 1, 6, 6)), ValueError, "got shape (1, 1, 1, 6, 6)"),
    (changed("unfold", kernel_size=7), ValueError,
     "unfold: along rows (H) the window spans 7, but the padded input has only 6 elements"),
    (changed("unfold", dilation=(1, 3)), ValueError,
     "unfold: along columns (W) the window spans 7 (kernel_size 3 with dilation 3)"),
    (changed("unfold", padding="same"), TypeError, "unfold: padding must be an integer", "'same'"),
    (changed("unfold", padding="valid"), TypeError, "unfold: padding must be an integer", "'valid'"),
    # fold
    (changed("fold", input=zeros(36)), ValueError,
     "fold: input must have shape (N, C · 9, 16) or (C · 9, 16), for kernel_size (3, 3) and 4 × 4 windows, "
     "got shape (36,)"),
    (changed("fold", input=zeros(1, 1, 36, 16)), ValueError, "got shape (1, 1, 36, 16)"),
    (changed("fold", input=zeros(1, 36, 15)), ValueError, "4 × 4 windows, got shape (1, 36, 15)"),
    (changed("fold", input=zeros(1, 35, 16)), ValueError, "(N, C · 9, 16)", "got shape (1, 35, 16)"),
    (changed("fold", input=zeros(16, 36)), ValueError, "got shape (16, 36)"),
    (changed("fold", stride=2), ValueError, "(N, C · 9, 4)", "2 × 2 windows, got shape (1, 36, 16)"),
    (changed("fold", output_size=(6, 2)), ValueError,
     "fold: along columns (W) the window spans 3, but the padded input has only 2 elements"),
    (changed("fold", output_size=None), TypeError, "fold: output_size must be an integer, got None"),
    (changed("fold", padding="same"), TypeError, "fold: padding must be an integer", "'same'"),
    (changed("fold", input=np.full((1, 36, 16), 2**62)), OverflowError,
     "fold: integers up to 4611686018427387904 in input", "9 products"),
    # one image and one kernel
    *(
        row
        for name in ("correlate2d", "convolve2d")
        for row in [
            (changed(name, image=zeros(1, 6, 6)), ValueError,
             f"{name}: image must have shape (H, W), got shape (1, 6, 6)"),
            (changed(name, kernel=zeros(1, 1, 3, 3)), ValueError,
             f"{name}: kernel must have shape (KH, KW), got shape (1, 1, 3, 3)"),
            (changed(name, kernel=zeros(3)), ValueError, "kernel must have shape (KH, KW), got shape (3,)"),
            (changed(name, kernel=zeros(0, 3)), ValueError,
             "kernel must have shape (KH, KW), got shape (0, 3)"),
            (changed(name, kernel=zeros(7, 3)), ValueError, f"{name}: along rows (H) the window spans 7"),
            (changed(name, image=zeros(0, 6)), ValueError, "along rows (H)", "0 elements"),
            (changed(name, kernel=zeros(3, 3, dtype=float)), TypeError, dtypes_differ("image", "kernel")),
            (changed(name, kernel=zeros(3, 3, dtype=int)), TypeError,
             "image is float32, but kernel is int64"),
            (changed(name, padding="full"), ValueError, "padding must be one of 'valid', 'same', got 'full'"),
            (changed(name, padding=6, padding_mode="reflect"), ValueError,
             f"{name}: padding 6 along rows (H) of size 6 is too large"),
            (changed(name, image=np.full((6, 6), 2**62), kernel=np.ones((3, 3), int)), OverflowError,
             f"{name}: integers up to 4611686018427387904"),
            (changed(name, groups=1), TypeError, f"{name}() got an unexpected keyword argument 'groups'"),
        ]
    ),
    # the adjoint of pad
    (changed("pad_input", grad_output=zeros(4, 4)), ValueError,
     "pad_input: grad_output must have shape (4, 6), that of the padded array, got shape (4, 4)"),
    (changed("pad_input", grad_output=zeros(6)), ValueError, "grad_output must have shape (4, 6)", "(6,)"),
    (changed("pad_input", pad=(1,)), ValueError, "pad_input: pad must hold a pair", "got 1: (1,)"),
    (changed("pad_input", pad=(1,) * 6), ValueError, "2 to 4 numbers for an input of 2 axes, got 6"),
    (changed("pad_input", pad=1), TypeError, "pad_input: pad must be a sequence", "got 1"),
    (changed("pad_input", pad=(0, -1)), ValueError, "pad_input: pad[1] must be at least 0, got -1"),
    (changed("pad_input", pad=(1.0, 1)), TypeError, "pad_input: pad[0] must be an integer, got 1.0"),
    (changed("pad_input", pad=(4, 0), mode="reflect"), ValueError,
     "pad_input: padding 4 along axis 1 of size 4 is too large: reflect"),
    (changed("pad_input", pad=(5, 0), mode="circular"), ValueError, "padding 5 along axis 1 of size 4"),
    (changed("pad_input", input_size=(4, 0), grad_output=zeros(4, 2), mode="replicate"), ValueError,
     "padding 1 along axis 1 of size 0 is too large: replicate"),
    (changed("pad_input", mode="zeros"), ValueError, "pad_input: mode must be one of 'constant'", "'zeros'"),
    (changed("pad_input", input_size=(), grad_output=np.float32(1)), ValueError, "pad must hold a pair"),
    (changed("pad_input", value=1.0), TypeError, "pad_input() got an unexpected keyword argument 'value'"),
    (changed("pad_input", grad_output=np.full((4, 6), 2**62)), OverflowError,
     "pad_input: integers up to 4611686018427387904 in grad_output"),
]  # fmt: skip

# A padded element passes its gradient on to what it copies, so many gradients may meet in one element.
COPIES = [
    (Call("conv1d_input", ((1, 3), np.array([[[2**31]]]), np.full((1, 3 + 2 * padding), gradient)),
          {"padding": padding, "padding_mode": mode}), OverflowError, "conv1d_input: integers up to")
    for mode, padding, gradient in [
        ("replicate", 5, 2**30),  # the first element has six copies of it
        ("circular", 3, 2**31 - 1),  # each has three
        ("reflect", 2, 2**31 - 1),  # the middle one has three
    ]
]  # fmt: skip

# PyTorch takes no array without elements, unless it is a batch without images.
EMPTY = [
    (changed("conv1d", input=zeros(4, 0), padding=2), ValueError, "conv1d: "),
    (changed("conv2d", input=zeros(1, 4, 0, 6), padding=2), ValueError, "conv2d: ", "rows (H)"),
    (changed("conv3d", input=zeros(4, 6, 0, 6), padding=2), ValueError, "conv3d: ", "rows (H)"),
    (changed("unfold", input=zeros(1, 4, 0, 6), padding=2), ValueError, "unfold: ", "rows (H)"),
    (changed("unfold", input=zeros(1, 0, 6, 6)), ValueError, "unfold: input ", "(1, 0, 6, 6)"),
    (changed("fold", input=zeros(1, 0, 16)), ValueError, "fold: input ", "(1, 0, 16)"),
    *(
        (changed(f"{pool}_pool{axes}d", input=zeros(1, 0, *(6,) * axes)), ValueError,
         f"{pool}_pool{axes}d: input ", f"{(1, 0, *(6,) * axes)}")
        for pool in ("max", "avg")
        for axes in (1, 2, 3)
    ),
]  # fmt: skip

# Sizes that nothing can hold are refused before anything is allocated. 2⁵⁰ float32 are 4096 TiB.
IMMENSE = [
    (changed("conv1d", input=immense(1, 4, 2**50)), ValueError, "conv1d: the padded input of shape", "TiB"),
    (changed("conv1d", padding=2**31 - 1, input=immense(2**20, 4, 6)), ValueError, "the padded input", "TiB"),
    (changed("conv3d", padding=2**20), ValueError, "conv3d: the padded input of shape", "TiB"),
    (changed("conv1d", input=immense(1, 4, 2**50, dtype=">f4")), ValueError, "conv1d: input of shape", "TiB"),
    (changed("conv_transpose1d", input=immense(1, 8, 2**50)), ValueError, "conv_transpose1d: the ", "TiB"),
    (changed("conv_transpose2d", stride=2**31 - 1), ValueError, "conv_transpose2d: the output", "TiB"),
    (changed("conv_transpose3d", dilation=2**31 - 1), ValueError, "conv_transpose3d: the output", "TiB"),
    (changed("max_pool1d", input=immense(1, 4, 2**50)), ValueError, "max_pool1d: the ", "TiB"),
    (changed("max_pool2d", input=immense(4, 2**28, 2**28), kernel_size=2**27), ValueError,
     "max_pool2d: the ", "TiB"),
    (changed("avg_pool2d", input=immense(4, 2**28, 2**28), kernel_size=1), ValueError,
     "avg_pool2d: the ", "TiB"),
    (changed("avg_pool3d", input=immense(4, 2**18, 2**18, 2**18)), ValueError, "avg_pool3d: the ", "TiB"),
    (changed("unfold", input=immense(1, 2**30, 2**30)), ValueError,
     "unfold: the padded input of shape", "TiB"),
    (changed("unfold", input=immense(1, 2**20, 2**20), kernel_size=2**10), ValueError,
     "unfold: the output of shape", "TiB"),
    (changed("fold", input=zeros(1, 1), output_size=2**31 - 1, kernel_size=1, stride=2**31 - 1), ValueError,
     "fold: the output of shape", "TiB"),
    (changed("fold", input=immense(2**50, 1, 1), output_size=1, kernel_size=1), ValueError,
     "fold: the ", "TiB"),
    (changed("correlate2d", image=immense(2**30, 2**30)), ValueError, "correlate2d: the padded input", "TiB"),
    (changed("conv2d_input", input_size=(4, 2**31 - 1, 2**31 - 1), stride=2**31 - 1, weight=zeros(8, 2, 1, 1),
             grad_output=zeros(8, 1, 1)), ValueError, "conv2d_input: the padded input of shape", "TiB"),
    (changed("conv2d_weight", weight_size=(8, 2, 2**30, 2**30), padding=2**29, input=zeros(4, 1, 1),
             grad_output=zeros(8, 2, 2)), ValueError, "conv2d_weight: the ", "TiB"),
    (changed("conv_transpose2d_weight", weight_size=(8, 2, 2**28, 2**28), input=zeros(8, 1, 1),
             grad_output=immense(4, 2**28, 2**28)), ValueError, "conv_transpose2d_weight: the ", "TiB"),
    (changed("max_pool1d_input", input=immense(1, 4, 2**50), grad_output=immense(1, 4, 2**49)), ValueError,
     "max_pool1d_input: the ", "TiB"),
    (changed("avg_pool2d_input", input_size=(4, 2**28, 2**28), grad_output=immense(4, 2**27, 2**27)),
     ValueError, "avg_pool2d_input: the input of shape", "TiB"),
    (changed("pad_input", input_size=(2**30, 2**30), grad_output=immense(2**30, 2**30), pad=(0, 0)),
     ValueError, "pad_input: the ", "TiB"),
    # of integers even the largest is not looked for
    (changed("conv2d", input=immense(4, 2**25, 2**25, dtype=np.int8), weight=zeros(8, 2, 3, 3, dtype=np.int8),
             bias=None),
     ValueError, "conv2d: the padded input of shape", "TiB"),
    (changed("fold", input=immense(2**50, 1, 1, dtype=np.int8), output_size=1, kernel_size=1), ValueError,
     "fold: the input of shape", "TiB"),
    (changed("max_pool1d", input=immense(1, 4, 2**50, dtype=np.int8)), ValueError, "max_pool1d: the ", "TiB"),
    (changed("max_pool1d_input", input=immense(1, 4, 2**50, dtype=np.int8),
             grad_output=immense(1, 4, 2**49, dtype=np.int8)), ValueError, "max_pool1d_input: the ", "TiB"),
    (changed("pad_input", input_size=(2**30, 2**30), grad_output=immense(2**30, 2**30, dtype=np.int8),
             pad=(0, 0)), ValueError, "pad_input: the result of shape", "TiB"),
]  # fmt: skip

# What Python itself refuses needs no words of this library.
MISSING = [
    (Call(name, (), {key: value for key, value in RIGHT[name].items() if key != argument}), TypeError,
     f"{name}() missing", repr(argument))
    for name in RIGHT
    for argument in [next(iter(RIGHT[name]))]
]  # fmt: skip

ROWS = [
    *CONV2D, *PAD, *SHAPES, *EVERYWHERE, *CONVOLUTIONS, *TRANSPOSED, *POOLS, *COLUMNS_AND_IMAGES, *COPIES,
    *EMPTY, *IMMENSE, *MISSING,
]  # fmt: skip


def name_of(row):
    return row[2] if isinstance(row, tuple) else None


@pytest.mark.parametrize("row", ROWS, ids=name_of)
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
    if isinstance(call, Call):
        assert str(raised.value).startswith((f"{call.function}: ", f"{call.function}() "))
    assert most < 1_000_000
    assert raised.value.__cause__ is None  # one message, not a chain of inner ones


def test_after_a_wrong_call_right_ones_still_work():
    with pytest.raises(ValueError):
        conv2d(IMAGE, WEIGHT, padding=2**31 - 1)
    assert conv2d(IMAGE, WEIGHT).shape == (1, 4, 6, 6)


# PyTorch as a judge

# What PyTorch takes and this library refuses: steps beyond any array, and pad that crops or has nothing to
# do; also "constant", which is how pad calls a mode, but no layer does.
STRICTER = (
    "stride must be at most 2147483647, got 2147483648", "must be at most 2147483647, got 2147483648",
    "pad[1] must be at least 0, got -1", "got 0: ()", "got 'constant'",
)  # fmt: skip


def is_refused_there_too(row):
    """Whether a row is about a value, not a type, in a function that PyTorch has, and cheap to try there."""
    call, error, *said = row
    if torch is None or error is not ValueError or not isinstance(call, Call):
        return False
    lists = any(isinstance(value, list) for value in (*call.arguments, *call.settings.values()))
    known = hasattr(torch.nn.functional, call.function)
    return known and not lists and "TiB" not in said and not set(said) & set(STRICTER)


def shape_in_torch(call):
    """The shape of what PyTorch makes of a call; None if it refuses it or its output has no elements."""
    try:
        shape = tuple(call.in_torch().shape)
    except (RuntimeError, ValueError, TypeError, IndexError):
        return None
    return None if 0 in shape else shape


@pytest.mark.parametrize("row", [row for row in ROWS if is_refused_there_too(row)], ids=name_of)
def test_pytorch_refuses_it_too(row):
    assert shape_in_torch(row[0]) is None


def pooling_calls(axes):
    grid = itertools.product((1, 2, 5), (1, 2, 4), (None, 1, 3), (0, 1, 2), (1, 3), (False, True))
    for n, kernel_size, stride, padding, dilation, ceil_mode in grid:
        input = zeros(1, 2, *(n,) * axes)
        settings = {"stride": stride, "padding": padding, "ceil_mode": ceil_mode}
        yield Call(f"max_pool{axes}d", (input, kernel_size), settings | {"dilation": dilation})
        # in three axes PyTorch also refuses a window that fits into the padded input, but not into the input
        if dilation == 1 and not (axes == 3 and kernel_size > n):
            yield Call(f"avg_pool{axes}d", (input, kernel_size), settings)


def convolution_calls(axes):
    grid = itertools.product((1, 2, 4), (1, 3), (1, 3), (0, 2), (1, 2))
    layers = (2, 2, 2, 1), (2, 1, 2, 2), (2, 1, 3, 2), (2, 2, 4, 2), (3, 1, 3, 3), (2, 2, 2, 3)
    for (n, kernel_size, stride, padding, dilation), (c_in, of_group, c_out, groups) in itertools.product(
        grid, layers
    ):
        operands = zeros(1, c_in, *(n,) * axes), zeros(c_out, of_group, *(kernel_size,) * axes)
        settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        yield Call(f"conv{axes}d", operands, settings)
        for output_padding in (0, 1, 2):
            yield Call(f"conv_transpose{axes}d", operands, settings | {"output_padding": output_padding})


def column_calls():
    for n, kernel_size, dilation, padding, stride in itertools.product(
        (1, 2, 5), (1, 2, 3), (1, 2), (0, 1, 2), (1, 3)
    ):
        window = kernel_size, dilation, padding, stride
        yield Call("unfold", (zeros(1, 2, n, n), *window), {})
        for columns in (1, 4, 9):
            yield Call("fold", (zeros(1, 2 * kernel_size**2, columns), n, *window), {})


def padding_calls():
    for mode, n, before, after in itertools.product(MODES, (1, 2, 3), range(4), range(4)):
        yield Call("pad", (zeros(1, 2, n), (before, after), mode), {})
        yield Call("pad", (zeros(1, 2, n, n), (after, 0, before, after), mode), {})


MODES = ("constant", "reflect", "replicate", "circular")
BORDERLINE = {
    **{f"pools along {axes} axes": pooling_calls(axes) for axes in (1, 2, 3)},
    **{f"convolutions along {axes} axes": convolution_calls(axes) for axes in (1, 2, 3)},
    "columns": column_calls(),
    "pad": padding_calls(),
}


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed: refusals were NOT compared with its own")
@pytest.mark.parametrize("calls", BORDERLINE)
def test_a_borderline_call_is_refused_where_pytorch_refuses_it(calls):
    for call in BORDERLINE[calls]:
        try:
            shape = call().shape
        except ValueError:
            shape = None
        assert shape == shape_in_torch(call), call
