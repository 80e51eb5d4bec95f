"""The operations, NumPy arrays in and out. Each one checks, pads, allocates, runs its loop and returns."""

import math
import threading

import numpy as np

from convlib import checks, loops
from convlib.shapes import fitting_output_size, largest_padding, same_padding

__all__ = ["conv2d", "pad"]

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
# F.pad has another name for the first one
PAD_MODES = ("constant", *PADDING_MODES[1:])
AXES = ("rows (H)", "columns (W)")

# One parallel loop at a time: it takes all cores anyway, and Numba's portable threading layer ends the
# process when two threads start loops at once.
one_loop_at_a_time = threading.Lock()


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, padding_mode="zeros"):
    """Two-dimensional convolution as deep learning means it: a sliding dot product, the kernel not flipped.

    Parameters
    ----------
    input : array of shape (N, C_in, H, W) or (C_in, H, W)
        float32, float64 or integers.
    weight : array of shape (C_out, C_in/groups, KH, KW)
        Of the input's dtype; any integer dtype goes with any other.
    bias : array of shape (C_out,), optional
        One number for each output channel, of the input's dtype.
    stride : int or (int, int)
        Steps from one output to the next, (rows, columns), at least 1.
    padding : int, (int, int), "valid" or "same"
        Elements added on each side, (rows, columns). "valid" adds none; "same" keeps H and W, needs stride 1,
        and where the number to add is odd, the odd one goes after.
    dilation : int or (int, int)
        Distance between neighbouring taps, at least 1; 1 is an ordinary kernel.
    groups : int
        Number of groups of channels that do not mix; divides C_in and C_out.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the added elements hold. reflect needs padding < size, circular padding ≤ size.

    Returns
    -------
    array of shape (N, C_out, OH, OW), or (C_out, OH, OW) for an input without batch
        OH = ⌊(H + 2p − d (KH − 1) − 1) / s⌋ + 1, likewise OW. Fresh, C-contiguous, of the input's dtype;
        integers give int64, exactly.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.
    OverflowError
        Sums of such integers could leave int64.

    Notes
    -----
    Names, order and defaults are those of ``torch.nn.functional.conv2d``, ``padding_mode`` is that of
    ``torch.nn.Conv2d``. The definition, in plain loops, is ``convlib.reference.conv2d``.

    Examples
    --------
    >>> image = np.arange(16).reshape(1, 4, 4)
    >>> conv2d(image, np.ones((1, 1, 3, 3), int))
    array([[[45, 54],
            [81, 90]]])
    """
    function = "conv2d"
    input, weight, bias = as_operands(function, input, weight, bias, axes=2)
    groups = as_groups(function, groups, input.shape[-3], weight.shape)
    stride = checks.as_integers(function, "stride", stride, 2, at_least=1)
    dilation = checks.as_integers(function, "dilation", dilation, 2, at_least=1)
    padding_mode = checks.as_mode(function, "padding_mode", padding_mode, PADDING_MODES)
    size, kernel_size = input.shape[-2:], weight.shape[2:]
    sides = as_sides(function, padding, kernel_size, stride, dilation)
    for axis in range(2):
        check_padding(function, AXES[axis], size[axis], sides[axis], padding_mode)
    output_size = tuple(
        fitting_output_size(function, *of_axis)
        for of_axis in zip(AXES, size, kernel_size, stride, sides, dilation)
    )

    batch = input.shape[0] if input.ndim == 4 else 1
    output_shape = (batch, len(weight), *output_size)
    padded_shape = (batch, input.shape[-3], *(n + sum(both) for n, both in zip(size, sides)))
    dtype = input.dtype if input.dtype.kind == "f" else np.dtype(np.int64)
    checks.check_allocation(function, "the padded input", padded_shape, dtype)
    checks.check_allocation(function, "the output", output_shape, dtype)
    if input.dtype.kind in "iu":
        input, weight, bias = as_exact_integers(function, input, weight, bias)

    images = input.reshape(batch, *input.shape[-3:])
    output = np.empty(output_shape, dtype)
    correlate2d(output, images, weight, bias, stride, sides, dilation, groups, padding_mode)
    return output if input.ndim == 4 else output[0]


def correlate2d(output, images, weight, bias, stride, sides, dilation, groups, padding_mode):
    """Lay out checked arguments as the loops want them, and run the loops."""
    batch, c_in, height, width = images.shape
    c_out, c_in_of_group, kh, kw = weight.shape
    (top, bottom), (left, right) = sides
    rows, phases = height + top + bottom, stride[1]
    columns = -(-(width + left + right) // phases)

    padded_shape = (batch, c_in, rows, phases, columns)
    elements = batch * c_in * rows * phases * columns
    # the loop reads whole vectors, so the last one may reach beyond the last row
    padded = np.empty(elements + loops.SLACK_BYTES // images.itemsize, images.dtype)[:elements]
    block = loops.block_of(c_out // groups)
    blocks = groups * -(-(c_out // groups) // block)
    packed = np.empty((blocks, c_in_of_group * kh * kw, block), images.dtype)
    offsets = np.empty(c_in_of_group * kh * kw, np.intp)
    biases = np.zeros(c_out + loops.WIDE_BLOCK, images.dtype)
    if bias is not None:
        biases[:c_out] = bias

    loops.pack_weight(packed, np.ascontiguousarray(weight), groups)
    loops.tap_offsets(offsets, c_in_of_group, kh, kw, *dilation, phases, rows, columns)
    planes = np.ascontiguousarray(images).reshape(batch * c_in, height, width)
    mode, nothing = PADDING_MODES.index(padding_mode), images.dtype.type(0)
    with one_loop_at_a_time:
        loops.pad_into(padded.reshape(batch * c_in, rows, phases, columns), planes, top, left, mode, nothing)
        loops.correlate2d_into(
            output, padded.reshape(padded_shape), packed, biases, offsets, groups, stride[0]
        )


def pad(input, pad, mode="constant", value=0.0):
    """Add elements around an array's last axes.

    Parameters
    ----------
    input : array of at least as many axes as are padded
        float32, float64 or integers.
    pad : sequence of int
        Pairs (before, after), the last axis first: (left, right), (left, right, top, bottom) and so on.
        Negative numbers, which PyTorch takes to crop, are refused: slice instead.
    mode : {"constant", "reflect", "replicate", "circular"}
        constant adds ``value``; reflect mirrors about the border element, which is not repeated, and needs
        padding < size; replicate repeats the border element; circular continues at the opposite border, at
        most once around: padding ≤ size.
    value : number
        What "constant" adds; other modes take no value but 0.

    Returns
    -------
    array
        Fresh, C-contiguous, of the input's dtype; each padded axis longer by its before + after.

    Raises
    ------
    TypeError, ValueError
        An argument has a wrong type, dtype, shape or value; the message names it and the rule.

    Notes
    -----
    ``torch.nn.functional.pad``'s order and names. NumPy's names are constant, reflect, edge and wrap.

    Examples
    --------
    >>> pad(np.arange(4), (2, 2), mode="reflect")
    array([2, 1, 0, 1, 2, 3, 2, 1])
    >>> pad(np.arange(4), (2, 2), mode="circular")
    array([2, 3, 0, 1, 2, 3, 0, 1])
    """
    function = "pad"
    array = checks.as_numbers(function, "input", input)
    sides = as_pairs(function, pad, array.ndim)
    mode = checks.as_mode(function, "mode", mode, PAD_MODES)
    value = as_fill(function, value, mode, array.dtype)
    padded = list(array.shape)
    for axis, both in enumerate(sides, start=array.ndim - len(sides)):
        check_padding(function, f"axis {axis}", array.shape[axis], both, mode)
        padded[axis] += sum(both)
    checks.check_allocation(function, "the output", padded, array.dtype)

    # Every mode works on each axis by itself, so the loop over (planes, height, width) serves any number of
    # axes: the last two at once, then every further one as the height of planes of all that follows it.
    *further, vertical, horizontal = [(0, 0), *sides] if len(sides) == 1 else sides
    height, width = (1, *array.shape)[-2:]
    planes = array.reshape(math.prod(array.shape[:-2]), height, width)
    out = pad_planes(planes, vertical, horizontal, mode, value)
    for axis in reversed(range(len(further))):
        both, axis = further[axis], array.ndim - len(sides) + axis
        planes = out.reshape(math.prod(array.shape[:axis]), array.shape[axis], math.prod(padded[axis + 1 :]))
        out = pad_planes(planes, both, (0, 0), mode, value)
    return out.reshape(padded)


def pad_mode(padding_mode):
    """The name that ``pad`` has for a layer's padding mode."""
    return "constant" if padding_mode == "zeros" else padding_mode


def pad_planes(planes, vertical, horizontal, mode, value):
    """A padded copy of an array of shape (planes, height, width)."""
    count, height, width = planes.shape
    out = np.empty((count, height + sum(vertical), width + sum(horizontal)), planes.dtype)
    # padding only copies, so the loop sees bare bits: one compiled version for each size of element
    bits = np.dtype(f"u{planes.itemsize}")
    image, rows = np.ascontiguousarray(planes).view(bits), out.view(bits)[:, :, np.newaxis]
    with one_loop_at_a_time:
        loops.pad_into(rows, image, vertical[0], horizontal[0], PAD_MODES.index(mode), value.view(bits))
    return out


def as_operands(function, input, weight, bias, axes):
    """input, weight and bias as arrays of one dtype, or all of integers, with the right number of axes."""
    letters = ", ".join("DHW"[-axes:])
    input = checks.as_numbers(function, "input", input)
    if input.ndim not in (axes + 1, axes + 2):
        raise ValueError(
            f"{function}: input must have shape (N, C_in, {letters}) or (C_in, {letters}), "
            f"got shape {input.shape}"
        )
    weight = checks.as_numbers(function, "weight", weight)
    if weight.ndim != axes + 2 or 0 in weight.shape:
        taps = ", ".join("K" + letter for letter in "DHW"[-axes:])
        raise ValueError(
            f"{function}: weight must have shape (C_out, C_in/groups, {taps}), every one at least 1, "
            f"got shape {weight.shape}"
        )
    if bias is not None:
        bias = checks.as_numbers(function, "bias", bias)
        if bias.shape != weight.shape[:1]:
            raise ValueError(
                f"{function}: bias must have shape ({len(weight)},), one number for each output channel "
                f"(weight.shape[0]), got shape {bias.shape}"
            )

    for name, array in {"weight": weight, "bias": bias}.items():
        if array is None or array.dtype == input.dtype or {array.dtype.kind, input.dtype.kind} <= {"i", "u"}:
            continue
        dtype = input.dtype if input.dtype.kind == "f" else array.dtype
        raise TypeError(
            f"{function}: input is {input.dtype}, but {name} is {array.dtype}; they must be the same, "
            f"e.g. both {dtype} by .astype(np.{dtype})"
        )
    return input, weight, bias


def as_exact_integers(function, input, weight, bias):
    """Operands as int64; refused if a sum of such integers could leave it."""

    def largest(array):
        return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0

    taps = math.prod(weight.shape[1:])
    bound = largest(input) * largest(weight) * taps + (0 if bias is None else largest(bias))
    if max(bound, largest(input), largest(weight)) >= 2**63:
        raise OverflowError(
            f"{function}: integers up to {largest(input)} in input and {largest(weight)} in weight, over "
            f"{taps} taps, could sum to more than int64 holds; use float64"
        )
    return [None if array is None else array.astype(np.int64, copy=False) for array in (input, weight, bias)]


def as_groups(function, groups, c_in, weight_shape):
    groups = checks.as_integer(function, "groups", groups, at_least=1)
    c_out, c_in_of_group = weight_shape[:2]
    if c_in != c_in_of_group * groups:
        raise ValueError(
            f"{function}: input has {c_in} channels, but weight expects {c_in_of_group * groups} "
            f"(weight.shape[1] × groups = {c_in_of_group} × {groups})"
        )
    if c_out % groups:
        raise ValueError(
            f"{function}: groups must divide the {c_out} output channels (weight.shape[0]), got {groups}"
        )
    return groups


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
    return list(zip(numbers[::2], numbers[1::2]))[::-1]


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


def check_padding(function, axis, size, sides, mode):
    """Refuse padding that the mode cannot fill."""
    most = largest_padding(size, mode)
    if most is None or max(sides) <= most:
        return
    rule = {
        "reflect": "reflect mirrors without repeating the border, so padding must be smaller than the size",
        "circular": "circular wraps at most once, so padding must not exceed the size",
        "replicate": "replicate needs an element to repeat",
    }[mode]
    raise ValueError(f"{function}: padding {max(sides)} along {axis} of size {size} is too large: {rule}")
