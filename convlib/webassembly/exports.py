"""What convlib.wasm exports: the library's loops behind pointers.

Arrays are float32, C-contiguous, (N, channels, depth, height, width) for every rank: an image has depth 1, a
sequence height 1 too. What else an export is told stands in one record of 32-bit integers, ``Settings``. Some
need memory to work in, ``scratch``, aligned to 8 bytes; how many bytes, says the export of the same name that
ends in ``_scratch``. Results are float64, because JavaScript has no 64-bit integers without a detour.

This does around the loops what ``convlib.engine`` does, in memory that is given.
"""

from collections import namedtuple

import numpy as np
from numba import carray, njit, types
from numba.extending import intrinsic

from convlib import loops, shapes
from convlib.loops.correlation import address
from convlib.loops.padding import ZEROS

INT, POINTER, FLOAT, NUMBER = types.int32, types.voidptr, types.float32, types.float64
EXPORTS = {}

# The first five are integers, ``mode`` the number of a padding mode; the others three integers each, for
# depth, height and width. Every export reads what concerns it.
Settings = namedtuple(
    "Settings",
    "batch channels_in channels_out groups mode size kernel stride before after dilation output_size",
)


shared = njit(error_model="numpy")
# Compiled anew wherever it is called: what nobody there asks for disappears, and constants are known.
inlined = njit(error_model="numpy", forceinline=True)


def threadless(loop):
    """The same function, compiled without threads."""
    return shared(loop.py_func)


pad_into, unpad_into = inlined(loops.pad_into.py_func), threadless(loops.unpad_into)
correlate_into, transpose_into = threadless(loops.correlate_into), threadless(loops.transpose_into)
pack_pixels, weight_gradient_into = threadless(loops.pack_pixels), threadless(loops.weight_gradient_into)
max_pool_into, scatter_into = threadless(loops.max_pool_into), threadless(loops.scatter_into)
avg_pool_into, avg_pool_back_into = threadless(loops.avg_pool_into), threadless(loops.avg_pool_back_into)
count_windows, count_pool_windows = shared(shapes.count_windows), shared(shapes.count_pool_windows)


def export(*parameters, returns=types.void):
    def register(function):
        compiled = njit(returns(*parameters), error_model="numpy", no_cpython_wrapper=True)(function)
        EXPORTS[function.__name__] = compiled
        return compiled

    return register


@intrinsic
def advance(typing_context, pointer, count):
    """The address ``count`` bytes further on."""

    def generate(context, builder, signature, arguments):
        return builder.gep(arguments[0], [arguments[1]])

    return POINTER(POINTER, types.intp), generate


@inlined
def floats(pointer, shape):
    """The array of float32 at an address."""
    return carray(pointer, shape, np.float32)


@inlined
def integers_from(pointer, first, count):
    """The array of int64 that starts ``first`` bytes behind an address, and the byte behind it."""
    return carray(advance(pointer, first), count, np.int64), first + 8 * count


@inlined
def floats_from(pointer, first, shape):
    """The same of float32."""
    count = 1
    for n in shape:
        count *= n
    return floats(advance(pointer, first), shape), first + 4 * count


@inlined
def reshaped(array, shape):
    """NumPy's own is a call into C."""
    return carray(address(array, 0), shape)


@inlined
def three(numbers, first):
    return np.intp(numbers[first]), np.intp(numbers[first + 1]), np.intp(numbers[first + 2])


@inlined
def read(pointer):
    """The ``Settings`` at an address."""
    numbers = carray(pointer, 26, np.int32)
    return Settings(
        np.intp(numbers[0]),
        np.intp(numbers[1]),
        np.intp(numbers[2]),
        np.intp(numbers[3]),
        np.intp(numbers[4]),
        three(numbers, 5),
        three(numbers, 8),
        three(numbers, 11),
        three(numbers, 14),
        three(numbers, 17),
        three(numbers, 20),
        three(numbers, 23),
    )


@inlined
def product(size):
    return size[0] * size[1] * size[2]


@inlined
def ceil_divide(a, b):
    return (a + b - 1) // b


@inlined
def planes_of(pointer, s, size):
    """A volume of ``size`` for each input channel of each image."""
    return floats(pointer, (s.batch * s.channels_in, *size))


@inlined
def padded_size(s):
    (depth, height, width), (front, top, left), (back, bottom, right) = s.size, s.before, s.after
    return front + depth + back, top + height + bottom, left + width + right


# Sizes of one axis


@export(*[INT] * 6, returns=NUMBER)
def output_size(n, k, s, before, after, d):
    """``shapes.output_size``, with no checks; below 1, the window does not fit."""
    return count_windows(n, k, s, before + after, d)


@export(*[INT] * 6, returns=NUMBER)
def pool_output_size(n, k, s, p, d, ceil_mode):
    """``shapes.pool_output_size``, with no checks; below 1, the window does not fit."""
    return count_pool_windows(n, k, s, p, d, ceil_mode != 0)


@export(*[INT] * 6, returns=NUMBER)
def transposed_output_size(n, k, s, p, output_padding, d):
    """``shapes.transposed_output_size``, with no checks; below 1, nothing is left."""
    return (n - 1) * s - 2 * p + d * (k - 1) + output_padding + 1


# Padding


@shared
def pad_volume(padded, volume, before, mode, value):
    """``pad_into`` with one phase, said as a constant: it then copies whole vectors."""
    planes, depth, height, width = padded.shape
    pad_into(reshaped(padded, (planes, depth, height, 1, width)), volume, before, mode, value)


@export(POINTER, POINTER, POINTER, FLOAT)
def pad(input, output, settings, value):
    """Input (batch, channels_in, *size) into output, which has its padding too; mode zeros adds ``value``."""
    s = read(settings)
    target = planes_of(output, s, padded_size(s))
    pad_volume(target, planes_of(input, s, s.size), s.before, s.mode, value)


@export(POINTER, POINTER, POINTER)
def unpad(padded, output, settings):
    """The adjoint of ``pad``: its gradient."""
    s = read(settings)
    source = planes_of(padded, s, padded_size(s))
    unpad_into(planes_of(output, s, s.size), source, s.before, s.mode)


# Convolution. The *_layout functions say what lies in scratch, and end with how many bytes it takes.


@inlined
def taps_layout(scratch, s, classes):
    """The tables of taps; packed weights, biases, offsets."""
    taps, per_group = product(s.kernel), s.channels_out // s.groups
    weights, block = s.channels_in // s.groups * taps, loops.block_of(per_group)
    order, end = integers_from(scratch, np.intp(0), taps)
    positions, end = integers_from(scratch, end, taps)
    of_classes, end = integers_from(scratch, end, classes + 1)
    offsets, end = integers_from(scratch, end, weights)
    packed, end = floats_from(scratch, end, (s.groups * ceil_divide(per_group, block), weights, block))
    biases, end = floats_from(scratch, end, (s.channels_out + loops.WIDE_BLOCK,))
    return (order, positions, of_classes), (packed, biases, offsets), end


@inlined
def copy_bias(biases, bias, s):
    given = floats(bias, (s.channels_out,))
    for o in range(s.channels_out):
        biases[o] = given[o]


@inlined
def correlate_layout(scratch, s):
    """``taps_layout`` and the padded planes, their columns split by the stride."""
    depth, height, width = padded_size(s)
    columns = ceil_divide(width, s.stride[2])
    tables, packed, end = taps_layout(scratch, s, 1)
    planes = s.batch * s.channels_in
    padded, end = floats_from(scratch, end, (planes, depth, height, s.stride[2], columns))
    return tables, packed, padded, end + loops.SLACK_BYTES


@export(POINTER, returns=NUMBER)
def correlate_scratch(settings):
    return correlate_layout(settings, read(settings))[3]


@export(*[POINTER] * 6)
def correlate(input, weight, bias, output, scratch, settings):
    """``convlib.conv3d``: weight (channels_out, channels_in/groups, *kernel)."""
    s = read(settings)
    tables, (packed, biases, offsets), padded, _ = correlate_layout(scratch, s)
    planes, depth, height, phases, columns = padded.shape
    loops.forward_taps(*tables, s.kernel, s.dilation, phases, height, columns)
    taps = floats(weight, (s.channels_out, s.channels_in // s.groups, product(s.kernel)))
    loops.pack_weight(packed, offsets, taps, *tables, s.groups, depth * height * phases * columns)
    copy_bias(biases, bias, s)
    source, zero = planes_of(input, s, s.size), np.float32(0)
    if phases == 1:
        pad_volume(reshaped(padded, (planes, depth, height, columns)), source, s.before, s.mode, zero)
    else:
        pad_into(padded, source, s.before, s.mode, zero)
    rows = reshaped(padded, (s.batch, s.channels_in, depth, height, phases, columns))
    target = floats(output, (s.batch, s.channels_out, *s.output_size))
    correlate_into(target, rows, packed, biases, offsets, s.groups, s.stride[:2])


@inlined
def reach(s, axis):
    """How far the sums of a transposed convolution reach before and behind its input."""
    n, size, k = s.size[axis], s.output_size[axis], s.kernel[axis]
    step, p, d = s.stride[axis], s.before[axis], s.dilation[axis]
    return max(0, -((p - d * (k - 1)) // step)), max(0, (size - 1 + p) // step - (n - 1))


@inlined
def transpose_layout(scratch, s):
    """``taps_layout``, weights by output channel, the padded planes, and the output by residue."""
    (front, back), (top, bottom), (left, right) = reach(s, 0), reach(s, 1), reach(s, 2)
    (depth, height, width), (od, oh, ow) = s.size, s.output_size
    residues = min(s.stride[0], od), min(s.stride[1], oh), min(s.stride[2], ow)
    tables, packed, end = taps_layout(scratch, s, product(residues))
    channels_in = s.channels_in // s.groups
    weight, end = floats_from(scratch, end, (s.channels_out, channels_in, product(s.kernel)))
    shape = (s.batch * s.channels_in, front + depth + back, top + height + bottom, left + width + right)
    padded, end = floats_from(scratch, end, shape)
    shape = (s.batch, s.channels_out, od, oh, residues[2], ceil_divide(ow, s.stride[2]))
    split, end = floats_from(scratch, end + loops.SLACK_BYTES, shape)
    return tables, packed, weight, padded, (front, top, left), residues, split, end


@export(POINTER, returns=NUMBER)
def transpose_scratch(settings):
    return transpose_layout(settings, read(settings))[7]


@export(*[POINTER] * 6)
def transpose(input, weight, bias, output, scratch, settings):
    """``convlib.conv_transpose3d``: weight (channels_in, channels_out/groups, *kernel).

    A finite weight is presumed: an infinite one meets zeros of the padding, which gives NaN.
    """
    s = read(settings)
    layout = transpose_layout(scratch, s)
    tables, (packed, biases, offsets), by_output, padded, before, residues, split, _ = layout
    depth, height, width = padded.shape[1:]
    of_axes = s.kernel, s.stride, s.before, s.dilation, residues, before
    loops.transposed_taps(*tables, *of_axes, height, width)
    c_out, channels_in, taps = by_output.shape
    channels_out = c_out // s.groups
    given = floats(weight, (s.groups, channels_in, channels_out, taps))
    for o in range(c_out):
        for c in range(channels_in):
            for tap in range(taps):
                by_output[o, c, tap] = given[o // channels_out, c, o % channels_out, tap]
    loops.pack_weight(packed, offsets, by_output, *tables, s.groups, depth * height * width)
    copy_bias(biases, bias, s)
    pad_volume(padded, planes_of(input, s, s.size), before, ZEROS, np.float32(0))
    rows = reshaped(padded, (s.batch, s.channels_in, depth, height, width))

    od, oh, ow = s.output_size
    phases, columns = split.shape[4:]
    target = floats(output, split.shape) if phases == 1 else split
    transpose_into(target, ow, rows, packed, biases, offsets, tables[2], s.groups, s.stride, residues)
    if phases > 1:
        lines = s.batch * c_out * od * oh
        source, in_order = reshaped(split, (lines, phases, columns)), floats(output, (lines, ow))
        for line in range(lines):
            for phase in range(phases):
                for q in range(ceil_divide(ow - phase, phases)):
                    in_order[line, q * phases + phase] = source[line, phase, q]


@inlined
def weight_gradient_layout(scratch, s):
    """Pixels' offsets, the packed gradient, zeros for biases, the padded input, and it with channels last."""
    batch, channels_in, (kd, kh, kw) = s.batch, s.channels_in // s.groups, s.kernel
    block = loops.block_of(s.channels_out // s.groups)
    blocks = s.groups * ceil_divide(s.channels_out // s.groups, block)
    depth, height, width = padded_size(s)
    count = batch * product(s.output_size)
    offsets, end = integers_from(scratch, np.intp(0), count)
    packed, end = floats_from(scratch, end, (blocks, count, block))
    nothing, end = floats_from(scratch, end, (s.channels_out + loops.WIDE_BLOCK,))
    padded, end = floats_from(scratch, end, (batch * s.channels_in, depth, height, width))
    pixels, end = floats_from(scratch, end, (s.groups, batch, depth, height, width, channels_in))
    # without dilation the kernel's columns are neighbours too: one long row instead of several
    columns, span = (1, kw * channels_in) if s.dilation[2] == 1 else (kw, channels_in)
    shape = (s.channels_out, kd, kh, columns, span)
    out, end = floats_from(scratch, end + loops.SLACK_BYTES, shape)
    part, end = floats_from(scratch, end, shape)
    return offsets, packed, nothing, padded, pixels, out, part, end


@export(POINTER, returns=NUMBER)
def weight_gradient_scratch(settings):
    return weight_gradient_layout(settings, read(settings))[7]


@export(*[POINTER] * 5)
def weight_gradient(input, gradient, output, scratch, settings):
    """``gradients.conv3d_weight``: output (channels_out, channels_in/groups, *kernel)."""
    s = read(settings)
    offsets, packed, nothing, padded, pixels, out, part, _ = weight_gradient_layout(scratch, s)
    depth, height, width = padded_size(s)
    pad_volume(padded, planes_of(input, s, s.size), s.before, s.mode, np.float32(0))
    size = depth * height * width
    channels_in = s.channels_in // s.groups
    by_channel = reshaped(padded, (s.batch, s.groups, channels_in, size))
    by_pixel = reshaped(pixels, (s.groups, s.batch, size, channels_in))
    for n in range(s.batch):
        for g in range(s.groups):
            for c in range(channels_in):
                for i in range(size):
                    by_pixel[g, n, i, c] = by_channel[n, g, c, i]
    nothing[:] = 0
    of_output = floats(gradient, (s.batch, s.channels_out, *s.output_size))
    pack_pixels(packed, offsets, of_output, s.groups, s.stride, depth, height, width, channels_in)
    weight_gradient_into(out, part, pixels, packed, nothing, offsets, s.groups, s.dilation)
    taps = product(s.kernel)
    by_tap = reshaped(out, (s.channels_out, taps, channels_in))
    target = floats(output, (s.channels_out, channels_in, taps))
    for o in range(s.channels_out):
        for c in range(channels_in):
            for tap in range(taps):
                target[o, c, tap] = by_tap[o, tap, c]


# Pooling


@export(POINTER, POINTER, POINTER, INT, POINTER)
def max_pool(input, output, indices, with_indices, settings):
    """``convlib.max_pool3d``; indices are int32, and not touched unless wanted."""
    s = read(settings)
    source, target = planes_of(input, s, s.size), planes_of(output, s, s.output_size)
    least = np.float32(-np.inf)
    if with_indices:
        places = carray(indices, target.shape, np.int32)
        max_pool_into(target, places, source, s.kernel, s.stride, s.before, s.dilation, least)
    else:
        max_pool_into(target, None, source, s.kernel, s.stride, s.before, s.dilation, least)


@export(POINTER, POINTER, POINTER, POINTER)
def scatter(gradient, indices, output, settings):
    """The gradient of ``max_pool``, whose indices it needs."""
    s = read(settings)
    planes, size, count = s.batch * s.channels_in, product(s.size), product(s.output_size)
    places = carray(indices, (planes, count), np.int32)
    scatter_into(floats(output, (planes, size)), floats(gradient, (planes, count)), places)


@export(POINTER, POINTER, INT, POINTER)
def avg_pool(input, output, include_padding, settings):
    """``convlib.avg_pool3d``."""
    s = read(settings)
    source, target = planes_of(input, s, s.size), planes_of(output, s, s.output_size)
    avg_pool_into(target, source, s.kernel, s.stride, s.before, include_padding != 0)


@export(POINTER, POINTER, INT, POINTER)
def avg_pool_back(gradient, output, include_padding, settings):
    """``gradients.avg_pool3d_input``."""
    s = read(settings)
    source, target = planes_of(gradient, s, s.output_size), planes_of(output, s, s.size)
    avg_pool_back_into(target, source, s.kernel, s.stride, s.before, include_padding != 0)
