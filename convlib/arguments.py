"""The door of the operations: what they accept, in the one form that the engine uses.

Every function here returns checked arguments or raises an error that names the calling function, the
argument, its value and the rule. Settings come back for three axes (depth, height, width), whatever the rank.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from convlib import checks
from convlib.shapes import (
    fitting_output_size,
    fitting_pool_output_size,
    fitting_transposed_output_size,
    padding_limit,
    same_padding,
)

# their numbers in ``loops.correlation`` are their places here
PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
# F.pad has another name for the first one
PAD_MODES = ("constant", *PADDING_MODES[1:])
AXES = {
    1: ("the length (L)",),
    2: ("rows (H)", "columns (W)"),
    3: ("the depth (D)", "rows (H)", "columns (W)"),
}
LETTERS = {1: "L", 2: "HW", 3: "DHW"}


class Windows(NamedTuple):
    """How windows lie: each field holds one entry for each of three axes, but for the mode."""

    stride: tuple
    sides: tuple
    dilation: tuple
    mode: str
    output_size: tuple


class Layer(NamedTuple):
    """A convolution, all but its numbers; the shapes have three axes, but for that of the output."""

    input_shape: tuple
    weight_shape: tuple
    output_shape: tuple
    groups: int
    windows: Windows


def extend(values, fill):
    """Values of one, two or three axes as those of three."""
    return (fill,) * (3 - len(values)) + tuple(values)


def volume_shape(shape, axes):
    """A shape with ``axes`` spatial axes as (N, channels, depth, height, width)."""
    return (*(shape[: -axes - 1] or (1,)), shape[-axes - 1], *extend(shape[-axes:], 1))


def as_volume(array, axes):
    """An array with ``axes`` spatial axes as (N, channels, depth, height, width)."""
    return array.reshape(volume_shape(array.shape, axes))


def like_input(volume, ndim, axes):
    """The opposite: a result with the axes of an input of ``ndim`` axes."""
    shape = (*volume.shape[:2], *volume.shape[5 - axes :])
    return volume.reshape(shape if ndim == axes + 2 else shape[1:])


def layouts(axes, batch="N, ", channels="C_in"):
    """The two shapes of an input, in words."""
    letters = ", ".join(LETTERS[axes])
    return f"({batch}{channels}, {letters}) or ({channels}, {letters})"


def as_input(function, axes, input, name="input", channels="C_in"):
    array = checks.as_numbers(function, name, input)
    check_input_shape(function, axes, array.shape, name, channels)
    return array


def check_input_shape(function, axes, shape, name="input", channels="C_in"):
    if len(shape) not in (axes + 1, axes + 2):
        raise ValueError(
            f"{function}: {name} must have shape {layouts(axes, channels=channels)}, got shape {shape}"
        )
    if channels == "C" and shape[-axes - 1] == 0:
        raise ValueError(f"{function}: {name} must have at least one channel, got shape {shape}")


def as_weight(function, axes, weight, transposed=False):
    weight = checks.as_numbers(function, "weight", weight)
    check_weight_shape(function, axes, "weight", weight.shape, transposed)
    return weight


def check_weight_shape(function, axes, name, shape, transposed=False):
    if len(shape) != axes + 2 or 0 in shape:
        taps = ", ".join("K" + letter for letter in LETTERS[axes])
        channels = "C_in, C_out/groups" if transposed else "C_out, C_in/groups"
        verb, noun = ("be", "") if name == "weight_size" else ("have shape", "shape ")
        raise ValueError(
            f"{function}: {name} must {verb} ({channels}, {taps}), every one at least 1, "
            f"got {noun}{tuple(shape)}"
        )


def as_one_dtype(function, **arrays):
    """Refuse arrays whose dtypes differ, but for integers; the first one leads."""
    (lead, first), *others = arrays.items()
    for name, array in others:
        if array is None or array.dtype == first.dtype or {array.dtype.kind, first.dtype.kind} <= {"i", "u"}:
            continue
        dtype = first.dtype if first.dtype.kind == "f" else array.dtype
        raise TypeError(
            f"{function}: {lead} is {first.dtype}, but {name} is {array.dtype}; they must be the same, "
            f"e.g. both {dtype} by .astype(np.{dtype})"
        )


def as_operands(function, input, weight, bias):
    """input, weight and bias as arrays, and their shapes."""
    input, weight = checks.as_numbers(function, "input", input), checks.as_numbers(function, "weight", weight)
    if bias is None:
        return input, weight, None, (input.shape, weight.shape, None)
    bias = checks.as_numbers(function, "bias", bias)
    return input, weight, bias, (input.shape, weight.shape, bias.shape)


def check_bias(function, shape, channels, rule):
    if shape not in (None, (channels,)):
        raise ValueError(
            f"{function}: bias must have shape ({channels},), one number for each output channel ({rule}), "
            f"got shape {shape}"
        )


def as_exact_integers(function, products, **arrays):
    """Integer operands as int64; refused if ``products`` products of the first two could leave it."""

    def largest(array):
        return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0

    most = {name: 0 if array is None else largest(array) for name, array in arrays.items()}
    factors = list(most.items())[:2]
    bound = math.prod(value for _, value in factors) * products + sum(list(most.values())[2:])
    if max(bound, *most.values()) >= 2**63:
        sizes = " and ".join(f"{value} in {name}" for name, value in factors)
        raise OverflowError(
            f"{function}: integers up to {sizes}, over {products} products, could sum to more than int64 "
            "holds; use float64"
        )
    return [None if array is None else array.astype(np.int64, copy=False) for array in arrays.values()]


def as_groups(function, groups):
    return checks.as_integer(function, "groups", groups, at_least=1)


def check_channels(function, c_in, weight_shape, groups, name="weight"):
    """Channels of a convolution's input and weight must match, and groups divide the outputs."""
    c_out, c_in_of_group = weight_shape[:2]
    dim = name if name == "weight_size" else "weight.shape"
    if c_in != c_in_of_group * groups:
        raise ValueError(
            f"{function}: input has {c_in} channels, but {name} expects {c_in_of_group * groups} "
            f"({dim}[1] × groups = {c_in_of_group} × {groups})"
        )
    if c_out % groups:
        raise ValueError(
            f"{function}: groups must divide the {c_out} output channels ({dim}[0]), got {groups}"
        )


def check_transposed_channels(function, c_in, weight_shape, groups, name="weight"):
    """The same for a transposed convolution, whose weight begins with the input's channels."""
    dim = name if name == "weight_size" else "weight.shape"
    if c_in != weight_shape[0]:
        raise ValueError(
            f"{function}: input has {c_in} channels, but {name} expects {weight_shape[0]} ({dim}[0]; the "
            "weight of a transposed convolution has shape (C_in, C_out/groups, …))"
        )
    if c_in % groups:
        raise ValueError(f"{function}: groups must divide the {c_in} input channels ({dim}[0]), got {groups}")


def as_sides(function, padding, kernel_size, stride, dilation):
    """padding as one pair (before, after) for each axis."""
    if isinstance(padding, str):
        padding = checks.as_mode(function, "padding", padding, ("valid", "same"))
        if padding == "valid":
            return ((0, 0),) * len(kernel_size)
        if any(step != 1 for step in stride):
            raise ValueError(f"{function}: padding='same' needs stride 1, got stride {stride}")
        return tuple(same_padding(k, d) for k, d in zip(kernel_size, dilation))
    padding = checks.as_integers(function, "padding", padding, len(kernel_size), at_least=0)
    return tuple((side, side) for side in padding)


def check_padding(function, axis, size, sides, mode):
    """Refuse padding that the mode cannot fill."""
    most = padding_limit(size, mode)
    if most is None or max(sides) <= most:
        return
    rule = {
        "reflect": "reflect mirrors without repeating the border, so padding must be smaller than the size",
        "circular": "circular wraps at most once, so padding must not exceed the size",
        "replicate": "replicate needs an element to repeat",
    }[mode]
    raise ValueError(f"{function}: padding {max(sides)} along {axis} of size {size} is too large: {rule}")


def is_plain(setting):
    """Whether it is an int, a string or ints; 1.0 and True equal 1 too, but are no sizes."""
    kind = type(setting)
    return kind is int or kind is str or (kind is tuple and all(type(item) is int for item in setting))


def remembers(work_out):
    """A function of layers that keeps its results for plain settings.

    A layer is called over and over with the same ones, and a small one takes no longer than working them out.
    """
    remembered = functools.lru_cache(work_out)

    @functools.wraps(work_out)
    def look_up(function, axes, shapes, dtype, *settings):
        known = remembered if all(map(is_plain, settings)) else work_out
        return known(function, axes, shapes, dtype, *settings)

    return look_up


@remembers
def as_layer(function, axes, shapes, dtype, stride, padding, dilation, groups, padding_mode):
    """A convolution of arrays of these shapes: of the input, of the weight, and of the bias or None."""
    input_shape, weight_shape, bias_shape = shapes
    check_input_shape(function, axes, input_shape)
    check_weight_shape(function, axes, "weight", weight_shape)
    groups = as_groups(function, groups)
    check_channels(function, input_shape[-axes - 1], weight_shape, groups)
    check_bias(function, bias_shape, weight_shape[0], "weight.shape[0]")
    windows = as_windows(
        function, input_shape[-axes:], weight_shape[2:], stride, padding, dilation, padding_mode
    )
    return layer_of(function, axes, input_shape, weight_shape, weight_shape[0], dtype, groups, windows)


@remembers
def as_transposed_layer(
    function, axes, shapes, dtype, stride, padding, output_padding, groups, dilation
):  # fmt: skip
    """The same for a transposed convolution."""
    input_shape, weight_shape, bias_shape = shapes
    check_input_shape(function, axes, input_shape)
    check_weight_shape(function, axes, "weight", weight_shape, transposed=True)
    groups = as_groups(function, groups)
    check_transposed_channels(function, input_shape[-axes - 1], weight_shape, groups)
    channels_out = weight_shape[1] * groups
    check_bias(function, bias_shape, channels_out, "weight.shape[1] × groups")
    windows = as_transposed(
        function, input_shape[-axes:], weight_shape[2:], stride, padding, output_padding, dilation
    )
    return layer_of(function, axes, input_shape, weight_shape, channels_out, dtype, groups, windows)


def layer_of(function, axes, input_shape, weight_shape, channels_out, dtype, groups, windows):
    check_memory(function, input_shape, dtype, axes, windows, channels_out)
    output_shape = (*input_shape[: -axes - 1], channels_out, *windows.output_size[3 - axes :])
    return Layer(
        volume_shape(input_shape, axes), volume_shape(weight_shape, axes), output_shape, groups, windows
    )


def as_windows(function, size, kernel_size, stride, padding, dilation, padding_mode):
    """The settings of a convolution over ``size``, which has one entry per axis."""
    axes = len(size)
    stride = checks.as_integers(function, "stride", stride, axes, at_least=1)
    dilation = checks.as_integers(function, "dilation", dilation, axes, at_least=1)
    mode = checks.as_mode(function, "padding_mode", padding_mode, PADDING_MODES)
    sides = as_sides(function, padding, kernel_size, stride, dilation)
    for axis, n, both in zip(AXES[axes], size, sides):
        if n == 0:
            raise ValueError(
                f"{function}: the input has 0 elements along {axis}; there is nothing to pad or read"
            )
        check_padding(function, axis, n, both, mode)
    output_size = [
        fitting_output_size(function, *of_axis)
        for of_axis in zip(AXES[axes], size, kernel_size, stride, sides, dilation)
    ]
    return Windows(
        extend(stride, 1), extend(sides, (0, 0)), extend(dilation, 1), mode, extend(output_size, 1)
    )


def as_transposed(function, size, kernel_size, stride, padding, output_padding, dilation):
    """The settings of a transposed convolution of an input of ``size``, which has one entry per axis."""
    axes = len(size)
    stride = checks.as_integers(function, "stride", stride, axes, at_least=1)
    dilation = checks.as_integers(function, "dilation", dilation, axes, at_least=1)
    if isinstance(padding, str):
        raise TypeError(
            f"{function}: padding must be an integer or {axes} of them, got {padding!r}; a transposed "
            "convolution has no 'same' or 'valid': padding removes elements from its output"
        )
    padding = checks.as_integers(function, "padding", padding, axes, at_least=0)
    output_padding = checks.as_integers(function, "output_padding", output_padding, axes, at_least=0)
    output_size = [
        fitting_transposed_output_size(function, *of_axis)
        for of_axis in zip(AXES[axes], size, kernel_size, stride, padding, output_padding, dilation)
    ]
    sides = tuple((p, p) for p in padding)
    return Windows(
        extend(stride, 1), extend(sides, (0, 0)), extend(dilation, 1), "zeros", extend(output_size, 1)
    )


def as_pool(function, shape, axes, kernel_size, stride, padding, dilation, ceil_mode):
    """The kernel and the settings of pooling over an input of ``shape``."""
    size = shape[-axes:]
    kernel_size = checks.as_integers(function, "kernel_size", kernel_size, axes, at_least=1)
    stride = (
        kernel_size if stride is None else checks.as_integers(function, "stride", stride, axes, at_least=1)
    )
    padding = checks.as_integers(function, "padding", padding, axes, at_least=0)
    dilation = checks.as_integers(function, "dilation", dilation, axes, at_least=1)
    ceil_mode = checks.as_bool(function, "ceil_mode", ceil_mode)
    output_size = [
        fitting_pool_output_size(function, *of_axis, ceil_mode)
        for of_axis in zip(AXES[axes], size, kernel_size, stride, padding, dilation)
    ]
    sides = tuple((p, p) for p in padding)
    windows = Windows(
        extend(stride, 1), extend(sides, (0, 0)), extend(dilation, 1), "zeros", extend(output_size, 1)
    )
    return extend(kernel_size, 1), windows


def check_memory(function, input_shape, dtype, axes, windows, channels_out):
    """Refuse, before anything is allocated, arrays beyond what a machine can address."""
    batch = input_shape[: -axes - 1]
    size = extend(input_shape[-axes:], 1)
    padded = (*batch, input_shape[-axes - 1], *(n + sum(both) for n, both in zip(size, windows.sides)))
    dtype = dtype if dtype.kind == "f" else np.dtype(np.int64)
    checks.check_allocation(function, "the padded input", padded, dtype)
    checks.check_allocation(function, "the output", (*batch, channels_out, *windows.output_size), dtype)


def check_pool_memory(function, input_shape, dtype, axes, windows):
    """The same for pools, which pad nothing but compute integers as int64."""
    wide = dtype if dtype.kind == "f" else np.dtype(np.int64)
    checks.check_allocation(function, "the input", input_shape, wide)
    output_shape = (*input_shape[:-axes], *windows.output_size[3 - axes :])
    checks.check_allocation(function, "the output", output_shape, np.dtype(np.int64))


def count_copies(windows):
    """How many padded positions, at most, copy the same element."""
    copies = 1
    for before, after in windows.sides:
        if windows.mode == "replicate":
            copies *= before + after + 1
        elif windows.mode != "zeros" and before + after:
            copies *= 3  # itself, and one on each side
    return copies


def check_mean(function, dtype, name="input"):
    if dtype.kind != "f":
        raise TypeError(
            f"{function}: {name} holds {dtype}, but a mean of integers is no integer; convert it first, "
            "e.g. with .astype(np.float32)"
        )


def as_shape(function, name, size):
    """A whole shape, as a tuple of ints."""
    if not isinstance(size, tuple | list | np.ndarray):
        raise TypeError(f"{function}: {name} must be a shape, got {size!r} of type {type(size).__name__}")
    return tuple(checks.as_integer(function, f"{name}[{i}]", n, at_least=0) for i, n in enumerate(size))


def as_size(function, name, size, axes, meaning):
    """The shape of an input with ``axes`` spatial axes."""
    shape = as_shape(function, name, size)
    if len(shape) not in (axes + 1, axes + 2):
        raise ValueError(f"{function}: {name} must be {meaning}, got {shape}")
    return shape


def as_weight_size(function, axes, size, transposed=False):
    """The shape of a weight."""
    shape = as_shape(function, "weight_size", size)
    check_weight_shape(function, axes, "weight_size", shape, transposed)
    return shape


def as_gradient(function, axes, grad_output, batch, channels, output_size):
    """The gradient of an output, whose shape everything else has fixed; ``batch`` is () without one."""
    expected = (*batch, channels, *output_size[3 - axes :])
    gradient = checks.as_numbers(function, "grad_output", grad_output)
    if gradient.shape != expected:
        raise ValueError(
            f"{function}: grad_output must have shape {expected}, that of the operation's output, "
            f"got shape {gradient.shape}"
        )
    return gradient


def as_pairs(function, pad, axes):
    """F.pad's flat list, last axis first, as a pair (before, after) for each padded axis in axis order."""
    if not isinstance(pad, tuple | list | np.ndarray):
        raise TypeError(
            f"{function}: pad must be a sequence (left, right, top, bottom, …), got {pad!r} of type "
            f"{type(pad).__name__}"
        )
    if len(pad) % 2 or not 2 <= len(pad) <= 2 * axes:
        raise ValueError(
            f"{function}: pad must hold a pair (before, after) for each padded axis, last axis first, so 2 "
            f"to {2 * axes} numbers for an input of {axes} axes, got {len(pad)}: {pad!r}"
        )
    numbers = checks.as_integers(function, "pad", pad, len(pad), at_least=0)
    return tuple(zip(numbers[::2], numbers[1::2]))[::-1]


@remembers
def as_padding(function, axes, shape, dtype, pad, mode):
    """The pairs of F.pad's list, no more than ``axes``, and the padded shape of an array of ``shape``."""
    sides = as_pairs(function, pad, axes)
    checks.as_mode(function, "mode", mode, PAD_MODES)
    first = len(shape) - len(sides)
    for axis, both in enumerate(sides, start=first):
        check_padding(function, f"axis {axis}", shape[axis], both, mode)
    padded = (*shape[:first], *(n + sum(both) for n, both in zip(shape[first:], sides)))
    checks.check_allocation(function, "the output", padded, dtype)
    return sides, padded


def as_fill(function, value, mode, dtype):
    """value as a scalar of the dtype."""
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    try:
        number = dtype.type(value) if is_number else None
    except (ValueError, OverflowError):  # NaN, infinity or too large for an integer
        number = None
    if number is None or (dtype.kind != "f" and number != value):
        raise TypeError(f"{function}: value must be one number that {dtype} can hold, got {value!r}")
    if mode != "constant" and not number == 0:
        raise ValueError(
            f"{function}: value goes with mode='constant' only, got value {value!r} with mode {mode!r}"
        )
    return number
